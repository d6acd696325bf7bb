"""One period of a time-of-use plan, the same over MQTT and REST (protocol.md 7.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Self

from ..exceptions import InvalidParameterError
from .conversions import DAY_MASK, Weekday, day_mask, days_in
from .members import WHOLE, Number

DEFAULT_DECIMAL_POINT = 5
"""Of prices, also where a period names none."""

_MONTH = Number("month", 1, 12)
_SEASON = Number("season", 1, 4095)
_DECIMAL_POINT = Number("decimal_point", 0, 10)
# No source gives limits of a price. What fits into 32 bits is more than any tariff needs.
_PRICE = Number("price", -(2**31), 2**31 - 1)
_EXACT = Context(prec=40, rounding=ROUND_HALF_UP)

PERIOD_MEMBERS: Mapping[str, Number] = {
    "season": _SEASON,
    "week": DAY_MASK,
    "startHour": Number("start_hour", 0, 23),
    "startMinute": Number("start_minute", 0, 59),
    "endHour": Number("end_hour", 0, 23),
    "endMinute": Number("end_minute", 0, 59),
    "priceMin": replace(_PRICE, name="price_min_raw"),
    "priceMax": replace(_PRICE, name="price_max_raw"),
    "decimalPoint": _DECIMAL_POINT,
}
"""The members of a period by their names on the wire, each with its attribute and its range."""


def season_of(months: Iterable[int]) -> int:
    """Encode months, 1 to 12 and at least one of them, as a season: January is 1, December 2048.

    Raises `InvalidParameterError` if there is none, or one that no year has.
    """
    chosen = frozenset(_MONTH.check(month) for month in months)
    return _SEASON.check(sum(1 << month - 1 for month in chosen))


def months_in(season: int) -> frozenset[int]:
    """Decode a season to its months, 1 to 12; bits that stand for no month are ignored."""
    return frozenset(month for month in range(1, 13) if season & 1 << month - 1)


def raw_price(price: Decimal, decimal_point: int = DEFAULT_DECIMAL_POINT) -> int:
    """Encode a price with so many decimals, ties rounded up: 0.125 with 2 decimals is 13.

    Raises `InvalidParameterError` if the price is not a finite number or too large, or the decimals are not 0 to 10.
    """
    decimals = _DECIMAL_POINT.check(decimal_point)
    if not (price.is_finite() and _PRICE.low <= price <= _PRICE.high):
        raise InvalidParameterError(
            parameter="price",
            value=price,
            allowed=f"a number from {_PRICE.low} to {_PRICE.high}",
            minimum=_PRICE.low,
            maximum=_PRICE.high,
        )
    rounded = price.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return _PRICE.check(int(rounded.scaleb(decimals, context=_EXACT)))


def price_of(raw: int, decimal_point: int) -> Decimal:
    """Decode a price, exactly."""
    return Decimal(raw).scaleb(-decimal_point, context=_EXACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TouPeriod:
    """One time-of-use period: when it holds and what energy costs then.

    Every member is the raw number of the wire, and None where what came is no whole number. A period that ends before
    it starts is passed on as it is; how a heater reads it is not known.
    """

    season: int | None
    """Months, one bit each: see `months`."""
    week: int | None
    """Days of the week, one bit each: see `weekdays`."""
    start_hour: int | None
    start_minute: int | None
    end_hour: int | None
    end_minute: int | None
    """The last minute of the period: 20:59 for one that closes at 21:00."""
    price_min_raw: int | None
    price_max_raw: int | None
    decimal_point: int | None = DEFAULT_DECIMAL_POINT
    """How many digits of the prices are decimals, 0 to 10."""

    @classmethod
    def of(
        cls,
        months: Iterable[int],
        weekdays: Iterable[Weekday],
        start: time,
        end: time,
        price: Decimal,
        *,
        decimal_point: int = DEFAULT_DECIMAL_POINT,
    ) -> Self:
        """Make a period from what people know; `end` is its last minute, and seconds are left out of account.

        Raises `InvalidParameterError` if there is no month or no day, the price cannot be written, or the period ends
        before it starts: one over midnight is two.
        """
        if end < start:
            raise InvalidParameterError(parameter="end", value=end, allowed=f"not before the start, {start}")
        price_raw = raw_price(price, decimal_point)
        return cls(
            season=season_of(months),
            week=day_mask(weekdays),
            start_hour=start.hour,
            start_minute=start.minute,
            end_hour=end.hour,
            end_minute=end.minute,
            price_min_raw=price_raw,
            price_max_raw=price_raw,
            decimal_point=decimal_point,
        )

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read one period of a flat list; nothing in it is required."""
        members = {number.name: WHOLE.read(message.get(name)) for name, number in PERIOD_MEMBERS.items()}
        if message.get("decimalPoint") is None:
            members["decimal_point"] = DEFAULT_DECIMAL_POINT
        return cls(**members)

    def as_message(self) -> dict[str, int]:
        """Write the period as in a flat list.

        Raises `InvalidParameterError` if a member is unknown or outside its range.
        """
        return {name: number.check(getattr(self, number.name)) for name, number in PERIOD_MEMBERS.items()}

    @property
    def months(self) -> frozenset[int] | None:
        """The months in which the period holds, 1 to 12."""
        return None if self.season is None else months_in(self.season)

    @property
    def weekdays(self) -> frozenset[Weekday] | None:
        """The days on which the period holds."""
        return None if self.week is None else days_in(self.week)

    @property
    def start(self) -> time | None:
        """The first minute of the period, in the heater's local time."""
        return _time(self.start_hour, self.start_minute)

    @property
    def end(self) -> time | None:
        """The last minute of the period, in the heater's local time."""
        return _time(self.end_hour, self.end_minute)

    @property
    def price_min(self) -> Decimal | None:
        """The lower price, in the plan's currency per kWh."""
        return _price(self.price_min_raw, self.decimal_point)

    @property
    def price_max(self) -> Decimal | None:
        """The higher price, in the plan's currency per kWh."""
        return _price(self.price_max_raw, self.decimal_point)


def _time(hour: int | None, minute: int | None) -> time | None:
    try:
        return None if hour is None or minute is None else time(hour, minute)
    except ValueError, OverflowError:
        return None


def _price(raw: int | None, decimal_point: int | None) -> Decimal | None:
    if raw is None or decimal_point is None or not _DECIMAL_POINT.allows(decimal_point):
        return None
    return price_of(raw, decimal_point)
