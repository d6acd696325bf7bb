"""The schedules of a heater and the local clock that they go by (protocol.md 7, 13.1 and 13.5).

Weekly ones are reservations and recirculation; a time-of-use plan has periods with prices.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

from ..common.reading import BadRequestError, Members, of_kind, sequence
from ..state import ScheduleState
from .members import OFF, ON

SUNDAY = 128
WEEKDAYS, WEEKEND, EVERY_DAY = 124, 130, 254
"""Sunday is bit 7, Saturday bit 1; bit 0 means nothing."""

SLOTS = 40
"""Periods that a heater keeps."""

ALL_YEAR = 4095
"""January is bit 0, December bit 11."""

DECIMAL_POINT = 5
"""Of the prices in plans that the cloud or a household makes."""

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

_MINUTE = 60.0


class Entry(NamedTuple):
    """One entry, its members named and ordered as on the wire."""

    enable: int
    week: int
    hour: int
    min: int
    mode: int
    param: int

    def is_due(self, local: datetime) -> bool:
        """Whether it is active and fires in this minute."""
        is_its_minute = (self.hour, self.min) == (local.hour, local.minute)
        return self.enable == ON and bool(self.week & day_bit(local)) and is_its_minute


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """A whole list with its own switch."""

    use: int = OFF
    entries: tuple[Entry, ...] = ()

    @classmethod
    def of_wire(cls, members: Members, *, max_entries: int) -> WeeklySchedule:
        """Read the members of a write, of whose values none is checked; further entries than so many are not kept.

        BadRequestError for what is not even of the right shape. An entry whose values make no sense stays as it is,
        and never fires (protocol.md 7.1).
        """
        entries = (read_members(row, Entry._fields) for row in sequence(members, "reservation"))
        kept = [Entry(*entry) for entry in entries if any(entry)]
        return cls(read_use(members), tuple(kept[:max_entries]))

    @property
    def is_on(self) -> bool:
        """Whether the schedule as a whole is on."""
        return self.use == ON

    def due(self, local: datetime) -> tuple[Entry, ...]:
        """Give the entries that fire in this minute of local time."""
        return tuple(entry for entry in self.entries if entry.is_due(local)) if self.is_on else ()

    def as_wire(self) -> ScheduleState:
        """Give the members of a reply, the entries as a JSON list."""
        return {"reservationUse": self.use, "reservation": [entry._asdict() for entry in self.entries]}

    def as_hex(self, *, empty_slots: int = 0) -> str:
        """Give the entries as six bytes each; a list that is not empty may be followed by empty slots."""
        slots = [bytes(value & 0xFF for value in entry) for entry in self.entries]
        padding = [bytes(len(Entry._fields))] * empty_slots if slots else []
        return b"".join(slots + padding).hex()


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

    def is_peak(self, local: datetime) -> bool:
        """Whether the highest-priced period of the season is running, in a season that has more than one price."""
        prices = {period.price for period in self.periods if period.in_season(local)}
        running = [period.price for period in self.periods if period.covers(local)]
        return len(prices) > 1 and bool(running) and max(running) == max(prices)

    def as_list(self) -> list[dict[str, int]]:
        """Give the periods as MQTT has them."""
        return [dict(zip(PERIOD_RANGES, period, strict=True)) for period in self.periods]


class Schedules:
    """Keeps what was written last. `step` must be called as time passes."""

    def __init__(self, now: float, zone: tzinfo) -> None:
        self.zone = zone
        self.reservations = WeeklySchedule()
        self.recirculation = WeeklySchedule()
        self.tou = TouPlan()
        self.in_peak_period = False
        """Whether the time-of-use plan has its highest price at the moment, enabled or not."""
        self._next_minute = (now // _MINUTE + 1) * _MINUTE
        self._pending_writes: list[tuple[float, Callable[[], None]]] = []

    def take_tou(self, plan: TouPlan, now: float) -> None:
        """Replace the time-of-use plan."""
        self.tou = plan
        self.in_peak_period = plan.is_peak(datetime.fromtimestamp(now, self.zone))

    def apply_later(self, take: Callable[[], None], at: float) -> None:
        """Let a write take effect at a simulated time to come."""
        self._pending_writes.append((at, take))

    def step(self, now: float) -> list[datetime]:
        """Apply the writes that are due, and give the minutes of local time that have begun since the last step."""
        while self._pending_writes and self._pending_writes[0][0] <= now:
            self._pending_writes.pop(0)[1]()
        begun = []
        while self._next_minute <= now:
            local = datetime.fromtimestamp(self._next_minute, self.zone)
            self.in_peak_period = self.tou.is_peak(local)
            begun.append(local)
            self._next_minute += _MINUTE
        return begun


def day_bit(local: datetime) -> int:
    """Give the bit of a day of the week, as reservations and time-of-use plans number them."""
    return SUNDAY >> local.isoweekday() % 7


def read_use(members: Members) -> int:
    """Read `reservationUse`: 2 is on, anything else off."""
    return ON if members.get("reservationUse") == ON else OFF


def read_members(row: object, names: tuple[str, ...]) -> tuple[int, ...]:
    """Read whole numbers by name; `true` is 1, as it was for older callers (protocol.md 14, 21)."""
    members = of_kind(row, dict, "an entry")
    values = [members.get(name) for name in names]
    if not all(isinstance(value, int) for value in values):
        raise BadRequestError(f"an entry needs {', '.join(names)} as whole numbers")
    return tuple(int(value) for value in values if isinstance(value, int))


def clamp(value: int, allowed: range) -> int:
    """Bring a value to the nearest one allowed."""
    return min(max(value, allowed.start), allowed.stop - 1)


def read_periods(members: Members) -> tuple[Period, ...]:
    """Read the flat list of a write over MQTT, where wrong values are brought into range; BadRequestError if empty."""
    rows = sequence(members, "reservation")
    if not rows:
        raise BadRequestError("there is no schedule")
    periods = (read_members(row, tuple(PERIOD_RANGES)) for row in rows)
    return tuple(Period(*map(clamp, period, PERIOD_RANGES.values(), strict=True)) for period in periods)[:SLOTS]
