"""The coordinator: owns the MQTT client, and with it the link and the command queue."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .account import create_auth_client, create_mqtt_config
from .const import DOMAIN, LOGGER
from .heater import FRESH_FOR, ONLINE_FOR, HeaterState, heater_name
from .nwp500 import (
    AuthenticationError,
    CommandEvent,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
    Device,
    DeviceFeature,
    FeatureReceived,
    MqttError,
    NavienAPIClient,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
)

# The heater tells its status only when it is asked.
POLL_INTERVAL = timedelta(seconds=30)
# Capabilities and versions hardly ever change, nor does the list of heaters.
POLLS_PER_DEVICE_INFO = 10
POLLS_PER_LISTING = 30

# These change nothing but what is shown.
SHOWN_EVENTS = (
    "connection_changed",
    "status_received",
    "command_given",
    "command_queued",
    "command_sent",
    "command_confirmed",
    "command_rejected",
    "command_unconfirmed",
    "command_superseded",
    "command_cleared",
    "command_failed",
)

type NavilinkConfigEntry = ConfigEntry[NavilinkCoordinator]


class NavilinkCoordinator(DataUpdateCoordinator[dict[str, HeaterState]]):
    """Keeps a picture of every heater of the account, by MAC address."""

    config_entry: NavilinkConfigEntry

    def __init__(self, hass: HomeAssistant, entry: NavilinkConfigEntry) -> None:
        """Make the clients of the account; nothing is connected yet."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=POLL_INTERVAL, always_update=False
        )
        self._auth_client = create_auth_client(hass, entry.data)
        self._api_client = NavienAPIClient(self._auth_client)
        self.client = NavienMqttClient(self._auth_client, config=create_mqtt_config(entry.data))
        self._devices: dict[str, Device] = {}
        self._dropped: Counter[str | None] = Counter()
        self._expired: Counter[str | None] = Counter()
        self._polls = 0

    @override
    async def _async_setup(self) -> None:
        """Sign in, learn which heaters there are, and start to connect.

        A link that is down does not fail the set-up: commands wait in the queue.
        """
        try:
            await self._auth_client.sign_in()
            self._devices = await self._async_list_devices()
        except AuthenticationError as err:
            raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_auth") from err
        except NavienError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": str(err)},
            ) from err
        self._async_register_devices()
        self._async_listen()
        self.config_entry.async_on_unload(
            self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._on_home_assistant_stop)
        )
        await self._async_subscribe()
        await self.client.connect(wait=False)

    @callback
    def _async_listen(self) -> None:
        """Follow what the client tells."""
        client = self.client
        unsubscribe = [
            client.on("connection_interrupted", self._on_connection_interrupted),
            client.on("connection_resumed", self._on_connection_resumed),
            client.on("connection_refused", self._on_connection_refused),
            client.on("feature_received", self._on_feature_received),
            client.on("command_dropped", partial(self._on_command_lost, self._dropped)),
            client.on("command_expired", partial(self._on_command_lost, self._expired)),
            *(client.on(event, self._async_show) for event in SHOWN_EVENTS),
        ]
        for each in unsubscribe:
            self.config_entry.async_on_unload(each)

    @override
    async def _async_update_data(self) -> dict[str, HeaterState]:
        """Ask the heaters; their answers come as events."""
        self._polls += 1
        if self._polls % POLLS_PER_LISTING == 0:
            await self._async_refresh_devices()
        await self._async_ask(with_device_info=self._polls % POLLS_PER_DEVICE_INFO == 0)
        return self._heaters()

    async def async_refresh_heater(self, mac_address: str) -> None:
        """Ask one heater for everything; raises `NavienError` when that cannot be done now."""
        if not self.client.is_connected:
            raise NotConnectedError("the link is down")
        device = self._devices[mac_address]
        await self.client.request_device_info(device)
        await self.client.request_device_status(device)

    async def async_clear_queue(self, mac_address: str) -> None:
        """Forget the commands to one heater that are not sent yet."""
        self.client.clear_command_queue(self._devices[mac_address])

    async def _async_ask(self, *, with_device_info: bool) -> None:
        """Ask every heater; what cannot be asked at once is not queued, but asked afresh when the queue is drained."""
        client = self.client
        requests = [client.request_device_info] if with_device_info else []
        for device in tuple(self._devices.values()):
            for request in (*requests, client.request_device_status):
                if not client.is_connected or client.queued_commands_count:
                    return
                try:
                    await request(device)
                except MqttError as err:
                    LOGGER.debug("A heater could not be asked: %s", err)

    async def _async_list_devices(self) -> dict[str, Device]:
        return {device.mac_address: device for device in await self._api_client.list_devices()}

    async def _async_refresh_devices(self) -> None:
        """Take up heaters that joined the account and let go of those that left it."""
        try:
            listed = await self._async_list_devices()
        except AuthenticationError:
            # Raised, it would end the polls, and with them the watch over how old the values are.
            self.config_entry.async_start_reauth(self.hass)
            return
        except NavienError as err:
            # The link lives on without the list.
            LOGGER.debug("The heaters of the account could not be listed: %s", err)
            return
        self._devices = listed
        await self._async_subscribe()
        self._async_register_devices()
        registry = dr.async_get(self.hass)
        for entry in dr.async_entries_for_config_entry(registry, self.config_entry.entry_id):
            if not any((DOMAIN, mac_address) in entry.identifiers for mac_address in listed):
                registry.async_remove_device(entry.id)

    async def _async_subscribe(self) -> None:
        """Listen to the heaters, with this link or the next."""
        for device in self._devices.values():
            try:
                await self.client.subscribe_device(device)
            except MqttError as err:
                LOGGER.warning("A heater cannot be listened to: %s", err)

    @callback
    def _async_register_devices(self) -> None:
        """Bring what the device registry knows about the heaters up to date."""
        registry = dr.async_get(self.hass)
        for mac_address, device in self._devices.items():
            feature = self.client.feature(device)
            registry.async_get_or_create(
                config_entry_id=self.config_entry.entry_id,
                identifiers={(DOMAIN, mac_address)},
                connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(mac_address))},
                manufacturer="Navien",
                name=heater_name(device),
                model=_model(feature),
                serial_number=None if feature is None else feature.serial_number,
                sw_version=None if feature is None else feature.controller_version,
            )

    def _heaters(self) -> dict[str, HeaterState]:
        return {mac_address: self._heater(device) for mac_address, device in self._devices.items()}

    def _heater(self, device: Device) -> HeaterState:
        status = self.client.status(device)
        heard_at = self.client.last_message_at(device)
        silence = None if heard_at is None else dt_util.utcnow() - heard_at
        return HeaterState(
            device=device,
            feature=self.client.feature(device),
            status=status,
            shown=None if status is None else status.with_members(self.client.wanted_members(device)),
            last_message_at=heard_at,
            is_fresh=status is not None and silence is not None and silence <= FRESH_FOR,
            is_online=self.client.is_connected and silence is not None and silence <= ONLINE_FOR,
            queued=tuple(
                command
                for command in self.client.queued_commands
                if command.is_control and command.mac_address == device.mac_address
            ),
            dropped=self._dropped[device.mac_address],
            expired=self._expired[device.mac_address],
        )

    @callback
    def _async_show(self, _event: object) -> None:
        """Show what the client knows now; the rhythm of the polls goes on, unlike with `async_set_updated_data`."""
        self.data = self._heaters()
        self.async_update_listeners()

    @callback
    def _on_connection_interrupted(self, event: ConnectionInterrupted) -> None:
        LOGGER.info("The link to the NaviLink service is lost (%s); commands wait until it is back", event.reason)
        self._async_show(event)

    @callback
    def _on_connection_resumed(self, event: ConnectionResumed) -> None:
        LOGGER.info("The link to the NaviLink service is back; messages sent: %s", event.sent)
        self.config_entry.async_create_background_task(
            self.hass, self._async_ask(with_device_info=True), "navilink poll"
        )
        self._async_show(event)

    @callback
    def _on_connection_refused(self, _event: ConnectionRefused) -> None:
        self.config_entry.async_start_reauth(self.hass)

    @callback
    def _on_feature_received(self, event: FeatureReceived) -> None:
        self._async_register_devices()
        self._async_show(event)

    @callback
    def _on_command_lost(self, lost: Counter[str | None], event: CommandEvent) -> None:
        if event.command.is_control:
            lost[event.command.mac_address] += 1
        self._async_show(event)

    async def _on_home_assistant_stop(self, _event: Event) -> None:
        await self.async_shutdown()

    @override
    async def async_shutdown(self) -> None:
        """End the link."""
        await super().async_shutdown()
        await self.client.disconnect()


def _model(feature: DeviceFeature | None) -> str:
    """Name the model, with the tank size once the heater has told it."""
    gallons = None if feature is None else feature.volume_gallons
    return "NWP500" if gallons is None else f"NWP500 ({gallons} gal)"
