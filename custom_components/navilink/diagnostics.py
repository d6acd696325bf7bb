"""The diagnostics downloads: everything that helps to find a fault, and nothing that identifies somebody."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import AnyDeviceEntry

from .config import CONF_PRIVATE_SERVER
from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .heater import HeaterState
from .nwp500 import ConnectionFailure, ConnectionReport
from .outcomes import outcome_details

ENTRY_SECRETS = {CONF_EMAIL, CONF_PASSWORD, CONF_PRIVATE_SERVER}
# Numbers on the wire that belong to one unit or one home; texts are left out whatever they are called.
WIRE_SECRETS = {"additionalValue", "controllerSerialNumber", "homeSeq", "macAddress"}
# The newest outcomes of each heater.
MAX_OUTCOMES = 20


async def async_get_config_entry_diagnostics(_hass: HomeAssistant, entry: NavilinkConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of an account."""
    coordinator = entry.runtime_data
    # The heaters are known by their place in the list, because a MAC address must not get into a file.
    heaters = [_heater_diagnostics(coordinator, heater) for heater in coordinator.data.values()]
    return {**_account_diagnostics(entry), "heaters": heaters}


async def async_get_device_diagnostics(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, device: AnyDeviceEntry
) -> dict[str, Any]:
    """Return the diagnostics of one heater, and what concerns it of its account."""
    coordinator = entry.runtime_data
    heaters = [
        _heater_diagnostics(coordinator, heater)
        for mac_address, heater in coordinator.data.items()
        if (DOMAIN, mac_address) in device.identifiers
    ]
    return {**_account_diagnostics(entry), "heaters": heaters}


def _account_diagnostics(entry: NavilinkConfigEntry) -> dict[str, Any]:
    coordinator = entry.runtime_data
    return {
        "entry": {"data": async_redact_data(entry.data, ENTRY_SECRETS), "options": dict(entry.options)},
        "connection": _connection_diagnostics(coordinator.client.connection_report),
        "store": {"has_failed": coordinator.store.has_failed},
    }


def _connection_diagnostics(report: ConnectionReport) -> dict[str, Any]:
    return {
        "state": report.state,
        "since": report.since,
        **_failure(report.failure),
        "next_attempt_at": report.next_attempt_at,
        "failed_attempts": report.failed_attempts,
        "last_attempts": [{"at": attempt.at, **_failure(attempt.failure)} for attempt in report.attempts],
    }


def _failure(failure: ConnectionFailure | None) -> dict[str, str | None]:
    return {
        "reason": None if failure is None else failure.problem.value,
        "detail": None if failure is None else failure.detail,
    }


def _heater_diagnostics(coordinator: NavilinkCoordinator, heater: HeaterState) -> dict[str, Any]:
    hass = coordinator.hass
    counts = coordinator.client.outcome_counts(heater.device)
    recent = coordinator.outcomes.of(heater.device.mac_address)[-MAX_OUTCOMES:]
    return {
        "device": {
            "device_type": heater.device.device_type,
            "connected": heater.device.connected,
            "error_code": heater.device.error_code,
        },
        "online": heater.is_online,
        "connection_status": heater.connection.state,
        "last_message_at": heater.last_message_at,
        "status": None if heater.status is None else _redacted(heater.status.raw),
        "feature": None if heater.feature is None else _redacted(heater.feature.raw),
        "queue": {
            "commands": [_without_id(command.in_words(hass)) for command in heater.pending],
            "outcomes": {outcome.value: count for outcome, count in counts.items()},
            "recent": [
                {"outcome": event.result.outcome, **_without_id(outcome_details(hass, event))} for event in recent
            ],
        },
    }


def _without_id(command: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what ties a command to the messages of a session, and helps nobody."""
    return {name: value for name, value in command.items() if name != "command_id"}


def _redacted(members: Mapping[str, object]) -> dict[str, object]:
    """Keep the numbers of a message: a member that nobody knows yet may carry any text."""
    numbers = {name: value if isinstance(value, int | float) else REDACTED for name, value in members.items()}
    return async_redact_data(numbers, WIRE_SECRETS)
