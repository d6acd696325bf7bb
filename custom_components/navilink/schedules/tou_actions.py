"""The actions for the time-of-use plan: get, set, delete.

A plan is given as periods, or as the rate of a utility, of which the service makes periods.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import ATTR_DEVICE_ID, ATTR_NAME
from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..action_heaters import ONE_DEVICE, Heater, async_heater
from ..const import DOMAIN
from ..nwp500 import NavienError, ScheduleWrite, exceptions, models
from ..nwp500.exceptions import ApiError, InvalidParameterError
from ..wording import to_home_assistant_error
from .actions import ATTR_REFRESH, Handler, require_connection
from .fields import ATTR_DAYS, ATTR_ENABLED, DAYS, DAYS_SCHEMA, day_names, time_words, whole_minute
from .heater_schedules import ScheduleKind
from .results import schedule_error, write_error
from .tou_plans import Plan

ATTR_END = "end"
ATTR_MONTHS = "months"
ATTR_PERIODS = "periods"
ATTR_PRICE = "price"
ATTR_PRICE_MAX = "price_max"
ATTR_PRICE_MIN = "price_min"
ATTR_RATE = "rate"
ATTR_START = "start"
ATTR_ZIP_CODE = "zip_code"

# The memory of a heater.
MAX_PERIODS = 40
EVERY_MONTH = range(1, 13)
ONE_MINUTE = timedelta(minutes=1)
A_DAY = date(2000, 1, 1)


def _price(value: object) -> Decimal:
    """Return a price as it is written, exactly."""
    return Decimal(str(vol.Coerce(float)(value)))


def _prices(period: dict[str, Any]) -> dict[str, Any]:
    """Return a period with a lower and a higher price, of one that has both or one price for all."""
    given = {name for name in (ATTR_PRICE, ATTR_PRICE_MIN, ATTR_PRICE_MAX) if name in period}
    if given == {ATTR_PRICE}:
        return {**period, ATTR_PRICE_MIN: period[ATTR_PRICE], ATTR_PRICE_MAX: period[ATTR_PRICE]}
    if given == {ATTR_PRICE_MIN, ATTR_PRICE_MAX}:
        return period
    raise vol.Invalid("either price, or price_min and price_max are required")


# Any: a schema of Home Assistant.
PERIOD: Any = vol.All(
    {
        vol.Optional(ATTR_MONTHS, default=list(EVERY_MONTH)): vol.All(
            cv.ensure_list, vol.Length(min=1), [vol.All(vol.Coerce(int), vol.In(EVERY_MONTH))]
        ),
        vol.Optional(ATTR_DAYS, default=list(DAYS)): DAYS_SCHEMA,
        vol.Required(ATTR_START): whole_minute,
        vol.Required(ATTR_END): whole_minute,
        vol.Optional(ATTR_PRICE): _price,
        vol.Optional(ATTR_PRICE_MIN): _price,
        vol.Optional(ATTR_PRICE_MAX): _price,
    },
    _prices,
)
GET_SCHEMA = vol.Schema({**ONE_DEVICE, vol.Optional(ATTR_REFRESH, default=True): cv.boolean})
SET_SCHEMA = vol.Schema(
    {
        **ONE_DEVICE,
        vol.Optional(ATTR_PERIODS): vol.All(cv.ensure_list, vol.Length(min=1), [PERIOD]),
        vol.Optional(ATTR_ENABLED): cv.boolean,
        vol.Optional(ATTR_RATE): dict,
        vol.Optional(ATTR_ZIP_CODE): cv.string,
    }
)
DELETE_SCHEMA = vol.Schema(ONE_DEVICE)


async def _async_get(call: ServiceCall) -> ServiceResponse:
    """Return the plan that the service keeps for a heater."""
    heater = await _async_heater(call, POLICY_READ)
    plans = heater.coordinator.schedules.plans
    if call.data[ATTR_REFRESH]:
        read = await _translated(call, plans.async_read(heater.state.device))
    elif (kept := plans.get(heater.mac_address)) is not None:
        read = kept
    else:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="schedule_not_read")
    status = heater.state.status
    is_on = None if status is None else status.tou_enabled
    return {ATTR_ENABLED: is_on, **_shown(read.schedule), "read_at": read.read_at.isoformat()}


async def _async_set(call: ServiceCall) -> ServiceResponse:
    """Replace the plan of a heater: by periods that are given, or by those that the service makes of a rate."""
    heater = await _async_heater(call, POLICY_CONTROL)
    require_connection(heater)
    given = {name for name in (ATTR_PERIODS, ATTR_ENABLED, ATTR_RATE, ATTR_ZIP_CODE) if name in call.data}
    plans, device = heater.coordinator.schedules.plans, heater.state.device
    if given == {ATTR_RATE, ATTR_ZIP_CODE}:
        rate = call.data[ATTR_RATE]
        plan = replace(await _async_plan_of(call, heater, rate), zip_code=call.data[ATTR_ZIP_CODE])
        return await _async_write(call, heater, plans.async_write_rate(device, plan, rate))
    if ATTR_PERIODS in given and given <= {ATTR_PERIODS, ATTR_ENABLED}:
        periods = [_period(call, period) for period in call.data[ATTR_PERIODS]]
        _require_room(len(periods))
        writing = plans.async_write_periods(device, periods, on=call.data.get(ATTR_ENABLED, True))
        return await _async_write(call, heater, writing)
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="periods_or_rate")


async def _async_delete(call: ServiceCall) -> ServiceResponse:
    """Delete the plan of a heater."""
    heater = await _async_heater(call, POLICY_CONTROL)
    require_connection(heater)
    return await _async_write(call, heater, heater.coordinator.schedules.plans.async_delete(heater.state.device))


async def _async_heater(call: ServiceCall, permission: str) -> Heater:
    [device_id] = call.data[ATTR_DEVICE_ID]
    return await async_heater(call, device_id, permission)


async def _async_plan_of(call: ServiceCall, heater: Heater, rate: Mapping[str, object]) -> models.TouPlan:
    """Return the plan that the service makes of a rate."""
    try:
        plan = await heater.coordinator.schedules.plans.async_convert(rate)
    except NavienError as err:
        if isinstance(err, ApiError) and not isinstance(err, exceptions.ServerError | exceptions.MaintenanceError):
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="rate_not_accepted") from err
        raise schedule_error(call.hass, err) from err
    if plan is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="rate_without_periods")
    _require_room(len(plan.periods))
    return plan


async def _async_write(call: ServiceCall, heater: Heater, writing: Awaitable[ScheduleWrite[Plan]]) -> ServiceResponse:
    recorded = heater.coordinator.schedules.async_recorded(
        heater.state.device, ScheduleKind.TIME_OF_USE, call.service, writing
    )
    write = await _translated(call, recorded)
    # Its next status shows whether time of use is on now.
    heater.coordinator.client.poll(heater.state.device)
    if call.return_response:
        return {"result": write.outcome.value, **_shown(write.after)}
    if (err := write_error(write)) is not None:
        raise err
    return None


async def _translated[T](call: ServiceCall, work: Awaitable[T]) -> T:
    try:
        return await work
    except NavienError as err:
        raise schedule_error(call.hass, err) from err


def _require_room(count: int) -> None:
    if count > MAX_PERIODS:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="schedule_full",
            translation_placeholders={"maximum": str(MAX_PERIODS)},
        )


def _period(call: ServiceCall, period: Mapping[str, Any]) -> models.TouPeriod:
    """Return a period as the heater has it, whose last minute is the one before its end."""
    start, end = period[ATTR_START], period[ATTR_END]
    if end != time() and end <= start:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="period_order",
            translation_placeholders={"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"},
        )
    last = (datetime.combine(A_DAY, end) - ONE_MINUTE).time()

    def of(price: Decimal) -> models.TouPeriod:
        return models.TouPeriod.of(period[ATTR_MONTHS], period[ATTR_DAYS], start, last, price)

    try:
        return replace(of(period[ATTR_PRICE_MIN]), price_max_raw=of(period[ATTR_PRICE_MAX]).price_max_raw)
    except InvalidParameterError as err:
        raise to_home_assistant_error(call.hass, err) from err


def _shown(plan: Plan) -> dict[str, Any]:
    """Return a plan as users see it."""
    described = None if plan is None else plan.plan
    return {
        ATTR_NAME: None if described is None else described.name,
        "utility": None if described is None else described.utility,
        ATTR_ZIP_CODE: None if described is None else described.zip_code,
        ATTR_PERIODS: [] if described is None else [_period_words(period) for period in described.periods],
    }


def _period_words(period: models.TouPeriod) -> dict[str, Any]:
    end = period.end
    closes = None if end is None else (datetime.combine(A_DAY, end) + ONE_MINUTE).time()
    low, high = period.price_min, period.price_max
    both = {ATTR_PRICE_MIN: _number(low), ATTR_PRICE_MAX: _number(high)}
    return {
        ATTR_MONTHS: sorted(period.months or ()),
        ATTR_DAYS: day_names(period.weekdays),
        ATTR_START: time_words(period.start_hour, period.start_minute),
        ATTR_END: None if closes is None else f"{closes:%H:%M}",
        **({ATTR_PRICE: _number(high)} if low == high else both),
    }


def _number(price: Decimal | None) -> float | None:
    return None if price is None else float(price)


TOU_ACTIONS: tuple[tuple[str, Handler, vol.Schema, SupportsResponse], ...] = (
    ("get_time_of_use_plan", _async_get, GET_SCHEMA, SupportsResponse.ONLY),
    ("set_time_of_use_plan", _async_set, SET_SCHEMA, SupportsResponse.OPTIONAL),
    ("delete_time_of_use_plan", _async_delete, DELETE_SCHEMA, SupportsResponse.OPTIONAL),
)
