"""How a heater is reached at the moment, or why it is not, in a word that Home Assistant translates."""

from dataclasses import dataclass
from datetime import datetime

from .nwp500 import ConnectionProblem, Device, NavienMqttClient

CONNECTED = "connected"
CONNECTING = "connecting"
HEATER_OFFLINE = "heater_offline"
STATES = (CONNECTED, CONNECTING, HEATER_OFFLINE, *(problem.value for problem in ConnectionProblem))


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """The connection to one heater; times are aware."""

    state: str
    """One of `STATES`."""
    detail: str | None = None
    """The name that the service, or the part that connects to it, has for what is wrong."""
    since: datetime | None = None
    next_attempt_at: datetime | None = None


def connection_status(client: NavienMqttClient, device: Device) -> ConnectionStatus:
    """Return how a heater is reached: first what is wrong with the account's connection, then with the heater."""
    report = client.connection_report
    if client.is_connected:
        return _heater_status(client, device)
    if report.failure is None:
        return ConnectionStatus(CONNECTING, since=report.since)
    return ConnectionStatus(report.failure.problem.value, report.failure.detail, report.since, report.next_attempt_at)


def _heater_status(client: NavienMqttClient, device: Device) -> ConnectionStatus:
    connected_since, received_at = client.connection_report.since, client.last_message_at(device)
    if client.is_refused(device):
        return ConnectionStatus(ConnectionProblem.SUBSCRIPTION_FAILED.value, since=connected_since)
    if client.is_silent(device):
        return ConnectionStatus(ConnectionProblem.NO_ANSWER.value, since=received_at)
    if client.is_online(device) is False:
        return ConnectionStatus(HEATER_OFFLINE, since=received_at)
    return ConnectionStatus(CONNECTED, since=connected_since)
