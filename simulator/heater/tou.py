"""Time-of-use plans: periods with their prices, and which of them is costly (protocol.md 7.3 and 13.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .schedules import EVERY_DAY, ScheduleError, clamp, day_bit, read_list, read_members

SLOTS = 40
"""Periods that a heater keeps."""

ALL_YEAR = 4095
"""January is bit 0, December bit 11."""

PERIOD_RANGES: Mapping[str, range] = {
    "season": range(ALL_YEAR + 1),
    "week": range(EVERY_DAY + 1),
    "startHour": range(24),
    "startMinute": range(60),
    "endHour": range(24),
    "endMinute": range(60),
    "priceMin": range(2**31),
    "priceMax": range(2**31),
    "decimalPoint": range(11),
}
"""Members of a period as MQTT has them, with what they may be."""

INTERVAL_MEMBERS = tuple(name for name in PERIOD_RANGES if name != "season")
"""Members of a period as REST has them, within a season."""


class Period(NamedTuple):
    """One period, its members in the order of `PERIOD_RANGES`; the minute at its end belongs to it."""

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
        return dict(zip(PERIOD_RANGES, self, strict=True))


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


def read_periods(members: Mapping[str, object]) -> tuple[Period, ...]:
    """Read the flat list of a write over MQTT, where wrong values are brought into range; ScheduleError if empty."""
    rows = read_list(members)
    if not rows:
        raise ScheduleError("there is no schedule")
    periods = (read_members(row, tuple(PERIOD_RANGES)) for row in rows)
    return tuple(Period(*map(clamp, period, PERIOD_RANGES.values(), strict=True)) for period in periods)[:SLOTS]
