"""The days of the week as the wire has them: one bit a day, the same in every kind of schedule (protocol.md 7.1)."""

from collections.abc import Iterable
from enum import IntEnum, unique
from typing import TypeGuard

from ..exceptions import InvalidParameterError


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

DAY_MASKS = range(2, 255, 2)
"""Every day mask: at least one day, and never bit 0, which stands for none."""


def is_day_mask(value: object) -> TypeGuard[int]:
    """Return whether a value is a day mask: an even whole number, 2 to 254."""
    return isinstance(value, int) and not isinstance(value, bool) and value in DAY_MASKS


def checked_day_mask(mask: object) -> int:
    """Return a day mask that may be written; raises `InvalidParameterError` if it is none."""
    if is_day_mask(mask):
        return mask
    raise InvalidParameterError(
        parameter="week",
        value=mask,
        allowed="an even whole number from 2 to 254",
        minimum=DAY_MASKS[0],
        maximum=DAY_MASKS[-1],
    )


def day_mask(days: Iterable[Weekday]) -> int:
    """Encode days, at least one of them; raises `InvalidParameterError` if there is none."""
    return checked_day_mask(sum(frozenset(days)))


def days_in(mask: int) -> frozenset[Weekday]:
    """Decode a day mask; bits that stand for no day are ignored."""
    return frozenset(day for day in Weekday if mask & day)
