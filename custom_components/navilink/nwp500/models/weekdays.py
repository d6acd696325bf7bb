"""The days of the week as the wire has them: one bit a day, the same in every kind of schedule (protocol.md 7.1)."""

from collections.abc import Iterable
from enum import IntEnum, unique

from .members import Number


@unique
class Weekday(IntEnum):
    """A day of the week; its number is its bit in a day mask."""

    SUNDAY = 128
    MONDAY = 64
    TUESDAY = 32
    WEDNESDAY = 16
    THURSDAY = 8
    FRIDAY = 4
    SATURDAY = 2


EVERY_DAY = frozenset(Weekday)
WEEKEND = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})
WORKING_DAYS = EVERY_DAY - WEEKEND

DAY_MASK = Number("week", 2, 254, step=2)
"""Every day mask: at least one day, and never bit 0, which stands for none."""


def day_mask(days: Iterable[Weekday]) -> int:
    """Encode days, at least one of them; raises `InvalidParameterError` if there is none."""
    return DAY_MASK.check(sum(frozenset(days)))


def days_in(mask: int) -> frozenset[Weekday]:
    """Decode a day mask; bits that stand for no day are ignored."""
    return frozenset(day for day in Weekday if mask & day)
