"""The coordinator: owns the MQTT client, and with it the connection and the command queue."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .api import CONF_QUEUE, all_options, create_auth_client, create_mqtt_config
from .const import DOMAIN, LOGGER
from .devices import (
    AccountListing,
    async_claim_devices,
    async_registered,
    async_remove_devices,
    async_taken,
)
from .errors import setup_error
from .heater import HeaterSnapshots, HeaterState, heater_name
from .issues import LostCommands, async_report_store, async_report_unreadable_store
from .listener import HeaterListener
from .nwp500 import (
    CommandCompleted,
    Device,
    DeviceFeature,
    NavienAPIClient,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
    watched,
)
from .outcomes import Outcomes, async_fire_outcome
from .queue_store import QueueStore, UnreadableStoreError
from .stored_account import StoredAccount

# The list of heaters hardly ever changes.
LISTING_INTERVAL = timedelta(minutes=15)
# After a list that failed, or that lacks a heater, the next one follows sooner.
CONFIRMATION_DELAY = timedelta(minutes=1)
# With heaters known from an earlier run, the first list does not hold up the start.
FIRST_LISTING_DELAY = timedelta(seconds=1)

type NavilinkConfigEntry = ConfigEntry[NavilinkCoordinator]


class NavilinkCoordinator(DataUpdateCoordinator[dict[str, HeaterState]]):
    """Keeps a snapshot of every heater of the account, by MAC address.

    What it fetches is the account's list of heaters. What they report comes as events of the client, each of which
    updates the entities of its heater only.
    """

    config_entry: NavilinkConfigEntry

    def __init__(self, hass: HomeAssistant, entry: NavilinkConfigEntry) -> None:
        """Make the clients of the account; nothing is connected yet."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=LISTING_INTERVAL, always_update=False
        )
        self.data = {}
        auth_client = create_auth_client(hass, entry.data)
        self.client = NavienMqttClient(auth_client, config=create_mqtt_config(entry.data, entry.options))
        self.outcomes = Outcomes(self._pass_on)
        self.store = QueueStore(hass, entry.entry_id, self._to_store, self._on_store_written)
        self.lost = LostCommands(hass, entry, self.store.async_changed)
        self._api_client = NavienAPIClient(auth_client)
        self._listing = AccountListing()
        self._is_just_set_up = True
        """Whether the list of heaters need not be refreshed, because the set-up has just made it."""
        self._devices: dict[str, Device] = {}
        self._leaving: dict[str, Device] = {}
        """Heaters whose commands are coming to their end, or whose outcomes are still to be passed on."""
        self._taken: set[str] = set()
        """Heaters of this account that another one had first."""
        has_queue = all_options(entry.options)[CONF_QUEUE]
        self.snapshots = HeaterSnapshots(hass.loop, self.client, has_queue=has_queue)
        self._listener = HeaterListener(entry, self, self.client, self.snapshots, self.store)
        self._stops: list[Callable[[], None]] = []

    @override
    async def _async_setup(self) -> None:
        """Restore what was stored, or learn which heaters there are, and start to connect.

        With something stored, neither the service nor the connection has to be there: commands wait in the queue.
        """
        stored = await self._async_load()
        departed: set[str] = set()
        if stored is not None and stored.devices:
            devices = stored.devices
            self.update_interval = FIRST_LISTING_DELAY
        else:
            devices, departed = await self._async_list()
        # Outcomes that restoring brings about must be heard, but not every single change need be shown.
        self._stops.append(self.client.on("command_completed", self._on_command_completed))
        if stored is not None:
            self._restore(stored)
        self._stops += [
            *self._listener.listen(),
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._on_home_assistant_stop),
            self.hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._on_device_registry_updated),
            self.snapshots.close,
        ]
        await self._async_take(devices, departed)
        await self.client.connect(wait=False)

    async def _async_load(self) -> StoredAccount | None:
        try:
            stored = await self.store.async_load(self.client.client_id)
        except UnreadableStoreError as err:
            LOGGER.error("Could not read the stored command queue, starting with an empty one: %s", err)
            async_report_unreadable_store(self.hass, self.config_entry, err.kept_as)
            return None
        if stored is not None and stored.queue.unreadable:
            LOGGER.error("Could not read %d of the stored commands, the others are restored", stored.queue.unreadable)
            async_report_unreadable_store(self.hass, self.config_entry, await self.store.async_keep_copy())
        return stored

    def _restore(self, stored: StoredAccount) -> None:
        """Give the client what it knew and had to do before the restart."""
        self._devices = {device.mac_address: device for device in stored.devices}
        for mac_address, device in self._devices.items():
            members = stored.queue.features.get(mac_address)
            self.client.add_device(device, None if members is None else DeviceFeature(members))
        self.lost.restore(stored.lost, stored.devices)
        self.outcomes.restore(stored.queue.outcomes)
        self.client.restore(stored.queue)

    # The list of heaters

    @override
    async def _async_update_data(self) -> dict[str, HeaterState]:
        """List the heaters of the account."""
        if not self._is_just_set_up:
            await self._async_take(*await self._async_list())
        self._is_just_set_up = False
        return self.data

    async def _async_list(self) -> tuple[tuple[Device, ...], set[str]]:
        """Return the heaters that the account has, and the MAC addresses of those that have left it."""
        self.update_interval = CONFIRMATION_DELAY
        try:
            listing = await self._api_client.device_listing()
        except NavienError as err:
            raise setup_error(self.hass, err) from err
        departed = self._listing.departed(listing, async_registered(self.hass, self.config_entry))
        if not self._listing.is_in_doubt:
            self.update_interval = LISTING_INTERVAL
        return listing.devices, departed

    def is_listed(self, mac_address: str) -> bool:
        """Return whether the account has a heater, by its last list."""
        return mac_address in self._devices and not self._listing.lacks(mac_address)

    async def _async_take(self, devices: Collection[Device], departed: set[str]) -> None:
        """Take up the heaters that the account has, and let go of those that left it or belong to another one."""
        taken = async_taken(self.hass, self.config_entry, devices)
        for device in devices:
            if device.mac_address in taken - self._taken:
                LOGGER.warning("%s belongs to another account that is set up here, and is skipped", heater_name(device))
        self._taken = taken
        own = {device.mac_address: device for device in devices if device.mac_address not in taken}
        joined = own.keys() - self._devices.keys()
        self._devices |= own
        # Before anything is awaited: by its device in the registry, other accounts know that a heater is taken.
        async_claim_devices(self.hass, self.config_entry, own.values())
        await self.async_release(taken | departed)
        for device in self._devices.values():
            try:
                await self.client.subscribe_device(device)
            except NavienError as err:
                LOGGER.warning("Could not subscribe to %s: %s", heater_name(device), err)
        for mac_address in joined:
            self._listener.request_everything(own[mac_address])
        self.store.async_changed()
        self._async_update_all()

    async def async_release(self, mac_addresses: set[str]) -> None:
        """Let go of heaters: their entities take no more actions, their commands end, then their devices go."""
        leaving = {mac: device for mac, device in self._devices.items() if mac in mac_addresses}
        self._devices = {mac: device for mac, device in self._devices.items() if mac not in leaving}
        self._leaving |= leaving
        self._async_update_all()
        for device in leaving.values():
            await self.client.unsubscribe_device(device)
        # With the writing, the outcomes of its commands are passed on; during the set-up, at its end.
        self.store.async_changed()
        await self.store.async_saved()
        self._forget_left()
        async_remove_devices(self.hass, self.config_entry, mac_addresses)
        self.store.async_changed()

    @callback
    def _forget_left(self) -> None:
        """Forget the heaters that have left, but for those with an outcome that is not passed on yet."""
        kept = {event.command.mac_address for event in self.outcomes.to_store}
        kept |= {command.mac_address for command in self.client.pending_commands}
        for mac_address in self._leaving.keys() - kept:
            self.outcomes.forget(mac_address)
            self.snapshots.forget(mac_address)
            del self._leaving[mac_address]

    @callback
    def _on_device_registry_updated(self, event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if self._taken and event.data["action"] == "remove" and not self._listing.is_in_doubt:
            # It may be one that this account has, too.
            watched(
                self.config_entry.async_create_background_task(
                    self.hass, self.async_request_refresh(), "navilink listing"
                )
            )

    # For entities and actions

    def refresh_heater(self, mac_address: str) -> None:
        """Ask one heater for everything; raises `NotConnectedError` when that cannot be done now."""
        if not self._listener.request_everything(self._devices[mac_address]):
            raise NotConnectedError("disconnected")

    def clear_queue(self, mac_address: str, kinds: frozenset[str] | None = None) -> int:
        """Remove the commands to one heater that are not sent yet, all or some kinds, and return how many."""
        return self.client.clear_command_queue(self._devices[mac_address], kinds=kinds)

    # What is shown

    @callback
    @override
    def async_add_listener(self, update_callback: CALLBACK_TYPE, context: str | None = None) -> Callable[[], None]:
        """Call back with every update of the heater whose MAC address is the context; without one, of the list."""
        if context is None:
            return super().async_add_listener(update_callback)
        return self.snapshots.listen(context, update_callback)

    @callback
    def _async_update_all(self) -> None:
        """Show which heaters there are now, and what is known of them."""
        self.data = self.snapshots.take(self._devices.values())
        self.async_update_listeners()

    # What is stored, and passed on

    @callback
    def _on_command_completed(self, event: CommandCompleted) -> None:
        self.outcomes.completed(event)

    def _to_store(self) -> StoredAccount:
        queue = replace(self.client.stored_queue(), outcomes=self.outcomes.to_store)
        devices = self._devices | self._leaving
        return StoredAccount(tuple(devices.values()), queue, self.lost.of(devices))

    @callback
    def _on_store_written(self, written: StoredAccount) -> None:
        async_report_store(self.hass, self.config_entry, has_failed=self.store.has_failed)
        if self.hass.is_stopping:
            # Automations come to their end: what is stored from now on, the next run passes on.
            self.outcomes.hold()
        if self.outcomes.stored(written.queue.outcomes):
            self.store.async_changed()

    @callback
    def async_open_outcomes(self, _hass: HomeAssistant) -> None:
        """Pass outcomes on from now on: entities and automations listen."""
        if self.outcomes.open():
            self._forget_left()
            self.store.async_changed()

    @callback
    def _pass_on(self, event: CommandCompleted) -> None:
        mac_address = event.command.mac_address or ""
        device = self._devices.get(mac_address) or self._leaving.get(mac_address)
        if device is not None:
            async_fire_outcome(self.hass, self.config_entry, device, event)
            self.lost.add(device, event)

    async def _on_home_assistant_stop(self, _event: Event) -> None:
        await self.async_shutdown()

    @override
    async def async_shutdown(self) -> None:
        """End the connection; what waits for the next one, and what was acknowledged, is stored before."""
        await super().async_shutdown()
        if not self._stops:
            # Never set up, or ended already: there is nothing to store.
            return
        await self.client.finish_sending()
        self.outcomes.close()
        # An outcome may come until the last writing begins, and is part of it then.
        await self.store.async_close()
        while self._stops:
            self._stops.pop()()
        await self.client.disconnect()
