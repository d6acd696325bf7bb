"""Time-of-use plans: periods with their prices, and which of them is costly (protocol.md 7.3 and 13.5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .schedules import EVERY_DAY, ScheduleError, clamp, day_bit, read_list, read_members

SLOTS = 40
"""Periods that a heater keeps."""

ALL_YEAR = 4095
"""January is bit 0, December bit 11."""

SEASON_MEMBERS = ("season",)
INTERVAL_MEMBERS = (
    "week",
    "startHour",
    "startMinute",
    "endHour",
    "endMinute",
    "priceMin",
    "priceMax",
    "decimalPoint",
)
PERIOD_MEMBERS = (*SEASON_MEMBERS, *INTERVAL_MEMBERS)
_HOURS, _MINUTES, _PRICES, _DECIMALS = range(24), range(60), range(2**31), range(11)


class Period(NamedTuple):
    """One period, in the order of `PERIOD_MEMBERS`; the minute at its end belongs to it."""

    season: int
    week: int
    start_hour: int
    start_minute: int
    end_hour: int
    end_minute: int
    price_min: int
    price_max: int
    decimal_point: int

    @property
    def price(self) -> Decimal:
        """Highest price of the period, per kWh."""
        return Decimal(self.price_max).scaleb(-self.decimal_point)

    def in_season(self, local: datetime) -> bool:
        """Whether it holds in this month."""
        return bool(self.season & 1 << (local.month - 1))

    def covers(self, local: datetime) -> bool:
        """Whether this minute belongs to it."""
        start, end = (self.start_hour, self.start_minute), (self.end_hour, self.end_minute)
        return self.in_season(local) and bool(self.week & day_bit(local)) and start <= (local.hour, local.minute) <= end

    def as_wire(self) -> dict[str, int]:
        """Give all members under their wire names."""
        return dict(zip(PERIOD_MEMBERS, self, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class TouPlan:
    """A plan as the cloud and the heater have it."""

    periods: tuple[Period, ...] = ()
    name: str = ""
    utility: str = ""
    zip_code: str = ""
    register_path: str = "wifi"
    source_type: str = "openei"
    nicknames: Mapping[int, str] = field(default_factory=dict)
    """Of seasons, by their months."""

    def is_costly(self, local: datetime) -> bool:
        """Whether the highest-priced period of the season is running, in a season that has more than one price."""
        prices = {period.price for period in self.periods if period.in_season(local)}
        running = [period.price for period in self.periods if period.covers(local)]
        return len(prices) > 1 and bool(running) and max(running) == max(prices)

    def as_list(self) -> list[dict[str, int]]:
        """Give the periods as MQTT has them."""
        return [period.as_wire() for period in self.periods]

    def seasons(self) -> list[dict[str, object]]:
        """Give the periods as REST has them, grouped by season."""
        grouped: dict[int, list[dict[str, int]]] = {}
        for period in self.periods:
            interval = period.as_wire()
            grouped.setdefault(interval.pop("season"), []).append(interval)
        return [
            {"season": season}
            | ({"nickname": self.nicknames[season]} if season in self.nicknames else {})
            | {"interval": intervals}
            for season, intervals in grouped.items()
        ]


def read_periods(members: Mapping[str, object]) -> tuple[Period, ...]:
    """Read the flat list of a write over MQTT, where wrong values are brought into range; ScheduleError if empty."""
    rows = read_list(members)
    if not rows:
        raise ScheduleError("there is no schedule")
    return clamp_periods(Period(*read_members(row, PERIOD_MEMBERS)) for row in rows)


def clamp_periods(periods: Iterable[Period]) -> tuple[Period, ...]:
    """Bring every value into its range and keep as many periods as there are slots."""
    return tuple(_within(period) for period in periods)[:SLOTS]


def group_nicknames(seasons: Sequence[Mapping[str, object]]) -> dict[int, str]:
    """Collect the nicknames of the seasons of a plan in its REST form."""
    return {
        season: nickname
        for row in seasons
        if isinstance(season := row.get("season"), int) and isinstance(nickname := row.get("nickname"), str)
    }


def _within(period: Period) -> Period:
    return Period(
        season=period.season & ALL_YEAR,
        week=period.week & EVERY_DAY,
        start_hour=clamp(period.start_hour, _HOURS),
        start_minute=clamp(period.start_minute, _MINUTES),
        end_hour=clamp(period.end_hour, _HOURS),
        end_minute=clamp(period.end_minute, _MINUTES),
        price_min=clamp(period.price_min, _PRICES),
        price_max=clamp(period.price_max, _PRICES),
        decimal_point=clamp(period.decimal_point, _DECIMALS),
    )
