"""Days and times of schedules as users write them, in actions and in their responses."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..nwp500 import models
from ..times import clock_time

ATTR_DAYS = "days"
ATTR_ENABLED = "enabled"
ATTR_TIME = "time"

DAYS = {
    "mon": models.Weekday.MONDAY,
    "tue": models.Weekday.TUESDAY,
    "wed": models.Weekday.WEDNESDAY,
    "thu": models.Weekday.THURSDAY,
    "fri": models.Weekday.FRIDAY,
    "sat": models.Weekday.SATURDAY,
    "sun": models.Weekday.SUNDAY,
}
WORKDAYS = frozenset(day for name, day in DAYS.items() if name not in ("sat", "sun"))
GROUPS = {
    "every_day": frozenset(DAYS.values()),
    "workdays": WORKDAYS,
    "weekend": frozenset(DAYS.values()) - WORKDAYS,
}
DAYS_OF_NAME = {**{name: frozenset({day}) for name, day in DAYS.items()}, **GROUPS}


def _days_named(names: Iterable[str]) -> frozenset[models.Weekday]:
    return frozenset[models.Weekday]().union(*(DAYS_OF_NAME[name] for name in names))


def whole_minute(value: object) -> time:
    """Return a time of day; a heater knows no seconds."""
    parsed = clock_time(value)
    if parsed.second or parsed.microsecond:
        raise vol.Invalid("the time must be a whole minute")
    return parsed


# Any: a schema of Home Assistant.
DAYS_SCHEMA: Any = vol.All(cv.ensure_list, vol.Length(min=1), [vol.In(tuple(DAYS_OF_NAME))], _days_named)


def day_names(days: Iterable[models.Weekday] | None) -> list[str]:
    """Return days as `mon` to `sun`, in this order."""
    known = frozenset(days or ())
    return [name for name, day in DAYS.items() if day in known]


def time_words(hour: int | None, minute: int | None) -> str | None:
    """Return a time such as `06:30`, None for one that is not known."""
    return None if hour is None or minute is None else f"{hour:02}:{minute:02}"
