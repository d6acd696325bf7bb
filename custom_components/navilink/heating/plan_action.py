"""The action that plans when to heat; it responds, and changes nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.water_heater.const import STATE_HEAT_PUMP
from homeassistant.const import ATTR_DEVICE_ID, ATTR_TEMPERATURE
from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..action_heaters import ONE_DEVICE, Heater, async_heater
from ..const import DOMAIN
from ..nwp500 import DeviceStatus, setpoint
from ..nwp500.exceptions import InvalidParameterError
from ..times import aware_time, moment, positive_duration, time_or_next
from ..water_heater import MODE_OF_OPERATION, modes_of
from ..wording import to_home_assistant_error, unsupported_mode, user_unit
from .insight import Learned, Tank, heating_mode, missing_heat, standing_loss
from .plan import (
    MAX_AHEAD,
    HeatingMode,
    HeatingPlan,
    Period,
    PlanReason,
    PlanRequest,
    Price,
    Solar,
    heating_plan,
)

SERVICE_GET_HEATING_PLAN = "get_heating_plan"

# More than a week of prices for each minute.
_MAX_ITEMS = 11_000
_HOUR = timedelta(hours=1)


_FINITE = vol.All(vol.Coerce(float), vol.Range(min=-1e9, max=1e9))
_PRICE = vol.Schema(
    {vol.Required("start"): aware_time, vol.Optional("end"): aware_time, vol.Required("price"): _FINITE}
)
_PERIOD = vol.Schema({vol.Required("start"): aware_time, vol.Required("end"): aware_time})

PLAN_SCHEMA = vol.Schema(
    {
        **ONE_DEVICE,
        vol.Required("ready_by"): time_or_next,
        vol.Optional(ATTR_TEMPERATURE): _FINITE,
        vol.Optional("prices", default=list): vol.All(cv.ensure_list, vol.Length(max=_MAX_ITEMS), [_PRICE]),
        vol.Optional("solar_wh", default=dict): vol.All({aware_time: vol.All(_FINITE, vol.Range(min=0))}),
        vol.Optional("solar_price", default=0.0): _FINITE,
        vol.Optional("avoid", default=list): vol.All(cv.ensure_list, vol.Length(max=_MAX_ITEMS), [_PERIOD]),
        vol.Optional("earliest_start"): time_or_next,
        vol.Optional("max_price"): _FINITE,
        vol.Optional("modes", default=[STATE_HEAT_PUMP]): vol.All(
            cv.ensure_list, vol.Length(min=1), [vol.In(list(MODE_OF_OPERATION))]
        ),
        vol.Optional("split", default=False): cv.boolean,
        vol.Optional("minimum_block", default=timedelta(minutes=30)): vol.All(
            positive_duration, vol.Range(min=timedelta(minutes=15), max=timedelta(days=1))
        ),
        vol.Optional("max_starts", default=3): vol.All(vol.Coerce(int), vol.Range(min=1, max=10)),
    }
)


async def async_get_heating_plan(call: ServiceCall) -> ServiceResponse:
    """Return the cheapest times to heat so that the water is hot in time."""
    [device_id] = call.data[ATTR_DEVICE_ID]
    heater = await async_heater(call, device_id, POLICY_READ)
    now = dt_util.utcnow()
    ready_by = moment(call.data["ready_by"], now)
    if not now < ready_by <= now + MAX_AHEAD:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="ready_by_out_of_range")
    state = heater.state
    modes = modes_of(state.feature)
    for mode in call.data["modes"]:
        if mode not in modes:
            raise unsupported_mode(mode, modes)
    gallons = None if state.feature is None else state.feature.volume_gallons
    status = state.status if state.is_fresh else None
    target = _target(heater, status, call.data.get(ATTR_TEMPERATURE))
    if status is None or gallons is None or target is None:
        return _response(HeatingPlan(reason=PlanReason.NO_STATUS), None)
    learned = heater.coordinator.observers.of(heater.mac_address).learned
    water = (status, Tank(gallons), learned, target)
    heating = {name: heating_mode(mode, *water) for name, mode in modes.items()}
    request = _request(call.data, now, ready_by, water, {name: each for name, each in heating.items() if each})
    if request is None:
        return _response(HeatingPlan(reason=PlanReason.NO_STATUS), None)
    plan = await call.hass.async_add_executor_job(heating_plan, request)
    return _response(plan, request)


def _target(heater: Heater, status: DeviceStatus | None, temperature: float | None) -> float | None:
    """Return the temperature that is wanted in °C: by default, the target temperature."""
    if temperature is None:
        return None if status is None else status.dhw_temperature_setting
    hass = heater.coordinator.hass
    try:
        return setpoint.raw_setpoint(temperature, user_unit(hass), heater.state.feature) / 2
    except InvalidParameterError as err:
        raise to_home_assistant_error(hass, err) from err


def _request(
    data: Mapping[str, Any],
    now: datetime,
    ready_by: datetime,
    water: tuple[DeviceStatus, Tank, Learned, float],
    modes: Mapping[str, HeatingMode],
) -> PlanRequest | None:
    status, tank, learned, target = water
    missing, loss = missing_heat(status, tank, target), standing_loss(status, tank, learned, target)
    if missing is None or loss is None or not modes:
        return None
    earliest = data.get("earliest_start")
    return PlanRequest(
        now=now,
        ready_by=ready_by,
        missing=missing,
        standing_loss=loss,
        modes=modes,
        allowed=tuple(data["modes"]),
        prices=_prices(data["prices"]),
        solar=_solar(data["solar_wh"]),
        solar_price=data["solar_price"],
        avoid=tuple(Period(each["start"], each["end"]) for each in data["avoid"]),
        earliest_start=None if earliest is None else moment(earliest, now),
        max_price=data.get("max_price"),
        split=data["split"],
        minimum_block=data["minimum_block"],
        max_blocks=data["max_starts"],
    )


def _prices(given: Iterable[Mapping[str, Any]]) -> tuple[Price, ...]:
    """Return the prices; one without an end lasts until the next, and the last one as long as the one before."""
    ordered = sorted(given, key=lambda each: each["start"])
    ends = _ends([each["start"] for each in ordered])
    prices = (
        Price(each["start"], each.get("end") or end, each["price"]) for each, end in zip(ordered, ends, strict=True)
    )
    return tuple(price for price in prices if price.start < price.end)


def _solar(given: Mapping[datetime, float]) -> tuple[Solar, ...]:
    starts = sorted(given)
    return tuple(Solar(start, end, given[start]) for start, end in zip(starts, _ends(starts), strict=True))


def _ends(starts: list[datetime]) -> list[datetime]:
    """Return when each of these ends: at the next start; the last one lasts as long as the one before, or an hour."""
    last = starts[-1] - starts[-2] if len(starts) > 1 else _HOUR
    return [*(end for _, end in pairwise(starts)), starts[-1] + last] if starts else []


def _response(plan: HeatingPlan, request: PlanRequest | None) -> dict[str, Any]:
    blocks = [{"start": _shown(block.start), "end": _shown(block.end), "mode": block.mode} for block in plan.blocks]
    energy = round(plan.energy, 3)
    mode = None if request is None else request.modes[blocks[0]["mode"] if blocks else request.allowed[0]]
    return {
        "feasible": plan.is_feasible,
        "reason": plan.reason,
        "start": blocks[0]["start"] if blocks else None,
        "end": blocks[-1]["end"] if blocks else None,
        "blocks": blocks,
        "minutes": plan.minutes,
        "energy_kwh": energy,
        "cost": None if plan.cost is None else round(plan.cost, 4),
        "average_price": round(plan.cost / plan.energy, 4) if plan.cost is not None and plan.energy else None,
        "cost_if_now": None if plan.cost_if_now is None else round(plan.cost_if_now, 4),
        "ready_at": None if plan.ready_at is None else _shown(plan.ready_at),
        "mode_in_time": plan.mode_in_time,
        "assumed": None
        if request is None or mode is None
        else {
            "heating_rate_w": round(mode.heat),
            "power_w": round(mode.power),
            "standing_loss_w": round(request.standing_loss),
            "missing_kwh": round(request.missing / 1000, 3),
        },
    }


def _shown(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat()


PLAN_ACTIONS = ((SERVICE_GET_HEATING_PLAN, async_get_heating_plan, PLAN_SCHEMA, SupportsResponse.ONLY),)
