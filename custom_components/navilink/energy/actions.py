"""The actions about the energy that a heater has used: import its past, clear what was imported, and ask for it."""

from collections.abc import Iterator
from datetime import date, timedelta

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..action_heaters import ONE_DEVICE, async_heater
from ..const import DOMAIN
from ..nwp500 import NavienError, NotConnectedError, models, queries
from ..wording import to_home_assistant_error
from .reader import FIRST_YEAR, LAST_YEAR, EnergyReader
from .rows import days_of, months
from .run import SeriesOutcome
from .statistics import WH_PER_KWH

SERVICE_IMPORT = "import_energy_history"
SERVICE_CLEAR = "clear_energy_history"
SERVICE_GET_USAGE = "get_energy_usage"

ATTR_START = "start"
ATTR_UNTIL = "until"
ATTR_RESOLUTION = "resolution"
ATTR_DAYS = "days"
ATTR_MONTHS = "months"

DAILY, MONTHLY = "daily", "monthly"

MAX_DAYS = 366
MAX_MONTHS = 60
DEFAULT_DAYS = 30


def _day(value: object) -> date:
    """Return a day; that of a month (`2026-03`) is its first."""
    text = cv.string(value)
    try:
        day = date.fromisoformat(f"{text}-01" if text.count("-") == 1 else text)
    except ValueError as err:
        raise vol.Invalid("expected a day such as 2026-03-01") from err
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise vol.Invalid(f"expected a day from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _count(maximum: int) -> vol.All:
    return vol.All(vol.Coerce(int), vol.Range(min=1, max=maximum))


IMPORT_SCHEMA = vol.Schema(
    {
        **ONE_DEVICE,
        vol.Optional(ATTR_START): _day,
        vol.Optional(ATTR_UNTIL): _day,
        vol.Optional(ATTR_RESOLUTION, default=DAILY): vol.In([DAILY, MONTHLY]),
    }
)
CLEAR_SCHEMA = vol.Schema(ONE_DEVICE)
GET_USAGE_SCHEMA = vol.Schema(
    {**ONE_DEVICE, vol.Optional(ATTR_DAYS): _count(MAX_DAYS), vol.Optional(ATTR_MONTHS): _count(MAX_MONTHS)}
)


async def _async_import_history(call: ServiceCall) -> ServiceResponse:
    """Import the past of a heater as statistics."""
    [device_id] = call.data[ATTR_DEVICE_ID]
    coordinator, mac_address = await async_heater(call, device_id, POLICY_CONTROL)
    start: date | None = call.data.get(ATTR_START)
    outcome = await coordinator.energy.async_import(
        coordinator.data[mac_address].device,
        start=None if start is None else start.replace(day=1),
        until=call.data.get(ATTR_UNTIL),
        is_monthly=call.data[ATTR_RESOLUTION] == MONTHLY,
    )
    unanswered = outcome.unanswered_month
    return {
        "statistics": {statistic_id: _written(each) for statistic_id, each in outcome.by_statistic.items()},
        "unanswered_months": [] if unanswered is None else [_month(unanswered)],
    }


async def _async_clear_history(call: ServiceCall) -> ServiceResponse:
    """Remove the statistics of a heater."""
    [device_id] = call.data[ATTR_DEVICE_ID]
    coordinator, mac_address = await async_heater(call, device_id, POLICY_CONTROL)
    cleared: list[JsonValueType] = []
    cleared += await coordinator.energy.async_clear(coordinator.data[mac_address].device)
    return {"cleared": cleared}


async def _async_get_usage(call: ServiceCall) -> ServiceResponse:
    """Return what a heater has used, as it reports itself."""
    [device_id] = call.data[ATTR_DEVICE_ID]
    coordinator, mac_address = await async_heater(call, device_id, POLICY_READ)
    reader = EnergyReader(coordinator.client, coordinator.data[mac_address].device)
    number_of_months: int = call.data.get(ATTR_MONTHS, 0)
    number_of_days: int = call.data.get(ATTR_DAYS, 0 if number_of_months else DEFAULT_DAYS)
    try:
        return {
            "days": await _async_days(reader, number_of_days) if number_of_days else [],
            "months": await _async_months(reader, number_of_months) if number_of_months else [],
        }
    except NavienError as err:
        raise _no_usage(call.hass, err) from err


async def _async_days(reader: EnergyReader, count: int) -> list[JsonValueType]:
    """Return the last days, to today."""
    today = dt_util.now().date()
    first = today - timedelta(days=count - 1)
    found: list[JsonValueType] = []
    for month in months(first, today + timedelta(days=1)):
        usage = await reader.async_ask(queries.ENERGY_DAILY, year=month.year, month=[month.month])
        found.extend(
            {"date": day.isoformat(), **_used(usage.of_day(day.year, day.month, day.day))}
            for day in days_of(month)
            if first <= day <= today
        )
    return found


async def _async_months(reader: EnergyReader, count: int) -> list[JsonValueType]:
    """Return the last months, to this one."""
    today = dt_util.now().date()
    wanted = list(_last_months(today, count))
    found: list[JsonValueType] = []
    for year in range(wanted[0].year, today.year + 1):
        usage = await reader.async_ask(queries.ENERGY_MONTHLY, year=[year])
        found.extend(
            {"month": _month(month), **_used(usage.of_month(year, month.month))}
            for month in wanted
            if month.year == year
        )
    return found


def _last_months(today: date, count: int) -> Iterator[date]:
    for number in range(today.year * 12 + today.month - count, today.year * 12 + today.month):
        yield date(number // 12, number % 12 + 1, 1)


def _used(amount: models.EnergyAmount | None) -> dict[str, JsonValueType]:
    """Return an amount in kWh and hours; what the heater does not report is None."""
    if amount is None:
        return dict.fromkeys(("heat_pump", "elements", "total", "heat_pump_hours", "element_hours"))
    return {
        "heat_pump": _kwh(amount.heat_pump),
        "elements": _kwh(amount.elements),
        "total": _kwh(amount.energy),
        "heat_pump_hours": amount.heat_pump_hours,
        "element_hours": amount.element_hours,
    }


def _kwh(watt_hours: float | None) -> float | None:
    return None if watt_hours is None else watt_hours / WH_PER_KWH


def _written(outcome: SeriesOutcome) -> JsonValueType:
    return {
        "first_day": None if outcome.first_day is None else outcome.first_day.isoformat(),
        "last_day": None if outcome.last_day is None else outcome.last_day.isoformat(),
        "rows_written": outcome.rows_written,
        "changed_days": [day.isoformat() for day in outcome.changed_days],
    }


def _month(month: date) -> str:
    return f"{month:%Y-%m}"


def _no_usage(hass: HomeAssistant, err: NavienError) -> HomeAssistantError:
    if isinstance(err, NotConnectedError):
        return to_home_assistant_error(hass, err)
    return HomeAssistantError(translation_domain=DOMAIN, translation_key="energy_no_answer")


ENERGY_ACTIONS = (
    (SERVICE_IMPORT, _async_import_history, IMPORT_SCHEMA, SupportsResponse.OPTIONAL),
    (SERVICE_CLEAR, _async_clear_history, CLEAR_SCHEMA, SupportsResponse.OPTIONAL),
    (SERVICE_GET_USAGE, _async_get_usage, GET_USAGE_SCHEMA, SupportsResponse.ONLY),
)
