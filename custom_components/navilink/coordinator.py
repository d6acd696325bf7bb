"""The coordinator: owns the MQTT client, and with it the link and the command queue."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
import logging
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .account import create_auth_client, create_mqtt_config
from .const import DOMAIN, LOGGER
from .devices import async_register_devices, async_remove_devices, async_taken
from .errors import setup_error
from .heater import HeaterState, HeaterView, heater_name
from .issues import (
    async_report_connection,
    async_report_lost_command,
    async_report_store,
    async_report_unreadable_store,
)
from .listing import AccountListing
from .nwp500 import (
    Changed,
    CommandCompleted,
    ConnectionChanged,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
    ConnectionState,
    Device,
    DeviceFeature,
    FeatureReceived,
    KnowledgeChanged,
    NavienAPIClient,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
)
from .options import CONF_QUEUE, all_options, status_interval
from .outcomes import Outcomes, async_fire_outcome
from .queue_store import QueueStore, UnreadableStoreError
from .stored_account import StoredAccount

# Capabilities and versions hardly ever change, nor does the list of heaters.
DEVICE_INFO_INTERVAL = timedelta(minutes=5)
LISTING_INTERVAL = timedelta(minutes=15)

# This changes nothing but what is shown.
SHOWN_EVENTS = ("status_received",)

type NavilinkConfigEntry = ConfigEntry[NavilinkCoordinator]


class NavilinkCoordinator(DataUpdateCoordinator[dict[str, HeaterState]]):
    """Keeps a picture of every heater of the account, by MAC address."""

    config_entry: NavilinkConfigEntry

    def __init__(self, hass: HomeAssistant, entry: NavilinkConfigEntry) -> None:
        """Make the clients of the account; nothing is connected yet."""
        self._poll_interval = status_interval(entry.options)
        super().__init__(
            hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=self._poll_interval, always_update=False
        )
        auth_client = create_auth_client(hass, entry.data)
        self.client = NavienMqttClient(auth_client, config=create_mqtt_config(entry.data, entry.options))
        self.outcomes = Outcomes(self._pass_on)
        self.store = QueueStore(hass, entry.entry_id, self._to_store, self._on_store_written)
        self._view = HeaterView(
            self.client, poll_interval=self._poll_interval, has_queue=all_options(entry.options)[CONF_QUEUE]
        )
        self._devices: dict[str, Device] = {}
        self._leaving: dict[str, Device] = {}
        """Heaters whose commands are coming to their end, or whose outcomes are still to be passed on."""
        self._taken: set[str] = set()
        """Heaters of this account that another one had first."""
        self._listing = AccountListing(hass, entry, NavienAPIClient(auth_client), self._async_take)
        self._polls = 0
        self._stops: list[Callable[[], None]] = []

    @override
    async def _async_setup(self) -> None:
        """Take up what was stored, or learn which heaters there are, and start to connect.

        With something stored, neither the service nor the link has to be there: commands wait in the queue.
        """
        stored = await self._async_load()
        devices = stored.devices if stored is not None and stored.devices else await self._async_list_first()
        # What the restoring itself brings to its end has to be heard, but every single change need not be shown.
        self._stops.append(self.client.on("command_completed", self._on_command_completed))
        if stored is not None:
            self._restore(stored)
        self._async_listen()
        await self._async_take(devices, set())
        await self.client.connect(wait=False)

    async def _async_load(self) -> StoredAccount | None:
        try:
            stored = await self.store.async_load(self.client.client_id)
        except UnreadableStoreError as err:
            LOGGER.error("The stored commands cannot be read (%s); the queue starts empty", err)
            async_report_unreadable_store(self.hass, self.config_entry, err.kept_as)
            return None
        if stored is not None and stored.queue.unreadable:
            LOGGER.error("Stored commands that cannot be read: %d; the others are restored", stored.queue.unreadable)
            async_report_unreadable_store(self.hass, self.config_entry, await self.store.async_keep_copy())
        return stored

    def _restore(self, stored: StoredAccount) -> None:
        """Give the client what it knew and had to do before the restart."""
        self._devices = {device.mac_address: device for device in stored.devices}
        for mac_address, device in self._devices.items():
            members = stored.queue.features.get(mac_address)
            self.client.add_device(device, None if members is None else DeviceFeature(members))
        self.outcomes.restore(stored.queue.outcomes)
        self.client.restore(stored.queue)

    async def _async_list_first(self) -> tuple[Device, ...]:
        """Learn which heaters there are, or fail the set-up."""
        try:
            return await self._listing.async_first()
        except NavienError as err:
            raise setup_error(self.hass, err) from err

    @callback
    def _async_listen(self) -> None:
        """Follow what the client tells, until the shutdown."""
        client = self.client
        self._stops += [
            client.on("connection_changed", self._on_connection_changed),
            client.on("connection_interrupted", self._on_connection_interrupted),
            client.on("connection_resumed", self._on_connection_resumed),
            client.on("connection_refused", self._on_connection_refused),
            client.on("device_offline", self._on_device_offline),
            client.on("device_online", self._on_device_online),
            client.on("feature_received", self._on_feature_received),
            client.on("queue_changed", self._on_queue_changed),
            client.on("knowledge_changed", self._on_knowledge_changed),
            *(client.on(event, self._async_show) for event in SHOWN_EVENTS),
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._on_home_assistant_stop),
            self.hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._on_device_registry_updated),
            self._listing.async_stop,
        ]

    @override
    async def _async_update_data(self) -> dict[str, HeaterState]:
        """Ask the heaters; their answers come as events."""
        self._polls += 1
        if self.store.has_failed:
            self.store.async_changed()
        self._listing.async_look(is_due=self._is_due(LISTING_INTERVAL))
        self._ask(with_device_info=self._is_due(DEVICE_INFO_INTERVAL))
        return self._heaters()

    def _is_due(self, interval: timedelta) -> bool:
        return self._polls % max(1, interval // self._poll_interval) == 0

    def refresh_heater(self, mac_address: str) -> None:
        """Ask one heater for everything; raises `NotConnectedError` when that cannot be done now."""
        if not self._ask_everything(self._devices[mac_address]):
            raise NotConnectedError("the link is down")

    def clear_queue(self, mac_address: str, kinds: frozenset[str] | None = None) -> int:
        """Forget the commands to one heater that are not sent yet, all or some kinds, and return how many."""
        return self.client.clear_command_queue(self._devices[mac_address], kinds=kinds)

    def _ask(self, *, with_device_info: bool) -> None:
        """Ask every heater; what cannot be asked now is not queued, but asked afresh with the next link."""
        ask = self._ask_everything if with_device_info else self.client.poll
        for device in self._devices.values():
            ask(device)

    def _ask_everything(self, device: Device) -> bool:
        return self.client.poll_info(device) and self.client.poll(device)

    def is_listed(self, mac_address: str) -> bool:
        """Tell whether the account has a heater, as far as its last list says."""
        return mac_address in self._devices and not self._listing.lacks(mac_address)

    async def _async_take(self, devices: Collection[Device], gone: set[str]) -> None:
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
        async_register_devices(self.hass, self.config_entry, self.client, own.values())
        await self.async_release(taken | gone)
        await self._async_subscribe()
        for mac_address in joined:
            self._ask_everything(own[mac_address])
        self.store.async_changed()
        self._async_show(None)

    async def async_release(self, mac_addresses: set[str]) -> None:
        """Let go of heaters: their entities take no more actions, their commands end, then their devices go."""
        leaving = {mac: device for mac, device in self._devices.items() if mac in mac_addresses}
        self._devices = {mac: device for mac, device in self._devices.items() if mac not in leaving}
        self._leaving |= leaving
        self._async_show(None)
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
            self._view.forget(mac_address)
            del self._leaving[mac_address]

    @callback
    def _on_device_registry_updated(self, event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if self._taken and event.data["action"] == "remove":
            # It may be one that this account has, too.
            self._listing.async_start()

    async def _async_subscribe(self) -> None:
        """Listen to the heaters, with this link or the next."""
        for device in self._devices.values():
            try:
                await self.client.subscribe_device(device)
            except NavienError as err:
                LOGGER.warning("A heater cannot be listened to: %s", err)

    @callback
    def _async_register_devices(self) -> None:
        async_register_devices(self.hass, self.config_entry, self.client, self._devices.values())

    def _to_store(self) -> StoredAccount:
        queue = replace(self.client.stored_queue(), outcomes=self.outcomes.to_store)
        return StoredAccount(tuple((self._devices | self._leaving).values()), queue)

    def _heaters(self) -> dict[str, HeaterState]:
        return {mac_address: self._view.state(device) for mac_address, device in self._devices.items()}

    @callback
    def _async_show(self, _event: object) -> None:
        """Show what the client knows now; the rhythm of the polls goes on, unlike with `async_set_updated_data`."""
        self.data = self._heaters()
        self.async_update_listeners()

    @callback
    def _on_connection_changed(self, event: ConnectionChanged) -> None:
        report = event.report
        if report.state is ConnectionState.WAITING and report.next_attempt_at and report.failed_attempts == 1:
            # Told once, not with each attempt; aloud only when there has been no connection since the start.
            level = logging.WARNING if len(report.attempts) == 1 else logging.INFO
            LOGGER.log(level, "Cannot connect to NaviLink, trying again: %s", report.failure)
        async_report_connection(self.hass, self.config_entry, report)
        self._async_show(event)

    @callback
    def _on_connection_interrupted(self, event: ConnectionInterrupted) -> None:
        LOGGER.info("Disconnected from NaviLink: %s", self.client.connection_report.failure)
        self._async_show(event)

    @callback
    def _on_connection_resumed(self, event: ConnectionResumed) -> None:
        LOGGER.info("Connected to NaviLink, sent %d queued messages", event.sent)
        self._ask(with_device_info=True)
        self._async_show(event)

    @callback
    def _on_connection_refused(self, _event: ConnectionRefused) -> None:
        self.config_entry.async_start_reauth(self.hass)

    @callback
    def _on_device_offline(self, event: Changed) -> None:
        LOGGER.info("%s is off line", heater_name(event.device))
        self._async_show(event)

    @callback
    def _on_device_online(self, event: Changed) -> None:
        LOGGER.info("%s is back on line", heater_name(event.device))
        self._ask_everything(event.device)
        self._async_show(event)

    @callback
    def _on_feature_received(self, event: FeatureReceived) -> None:
        self._async_register_devices()
        self._async_show(event)

    @callback
    def _on_queue_changed(self, event: object) -> None:
        self.store.async_changed()
        self._async_show(event)

    @callback
    def _on_knowledge_changed(self, event: KnowledgeChanged) -> None:
        self.store.async_changed(event.delay)

    @callback
    def _on_store_written(self, written: StoredAccount) -> None:
        async_report_store(self.hass, self.config_entry, has_failed=self.store.has_failed)
        if self.outcomes.stored(written.queue.outcomes):
            self.store.async_changed()

    @callback
    def async_open_outcomes(self, _hass: HomeAssistant) -> None:
        """Pass outcomes on from now on: entities and automations listen."""
        if self.outcomes.open():
            self._forget_left()
            self.store.async_changed()

    @callback
    def _on_command_completed(self, event: CommandCompleted) -> None:
        self.outcomes.completed(event)

    @callback
    def _pass_on(self, event: CommandCompleted) -> None:
        mac_address = event.command.mac_address or ""
        device = self._devices.get(mac_address) or self._leaving.get(mac_address)
        if device is not None:
            async_fire_outcome(self.hass, self.config_entry, device, event)
            async_report_lost_command(self.hass, self.config_entry, device, event)

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
        while self._stops:
            self._stops.pop()()
        self.outcomes.close()
        await self.store.async_close()
        await self.client.disconnect()
