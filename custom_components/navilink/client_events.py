"""The dialog with the heaters: asking for what they report, and what follows from it."""

from collections.abc import Callable
from datetime import datetime, timedelta
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import LOGGER
from .devices import async_update_device
from .heater import HeaterSnapshots, HeaterState, heater_name
from .lost_commands import async_report_connection
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

# A heater reports only when it is asked, and each answer comes out of what the cloud service grants an account.
STATUS_INTERVAL = timedelta(seconds=30)
# Capabilities and versions hardly ever change.
DEVICE_INFO_INTERVAL = timedelta(minutes=5)


class ClientEvents:
    """Asks the heaters of an account, and turns the client's events into snapshots, log lines, issues and writings.

    What cannot be asked now is not queued, but asked afresh once connected.
    """

    def __init__(
        self,
        entry: ConfigEntry,
        coordinator: DataUpdateCoordinator[dict[str, HeaterState]],
        client: NavienMqttClient,
        snapshots: HeaterSnapshots,
        store: QueueStore,
    ) -> None:
        """Take the coordinator that knows the heaters, and where what they report is shown and stored."""
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._entry = entry
        self._client = client
        self._snapshots = snapshots
        self._store = store

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
            async_track_time_interval(self._hass, self._async_request_statuses, STATUS_INTERVAL),
            async_track_time_interval(self._hass, self._async_request_device_info, DEVICE_INFO_INTERVAL),
        ]

    def request_everything(self, device: Device) -> bool:
        """Ask a heater for all that it reports; returns whether there was a connection to ask over."""
        return self._client.poll_info(device) and self._client.poll(device)

    @callback
    def _async_request_statuses(self, _now: datetime) -> None:
        if self._store.has_failed:
            self._store.async_changed()
        if not self._entry.pref_disable_polling:
            for heater in self._coordinator.data.values():
                self._client.poll(heater.device)
        # Time has passed for what is shown, too.
        self._snapshots.outdate(self._coordinator.data)

    @callback
    def _async_request_device_info(self, _now: datetime) -> None:
        if not self._entry.pref_disable_polling:
            for heater in self._coordinator.data.values():
                self._client.poll_info(heater.device)

    @callback
    def _on_connection_changed(self, event: ConnectionChanged) -> None:
        report = event.report
        if report.state is ConnectionState.WAITING and report.next_attempt_at and report.failed_attempts == 1:
            # Logged once, not with each attempt; as a warning only when there was no connection since the start.
            level = logging.WARNING if len(report.attempts) == 1 else logging.INFO
            LOGGER.log(level, "Cannot connect to NaviLink, trying again: %s", report.failure)
        async_report_connection(self._hass, self._entry, report)
        self._snapshots.outdate(self._coordinator.data)

    @callback
    def _on_connection_interrupted(self, _event: ConnectionInterrupted) -> None:
        LOGGER.info("Disconnected from NaviLink: %s", self._client.connection_report.failure)
        self._snapshots.outdate(self._coordinator.data)

    @callback
    def _on_connection_resumed(self, event: ConnectionResumed) -> None:
        LOGGER.info("Connected to NaviLink, sent %d queued messages", event.sent)
        for heater in self._coordinator.data.values():
            self.request_everything(heater.device)
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
        self.request_everything(event.device)
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_feature_received(self, event: FeatureReceived) -> None:
        async_update_device(self._hass, self._entry, event.device, event.feature)
        self._snapshots.outdate({event.device.mac_address})

    @callback
    def _on_queue_changed(self, _event: object) -> None:
        self._store.async_changed()
        self._snapshots.outdate()

    @callback
    def _on_knowledge_changed(self, event: KnowledgeChanged) -> None:
        self._store.async_changed(event.delay)
