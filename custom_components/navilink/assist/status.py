"""The tool that answers how the hot water is, how long it lasts, and when it will be hot."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, override

from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.const import ATTR_TEMPERATURE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.llm import LLMContext, ToolAnnotations
from homeassistant.helpers.translation import async_translate_state
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType

from ..heater import HeaterState
from ..heating.observers import Insight
from ..nwp500 import DeviceStatus
from ..wording import fault_words, user_unit
from .boosts import boost_words
from .exposed_heaters import ExposedHeater
from .tool import HeaterTool, connection_words, local_time


@callback
def _in_user_unit(hass: HomeAssistant, celsius: float | None) -> float | None:
    return None if celsius is None else round(user_unit(hass).from_celsius(celsius), 1)


@callback
def _fault(hass: HomeAssistant, status: DeviceStatus) -> str | None:
    return fault_words(hass, status.error_code, status.sub_error_code) if status.error_code else None


MEASURED: Mapping[str, Callable[[HomeAssistant, DeviceStatus], JsonValueType]] = {
    "upper_tank_temperature": lambda hass, status: _in_user_unit(hass, status.tank_upper_temperature),
    "lower_tank_temperature": lambda hass, status: _in_user_unit(hass, status.tank_lower_temperature),
    "hot_water_charge_percent": lambda _hass, status: status.dhw_charge,
    "is_heating": lambda _hass, status: status.is_heating,
    "fault": _fault,
}
ESTIMATED: Mapping[str, Callable[[Insight], JsonValueType]] = {
    "showers_left": lambda insight: insight.showers,
    "minutes_until_hot": lambda insight: _minutes(insight.until_hot),
    "hot_at": lambda insight: None if insight.hot_at is None else local_time(insight.hot_at),
}


class HotWaterStatusTool(HeaterTool):
    """How the hot water is."""

    key = "get_hot_water_status"
    description = (
        "Get the state of a heat pump water heater: hot water temperatures and charge, how many showers are left, when "
        "the water will be hot, target temperature, mode, boost, vacation, connection, fault, and the commands that "
        "wait to be carried out. Target temperature, mode and vacation already include what waiting commands will "
        "set. 'minutes_until_hot' is 0 if the water is hot, and null while that is not known: nothing is heating the "
        "water, or hot water is being used. 'boost' is null unless a boost is active; its 'restores' is what is "
        "restored afterwards. Measured and estimated values are null while the water heater has not reported for "
        "minutes."
    )
    annotations = ToolAnnotations(read_only=True, destructive=False, idempotent=True, open_world=False)

    @override
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        heater, boost = found.heater, found.boosts.active
        return {
            "name": found.state.name,
            "temperature_unit": hass.config.units.temperature_unit,
            **_measured(hass, heater),
            **_estimated(found),
            "target_temperature": found.state.attributes.get(ATTR_TEMPERATURE),
            "mode": async_translate_state(hass, found.state.state, WATER_HEATER_DOMAIN, None, None, None),
            "boost": None if boost is None else boost_words(hass, boost),
            "vacation": _vacation(heater.shown),
            "connection": connection_words(hass, heater),
            "last_message_minutes_ago": _minutes_since_message(heater),
            "waiting_commands": [
                {
                    "command": words["command"],
                    "stage": words["stage"],
                    "minutes_ago": words["age_minutes"],
                }
                for words in (pending.in_words(hass) for pending in heater.pending)
            ],
        }


def _measured(hass: HomeAssistant, heater: HeaterState) -> dict[str, JsonValueType]:
    """Return what the heater has measured, and nothing that is too old."""
    status = heater.status if heater.is_fresh else None
    return {name: None if status is None else value_fn(hass, status) for name, value_fn in MEASURED.items()}


def _estimated(found: ExposedHeater) -> dict[str, JsonValueType]:
    """Return what is worked out of the last status, and nothing of one that is too old."""
    insight = found.coordinator.observers.of(found.mac_address) if found.heater.is_fresh else None
    return {name: None if insight is None else value_fn(insight) for name, value_fn in ESTIMATED.items()}


def _minutes(time: timedelta | None) -> int | None:
    return None if time is None else time // timedelta(minutes=1)


def _vacation(status: DeviceStatus | None) -> JsonObjectType:
    is_active = None if status is None else status.is_on_vacation
    return {"is_active": is_active, "days": status.vacation_days if status is not None and is_active else None}


def _minutes_since_message(heater: HeaterState) -> int | None:
    at = heater.last_message_at
    return None if at is None else _minutes(dt_util.utcnow() - at)
