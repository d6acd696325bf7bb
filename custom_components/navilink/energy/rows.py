"""Which rows make stored days of energy what the heater reports: pure, in whole Wh.

A statistic has one row a day, at the day's start, with the day's energy and the running total. A month whose days are
no longer known can be one row on its first day. Rows at any other time have no energy: the one an hour before the first
day, from which the first total rises, and what an earlier first day or another time zone has left.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HOUR = timedelta(hours=1)
_HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Amount:
    """What was used in a span of time, in Wh."""

    heat_pump: int
    elements: int

    @property
    def total(self) -> int:
        """Of both."""
        return self.heat_pump + self.elements


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a statistic."""

    start: datetime
    """A full hour in UTC."""
    energy: int
    """Wh since the row before, 0 or more."""
    total: int
    """Wh since the first row."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be written to a statistic."""

    rows: tuple[Row, ...]
    """In order, to the last row of the statistic; nothing when what is stored is right."""
    changed_days: tuple[date, ...]
    """Days that were stored with another energy."""

    def applied(self, stored: Sequence[Row]) -> tuple[Row, ...]:
        """Return what is stored once this is written."""
        return tuple(sorted(({row.start: row for row in (*stored, *self.rows)}).values(), key=lambda row: row.start))


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return where the row of a day is: its midnight, or where that is no full hour in UTC, the next one."""
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    full = midnight.replace(minute=0, second=0, microsecond=0)
    return full if full == midnight else full + HOUR


def day_of(start: datetime, zone: tzinfo) -> date:
    """Return the day of a row: that whose midnight is nearest, so that one written in another zone keeps its day."""
    return (start + _HALF_A_DAY).astimezone(zone).date()


def stored_days(stored: Sequence[Row], zone: tzinfo) -> list[date]:
    """Return the days, and the first days of months, that have a row."""
    days = [(row, day_of(row.start, zone)) for row in stored]
    return [day for row, day in days if row.energy or row.start == day_start(day, zone)]


def next_month(month: date) -> date:
    """Return the first day of the month after that of a day."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def days_of(month: date) -> list[date]:
    """Return the days of a month."""
    return [month.replace(day=number + 1) for number in range(monthrange(month.year, month.month)[1])]


def months(first: date, end: date) -> Iterator[date]:
    """Give the first day of each month from that of one day to that before another day."""
    month = first.replace(day=1)
    while month < end:
        yield month
        month = next_month(month)


def believable(
    month: Mapping[date, Amount],
    stored: Sequence[Row],
    zone: tzinfo,
    *,
    has_answered: bool,
    whole: Amount | None = None,
) -> dict[date, Amount]:
    """Leave out of the days of a month what a heater cannot have used, or has forgotten; `stored` are the total's rows.

    Heaters report 0 for days before they were installed and for days that they no longer know. So days of 0 count only
    after a day that is known; `has_answered`: an earlier month of the same run had more than 0. A month of which no day
    is known is one row on its first day, of `whole` if that is given. The row goes once its days are known.
    """
    known = Counter[date]()
    for row in stored:
        known[day_of(row.start, zone)] += row.energy
    first = min(month, default=date.max).replace(day=1)
    has_row = any(energy and day.replace(day=1) == first for day, energy in known.items())
    if not any(amount.total for amount in month.values()):
        if has_row:
            return {}
        if whole is not None:
            return {first: whole}
    # Days that are stored have a row each, also those of 0.
    is_one_row = bool(known[first]) and first + timedelta(days=1) not in known
    first_stored = min((day for day, energy in known.items() if energy), default=date.max)
    taken: dict[date, Amount] = {}
    for day, amount in sorted(month.items()):
        has_answered = has_answered or is_one_row or amount.total > 0
        if has_answered or (first_stored < day and not known[day]):
            taken[day] = amount
    return taken


def planned(stored: Sequence[Row], days: Mapping[date, int], zone: tzinfo) -> Plan:
    """Return what has to be written so that these days have this energy, in Wh, and every total is right from there."""
    before = Counter[date]()
    energies = {row.start: row.energy for row in stored}
    for row in stored:
        day = day_of(row.start, zone)
        before[day] += row.energy
        if day in days:
            energies[row.start] = 0
    energies |= {day_start(day, zone): energy for day, energy in days.items()}
    first = min(energies, default=None)
    if first is not None and (energies[first] or first not in {row.start for row in stored}):
        energies[first - HOUR] = 0
    changed = tuple(day for day, energy in sorted(days.items()) if day in before and before[day] != energy)
    return Plan(tuple(_different(stored, energies, days.keys(), zone)), changed)


def _different(
    stored: Sequence[Row], energies: Mapping[datetime, int], days: AbstractSet[date], zone: tzinfo
) -> Iterator[Row]:
    """Give the rows from the first one that differs on; totals that are stored before these days stay as they are."""
    rows = {row.start: row for row in stored}
    total = stored[0].total - stored[0].energy if stored and min(energies) == stored[0].start else 0
    is_right = True
    for start, energy in sorted(energies.items()):
        row = rows.get(start)
        is_total_kept = row is not None and (row.total == total + energy or day_of(start, zone) not in days)
        if is_right and row is not None and row.energy == energy and is_total_kept:
            total = row.total
            continue
        is_right = False
        total += energy
        yield Row(start, energy, total)
