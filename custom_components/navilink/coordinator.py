"""The coordinator: owns the MQTT client, and with it the connection and the command queue."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client_events import ClientEvents, request_everything
from .config import create_auth_client, create_mqtt_config
from .const import DOMAIN, LOGGER
from .devices import AccountDevices, AccountListing
from .energy.history import EnergyHistory
from .heater import HeaterSnapshots, HeaterState, heater_name
from .heating.boost_watch import BoostWatch
from .heating.keeper import BoostKeeper
from .heating.observers import Observers
from .heating.options import household
from .kept_values import KeptValues
from .lost_commands import LOST, LostCommands
from .nwp500 import (
    CommandCompleted,
    ConnectionResumed,
    Device,
    DeviceFeature,
    NavienAPIClient,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
    watched,
)
from .outcomes import Delivery, Outcomes, async_fire_outcome
from .queue_store import QueueStore, StoredAccount
from .readings.heater_facts import HeaterFacts
from .recent_events import RecentEvents
from .repairs import async_is_lost_ignored, async_report_lost_commands, async_report_store, async_report_unreadable
from .schedules.heater_schedules import HeaterSchedules
from .schedules.switch_commands import SwitchCommands, is_switch_command
from .wording import setup_error

# A heater reports only when it is asked, and each answer comes out of what the cloud service grants an account.
STATUS_INTERVAL = timedelta(seconds=30)
# Capabilities and versions hardly ever change.
DEVICE_INFO_INTERVAL = timedelta(minutes=5)
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
        config = create_mqtt_config(entry.data, entry.options)
        self.client = NavienMqttClient(auth_client, config=config)
        self.outcomes = Outcomes(self._pass_on)
        self.store = QueueStore(hass, entry.entry_id, self._to_store, self._on_store_written)
        self.delivery = Delivery(hass, self.client, self.outcomes, self.store)
        self.lost = LostCommands(entry, self.delivery, lambda: self.data, self._on_lost_changed)
        self.kept = KeptValues(hass, entry.entry_id)
        self.listing = AccountListing()
        self.registered = AccountDevices(hass, entry)
        self.api_client = NavienAPIClient(auth_client)
        self._is_just_set_up = True
        """Whether the list of heaters need not be refreshed, because the set-up has just made it."""
        self._devices: dict[str, Device] = {}
        self._leaving: dict[str, Device] = {}
        """Heaters whose commands are coming to their end, or whose outcomes are still to be passed on."""
        self.snapshots = HeaterSnapshots(
            hass.loop, self.client, lambda: self.switch_commands.waiting, has_queue=config.enable_command_queue
        )
        self.recent = RecentEvents(self.client)
        self.boosts = BoostKeeper(hass, entry, self.client, self.store, self.snapshots, lambda: self._devices)
        self.observers = Observers(hass, entry.entry_id, self.client, household(entry.options, hass.config.latitude))
        self.schedules = HeaterSchedules(hass, entry, self.client, self.api_client, self.snapshots)
        self.switch_commands = SwitchCommands(
            entry, self.delivery, self.schedules, config, self._on_switch_commands_changed
        )
        self.energy = EnergyHistory(hass, entry, self.client, lambda: self._devices)
        self.facts = HeaterFacts(hass, entry, self.client, self.api_client, self.snapshots, lambda: self.data)
        self._events = ClientEvents(entry, self, self.client, self.registered, self.snapshots, self.store)
        self._stops: list[Callable[[], None]] = []

    @override
    async def _async_setup(self) -> None:
        """Restore what was stored, or learn which heaters there are, and start to connect.

        With something stored, neither the service nor the connection has to be there: commands wait in the queue.
        """
        await self.kept.async_load()
        await self.boosts.async_load()
        await self.observers.async_load()
        stored = await self.store.async_load(self.client.client_id)
        if self.store.kept_as is not None:
            async_report_unreadable(self.hass, self.config_entry, self.store.kept_as)
        if stored is not None and stored.devices:
            devices, departed = stored.devices, set[str]()
            self.update_interval = FIRST_LISTING_DELAY
        else:
            devices, departed = await self._async_list()
        # Outcomes that restoring brings about are listened for, but not every single change need be shown.
        self._stops.append(self.client.on("command_completed", self.outcomes.completed))
        if stored is not None:
            self._restore(stored)
        self._stops += [
            *self._events.listen(),
            # The snapshots, which come at the end of this turn of the loop, show it.
            *self.observers.listen(),
            *self.recent.listen(),
            *self.schedules.listen(),
            *BoostWatch(self.hass, self.client, self.outcomes, self.boosts).begin(),
            *self.switch_commands.listen(),
            self.client.on("connection_resumed", self._on_connection_resumed),
            async_track_time_interval(self.hass, self._async_request_statuses, STATUS_INTERVAL),
            async_track_time_interval(self.hass, self._async_request_device_info, DEVICE_INFO_INTERVAL),
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._on_home_assistant_stop),
            self.hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._on_device_registry_updated),
            self.hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._on_core_config_update),
            self.energy.listen(),
            self.facts.close,
            self.snapshots.close,
        ]
        await self._async_take(devices, departed)
        await self.client.connect(wait=False)

    def _restore(self, stored: StoredAccount) -> None:
        """Give the client what it knew and had to do before the restart."""
        self._devices = {device.mac_address: device for device in stored.devices}
        for mac_address, device in self._devices.items():
            members = stored.queue.features.get(mac_address)
            self.client.add_device(device, None if members is None else DeviceFeature(members))
        self.lost.restore(stored.lost, stored.devices)
        async_report_lost_commands(self.hass, self.config_entry, len(self.lost.events))
        self.switch_commands.restore(stored.switch_commands)
        self.outcomes.restore((*stored.queue.outcomes, *stored.switch_commands.outcomes))
        self.client.restore(stored.queue)

    # The list of heaters

    @override
    async def _async_update_data(self) -> dict[str, HeaterState]:
        """List the heaters of the account."""
        if self._is_just_set_up:
            self._is_just_set_up = False
            return self.data
        try:
            listed = await self._async_list()
        except ConfigEntryAuthFailed, UpdateFailed:
            if self.client.is_connected:
                raise
            # The connection reports what keeps it away, and asks for a new password; once is enough.
            return self.data
        await self._async_take(*listed)
        return self.data

    async def _async_list(self) -> tuple[tuple[Device, ...], set[str]]:
        """Return the heaters that the account has, and the MAC addresses of those that have left it."""
        self.update_interval = CONFIRMATION_DELAY
        try:
            listing = await self.api_client.device_listing()
        except NavienError as err:
            raise setup_error(self.hass, err) from err
        departed = self.listing.departed(listing, self.registered.known)
        if not self.listing.needs_confirmation and not any(map(self.client.is_refused, listing.devices)):
            self.update_interval = LISTING_INTERVAL
        return listing.devices, departed

    def is_listed(self, mac_address: str) -> bool:
        """Return whether the account has a heater, by its last list."""
        return mac_address in self._devices and not self.listing.lacks(mac_address)

    async def _async_take(self, devices: Collection[Device], departed: set[str]) -> None:
        """Take up the heaters that the account has, and let go of those that left it or belong to another one."""
        # Before anything is awaited: by its device in the registry, other accounts know that a heater is taken.
        own = self.registered.claim(devices)
        joined = own.keys() - self._devices.keys()
        self._devices |= own
        await self.async_release(self.registered.taken | departed)
        for device in own.values():
            try:
                await self.client.subscribe_device(device)
            except NavienError as err:
                LOGGER.warning("Could not subscribe to %s: %s", heater_name(device), err)
        for mac_address in joined:
            request_everything(self.client, own[mac_address])
        self.store.async_changed()
        self._async_update_all()

    async def async_release(self, mac_addresses: Collection[str]) -> None:
        """Let go of heaters: their entities take no more actions, their commands end, then their devices go."""
        leaving = {mac: device for mac, device in self._devices.items() if mac in mac_addresses}
        self._devices = {mac: device for mac, device in self._devices.items() if mac not in leaving}
        self._leaving |= leaving
        self._async_update_all()
        for device in leaving.values():
            self.switch_commands.release(device.mac_address)
            await self.client.unsubscribe_device(device)
        # With the writing, the outcomes of its commands are passed on; during the set-up, at its end.
        self.store.async_changed()
        await self.store.async_saved()
        self._forget_left()
        self.registered.remove(mac_addresses)
        self.kept.forget(mac_addresses)
        self.boosts.forget(mac_addresses)
        self.observers.forget(mac_addresses)
        self.store.async_changed()

    @callback
    def _forget_left(self) -> None:
        """Forget the heaters that have left, but for those with an outcome that is not passed on yet."""
        kept = {event.command.mac_address for event in self.outcomes.to_store}
        kept |= {command.mac_address for command in self.client.pending_commands}
        for mac_address in self._leaving.keys() - kept:
            self.outcomes.forget(mac_address)
            self.snapshots.forget(mac_address)
            self.schedules.forget(mac_address)
            del self._leaving[mac_address]

    @callback
    def _on_connection_resumed(self, _event: ConnectionResumed) -> None:
        is_any_refused = any(map(self.client.is_refused, self._devices.values()))
        if is_any_refused and not self.listing.needs_confirmation:
            # It may have left the account. If a list is to confirm that already, it has to be later than the last.
            self._refresh()

    @callback
    def _on_device_registry_updated(self, event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if self.registered.taken and event.data["action"] == "remove" and not self.listing.needs_confirmation:
            # It may be one that this account has, too.
            self._refresh()

    def _refresh(self) -> None:
        """List the heaters now, and not only when it is time."""
        refresh = self.async_request_refresh()
        watched(self.config_entry.async_create_background_task(self.hass, refresh, "navilink listing"))

    # What is asked for

    @callback
    def _async_request_statuses(self, _now: datetime) -> None:
        if self.store.has_failed:
            self.store.async_changed()
        if not self.config_entry.pref_disable_polling:
            for device in self._devices.values():
                self.client.poll(device)
        # Time has passed for what is shown, too.
        self.snapshots.outdate(self.data)

    @callback
    def _async_request_device_info(self, _now: datetime) -> None:
        if not self.config_entry.pref_disable_polling:
            for device in self._devices.values():
                self.client.poll_info(device)

    def refresh_heater(self, mac_address: str) -> None:
        """Ask one heater for everything; raises `NotConnectedError` when that cannot be done now."""
        self.schedules.outdate(mac_address)
        if not request_everything(self.client, self._devices[mac_address]):
            raise NotConnectedError("disconnected")

    def clear_queue(self, mac_address: str, kinds: frozenset[str] | None = None) -> int:
        """Remove the commands to one heater that are not sent yet, all or some kinds, and return how many."""
        cleared = self.client.clear_command_queue(self._devices[mac_address], kinds=kinds)
        return cleared + self.switch_commands.clear(mac_address, kinds)

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

    @callback
    def _on_core_config_update(self, _event: Event) -> None:
        """Show the heaters in the user's units, which may be others now."""
        self.snapshots.outdate(self.data)

    # What is stored, and passed on

    def _to_store(self) -> StoredAccount:
        outcomes = self.outcomes.to_store
        sent = tuple(event for event in outcomes if not is_switch_command(event.command))
        queue = replace(self.client.stored_queue(), outcomes=sent)
        devices = self._devices | self._leaving
        return StoredAccount(
            tuple(devices.values()), queue, self.lost.of(devices), self.switch_commands.to_store(outcomes)
        )

    @callback
    def _on_store_written(self, written: StoredAccount) -> None:
        async_report_store(self.hass, self.config_entry, has_failed=self.store.has_failed)
        if self.hass.is_stopping:
            # Automations come to their end: what is stored from now on, the next run passes on.
            self.outcomes.hold()
        if self.outcomes.stored((*written.queue.outcomes, *written.switch_commands.outcomes)):
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
        is_decided = is_switch_command(event.command) or self.boosts.gave(event.command.id)
        if device is not None and event.result.outcome in LOST and not is_decided:
            if async_is_lost_ignored(self.hass, self.config_entry):
                # The user has ignored the earlier ones, but not the one that is new now.
                self.lost.remove(self.lost.events)
            self.lost.add(device, event)

    @callback
    def _on_switch_commands_changed(self, mac_address: str) -> None:
        self.snapshots.outdate({mac_address})

    @callback
    def _on_lost_changed(self) -> None:
        async_report_lost_commands(self.hass, self.config_entry, len(self.lost.events))
        self.store.async_changed()

    async def _on_home_assistant_stop(self, _event: Event) -> None:
        await self.async_shutdown()

    @override
    async def async_shutdown(self) -> None:
        """End the connection; what waits for the next one, and what was acknowledged, is stored before."""
        await super().async_shutdown()
        if not self._stops:
            # Never set up, or ended already: there is nothing to store.
            return
        await self.boosts.async_finish()
        await self.client.finish_sending()
        self.outcomes.close()
        # An outcome may come until the last writing begins, and is part of it then.
        await self.store.async_close()
        await self.kept.async_saved()
        await self.observers.async_save()
        while self._stops:
            self._stops.pop()()
        # No more events from here on: the last ones are stored before the entry is set up again.
        await self.boosts.async_finish()
        await self.client.disconnect()
