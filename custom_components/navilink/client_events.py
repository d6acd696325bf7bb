"""What follows from the client's events: snapshots, log lines, issues and writings."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import LOGGER
from .devices import AccountDevices
from .heater import HeaterSnapshots, HeaterState, heater_name
from .nwp500 import (
    Changed,
    ConnectionChanged,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
    ConnectionState,
    Device,
    FeatureReceived,
    KnowledgeChanged,
    NavienMqttClient,
    StatusReceived,
)
from .queue_store import QueueStore
from .repairs import async_report_connection


def request_everything(client: NavienMqttClient, device: Device) -> bool:
    """Ask a heater for all that it reports; returns whether there was a connection to ask over.

    What cannot be asked now is not queued, but asked afresh once connected.
    """
    return client.poll_info(device) and client.poll(device)


class ClientEvents:
    """Listens for the events of an account's client."""

    def __init__(
        self,
        entry: ConfigEntry,
        coordinator: DataUpdateCoordinator[dict[str, HeaterState]],
        client: NavienMqttClient,
        devices: AccountDevices,
        snapshots: HeaterSnapshots,
        store: QueueStore,
    ) -> None:
        """Take the coordinator that knows the heaters, and where what they report is shown and stored."""
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._entry = entry
        self._client = client
        self._devices = devices
        self._snapshots = snapshots
        self._store = store
        self._last_report = client.connection_report

    @callback
    def listen(self) -> list[Callable[[], None]]:
        """Begin; returns what ends it."""
        on = self._client.on
        return [
            on("connection_changed", self._on_connection_changed),
            on("connection_interrupted", self._on_connection_interrupted),
            on("connection_resumed", self._on_connection_resumed),
            on("connection_refused", self._on_connection_refused),
            on("device_offline", self._on_device_offline),
            on("device_online", self._on_device_online),
            on("status_received", self._on_status_received),
            on("feature_received", self._on_feature_received),
            on("queue_changed", self._on_queue_changed),
            on("knowledge_changed", self._on_knowledge_changed),
        ]

    @callback
    def _on_connection_changed(self, event: ConnectionChanged) -> None:
        before, report = self._last_report, event.report
        self._last_report = report
        is_first_failure = before.failed_attempts == 0 and report.failed_attempts == 1 and len(report.attempts) == 1
        if is_first_failure and report.state is ConnectionState.WAITING:
            # Once, not with each attempt, nor when a command cuts the pause after it. Later failures follow a loss,
            # which is logged, as is the end of it.
            LOGGER.warning("Cannot connect to NaviLink, trying again: %s", report.failure)
        async_report_connection(self._hass, self._entry, report)
        self._snapshots.outdate(self._coordinator.data)

    @callback
    def _on_connection_interrupted(self, _event: ConnectionInterrupted) -> None:
        LOGGER.info("Disconnected from NaviLink: %s", self._client.connection_report.failure)
        self._snapshots.outdate(self._coordinator.data)

    @callback
    def _on_connection_resumed(self, event: ConnectionResumed) -> None:
        # Most of them wait until their heater has reported its status.
        queued = event.sent + self._client.queued_commands_count
        LOGGER.info("Connected to NaviLink, queued commands: %d", queued)
        for heater in self._coordinator.data.values():
            request_everything(self._client, heater.device)
        self._snapshots.outdate(self._coordinator.data)

    @callback
    def _on_connection_refused(self, _event: ConnectionRefused) -> None:
        self._entry.async_start_reauth(self._hass)

    @callback
    def _on_device_offline(self, event: Changed) -> None:
        LOGGER.info("%s is offline", heater_name(event.device))
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_device_online(self, event: Changed) -> None:
        LOGGER.info("%s is back online", heater_name(event.device))
        request_everything(self._client, event.device)
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_feature_received(self, event: FeatureReceived) -> None:
        self._devices.update(event.device, event.feature)
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_queue_changed(self, _event: object) -> None:
        self._store.async_changed()
        self._snapshots.outdate()

    @callback
    def _on_knowledge_changed(self, event: KnowledgeChanged) -> None:
        self._store.async_changed(event.delay)
