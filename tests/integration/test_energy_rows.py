"""Which rows make stored days what the heater says: compared with a dictionary of days, in zones of every kind."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.navilink.energy.rows import (
    HOUR,
    Amount,
    Row,
    believable,
    day_of,
    day_start,
    months,
    planned,
    stored_days,
)

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    NEW_YORK,
    # Half hours and quarters, a shift by half an hour, midnights that are left out or come twice.
    *map(ZoneInfo, ("America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana")),
    *map(ZoneInfo, ("America/Santiago", "Pacific/Honolulu", "Pacific/Auckland", "UTC")),
]
FIRST = date(2025, 12, 20)

zones = st.sampled_from(ZONES)
energies = st.sampled_from([0, 1, 430, 2_826]) | st.integers(0, 150_000)


@st.composite
def readings(draw: st.DrawFn) -> dict[date, int]:
    """Draw what a heater says about some days in a row."""
    first = FIRST + timedelta(days=draw(st.integers(0, 360)))
    return {first + timedelta(days=number): wh for number, wh in enumerate(draw(st.lists(energies, max_size=40)))}


def check(rows: Sequence[Row], model: Mapping[date, int], zone: ZoneInfo) -> None:
    """Compare a whole statistic with what was used on each day."""
    starts = [row.start for row in rows]
    assert starts == sorted(set(starts))
    assert all((start.minute, start.second, start.tzinfo) == (0, 0, UTC) for start in starts)
    at_days = {day_start(day, zone): wh for day, wh in model.items()}
    assert {row.start: row.energy for row in rows if row.start in at_days} == at_days
    assert not any(row.energy for row in rows if row.start not in at_days)
    total = 0
    for row in rows:
        total += row.energy
        assert row.total == total
    assert not rows or (rows[0].energy, rows[0].start) == (0, day_start(min(model), zone) - HOUR)
    assert stored_days(rows, zone) == sorted(model)


@given(zones, st.lists(readings(), max_size=8))
def test_rows_are_those_of_a_dictionary_of_days(zone: ZoneInfo, readings: list[dict[date, int]]) -> None:
    stored: tuple[Row, ...] = ()
    model: dict[date, int] = {}
    for days in readings:
        plan = planned(stored, days, zone)
        # Every row of the end is written, and of the beginning none that is right.
        after = plan.applied(stored)
        assert after[len(after) - len(plan.rows) :] == plan.rows
        assert not plan.rows or plan.rows[0] not in stored
        assert set(plan.changed_days) == {day for day, wh in days.items() if model.get(day, wh) != wh}
        stored, model = after, model | days
        check(stored, model, zone)
        assert planned(stored, days, zone) == planned(stored, {}, zone)
        assert planned(stored, {}, zone).rows == ()


@given(zones, zones, readings())
def test_days_read_in_another_zone_count_once(before: ZoneInfo, now: ZoneInfo, days: dict[date, int]) -> None:
    stored = planned((), days, before).applied(())
    plan = planned(stored, days, now)
    after = plan.applied(stored)
    offset = abs(
        (datetime(2026, 1, 1, tzinfo=before).utcoffset() or timedelta())
        - (datetime(2026, 1, 1, tzinfo=now).utcoffset() or timedelta())
    )
    if offset < timedelta(hours=10):
        assert sum(row.energy for row in after) == sum(days.values())
        assert {day_start(day, now): wh for day, wh in days.items() if wh}.items() <= {
            row.start: row.energy for row in after
        }.items()
    totals = [row.total for row in after]
    assert totals == sorted(totals)


@given(zones, readings(), st.data())
def test_total_that_is_wrong_within_the_days_read_is_put_right(
    zone: ZoneInfo, days: dict[date, int], data: st.DataObject
) -> None:
    stored = list(planned((), days, zone).applied(()))
    if not stored:
        return
    number = data.draw(st.integers(1, len(stored) - 1))
    row = stored[number]
    stored[number] = Row(row.start, row.energy, row.total + data.draw(st.integers(-500, 500)))
    check(planned(stored, days, zone).applied(stored), days, zone)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_row_belongs_to_its_day(zone: ZoneInfo) -> None:
    for number in range(800):
        day = FIRST + timedelta(days=number)
        start = day_start(day, zone)
        assert day_of(start, zone) == day
        assert start.astimezone(zone).date() == day
        assert timedelta() <= start - datetime(day.year, day.month, day.day, tzinfo=zone) < HOUR


def test_days_of_23_and_25_hours_are_so_long() -> None:
    lengths = {
        day: day_start(day + timedelta(days=1), NEW_YORK) - day_start(day, NEW_YORK)
        for day in (date(2026, 3, 8), date(2026, 11, 1), date(2026, 6, 1))
    }
    assert list(lengths.values()) == [23 * HOUR, 25 * HOUR, 24 * HOUR]


def test_midnight_in_newfoundland_is_rounded_up_to_the_next_hour() -> None:
    zone = ZoneInfo("America/St_Johns")
    assert day_start(date(2026, 1, 5), zone) == datetime(2026, 1, 5, 4, tzinfo=UTC)
    assert day_start(date(2026, 7, 5), zone) == datetime(2026, 7, 5, 3, tzinfo=UTC)


def month_of(*amounts: int, first: date = date(2026, 3, 1)) -> dict[date, Amount]:
    return {first + timedelta(days=number): Amount(wh, 0) for number, wh in enumerate(amounts)}


def rows_of(days: Mapping[date, Amount]) -> tuple[Row, ...]:
    return planned((), {day: amount.total for day, amount in days.items()}, NEW_YORK).applied(())


def taken(month: Mapping[date, Amount], stored: Sequence[Row] = (), *, has_answered: bool = False) -> list[int]:
    """Return the days of the month that count."""
    return [day.day for day in believable(month, stored, NEW_YORK, has_answered=has_answered)]


def test_days_before_the_first_that_was_used_do_not_count() -> None:
    assert taken(month_of(0, 0, 5, 0, 7)) == [3, 4, 5]
    assert taken(month_of(0, 0)) == []
    assert taken(month_of(0, 0, 5), has_answered=True) == [1, 2, 3]


def test_days_without_use_count_after_days_that_are_stored() -> None:
    february = rows_of(month_of(5, 6, first=date(2026, 2, 27)))
    assert taken(month_of(0, 0, 5), february) == [1, 2, 3]
    assert taken(month_of(0, 0), february) == [1, 2]


def test_what_a_heater_has_forgotten_is_not_forgotten_here() -> None:
    stored = rows_of(month_of(5, 6, 7))
    assert taken(month_of(0, 0, 0, 0), stored) == []
    assert taken(month_of(0, 0, 0, 0), stored, has_answered=True) == []
    assert taken(month_of(0, 0, 7, 8), stored) == [3, 4]
    # A day that is corrected to nothing after one that is known.
    assert taken(month_of(5, 0, 7), stored) == [1, 2, 3]
    assert taken(month_of(0, 6, 7), stored, has_answered=True) == [1, 2, 3]


def test_month_whose_days_are_not_known_is_one_row_if_that_is_wanted() -> None:
    unknown = month_of(0, 0, 0)
    whole = Amount(900, 0)
    assert believable(unknown, (), NEW_YORK, has_answered=False, whole=whole) == {date(2026, 3, 1): whole}
    assert believable(unknown, rows_of(month_of(0, 5)), NEW_YORK, has_answered=False, whole=whole) == {}
    known = month_of(0, 5, 0)
    assert believable(known, (), NEW_YORK, has_answered=False, whole=whole) == month_of(5, 0, first=date(2026, 3, 2))
    # Its row goes with the first day that is known, also where that is not the first of the month.
    stored = rows_of({date(2026, 3, 1): whole})
    assert believable(unknown, stored, NEW_YORK, has_answered=False, whole=whole) == {}
    assert believable(known, stored, NEW_YORK, has_answered=False) == known


USED_FROM, USED_UNTIL = date(2026, 2, 1), date(2026, 5, 1)


@given(
    st.lists(st.sampled_from([0, 0, 500, 2_826]), min_size=89, max_size=89),
    st.lists(st.tuples(st.integers(0, 89), st.booleans(), st.sampled_from([USED_FROM, date(2026, 3, 1)])), max_size=6),
)
def test_nothing_counts_twice_whatever_a_heater_forgets_and_remembers(
    daily: list[int], runs: list[tuple[int, bool, date]]
) -> None:
    """Runs by days and by months, of which the heater knows the days from one on."""
    truth = {USED_FROM + timedelta(days=number): Amount(wh, 0) for number, wh in enumerate(daily)}
    stored: tuple[Row, ...] = ()
    for remembered_from, is_monthly, start in [*runs, (0, False, USED_FROM)]:
        has_answered = False
        for month in months(start, USED_UNTIL):
            of_month = {day: amount for day, amount in truth.items() if day.replace(day=1) == month}
            said = {
                day: amount if (day - USED_FROM).days >= remembered_from else Amount(0, 0)
                for day, amount in of_month.items()
            }
            used = Amount(sum(amount.total for amount in of_month.values()), 0)
            whole = used if is_monthly and used.total else None
            days = believable(said, stored, NEW_YORK, has_answered=has_answered, whole=whole)
            has_answered = has_answered or any(amount.total for amount in said.values())
            stored = planned(stored, {day: amount.total for day, amount in days.items()}, NEW_YORK).applied(stored)
            in_month = [row.energy for row in stored if day_of(row.start, NEW_YORK).replace(day=1) == month]
            assert sum(in_month) <= used.total
    # At last it knows every day.
    assert {day_of(row.start, NEW_YORK): row.energy for row in stored if row.energy} == {
        day: amount.total for day, amount in truth.items() if amount.total
    }
    assert not stored or stored[-1].total == sum(daily)


def test_month_is_one_row_and_its_days_take_the_place_of_it() -> None:
    stored = planned((), {date(2026, 2, 1): 900, date(2026, 3, 1): 800}, NEW_YORK).applied(())
    days = {date(2026, 2, day): 30 for day in range(1, 29)}
    plan = planned(stored, days, NEW_YORK)
    assert plan.changed_days == (date(2026, 2, 1),)
    check(plan.applied(stored), days | {date(2026, 3, 1): 800}, NEW_YORK)


def test_months_from_one_day_to_another() -> None:
    assert list(months(date(2025, 11, 30), date(2026, 2, 1))) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
    ]
    assert list(months(date(2026, 2, 1), date(2026, 2, 1))) == []
    assert list(months(date(2026, 2, 14), date(2026, 2, 2))) == [date(2026, 2, 1)]
