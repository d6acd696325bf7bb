"""What has happened to an account lately, for its diagnostics: the connection's ups and downs, and who has reported."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .nwp500 import (
    ConnectionChanged,
    ConnectionFailure,
    ConnectionState,
    FeatureReceived,
    NavienMqttClient,
    StatusReceived,
)

# The newest changes are kept.
MAX_CHANGES = 50


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """The connection came into another state, or failed for another reason; the time is aware, UTC."""

    at: datetime
    state: ConnectionState
    failure: ConnectionFailure | None


class RecentEvents:
    """Keeps the last changes of the connection, and when each heater last reported its status and what it has."""

    def __init__(self, client: NavienMqttClient) -> None:
        """Take the client; nothing is kept before `listen`."""
        self._client = client
        self._changes: deque[ConnectionChange] = deque(maxlen=MAX_CHANGES)
        self._status_times: dict[str, datetime] = {}
        self._feature_times: dict[str, datetime] = {}

    @callback
    def listen(self) -> list[Callable[[], None]]:
        """Begin; returns what ends it."""
        on = self._client.on
        return [
            on("connection_changed", self._on_connection_changed),
            on("status_received", self._on_status_received),
            on("feature_received", self._on_feature_received),
        ]

    @property
    def connection_changes(self) -> tuple[ConnectionChange, ...]:
        """The last changes of the connection, oldest first."""
        return tuple(self._changes)

    def status_received_at(self, mac_address: str) -> datetime | None:
        """Return when a heater last reported its status in this run, aware, UTC."""
        return self._status_times.get(mac_address)

    def feature_received_at(self, mac_address: str) -> datetime | None:
        """Return when a heater last reported what it has in this run, aware, UTC."""
        return self._feature_times.get(mac_address)

    @callback
    def _on_connection_changed(self, event: ConnectionChanged) -> None:
        report = event.report
        if report.state is ConnectionState.CONNECTING:
            # It goes before every other state, and an attempt that fails like the last one is no change.
            return
        last = self._changes[-1] if self._changes else None
        if last is None or (last.state, last.failure) != (report.state, report.failure):
            self._changes.append(ConnectionChange(dt_util.utcnow(), report.state, report.failure))

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        self._status_times[event.device.mac_address] = dt_util.utcnow()

    @callback
    def _on_feature_received(self, event: FeatureReceived) -> None:
        self._feature_times[event.device.mac_address] = dt_util.utcnow()
