"""The diagnostics download: everything that helps to find a fault, and nothing that tells who or where somebody is."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD
from homeassistant.core import HomeAssistant

from .account import CONF_PRIVATE_SERVER
from .coordinator import NavilinkConfigEntry
from .heater import HeaterState
from .nwp500 import CommandOutcome

ENTRY_SECRETS = {CONF_EMAIL, CONF_PASSWORD, CONF_PRIVATE_SERVER}
# Numbers on the wire that belong to one unit or one home; texts are left out whatever they are called.
WIRE_SECRETS = {"additionalValue", "controllerSerialNumber", "homeSeq", "macAddress"}


async def async_get_config_entry_diagnostics(_hass: HomeAssistant, entry: NavilinkConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of an account."""
    coordinator = entry.runtime_data
    return {
        "entry": {"data": async_redact_data(entry.data, ENTRY_SECRETS), "options": dict(entry.options)},
        "link": {"connected": coordinator.client.is_connected},
        # The heaters are told apart by their place in the list, because a MAC address must not get into a file.
        "heaters": [
            _heater_diagnostics(heater, coordinator.client.outcome_counts(heater.device))
            for heater in coordinator.data.values()
        ],
    }


def _heater_diagnostics(heater: HeaterState, outcomes: Mapping[CommandOutcome, int]) -> dict[str, Any]:
    return {
        "device": {
            "device_type": heater.device.device_type,
            "connected": heater.device.connected,
            "error_code": heater.device.error_code,
        },
        "online": heater.is_online,
        "last_message_at": heater.last_message_at,
        "status": None if heater.status is None else _redacted(heater.status.raw),
        "feature": None if heater.feature is None else _redacted(heater.feature.raw),
        "queue": {
            # Their ids tie them to the messages of a session, and help nobody.
            "commands": [
                {name: value for name, value in command.in_words().items() if name != "command_id"}
                for command in heater.pending
            ],
            "outcomes": {outcome.value: count for outcome, count in outcomes.items()},
        },
    }


def _redacted(members: Mapping[str, object]) -> dict[str, object]:
    """Keep the numbers of a message: a member that nobody knows yet may carry any text."""
    numbers = {name: value if isinstance(value, int | float) else REDACTED for name, value in members.items()}
    return async_redact_data(numbers, WIRE_SECRETS)
