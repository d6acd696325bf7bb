"""Entries of a weekly schedule as events and back: times against every minute of a year, rules, and summaries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # it ships no types
from homeassistant.components.calendar import CalendarEvent
from homeassistant.util import dt as dt_util
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.navilink.nwp500 import setpoint
from custom_components.navilink.nwp500.enums import ReservationMode, TemperatureUnit
from custom_components.navilink.nwp500.exceptions import InvalidParameterError
from custom_components.navilink.nwp500.models import ReservationEntry, Weekday
from custom_components.navilink.schedules.event_summary import SummaryGrammar
from custom_components.navilink.schedules.weekly_events import (
    DISPLAY_MINUTES,
    UnstorableEventError,
    current_or_next,
    days_of_rule,
    entries_by_uid,
    next_due,
    occurrences,
    recurrence_rule,
)

EASTERN = "America/New_York"
# The usual hour, a zone of half hours, none at all, and one whose clocks go back by half an hour.
ZONES = (EASTERN, "America/St_Johns", "America/Phoenix", "Australia/Lord_Howe")
YEAR = 2026
WEEK = (
    *(Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY),
    *(Weekday.FRIDAY, Weekday.SATURDAY, Weekday.SUNDAY),
)
MINUTE = timedelta(minutes=1)

NAMES = {
    ReservationMode.HEAT_PUMP: "Heat pump",
    ReservationMode.ELECTRIC: "Electric",
    ReservationMode.ENERGY_SAVER: "Eco",
    ReservationMode.HIGH_DEMAND: "High demand",
    ReservationMode.POWER_OFF: "Off",
}
CELSIUS = SummaryGrammar(NAMES, TemperatureUnit.CELSIUS)

untimed = settings(deadline=None)

days = st.frozensets(st.sampled_from(WEEK), min_size=1)
modes = st.sampled_from(ReservationMode)
setpoints = st.integers(70, 131)
entries = st.builds(
    ReservationEntry.of, days, st.integers(0, 23), st.integers(0, 59), modes, setpoints, is_enabled=st.booleans()
)


def entry(*on: Weekday, hour: int = 6, minute: int = 30, enabled: bool = True, raw: int = 120) -> ReservationEntry:
    return ReservationEntry.of(on, hour, minute, ReservationMode.HIGH_DEMAND, raw, is_enabled=enabled)


@cache
def every_minute(zone: str) -> Mapping[tuple[int, int, int], Sequence[datetime]]:
    """Go through a year minute by minute, and return when the clock on the wall shows each day, hour and minute."""
    found: defaultdict[tuple[int, int, int], list[datetime]] = defaultdict(list)
    instant, end = datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC)
    while instant < end:
        local = instant.astimezone(ZoneInfo(zone))
        found[local.weekday(), local.hour, local.minute].append(instant)
        instant += MINUTE
    return found


# The days on which clocks go forward and back, and any other.
times = st.sampled_from([(1, 45), (2, 15), (2, 30), (2, 59), (3, 0), (1, 0), (1, 30), (0, 0), (23, 59), (6, 30)])


@pytest.mark.parametrize("zone", ZONES)
@untimed
@given(
    schedule=st.lists(st.tuples(days, times), max_size=4),
    start=st.datetimes(datetime(YEAR, 1, 3), datetime(YEAR, 12, 20), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone by hypothesis
    length=st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_occurrences_are_the_minutes_at_which_the_clock_shows_them(
    zone: str, schedule: list[tuple[frozenset[Weekday], tuple[int, int]]], start: datetime, length: timedelta
) -> None:
    end = min(start + length, datetime(YEAR, 12, 31, tzinfo=UTC))
    wanted = sorted(
        instant
        for on, (hour, minute) in schedule
        for day in on
        for instant in every_minute(zone)[WEEK.index(day), hour, minute]
        if start <= instant < end
    )
    made = [entry(*on, hour=hour, minute=minute) for on, (hour, minute) in schedule]
    found = [each.start.astimezone(UTC) for each in occurrences(made, start, end, ZoneInfo(zone))]
    assert found == sorted(found)
    assert [each for each in found if each >= start] == wanted


@pytest.mark.parametrize("zone", ZONES)
@untimed
@given(now=st.datetimes(datetime(YEAR, 1, 3), datetime(YEAR, 12, 10), timezones=st.just(UTC)), on=days, time=times)  # noqa: DTZ001 - given a zone by hypothesis
def test_next_entry_is_the_first_minute_to_come(
    zone: str, now: datetime, on: frozenset[Weekday], time: tuple[int, int]
) -> None:
    instants = [each for day in on for each in every_minute(zone)[WEEK.index(day), *time] if each > now]
    due = next_due([entry(*on, hour=time[0], minute=time[1])], now, ZoneInfo(zone))
    assert due is not None
    assert due.start.astimezone(UTC) == min(instants)


def on_day(day: date, *schedule: ReservationEntry, zone: str = EASTERN) -> list[str]:
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    end = datetime(day.year, day.month, day.day + 1, tzinfo=ZoneInfo(zone))
    return [f"{each.start:%H:%M%z}-{each.end:%H:%M%z}" for each in occurrences(schedule, start, end, ZoneInfo(zone))]


def test_a_day_of_23_hours_has_no_half_past_two() -> None:
    sunday = entry(Weekday.SUNDAY, hour=2)
    assert on_day(date(YEAR, 3, 8), sunday) == []
    assert on_day(date(YEAR, 3, 15), sunday) == ["02:30-0400-03:00-0400"]
    assert on_day(date(YEAR, 3, 8), entry(Weekday.SUNDAY, hour=1, minute=45)) == ["01:45-0500-03:15-0400"]


def test_a_day_of_25_hours_has_half_past_one_twice_and_no_event_goes_back_in_time() -> None:
    day = date(YEAR, 11, 1)
    assert on_day(day, entry(Weekday.SUNDAY, hour=1)) == ["01:30-0400-01:59-0400", "01:30-0500-02:00-0500"]
    assert on_day(day, entry(Weekday.SUNDAY, hour=1, minute=59)) == ["01:59-0400-01:59-0400", "01:59-0500-02:29-0500"]
    assert on_day(day, entry(Weekday.SUNDAY, hour=2)) == ["02:30-0500-03:00-0500"]


@untimed
@given(entry=entries, zone=st.sampled_from(ZONES), month=st.sampled_from([3, 4, 10, 11]), day=st.integers(1, 28))
def test_home_assistant_takes_every_occurrence_as_an_event(
    entry: ReservationEntry, zone: str, month: int, day: int
) -> None:
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(ZoneInfo(zone))
    try:
        start = datetime(YEAR, month, day, tzinfo=UTC)
        for each in occurrences([entry], start, start + timedelta(days=9), ZoneInfo(zone)):
            CalendarEvent(each.start, each.end, "x", uid=each.uid, rrule=recurrence_rule(entry))
    finally:
        dt_util.set_default_time_zone(before)


def test_an_event_is_shown_while_any_of_it_is_in_the_time_and_the_end_does_not_belong_to_it() -> None:
    zone = ZoneInfo(EASTERN)
    start = datetime(YEAR, 6, 1, 6, 30, tzinfo=zone)
    end = start + DISPLAY_MINUTES * MINUTE
    monday = entry(Weekday.MONDAY)

    def shown(since: datetime, until: datetime) -> int:
        return len(occurrences([monday], since, until, zone))

    assert shown(start, end) == shown(start, start + MINUTE) == shown(end - MINUTE, end + MINUTE) == 1
    assert shown(start - timedelta(days=1), start) == shown(end, end + timedelta(days=1)) == 0
    for now, wanted in ((start - MINUTE, start), (start, start), (end - MINUTE, start)):
        found = current_or_next([monday], now, zone)
        assert found is not None
        assert found.start == wanted
    after = current_or_next([monday], end, zone)
    due = next_due([monday], start, zone)
    assert after is not None
    assert due is not None
    assert after.start == due.start == start + timedelta(days=7)


def test_what_is_disabled_or_never_due_does_not_happen() -> None:
    raw = dict(entry(Weekday.MONDAY).raw)
    odd = [ReservationEntry({**raw, name: value}) for name, value in (("week", 1), ("hour", 24), ("min", 60))]
    now = datetime(YEAR, 6, 1, tzinfo=UTC)
    never = [*odd, entry(*WEEK, enabled=False)]
    assert occurrences(never, now, now + timedelta(days=30), UTC) == []
    assert current_or_next(never, now, UTC) is next_due(never, now, UTC) is None


@untimed
@given(schedule=st.lists(entries, max_size=6), data=st.data())
def test_an_id_does_not_depend_on_the_order_of_the_list(schedule: list[ReservationEntry], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(schedule))
    assert {uid: dict(each.raw) for uid, each in entries_by_uid(mixed).items()} == {
        uid: dict(each.raw) for uid, each in entries_by_uid(schedule).items()
    }
    assert len(entries_by_uid(schedule)) == len(schedule)


def test_equal_times_have_numbers() -> None:
    first, second = entry(Weekday.MONDAY), entry(Weekday.MONDAY, raw=110)
    assert set(entries_by_uid([first, second, entry(*WEEK)])) == {"64-0630", "64-0630-2", "254-0630"}


@untimed
@given(on=days, start=st.dates(date(YEAR, 1, 1), date(YEAR, 12, 31)))
def test_a_rule_comes_back_and_means_the_same_to_others(on: frozenset[Weekday], start: date) -> None:
    rule = recurrence_rule(entry(*on))
    assert days_of_rule(rule, start) == on
    midnight = datetime(start.year, start.month, start.day)  # noqa: DTZ001 - rules are about the clock on the wall
    dates = [each.date() for each in rrulestr(rule, dtstart=midnight)[:7]]
    assert {WEEK[each.weekday()] for each in dates} == on


TUESDAY = date(2026, 6, 2)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("FREQ=WEEKLY", {Weekday.TUESDAY}),
        ("FREQ=DAILY", set(WEEK)),
        ("FREQ=DAILY;INTERVAL=1", set(WEEK)),
        ("FREQ=WEEKLY;INTERVAL=1;BYDAY=SA,SU", {Weekday.SATURDAY, Weekday.SUNDAY}),
        ("BYDAY=MO;FREQ=WEEKLY;WKST=SU", {Weekday.MONDAY}),
    ],
)
def test_rules_that_can_be_stored(rule: str, wanted: set[Weekday]) -> None:
    assert days_of_rule(rule, TUESDAY) == wanted


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (None, "event_does_not_repeat"),
        ("FREQ=MONTHLY", "event_not_weekly"),
        ("FREQ=YEARLY", "event_not_weekly"),
        ("FREQ=WEEKLY;INTERVAL=2", "event_interval"),
        ("FREQ=DAILY;INTERVAL=2", "event_interval"),
        ("FREQ=WEEKLY;COUNT=3", "event_ends"),
        ("FREQ=DAILY;UNTIL=20260801", "event_ends"),
        ("FREQ=WEEKLY;BYDAY=1MO", "event_not_weekly"),
        ("FREQ=WEEKLY;BYDAY=", "event_not_weekly"),
        ("FREQ=DAILY;BYDAY=MO", "event_not_weekly"),
        ("FREQ=WEEKLY;BYMONTH=6", "event_not_weekly"),
        ("FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "event_not_weekly"),
        ("", "event_not_weekly"),
    ],
)
def test_rules_that_cannot_be_stored(rule: str | None, reason: str) -> None:
    with pytest.raises(UnstorableEventError, match=f"^{reason}$"):
        days_of_rule(rule, TUESDAY)


def words(raw: int, unit: TemperatureUnit) -> str:
    value = setpoint.from_half_degrees(raw, unit)
    return f"{round(value, 1 if unit is TemperatureUnit.CELSIUS else 0):g} {unit.symbol}"


@untimed
@given(mode=modes, raw=setpoints, unit=st.sampled_from(TemperatureUnit))
def test_a_summary_comes_back_as_it_was(mode: ReservationMode, raw: int, unit: TemperatureUnit) -> None:
    grammar = SummaryGrammar(NAMES, unit)
    raw = min(raw, setpoint.raw_limits(unit, None)[1])
    summary = grammar.write(mode, words(raw, unit))
    setting = grammar.read(summary, None)
    assert setting.mode is mode
    if mode is ReservationMode.POWER_OFF:
        assert summary == "Off"
        assert setting.setpoint_raw is None
    else:
        assert setting.setpoint_raw is not None
        assert grammar.write(setting.mode, words(setting.setpoint_raw, unit)) == summary
        # In °C each raw value has a text of its own, in °F one of them may have that of its neighbor.
        assert abs(setting.setpoint_raw - raw) <= (0 if unit is TemperatureUnit.CELSIUS else 1)


@pytest.mark.parametrize(
    ("summary", "mode", "raw"),
    [
        ("High demand, 60 °C", ReservationMode.HIGH_DEMAND, 120),
        ("high  DEMAND 60°c", ReservationMode.HIGH_DEMAND, 120),
        ("Eco,54,5 °C", ReservationMode.ENERGY_SAVER, 109),
        ("  heat pump 54.5 ° C ", ReservationMode.HEAT_PUMP, 109),
        ("Electric, 140 °F", ReservationMode.ELECTRIC, 120),
        ("Eco\uff0c\uff15\uff10\u2103", ReservationMode.ENERGY_SAVER, 100),
        ("OFF", ReservationMode.POWER_OFF, None),
    ],
)
def test_summaries_that_are_understood(summary: str, mode: ReservationMode, raw: int | None) -> None:
    assert CELSIUS.read(summary, None) == (mode, raw)


@pytest.mark.parametrize(
    "summary",
    [
        *("", "Shower", "Eco", "Eco 50", "Eco 50 K", "50 °C", ", 50 °C", "Off, 50 °C", "Eco -50 °C", "Eco 50 °C now"),
        *("Eco 5O °C", "Eco 50.25 °C", "Eco 1,50 °C", "Eco50 °C", "Eco, 50 °C, 60 °C", "Eco; 50 °C", "Vacation, 50 °C"),
    ],
)
def test_summaries_that_are_not_understood_are_refused_with_an_example(summary: str) -> None:
    with pytest.raises(UnstorableEventError) as caught:
        CELSIUS.read(summary, None)
    assert caught.value.translation_key == "event_summary"
    assert caught.value.placeholders == {
        "summary": summary,
        "example": "High demand, 50 °C",
        "off": "Off",
        "modes": "Heat pump, Electric, Eco, High demand",
    }
    assert CELSIUS.read(caught.value.placeholders["example"], None).setpoint_raw == 100


def test_a_temperature_outside_the_limits_is_refused() -> None:
    with pytest.raises(InvalidParameterError):
        CELSIUS.read("Eco, 80 °C", None)
