"""What a heater has used day by day, and how often and how long its parts have run (protocol.md 10.1 and 10.2)."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, reduce
from math import cos, tau
from operator import add
from typing import NamedTuple

from .records import Draw
from .tank import Heating, Power

PAST_DAYS = 400
"""So many days before the simulation begins, the heater was installed, unless it is given another past."""

MAX_PAST_DAYS = 3650

_DAYS_IN_YEAR = 365.25
_COLDEST_DAY = 15
_SCATTER = 2654435761  # a multiplier that spreads consecutive days over the whole range
_OTHER_SCATTER = 2246822519  # another one, so that long heating and elements do not come on the same days


class Usage(NamedTuple):
    """Energy in Wh and running time in hours, of the heat pump and of the elements."""

    heat_pump: float = 0.0
    elements: float = 0.0
    heat_pump_hours: float = 0.0
    element_hours: float = 0.0

    def plus(self, other: Usage) -> Usage:
        """Give both together."""
        return Usage(*map(add, self, other, strict=True))

    def as_wire(self, *, times: bool = True) -> dict[str, int]:
        """Give whole Wh and whole hours; an item of a list may lack the hours."""
        energy = {"heUsage": int(self.elements), "hpUsage": int(self.heat_pump)}
        return energy | {"heTime": int(self.element_hours), "hpTime": int(self.heat_pump_hours)} if times else energy


class EnergyHistory:
    """Days before the simulation are made up, always the same for a date; from then on it is what was really used."""

    def __init__(self, today: date, past_days: int) -> None:
        self.today = self.begun = today
        """`begun` stays: the first day that is not made up."""
        self.installed = today - timedelta(days=past_days)
        self.forgotten_before = date.min
        """Of earlier days only the months are still known."""
        self.unanswered: set[tuple[int, int]] = set()
        """Years and months whose days are not answered."""
        self._recorded: dict[date, Usage] = {}
        """What is not made up: what was used since, and days that were written from outside."""

    def add(self, seconds: float, power: Power) -> None:
        """Record what was used today."""
        if not (power.heat_pump or power.elements):
            return
        hours = seconds / 3600
        used = Usage(
            heat_pump=power.heat_pump * hours,
            elements=power.elements * hours,
            heat_pump_hours=hours if power.heat_pump else 0.0,
            element_hours=hours if power.elements else 0.0,
        )
        self.write(self.today, self._day(self.today).plus(used))

    def write(self, day: date, usage: Usage) -> None:
        """Let this be what was used on a day, whatever it was before."""
        self._recorded[day] = usage

    def total(self) -> Usage:
        """Give everything since the installation."""
        days = (self.installed + timedelta(days=number) for number in range((self.begun - self.installed).days))
        return _sum(_past(day) for day in days if day not in self._recorded).plus(_sum(self._recorded.values()))

    def month(self, year: int, month: int) -> list[Usage]:
        """Give each day of a month, as far as days are remembered."""
        return [Usage() if day < self.forgotten_before else self._day(day) for day in _days(year, month)]

    def year(self, year: int) -> list[Usage]:
        """Give each month of a year."""
        return [_sum(map(self._day, _days(year, month))) for month in range(1, 13)]

    def _day(self, day: date) -> Usage:
        made_up = _past(day) if self.installed <= day < self.begun else Usage()
        return self._recorded.get(day, made_up)


@dataclass(slots=True, kw_only=True)
class Counters:
    """Starts and seconds of each source since the simulation began, and the draws that are over."""

    compressor_starts: int = 0
    upper_starts: int = 0
    lower_starts: int = 0
    frost_starts: int = 0
    upper_seconds: float = 0.0
    lower_seconds: float = 0.0
    short_draws: int = 0
    long_draws: int = 0
    draw_seconds: float = 0.0
    long_draw_seconds: float = 0.0
    long_draw_liters: float = 0.0

    def count(self, seconds: float, before: Heating, now: Heating, *, frost: bool) -> None:
        """Count a step; `frost`: an element that starts protects the tank from freezing."""
        self.compressor_starts += now.compressor and not before.compressor
        self.upper_starts += now.upper_element and not before.upper_element
        lower_starts = now.lower_element and not before.lower_element
        self.lower_starts += lower_starts
        self.frost_starts += lower_starts and frost
        self.upper_seconds += seconds * now.upper_element
        self.lower_seconds += seconds * now.lower_element

    def count_draw(self, draw: Draw, seconds: float) -> None:
        """Count a step of a draw, and the draw itself at its end."""
        self.draw_seconds += seconds
        if draw.liters_left > 0:
            return
        if draw.sustained:
            self.long_draws += 1
            self.long_draw_seconds += draw.seconds
            self.long_draw_liters += draw.seconds / 60 * draw.liters_per_minute
        else:
            self.short_draws += 1


def _sum(usages: Iterable[Usage]) -> Usage:
    return reduce(Usage.plus, usages, Usage())


def _days(year: int, month: int) -> list[date]:
    return [date(year, month, day + 1) for day in range(monthrange(year, month)[1])]


@cache
def _past(day: date) -> Usage:
    """Make up a day: more in winter, no two days alike, the elements on half of the days in winter, never in summer."""
    coldness = cos(tau * (day.timetuple().tm_yday - _COLDEST_DAY) / _DAYS_IN_YEAR)
    hours = (3.5 + 5 * _scattered(day, _SCATTER)) * (1 + 0.35 * coldness)
    lack = 0.5 * coldness - _scattered(day, _OTHER_SCATTER)
    element_hours = 0.15 + lack if lack > 0 else 0.0
    return Usage(
        heat_pump=410 * hours, elements=5080 * element_hours, heat_pump_hours=hours, element_hours=element_hours
    )


def _scattered(day: date, multiplier: int) -> float:
    """Give a number from 0 to 1 that looks drawn by chance."""
    return day.toordinal() * multiplier % 2**32 / 2**32
