"""Times that people and automations give."""

from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta

from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol


def positive_duration(value: object) -> timedelta:
    """Return a duration; Home Assistant's own validator fails on one that is too long for any clock."""
    try:
        duration: timedelta = cv.positive_time_period(value)
    except OverflowError as err:
        raise vol.Invalid("the duration is too long") from err
    return duration


def clock_time(value: object) -> time:
    """Return a time of the clock; Home Assistant's own validator fails on some numbers."""
    try:
        parsed: time = cv.time(value)
    except OverflowError as err:
        raise vol.Invalid("the time is not valid") from err
    return parsed


def aware_time(value: object) -> datetime:
    """Return a time in UTC; one without a zone is in Home Assistant's. Raises `vol.Invalid`.

    Between times of one zone, Python counts by the clock on the wall, which goes forward and back once a year.
    """
    parsed: datetime = cv.datetime(value)
    if not MINYEAR < parsed.year < MAXYEAR:
        # In another time zone, or some time later, there may be no such year.
        raise vol.Invalid("expected a time in another year")
    return dt_util.as_utc(parsed)


def time_or_next(value: object) -> datetime | time:
    """Return a time of the clock, or a time on a day. Raises `vol.Invalid`."""
    if isinstance(value, time):
        return value
    try:
        return aware_time(value)
    except vol.Invalid:
        return clock_time(value)


def moment(given: datetime | time, now: datetime) -> datetime:
    """Return a time in UTC; of a time of the clock, the next one."""
    if isinstance(given, datetime):
        return given
    today = dt_util.as_local(now).replace(hour=given.hour, minute=given.minute, second=given.second, microsecond=0)
    # The day may have 23 or 25 hours; the clock decides.
    return dt_util.as_utc(today if today > now else today + timedelta(days=1))
