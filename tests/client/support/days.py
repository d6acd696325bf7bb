"""Days of the week, as people group them."""

from nwp500.models import Weekday

EVERY_DAY = frozenset(Weekday)
WEEKEND = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})
WORKING_DAYS = EVERY_DAY - WEEKEND
