"""The diagnostics downloads: everything that helps to find a fault, and nothing that identifies somebody."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import AnyDeviceEntry
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from .config import CONF_PRIVATE_SERVER
from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .heater import HeaterState
from .nwp500 import ConnectionFailure, ConnectionReport, DeviceFeature, DeviceStatus
from .outcomes import outcome_details
from .reachability import async_reach_mqtt_service, async_reach_sign_in_service

ENTRY_SECRETS = {CONF_EMAIL, CONF_PASSWORD, CONF_PRIVATE_SERVER}
# Numbers on the wire that belong to one unit or one home; texts are left out whatever they are called.
WIRE_SECRETS = {"additionalValue", "controllerSerialNumber", "homeSeq", "macAddress"}
# What the client connects with.
PACKAGES = ("awsiotsdk", "awscrt")
# The newest outcomes of each heater.
MAX_OUTCOMES = 20


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: NavilinkConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of an account."""
    return await _async_diagnostics(hass, entry, lambda _mac_address: True)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: NavilinkConfigEntry, device: AnyDeviceEntry
) -> dict[str, Any]:
    """Return the diagnostics of one heater, and what concerns it of its account."""
    return await _async_diagnostics(hass, entry, lambda mac_address: (DOMAIN, mac_address) in device.identifiers)


async def _async_diagnostics(
    hass: HomeAssistant, entry: NavilinkConfigEntry, is_wanted: Callable[[str], bool]
) -> dict[str, Any]:
    sign_in, mqtt = await asyncio.gather(
        async_reach_sign_in_service(hass, entry.data), async_reach_mqtt_service(hass, entry.data)
    )
    about_entry = {
        "versions": await _async_versions(hass),
        "entry": {
            "state": entry.state.value,
            # Its text would name the server.
            "problem": entry.error_reason_translation_key,
            "version": f"{entry.version}.{entry.minor_version}",
            "data": async_redact_data(entry.data, ENTRY_SECRETS),
            "options": dict(entry.options),
        },
        "services": {"sign_in": asdict(sign_in), "mqtt": asdict(mqtt)},
    }
    if entry.state is not ConfigEntryState.LOADED:
        return about_entry
    coordinator = entry.runtime_data
    # The heaters are known by their place in the list, because a MAC address must not get into a file.
    heaters = [
        _heater_diagnostics(coordinator, heater)
        for mac_address, heater in coordinator.data.items()
        if is_wanted(mac_address)
    ]
    return {**about_entry, **_account_diagnostics(coordinator), "heaters": heaters}


async def _async_versions(hass: HomeAssistant) -> dict[str, str | None]:
    """Return the versions of what an account runs on; another integration may have replaced the AWS packages."""
    integration = await async_get_integration(hass, DOMAIN)
    packages = await hass.async_add_executor_job(lambda: {name: version(name) for name in PACKAGES})
    return {"home_assistant": __version__, DOMAIN: integration.manifest.get("version"), **packages}


def _account_diagnostics(coordinator: NavilinkCoordinator) -> dict[str, Any]:
    changes = coordinator.recent.connection_changes
    return {
        "connection": {
            **_connection_diagnostics(coordinator.client.connection_report),
            "changes": [{"at": each.at, "state": each.state, **_failure(each.failure)} for each in changes],
        },
        "account": {
            "last_listing_succeeded": coordinator.last_update_success,
            "listing_needs_confirmation": coordinator.listing.needs_confirmation,
            "heaters_of_another_account": len(coordinator.registered.taken),
        },
        "store": {"has_failed": coordinator.store.has_failed},
        "lost_commands": len(coordinator.lost.events),
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
    client, mac_address = coordinator.client, heater.device.mac_address
    counts = client.outcome_counts(heater.device)
    recent = coordinator.outcomes.of(mac_address)[-MAX_OUTCOMES:]
    return {
        "device": {
            "device_type": heater.device.device_type,
            "connected": heater.device.connected,
            "error_code": heater.device.error_code,
        },
        "online": heater.is_online,
        "listed": coordinator.is_listed(mac_address),
        "refused": client.is_refused(heater.device),
        "silent": client.is_silent(heater.device),
        "takes_commands": heater.takes_commands,
        "connection_status": heater.connection.state,
        "last_message_at": heater.last_message_at,
        # Without a time it is one of an earlier run.
        "messages": {
            "status": _message(heater.status, coordinator.recent.status_received_at(mac_address)),
            "feature": _message(heater.feature, coordinator.recent.feature_received_at(mac_address)),
        },
        "schedule_writes": [
            {
                "time": write.time,
                "schedule": write.kind,
                "action": write.action,
                "outcome": write.outcome,
                "attempts": write.attempts,
            }
            for write in coordinator.schedules.writes
            if write.mac_address == mac_address
        ],
        "queue": {
            "commands": [_without_id(command.in_words(hass)) for command in heater.pending],
            "outcomes": {outcome.value: count for outcome, count in counts.items()},
            "recent": [
                {"outcome": event.result.outcome, **_without_id(outcome_details(hass, event))} for event in recent
            ],
        },
    }


def _message(message: DeviceStatus | DeviceFeature | None, received_at: datetime | None) -> dict[str, Any] | None:
    if message is None:
        return None
    age = None if received_at is None else round((dt_util.utcnow() - received_at).total_seconds(), 1)
    return {"received_at": received_at, "age_seconds": age, "members": _redacted(message.raw)}


def _without_id(command: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what ties a command to the messages of a session, and helps nobody."""
    return {name: value for name, value in command.items() if name != "command_id"}


def _redacted(members: Mapping[str, object]) -> dict[str, object]:
    """Keep the numbers of a message: a member that nobody knows yet may carry any text."""
    numbers = {name: value if isinstance(value, int | float) else REDACTED for name, value in members.items()}
    return async_redact_data(numbers, WIRE_SECRETS)
