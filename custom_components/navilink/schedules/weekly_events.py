"""The entries of a weekly schedule as events of a calendar, and back; nothing in here knows Home Assistant.

An entry acts at a minute of local time on some weekdays. When the clocks go forward, some minutes do not exist, and
what is due in them does not happen; when they go back, some minutes come twice, and so does what is due in them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from ..nwp500 import models

DISPLAY_MINUTES = 30
"""An entry is a point in time, and a calendar shows nothing that has no length."""

NEXT_WITHIN = timedelta(days=15)
"""What acts once a week is due within 7 days, or within 14 when the clocks go forward over it."""

_WEEK = tuple(
    zip(
        ("MO", "TU", "WE", "TH", "FR", "SA", "SU"),
        (
            models.Weekday.MONDAY,
            models.Weekday.TUESDAY,
            models.Weekday.WEDNESDAY,
            models.Weekday.THURSDAY,
            models.Weekday.FRIDAY,
            models.Weekday.SATURDAY,
            models.Weekday.SUNDAY,
        ),
        strict=True,
    )
)
"""The names of RFC 5545, in the order of `date.weekday`."""
_DAY_OF_NAME = dict(_WEEK)
_EVERY_DAY = frozenset(_DAY_OF_NAME.values())

_HOURS, _MINUTES = range(24), range(60)

_KNOWN_PARTS = {"FREQ", "BYDAY", "INTERVAL", "WKST"}
"""The first day of a week makes no difference to what repeats every week."""


class UnstorableEventError(Exception):
    """An event is not one that a heater can store; the key is that of the sentence that says what can be."""

    def __init__(self, *, translation_key: str, **placeholders: str) -> None:
        """Take the key of the sentence and what is filled in."""
        super().__init__(translation_key)
        self.translation_key = translation_key
        self.placeholders = placeholders


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which an entry acts; both times are in the local zone."""

    entry: models.ReservationEntry
    uid: str
    start: datetime
    end: datetime


def entries_by_uid(entries: Iterable[models.ReservationEntry]) -> dict[str, models.ReservationEntry]:
    """Return entries by an id made of days and time, with a number from the second one that shares these.

    It does not depend on the order in which the heater lists its entries.
    """
    numbers: Counter[str] = Counter()
    found: dict[str, models.ReservationEntry] = {}
    for entry in sorted(entries, key=lambda entry: sorted(entry.raw.items(), key=str)):
        week, hour, minute = entry.slot
        slot = f"{week}-{hour or 0:02}{minute or 0:02}"
        numbers[slot] += 1
        found[slot if numbers[slot] == 1 else f"{slot}-{numbers[slot]}"] = entry
    return found


def occurrences(
    entries: Iterable[models.ReservationEntry], start: datetime, end: datetime, zone: tzinfo
) -> list[Occurrence]:
    """Return what is shown between two instants, the second one excluded, in order; disabled entries do not act."""
    first = start - timedelta(minutes=DISPLAY_MINUTES)
    found = [
        Occurrence(entry, uid, moment, shown_end(moment, timedelta(minutes=DISPLAY_MINUTES)))
        for uid, entry in entries_by_uid(entries).items()
        if entry.is_enabled
        for moment in _moments(entry, first, end, zone)
    ]
    # Times of one zone compare by the clock on the wall, which goes back once a year.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    shown = [each for each in found if each.start.astimezone(UTC) < end and _is_shown_after(each, start)]
    return sorted(shown, key=lambda each: (each.start.astimezone(UTC), each.uid))


def current_or_next(entries: Iterable[models.ReservationEntry], now: datetime, zone: tzinfo) -> Occurrence | None:
    """Return what is shown now, or else what comes next."""
    instant = now.astimezone(UTC)
    coming = occurrences(entries, now, now + NEXT_WITHIN, zone)
    return next((each for each in coming if each.end.astimezone(UTC) > instant), None)


def next_due(entries: Iterable[models.ReservationEntry], now: datetime, zone: tzinfo) -> Occurrence | None:
    """Return what comes next, and not what has begun."""
    instant = now.astimezone(UTC)
    coming = occurrences(entries, now, now + NEXT_WITHIN, zone)
    return next((each for each in coming if each.start.astimezone(UTC) > instant), None)


def shown_end(start: datetime, length: timedelta) -> datetime:
    """Return the end that a calendar shows of what begins at a local time: after its length, in the same zone.

    Home Assistant takes no event that ends earlier on the clock than it starts. When the clocks go back meanwhile, the
    end may be the last minute before they do.
    """
    end = start.astimezone(UTC) + length
    ends = ((end - timedelta(minutes=each)).astimezone(start.tzinfo) for each in range(length // timedelta(minutes=1)))
    return next((each for each in ends if each.replace(tzinfo=None) > start.replace(tzinfo=None)), start)


def recurrence_rule(entry: models.ReservationEntry) -> str:
    """Return the rule of an entry's series, as RFC 5545 writes it."""
    days = entry.days or frozenset()
    return f"FREQ=WEEKLY;BYDAY={','.join(name for name, day in _WEEK if day in days)}"


def days_of_rule(rule: str | None, start: date) -> frozenset[models.Weekday]:
    """Return the days of a rule; raises `UnstorableEventError` for all but every day, and some days of every week.

    Which days these are, BYDAY alone decides; a week without it has that of the start.
    """
    if rule is None:
        raise UnstorableEventError(translation_key="event_does_not_repeat")
    pairs = [part.upper().partition("=")[::2] for part in rule.split(";")]
    parts = dict(pairs)
    if parts.get("FREQ") not in {"DAILY", "WEEKLY"}:
        raise UnstorableEventError(translation_key="event_not_weekly")
    if parts.get("INTERVAL", "1") != "1":
        raise UnstorableEventError(translation_key="event_interval")
    if parts.keys() & {"COUNT", "UNTIL"}:
        raise UnstorableEventError(translation_key="event_ends")
    if len(parts) != len(pairs) or parts.keys() - _KNOWN_PARTS:
        raise UnstorableEventError(translation_key="event_not_weekly")
    return _days(parts, start)


def _days(parts: Mapping[str, str], start: date) -> frozenset[models.Weekday]:
    is_daily = parts["FREQ"] == "DAILY"
    if "BYDAY" not in parts:
        return _EVERY_DAY if is_daily else frozenset({_WEEK[start.weekday()][1]})
    names = parts["BYDAY"].split(",")
    if is_daily or not all(name in _DAY_OF_NAME for name in names):
        raise UnstorableEventError(translation_key="event_not_weekly")
    return frozenset(_DAY_OF_NAME[name] for name in names)


def _moments(entry: models.ReservationEntry, start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Return when an entry acts on the days from the start to the end."""
    _, hour, minute = entry.slot
    if entry.days is None or hour is None or minute is None or hour not in _HOURS or minute not in _MINUTES:
        return
    first, last = (instant.astimezone(zone).toordinal() for instant in (start, end))
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        if _WEEK[day.weekday()][1] in entry.days:
            yield from _instants(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone))


def _instants(local: datetime) -> Iterator[datetime]:
    """Return the times at which the clock on the wall shows this: one, none, or two."""
    later = local.replace(fold=1)
    for each in (local,) if local.utcoffset() == later.utcoffset() else (local, later):
        shown = each.astimezone(UTC).astimezone(local.tzinfo)
        if shown.replace(tzinfo=None, fold=0) == local.replace(tzinfo=None):
            yield each


def _is_shown_after(occurrence: Occurrence, instant: datetime) -> bool:
    """Return whether some of it is after an instant; what has no length is so until it has begun."""
    return max(occurrence.end.astimezone(UTC), occurrence.start.astimezone(UTC) + timedelta.resolution) > instant
