"""The coordinator: owns the MQTT client, and with it the link and the command queue."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .account import create_auth_client, create_mqtt_config
from .const import DOMAIN, LOGGER
from .devices import async_register_devices, async_remove_other_devices
from .errors import setup_error
from .heater import HeaterState, HeaterView, heater_name
from .issues import async_report_lost_command, async_report_store, async_report_unreadable_store
from .nwp500 import (
    AuthenticationError,
    Changed,
    CommandSettled,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
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

# These change nothing but what is shown.
SHOWN_EVENTS = ("connection_changed", "status_received")

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
        self._api_client = NavienAPIClient(auth_client)
        self.client = NavienMqttClient(auth_client, config=create_mqtt_config(entry.data, entry.options))
        self.outcomes = Outcomes(self._pass_on)
        self.store = QueueStore(hass, entry.entry_id, self._to_store, self._on_store_written)
        self._view = HeaterView(
            self.client, poll_interval=self._poll_interval, has_queue=all_options(entry.options)[CONF_QUEUE]
        )
        self._devices: dict[str, Device] = {}
        self._listing: asyncio.Task[None] | None = None
        self._is_list_current = False
        self._polls = 0
        self._stops: list[Callable[[], None]] = []

    @override
    async def _async_setup(self) -> None:
        """Take up what was stored, or learn which heaters there are, and start to connect.

        With something stored, neither the service nor the link has to be there: commands wait in the queue.
        """
        stored = await self._async_load()
        if stored is not None and stored.devices:
            self._devices = {device.mac_address: device for device in stored.devices}
        else:
            await self._async_list_first()
        # What the restoring itself brings to its end has to be heard, but every single change need not be shown.
        self._stops.append(self.client.on("command_settled", self._on_command_settled))
        if stored is not None:
            self._restore(stored)
        self._async_listen()
        self._async_register_devices()
        await self._async_subscribe()
        await self.client.connect(wait=False)
        self.store.async_changed()

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
        for mac_address, device in self._devices.items():
            members = stored.queue.features.get(mac_address)
            self.client.add_device(device, None if members is None else DeviceFeature(members))
        self.outcomes.restore(stored.queue.outcomes)
        self.client.restore(stored.queue)

    async def _async_list_first(self) -> None:
        """Learn which heaters there are, or fail the set-up."""
        try:
            self._devices = await self._async_list_devices()
        except NavienError as err:
            raise setup_error(err) from err
        self._is_list_current = True

    @callback
    def _async_listen(self) -> None:
        """Follow what the client tells, until the shutdown."""
        client = self.client
        self._stops += [
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
        ]

    @override
    async def _async_update_data(self) -> dict[str, HeaterState]:
        """Ask the heaters; their answers come as events."""
        self._polls += 1
        if self.store.has_failed:
            self.store.async_changed()
        if not self._is_list_current or self._is_due(LISTING_INTERVAL):
            self._async_start_listing()
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

    async def _async_list_devices(self) -> dict[str, Device]:
        return {device.mac_address: device for device in await self._api_client.list_devices()}

    @callback
    def _async_start_listing(self) -> None:
        """List the account's heaters in the background: a network that swallows everything must not hold up polls."""
        if self._listing is None or self._listing.done():
            self._listing = self.config_entry.async_create_background_task(
                self.hass, self._async_refresh_devices(), "navilink listing"
            )

    async def _async_refresh_devices(self) -> None:
        """Take up heaters that joined the account and let go of those that left it."""
        try:
            listed = await self._async_list_devices()
        except AuthenticationError:
            # With the next poll the service would only refuse again.
            self._is_list_current = True
            self.config_entry.async_start_reauth(self.hass)
            return
        except NavienError as err:
            # The link lives on without the list.
            LOGGER.debug("The heaters of the account could not be listed: %s", err)
            return
        self._is_list_current = True
        self._devices = listed
        await self._async_subscribe()
        self._async_register_devices()
        async_remove_other_devices(self.hass, self.config_entry, listed)
        self.store.async_changed()
        self._async_show(None)

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
        return StoredAccount(tuple(self._devices.values()), queue)

    def _heaters(self) -> dict[str, HeaterState]:
        return {mac_address: self._view.state(device) for mac_address, device in self._devices.items()}

    @callback
    def _async_show(self, _event: object) -> None:
        """Show what the client knows now; the rhythm of the polls goes on, unlike with `async_set_updated_data`."""
        self.data = self._heaters()
        self.async_update_listeners()

    @callback
    def _on_connection_interrupted(self, event: ConnectionInterrupted) -> None:
        LOGGER.info("The link to the NaviLink service is lost: %s", event.reason)
        self._async_show(event)

    @callback
    def _on_connection_resumed(self, event: ConnectionResumed) -> None:
        LOGGER.info("The link to the NaviLink service is up, messages sent: %s", event.sent)
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
            self.store.async_changed()

    @callback
    def _on_command_settled(self, event: CommandSettled) -> None:
        self.outcomes.settled(event)

    @callback
    def _pass_on(self, event: CommandSettled) -> None:
        device = self._devices.get(event.command.mac_address or "")
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
