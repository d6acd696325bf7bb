"""The table of queries and writes, against protocol.md 5.3 and 7 written down a second time."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500 import DeviceFeature, queries
from nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from nwp500.models import TouPeriod
from nwp500.models.members import Number
from nwp500.protocol.queries import Query, Request, Write
from nwp500.protocol.topics import ReplyForm

ACKNOWLEDGED, KEYED, FIVE, OWN = (
    ReplyForm.ACKNOWLEDGEMENT,
    ReplyForm.CLIENT_KEYED,
    ReplyForm.FIVE_SEGMENT,
    ReplyForm.DEVICE_OWN,
)

# By the name in the table: code, suffix, where the reply comes, gate, members.
type Row = tuple[int, str, ReplyForm, str | None, tuple[str, ...]]
RESERVATION = ("reservationUse", "reservation")
QUERIES: dict[str, Row] = {
    "DEVICE_INFO": (16777217, "st/did", ACKNOWLEDGED, None, ()),
    "SESSION_END": (16777218, "st/end", KEYED, None, ()),
    "STATUS": (16777219, "st", ACKNOWLEDGED, None, ()),
    "RESERVATIONS": (16777222, "st/rsv/rd", KEYED, None, ()),
    "ENERGY_HOURLY": (16777224, "st/energy-usage-hourly-query/rd", KEYED, None, ("year", "month", "day")),
    "ENERGY_DAILY": (16777225, "st/energy-usage-daily-query/rd", KEYED, None, ("year", "month")),
    "ENERGY_MONTHLY": (16777226, "st/energy-usage-monthly-query/rd", KEYED, None, ("year",)),
    "FIRMWARE_DOWNLOAD": (16777227, "st/dl-sw-info", OWN, None, ()),
    "DIAGNOSTICS": (16777228, "st/td/rd", FIVE, None, ()),
    "RECIRCULATION_SCHEDULE": (16777231, "st/recirc-rsv/rd", KEYED, "recircReservationUse", ()),
}
WRITES: dict[str, Row] = {
    "WRITE_RESERVATIONS": (16777226, "ctrl/rsv/rd", KEYED, None, RESERVATION),
    "WRITE_TOU": (33554439, "ctrl/tou/rd", KEYED, "programReservationUse", ("controllerSerialNumber", *RESERVATION)),
    "WRITE_RECIRCULATION_SCHEDULE": (33554440, "ctrl/recirc-rsv/rd", KEYED, "recircReservationUse", RESERVATION),
    "COMMIT_FIRMWARE": (33554442, "ctrl/commit-ota", FIVE, None, ("commitOta",)),
}

ENTRY = {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": 4, "param": 120}
PERIOD = {
    "season": 3087,
    "week": 124,
    "startHour": 15,
    "startMinute": 0,
    "endHour": 20,
    "endMinute": 59,
    "priceMin": 38967,
    "priceMax": 38967,
    "decimalPoint": 5,
}
YEARS, MONTHS, DAYS = st.integers(2000, 2099), st.integers(1, 12), st.integers(1, 31)


def rows_of[RowT: Request](kind: type[RowT]) -> dict[str, RowT]:
    """Return the rows of one kind by their names."""
    return {name: found for name, found in vars(queries).items() if isinstance(found, kind)}


def described(rows: Mapping[str, Request]) -> dict[str, Row]:
    """Return what this module has written down of the rows."""
    return {
        name: (row.code, row.suffix, row.reply, row.gate, tuple(member.name for member in row.members))
        for name, row in rows.items()
    }


def test_the_table_is_that_of_the_protocol() -> None:
    assert described(rows_of(Query)) == QUERIES
    assert described(rows_of(Write)) == WRITES
    names = [row.name for row in rows_of(Request).values()]
    assert len(set(names)) == len(QUERIES) + len(WRITES)


@pytest.mark.parametrize("gated", ["RECIRCULATION_SCHEDULE", "WRITE_RECIRCULATION_SCHEDULE", "WRITE_TOU"])
@pytest.mark.parametrize(("raw", "allowed"), [(2, True), (None, True), (1, False), (0, False)])
def test_gates(gated: str, raw: int | None, allowed: bool) -> None:
    row = rows_of(Request)[gated]
    lists: dict[str, object] = {"controllerSerialNumber": "x", "reservationUse": 1, "reservation": [PERIOD]}
    if gated == "WRITE_RECIRCULATION_SCHEDULE":
        lists["reservation"] = []
    content = {member.name: lists[member.name] for member in row.members}
    feature = DeviceFeature({} if raw is None else {str(row.gate): raw})
    if allowed:
        assert row.checked(content, feature) == content
    else:
        with pytest.raises(UnsupportedCommandError):
            row.checked(content, feature)


@given(year=YEARS, month=MONTHS, days=st.lists(DAYS, min_size=1))
def test_an_hourly_query_carries_its_days_once(year: int, month: int, days: list[int]) -> None:
    checked = queries.ENERGY_HOURLY.checked({"year": year, "month": month, "day": days}, None)
    assert checked == {"year": year, "month": month, "day": list(dict.fromkeys(days))}


@given(year=YEARS, months=st.lists(MONTHS, min_size=1))
def test_a_daily_query_carries_its_months_once(year: int, months: list[int]) -> None:
    checked = queries.ENERGY_DAILY.checked({"year": year, "month": tuple(months)}, None)
    assert checked == {"year": year, "month": list(dict.fromkeys(months))}


@given(years=st.lists(YEARS, min_size=1))
def test_a_monthly_query_carries_its_years_once(years: list[int]) -> None:
    assert queries.ENERGY_MONTHLY.checked({"year": years}, None) == {"year": list(dict.fromkeys(years))}


@pytest.mark.parametrize(
    ("query", "content"),
    [
        (queries.ENERGY_MONTHLY, {"year": []}),
        (queries.ENERGY_MONTHLY, {"year": [1999]}),
        (queries.ENERGY_MONTHLY, {"year": [2100]}),
        (queries.ENERGY_MONTHLY, {"year": 2026}),
        (queries.ENERGY_MONTHLY, {"year": "2026"}),
        (queries.ENERGY_MONTHLY, {"year": [2026.0]}),
        (queries.ENERGY_MONTHLY, {"year": [2026], "month": [1]}),
        (queries.ENERGY_DAILY, {"year": 2026, "month": [True]}),
        (queries.ENERGY_DAILY, {"year": 2026, "month": [1, 13]}),
        (queries.ENERGY_DAILY, {"year": [2026], "month": [1]}),
        (queries.ENERGY_DAILY, {"year": 2026}),
        (queries.ENERGY_HOURLY, {"year": 2026, "month": 1, "day": [0]}),
        (queries.ENERGY_HOURLY, {"year": 2026, "month": 1, "day": [32]}),
        (queries.ENERGY_HOURLY, {"year": 2026, "month": [1], "day": [1]}),
        (queries.COMMIT_FIRMWARE, {"commitOta": {"swCode": 3, "swVersion": 1}}),
        (queries.COMMIT_FIRMWARE, {"commitOta": {"swCode": 5, "swVersion": 1}}),
        (queries.COMMIT_FIRMWARE, {"commitOta": {"swCode": 1, "swVersion": 0}}),
        (queries.COMMIT_FIRMWARE, {"commitOta": {"swCode": 1}}),
        (queries.COMMIT_FIRMWARE, {"commitOta": {"swCode": None, "swVersion": None}}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 0, "reservation": []}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": True, "reservation": []}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": "027c061e0478"}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": None}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": [5]}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": [{**ENTRY, "hour": True}]}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": [{**ENTRY, "hour": 6.0}]}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": [{**ENTRY, "extra": 1}]}),
        (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": [{"enable": 2}]}),
        (queries.WRITE_RECIRCULATION_SCHEDULE, {"reservationUse": 2, "reservation": [ENTRY] * 21}),
        (queries.WRITE_TOU, {"controllerSerialNumber": "", "reservationUse": 2, "reservation": [PERIOD]}),
        (queries.WRITE_TOU, {"controllerSerialNumber": 5, "reservationUse": 2, "reservation": [PERIOD]}),
        (queries.WRITE_TOU, {"controllerSerialNumber": "x", "reservationUse": 2, "reservation": []}),
        (queries.WRITE_TOU, {"controllerSerialNumber": "x", "reservationUse": 2, "reservation": [PERIOD] * 41}),
    ],
)
def test_what_may_not_be_sent(query: Request, content: dict[str, object]) -> None:
    with pytest.raises(InvalidParameterError):
        query.checked(content, None)


@pytest.mark.parametrize("entries", [0, 32, 100])
def test_a_schedule_has_no_known_limit(entries: int) -> None:
    content = {"reservationUse": 2, "reservation": [ENTRY] * entries}
    assert queries.WRITE_RESERVATIONS.checked(content, None) == content


def test_entries_that_are_outside_the_ranges_go_back_as_they_came() -> None:
    odd = {**ENTRY, "mode": 6, "week": 255}
    content = {"reservationUse": 2, "reservation": [odd]}
    assert queries.WRITE_RESERVATIONS.checked(content, None) == content


# Any: the numbers of a period are also its constructor's arguments.
PERIODS: dict[str, Any] = PERIOD


@pytest.mark.parametrize("member", queries.TOU_PERIOD.members, ids=[one.name for one in queries.TOU_PERIOD.members])
def test_the_ranges_of_a_period_are_those_of_the_model(member: Number) -> None:
    for value in (member.low, member.high):
        numbers = {**PERIODS, member.name: value}
        assert queries.TOU_PERIOD.check(numbers) == TouPeriod.from_message(numbers).as_message() == numbers
    beyond = [member.low - 1, member.high + 1, True]
    if member.step > 1:
        beyond.append(member.low + 1)
    for value in beyond:
        numbers = {**PERIODS, member.name: value}
        with pytest.raises(InvalidParameterError):
            queries.TOU_PERIOD.check(numbers)
        with pytest.raises(InvalidParameterError):
            TouPeriod.from_message(numbers).as_message()


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (queries.WRITE_RESERVATIONS.members[0].allowed, "a whole number from 1 to 2"),
        (queries.TOU_PERIOD.members[1].allowed, "a whole number from 2 to 254 in steps of 2"),
        (queries.ENERGY_MONTHLY.members[0].allowed, "a list of at least one, each a whole number from 2000 to 2099"),
        (queries.WRITE_TOU.members[0].allowed, "a text that is not empty"),
        (queries.COMMIT_FIRMWARE.members[0].allowed, "an object of the whole numbers swCode, swVersion"),
    ],
)
def test_what_is_allowed_in_words(allowed: str, words: str) -> None:
    assert allowed == words
