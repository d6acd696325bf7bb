"""What the system information page shows of the integration."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .config import CONF_PRIVATE_SERVER
from .const import DOMAIN
from .coordinator import NavilinkConfigEntry
from .nwp500 import ConnectionState
from .reachability import Reached, async_reach_mqtt_service, async_reach_sign_in_service
from .wording import text, translation

REACHED = "ok"

type Reach = Callable[[HomeAssistant, Mapping[str, Any]], Awaitable[Reached]]


@callback
def async_register(_hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the information of this integration."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, object]:
    """Return the state of the services and of the accounts.

    People copy this page into public reports, so accounts are numbers in it, and servers have no names.
    """
    entries: list[ConfigEntry] = hass.config_entries.async_entries(DOMAIN, include_disabled=False)
    loaded: list[NavilinkConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    heaters = [heater for entry in loaded for heater in entry.runtime_data.data.values()]
    # One attempt for each server is enough, and most homes have one; without an account it is the vendor's.
    accounts: list[Mapping[str, Any]] = [entry.data for entry in entries] or [{}]
    servers = {repr(data.get(CONF_PRIVATE_SERVER)): data for data in accounts}
    states = [f"{number}: {_state_words(hass, entry)}" for number, entry in enumerate(entries, start=1)]
    return {
        "can_reach_service": _reached(hass, async_reach_sign_in_service, servers.values()),
        "can_reach_mqtt": _reached(hass, async_reach_mqtt_service, servers.values()),
        "accounts": ", ".join(states),
        "heaters_online": f"{sum(heater.is_online is True for heater in heaters)}/{len(heaters)}",
        "queued_commands": sum(heater.queued_count for heater in heaters),
    }


async def _reached(hass: HomeAssistant, reach: Reach, servers: Iterable[Mapping[str, Any]]) -> str | dict[str, str]:
    """Try a service at each server, and say what came of it in the form that the page knows."""
    reached = await asyncio.gather(*(reach(hass, data) for data in servers))
    problem = next((each.problem for each in reached if each.problem is not None), None)
    return REACHED if problem is None else {"type": "failed", "error": problem}


@callback
def _state_words(hass: HomeAssistant, entry: NavilinkConfigEntry) -> str:
    """Return how an account is connected, in the words of the status sensor, or that it is not loaded."""
    if entry.state is not ConfigEntryState.LOADED:
        return text(hass, "account_state", "not_loaded") or entry.state.value
    report = entry.runtime_data.client.connection_report
    if report.state is ConnectionState.CONNECTED:
        return _connection_words(hass, "connected")
    if report.failure is None:
        return _connection_words(hass, "connecting")
    return f"{_connection_words(hass, report.failure.problem)} ({report.failure.detail})"


@callback
def _connection_words(hass: HomeAssistant, state: str) -> str:
    return translation(hass, "entity", f"sensor.connection_status.state.{state}") or state
