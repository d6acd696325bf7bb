"""Turns a plan of the public OpenEI service into periods, as the cloud does for its clients (protocol.md 2.7)."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from ..common.reading import BadRequestError, Json, JsonObject, of_kind
from ..heater.schedules import DECIMAL_POINT, EVERY_DAY, WEEKDAYS, WEEKEND, Period

_MONTHS, _HOURS = 12, 24
_LAST_MINUTE = 59
_MAX_PRICE = 1000  # per kWh; also keeps out what is no number at all

type _Day = tuple[int, ...]
"""By hour: which rate holds."""


def convert(plan: JsonObject) -> tuple[Period, ...]:
    """Give the periods of a plan, none if it has no rates; BadRequestError when its members make no sense.

    Months alike form a season. A period begins at a full hour and ends at minute 59.
    """
    *schedules, rates = (plan.get(f"energy{name}") for name in ("weekdayschedule", "weekendschedule", "ratestructure"))
    if rates is None and schedules == [None, None]:
        return ()
    prices = [_prices(tiers) for tiers in _list(rates)]
    weekdays, weekends = (_months(schedule, rates=len(prices)) for schedule in schedules)
    seasons: dict[tuple[_Day, _Day], int] = {}
    for month, days in enumerate(zip(weekdays, weekends, strict=True)):
        seasons[days] = seasons.get(days, 0) | 1 << month
    return tuple(
        Period(season, week, start, 0, end, _LAST_MINUTE, *prices[rate], DECIMAL_POINT)
        for days, season in seasons.items()
        for week, day in _weeks(*days)
        for start, end, rate in _runs(day)
    )


def _weeks(weekday: _Day, weekend: _Day) -> tuple[tuple[int, _Day], ...]:
    """Take the weekend for itself only where it differs."""
    return ((EVERY_DAY, weekday),) if weekday == weekend else ((WEEKDAYS, weekday), (WEEKEND, weekend))


def _runs(day: _Day) -> Iterator[tuple[int, int, int]]:
    """Give first hour, last hour and rate of each stretch of the same rate."""
    for rate, hours in groupby(range(_HOURS), key=day.__getitem__):
        stretch = list(hours)
        yield stretch[0], stretch[-1], rate


def _months(schedule: Json, *, rates: int) -> list[_Day]:
    days = [tuple(hour for hour in _list(day) if type(hour) is int and 0 <= hour < rates) for day in _list(schedule)]
    if len(days) != _MONTHS or any(len(day) != _HOURS for day in days):
        raise BadRequestError("a schedule does not have 12 months of 24 hours with known rates")
    return days


def _prices(tiers: Json) -> tuple[int, int]:
    """Give the lowest and the highest price of a rate, whose tiers depend on how much is used."""
    prices = [_price(tier) for tier in _list(tiers)]
    if not prices:
        raise BadRequestError("a rate has no tiers")
    return min(prices), max(prices)


def _price(tier: Json) -> int:
    members = of_kind(tier, dict, "a tier")
    total = _amount(members.get("rate", 0)) + _amount(members.get("adj", 0))
    return int(total.scaleb(DECIMAL_POINT).quantize(Decimal(1), ROUND_HALF_UP))


def _amount(value: Json) -> Decimal:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < _MAX_PRICE:
        raise BadRequestError("not a price")
    return Decimal(str(value))


def _list(value: Json) -> list[Json]:
    return of_kind(value, list, "a part of the plan")
