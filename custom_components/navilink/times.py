"""Times that people and automations give."""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta

from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol


def _checked[T](validator: Callable[[object], T], name: str) -> Callable[[object], T]:
    """Return a validator of Home Assistant that raises `vol.Invalid` for numbers beyond any clock, too."""

    def validate(value: object) -> T:
        try:
            return validator(value)
        except OverflowError as err:
            raise vol.Invalid(f"the {name} is not valid") from err

    return validate


positive_duration = _checked(cv.positive_time_period, "duration")
clock_time = _checked(cv.time, "time")


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
