"""Time-of-use plans, as the REST service keeps them, and their periods (protocol.md 2.7 and 7.3).

REST groups periods by season, MQTT carries the same periods as a flat list. A plan holds them flat; the grouping exists
on the wire alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Self, override

from ..exceptions import InvalidParameterError
from .conversions import DAY_MASK, KEY, LONG_TEXT, TEXT, Weekday, day_mask, days_in
from .members import WHOLE, Kind, Number, Record, block, named, objects, wire

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
    """Encode months, 1 to 12, at least one, as a season: January 1, December 2048; raises `InvalidParameterError`."""
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
        """Write it as in a flat list; raises `InvalidParameterError` if a member is unknown or outside its range."""
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


def _zip_code(value: object) -> str | None:
    """Read a zip code, which comes as a text or as a number."""
    number = WHOLE.read(value)
    return TEXT.read(value) if number is None else str(number)


_ZIP_CODE = Kind(_zip_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class TouPlan(Record):
    """A time-of-use plan: a utility's tariff as periods."""

    periods: tuple[TouPeriod, ...]
    name: str | None = wire("name", LONG_TEXT, repr=False)
    utility: str | None = wire("utility", LONG_TEXT, repr=False)
    zip_code: str | None = wire("zipCode", _ZIP_CODE, repr=False)
    nicknames: Mapping[int, str] = field(default_factory=dict, hash=False, repr=False)
    """What people call a season, by season; read-only."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "nicknames", MappingProxyType(dict(self.nicknames)))

    @classmethod
    @override
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read a `touInfo` object; nothing in it is required.

        A period that cannot be read is kept as one of which nothing is known, so that the plan is not written back
        without it by accident.
        """
        seasons = objects(message, "schedule")
        nicknames = {WHOLE.read(entry.get("season")): TEXT.read(entry.get("nickname")) for entry in seasons}
        return cls(
            periods=tuple(
                TouPeriod.from_message({**interval, "season": entry.get("season")})
                for entry in seasons
                for interval in objects(entry, "interval")
            ),
            nicknames={season: name for season, name in nicknames.items() if season is not None and name is not None},
            **cls.readable(message),
        )

    def as_message(self) -> dict[str, object]:
        """Write the plan as a `touInfo` object, its periods grouped by season in the order of the first of each.

        Raises `InvalidParameterError` if there is no period, or one with a member unknown or outside its range.
        """
        if not self.periods:
            raise InvalidParameterError(parameter="periods", value=self.periods, allowed="at least one period")
        texts = {name: text for name, text in self.by_wire_name().items() if text is not None}
        seasons: dict[int, list[dict[str, int]]] = {}
        for period in self.periods:
            interval = period.as_message()
            seasons.setdefault(interval.pop("season"), []).append(interval)
        names = {season: {"nickname": name} for season, name in self.nicknames.items()}
        schedule = [{"season": each, **names.get(each, {}), "interval": content} for each, content in seasons.items()]
        return {**texts, "schedule": schedule}


@unique
class RegisterPath(StrEnum):
    """How a plan came to the heater."""

    WIFI = "wifi"
    BLUETOOTH = "bt"


_REGISTER_PATH = named(RegisterPath)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPlan:
    """The plan that the cloud keeps for a heater, and how it came there."""

    plan: TouPlan
    register_path: RegisterPath | None
    source_type: str | None
    """Where the tariff is from: "openei"."""
    controller_id: str | None = field(repr=False)
    """Serial number of the heater's controller."""
    manufacture_id: str | None = field(repr=False)

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self | None:
        """Read the `data` of a reply, or None when it holds no plan."""
        info = block(message, "touInfo")
        if not info:
            return None
        return cls(
            plan=TouPlan.from_message(info),
            register_path=_REGISTER_PATH.read(message.get("registerPath")),
            source_type=KEY.read(message.get("sourceType")),
            controller_id=KEY.read(info.get("controllerId")),
            manufacture_id=KEY.read(info.get("manufactureId")),
        )
