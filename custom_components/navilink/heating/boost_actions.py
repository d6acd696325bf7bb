"""The actions that heat more for a while, and end that; their targets are water heaters."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from homeassistant.components.water_heater.const import ATTR_OPERATION_MODE
from homeassistant.const import ATTR_TEMPERATURE
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import NavilinkCoordinator
from ..kept_values import KeptNumber
from ..nwp500 import commands, setpoint
from ..nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from ..times import aware_time, positive_duration
from ..water_heater import MODE_OF_OPERATION, NavilinkWaterHeater, modes_of
from ..wording import to_home_assistant_error, unsupported_mode, user_temperature, user_unit
from .boost import Boost, BoostError, Running, Setting
from .boost_words import boost_error
from .boosts import MAX_DURATION, MIN_DURATION

SERVICE_BOOST = "boost"
SERVICE_END_BOOST = "end_boost"

# A longer one is refused as well, and may be longer than time itself.
_TOO_LONG = MAX_DURATION + timedelta(minutes=1)

# Minutes, and raw half-degrees; where no other is chosen.
DURATION = KeptNumber(
    name="boost_duration",
    allowed=range(MIN_DURATION // timedelta(minutes=1), MAX_DURATION // timedelta(minutes=1) + 1, 15),
    usual=60,
    in_force=lambda _status: None,
    reported=lambda _status: None,
)
TEMPERATURE = KeptNumber(
    name="boost_temperature",
    allowed=range(commands.LOWEST_SETPOINT, commands.HIGHEST_SETPOINT + 1),
    usual=120,
    in_force=lambda _status: None,
    reported=lambda _status: None,
)

BOOST_FIELDS: dict[vol.Marker, Any] = {
    vol.Exclusive("duration", "end"): positive_duration,
    vol.Exclusive("until", "end"): aware_time,
    vol.Optional("start"): aware_time,
    vol.Optional(ATTR_TEMPERATURE): vol.Coerce(float),
    vol.Optional(ATTR_OPERATION_MODE): cv.string,
    vol.Optional("stop_when_hot", default=False): cv.boolean,
    vol.Optional("name", default=""): vol.All(cv.string, vol.Length(max=100)),
    vol.Optional("replace", default=True): cv.boolean,
}
END_BOOST_FIELDS: dict[vol.Marker, Any] = {
    vol.Exclusive("id", "which"): cv.string,
    vol.Exclusive("name", "which"): cv.string,
}


async def async_boost(entity: NavilinkWaterHeater, call: ServiceCall) -> ServiceResponse:
    """Start or plan a boost; without a temperature and a mode, one of the usual temperature."""
    coordinator, mac_address = entity.coordinator, entity.heater.device.mac_address
    return await async_start_boost(coordinator, mac_address, call.data)


async def async_end_boost(entity: NavilinkWaterHeater, call: ServiceCall) -> ServiceResponse:
    """End the boost that runs, or drop one that is planned; of those with a name, all, and also if there is none."""
    coordinator, mac_address = entity.coordinator, entity.heater.device.mac_address
    boosts, boost_id = coordinator.boosts.of(mac_address), call.data.get("id")
    running = () if boosts.running is None else (boosts.running.boost,)
    if (name := call.data.get("name")) is not None:
        named = [boost.id for boost in (*boosts.planned, *running) if boost.name == name]
        for each in named:
            await coordinator.boosts.async_cancel(entity.heater.device, each)
        return _end_response(entity, has_ended=bool(named))
    if boost_id is not None and boost_id not in {boost.id for boost in (*boosts.planned, *running)}:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="unknown_boost")
    await coordinator.boosts.async_cancel(entity.heater.device, boost_id)
    return _end_response(entity, has_ended=bool(running) or boost_id is not None)


async def async_start_boost(
    coordinator: NavilinkCoordinator, mac_address: str, data: Mapping[str, Any]
) -> ServiceResponse:
    """Start or plan a boost with the fields of the action, and return its response; raises what the action raises."""
    heater = coordinator.data[mac_address]
    now = dt_util.utcnow()
    start = max(now, data.get("start", now))
    usual = timedelta(minutes=coordinator.kept.next_number(heater, DURATION))
    end = data.get("until") or start + min(data.get("duration", usual), _TOO_LONG)
    wanted = _wanted(coordinator, mac_address, data.get(ATTR_TEMPERATURE), data.get(ATTR_OPERATION_MODE))
    boost = Boost(
        id=uuid4().hex,
        start=start,
        end=end,
        wanted=wanted,
        stop_when_hot=data.get("stop_when_hot", False),
        name=data.get("name", ""),
    )
    if start <= now:
        if not heater.takes_commands:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")
        # What there is to go back to is what the heater has now, and not half a minute ago.
        await coordinator.boosts.async_look(heater.device)
    running = coordinator.boosts.of(mac_address).running
    if running is not None and not data.get("replace", True) and start <= now:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="boost_is_running")
    try:
        await coordinator.boosts.async_boost(heater.device, boost)
    except BoostError as err:
        raise boost_error(err) from err
    running = coordinator.boosts.of(mac_address).running
    has_started = running is not None and running.boost.id == boost.id
    return {
        "id": boost.id,
        "start": _shown(start),
        "end": _shown(end),
        "queued": has_started and not coordinator.data[mac_address].is_online,
        "left_out": [] if running is None or not has_started else _left_out(running, boost),
        "restores": {} if running is None or not has_started else _settings(coordinator.hass, running.restores),
    }


def _wanted(
    coordinator: NavilinkCoordinator,
    mac_address: str,
    temperature: float | None,
    operation: str | None,
) -> dict[Setting, int]:
    """Return what to set; raises for what the heater would not take."""
    heater, hass = coordinator.data[mac_address], coordinator.hass
    wanted: dict[Setting, int] = {}
    modes = modes_of(heater.feature)
    if operation is not None and operation not in modes:
        raise unsupported_mode(operation, modes)
    try:
        if temperature is not None:
            command = setpoint.dhw_temperature(heater.device, temperature, user_unit(hass), heater.feature)
            wanted[Setting.TEMPERATURE] = command.parameters[0]
        elif operation is None:
            wanted[Setting.TEMPERATURE] = usual_temperature(coordinator, mac_address)
    except (InvalidParameterError, UnsupportedCommandError) as err:
        raise to_home_assistant_error(hass, err) from err
    if operation is not None:
        wanted[Setting.MODE] = modes[operation].value
    return wanted


def usual_temperature(coordinator: NavilinkCoordinator, mac_address: str) -> int:
    """Return the raw half-degrees of a boost for which no others are given, within the heater's limits."""
    heater = coordinator.data[mac_address]
    low, high = setpoint.raw_limits(user_unit(coordinator.hass), heater.feature)
    return min(high, max(low, coordinator.kept.next_number(heater, TEMPERATURE)))


def _left_out(running: Running, boost: Boost) -> list[JsonValueType]:
    """Return what a peak period keeps from being set."""
    return [setting.name.lower() for setting in boost.wanted if setting not in running.changes]


def _end_response(entity: NavilinkWaterHeater, *, has_ended: bool) -> ServiceResponse:
    """Return whether a boost has ended, and what comes back now."""
    restores = entity.coordinator.boosts.of(entity.heater.device.mac_address).restores
    return {"ended": has_ended, "restores": _settings(entity.coordinator.hass, restores)}


def _settings(hass: HomeAssistant, values: Mapping[Setting, int]) -> dict[str, JsonValueType]:
    """Return raw values as the fields of an action have them."""
    names = {mode.value: name for name, mode in MODE_OF_OPERATION.items()}
    shown: dict[Setting, tuple[str, Callable[[int], JsonValueType]]] = {
        Setting.TEMPERATURE: ("temperature", lambda raw: user_temperature(hass, raw)),
        Setting.MODE: ("mode", names.get),
    }
    return {shown[setting][0]: shown[setting][1](value) for setting, value in values.items()}


def _shown(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat()


BOOST_ACTIONS = ((SERVICE_BOOST, BOOST_FIELDS, async_boost), (SERVICE_END_BOOST, END_BOOST_FIELDS, async_end_boost))
