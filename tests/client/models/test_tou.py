"""Time-of-use periods and plans: the recorded messages, every encoding there and back, and what may not be written."""

from dataclasses import fields, replace
from datetime import time
from decimal import Context, Decimal, localcontext
from fractions import Fraction
import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.common.text import one_line
from nwp500.exceptions import InvalidParameterError
from nwp500.models import RegisteredPlan, RegisterPath, TouPeriod, TouPlan, Weekday
from nwp500.models.conversions import day_mask
from nwp500.models.tou import months_in, price_of, raw_price, season_of
from tests import FIXTURES
from tests.client.models.test_device import JSON_VALUES
from tests.client.support.days import EVERY_DAY, WORKING_DAYS

PEAK = TouPeriod(
    season=3087,
    week=124,
    start_hour=15,
    start_minute=0,
    end_hour=20,
    end_minute=59,
    price_min_raw=38967,
    price_max_raw=38967,
    decimal_point=5,
)
PERIODS = st.builds(
    TouPeriod,
    season=st.integers(1, 4095),
    week=st.integers(1, 127).map(lambda half: half * 2),
    start_hour=st.integers(0, 23),
    start_minute=st.integers(0, 59),
    end_hour=st.integers(0, 23),
    end_minute=st.integers(0, 59),
    price_min_raw=st.integers(-(2**31), 2**31 - 1),
    price_max_raw=st.integers(-(2**31), 2**31 - 1),
    decimal_point=st.integers(0, 10),
)


def recorded(name: str) -> Any:  # noqa: ANN401 - decoded JSON of a fixture
    return json.loads((FIXTURES / f"{name}.json").read_text())


def recorded_plan() -> dict[str, Any]:
    """Read the recorded answer with a plan; Any: decoded JSON."""
    content: dict[str, Any] = recorded("rest_tou_get")["response"]["body"]["data"]
    return content


# --- Months and prices ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "season"),
    [
        (range(1, 13), 4095),
        ([6, 7, 8], 224),
        ([12, 1, 2], 2051),
        ([1, 2, 3, 4, 11, 12], 3087),
        ([7, 8, 9], 448),
        ([1, 1], 1),
    ],
)
def test_the_seasons_of_the_protocol(months: list[int], season: int) -> None:
    assert season_of(months) == season
    assert months_in(season) == frozenset(months)


@given(season=st.integers(1, 4095))
def test_seasons_there_and_back(season: int) -> None:
    assert season_of(months_in(season)) == season


@pytest.mark.parametrize("months", [[], [0], [13], [True], [1.0]])
def test_what_is_no_season_is_refused(months: list[int]) -> None:
    with pytest.raises(InvalidParameterError):
        season_of(months)


@pytest.mark.parametrize(
    ("price", "decimals", "raw"),
    [
        ("0.125", 2, 13),
        ("0.124999", 2, 12),
        ("0.34831", 5, 34831),
        ("0.38967", 5, 38967),
        ("0", 5, 0),
        ("12", 0, 12),
        ("0.5", 0, 1),
        ("1E-900", 5, 0),
        ("0.2147483647", 10, 2147483647),
    ],
)
def test_prices_are_rounded_half_up(price: str, decimals: int, raw: int) -> None:
    assert raw_price(Decimal(price), decimals) == raw


@given(price=st.decimals(0, 1000, places=9), decimals=st.integers(0, 6))
def test_a_price_is_the_nearest_that_can_be_written_and_the_upper_of_two(price: Decimal, decimals: int) -> None:
    assert raw_price(price, decimals) == math.floor(Fraction(price) * 10**decimals + Fraction(1, 2))


@given(raw=st.integers(-(2**31), 2**31 - 1), decimals=st.integers(0, 10))
def test_prices_there_and_back(raw: int, decimals: int) -> None:
    with localcontext(Context(prec=3)):
        assert raw_price(price_of(raw, decimals), decimals) == raw


@pytest.mark.parametrize(
    ("price", "decimals"), [("NaN", 5), ("sNaN", 5), ("Infinity", 5), ("1E+900", 5), ("30000", 5), ("1", -1), ("1", 11)]
)
def test_a_price_that_cannot_be_written_is_refused(price: str, decimals: int) -> None:
    with pytest.raises(InvalidParameterError):
        raw_price(Decimal(price), decimals)


# --- Periods ----------------------------------------------------------------------------------------------------------


def test_a_period_as_people_see_it() -> None:
    assert PEAK.months == frozenset({1, 2, 3, 4, 11, 12})
    assert PEAK.weekdays == WORKING_DAYS
    assert (PEAK.start, PEAK.end) == (time(15), time(20, 59))
    assert (PEAK.price_min, PEAK.price_max) == (Decimal("0.38967"), Decimal("0.38967"))


def test_a_period_as_people_make_it() -> None:
    made = TouPeriod.of([11, 12, 1, 2, 3, 4], WORKING_DAYS, time(15), time(20, 59), Decimal("0.38967"))
    assert made == PEAK
    with pytest.raises(InvalidParameterError, match="end must be not before the start, 22:00:00, not"):
        TouPeriod.of([1], EVERY_DAY, time(22), time(5, 59), Decimal(1))
    with pytest.raises(InvalidParameterError, match="week"):
        TouPeriod.of([1], [], time(0), time(23, 59), Decimal(1))


@given(
    months=st.frozensets(st.integers(1, 12), min_size=1),
    days=st.frozensets(st.sampled_from(Weekday), min_size=1),
    times=st.lists(st.times(), min_size=2, max_size=2).map(sorted),
    price_raw=st.integers(-(10**9), 10**9),
    decimals=st.integers(0, 10),
)
def test_what_people_know_there_and_back(
    months: frozenset[int], days: frozenset[Weekday], times: list[time], price_raw: int, decimals: int
) -> None:
    start, end = (each.replace(second=0, microsecond=0) for each in times)
    price = Decimal(price_raw).scaleb(-decimals)
    made = TouPeriod.of(months, days, start, end, price, decimal_point=decimals)
    read = TouPeriod.from_message(made.as_message())
    assert (read.months, read.weekdays, read.start, read.end) == (months, days, start, end)
    assert (read.price_min, read.price_max) == (price, price)


def test_the_recorded_flat_list_there_and_back() -> None:
    entries = recorded("tou_write_echo")["payload"]["response"]["reservation"]
    periods = [TouPeriod.from_message(entry) for entry in entries]
    assert periods[1] == PEAK
    assert [period.as_message() for period in periods] == entries


@given(period=PERIODS)
def test_periods_there_and_back(period: TouPeriod) -> None:
    message = period.as_message()
    assert TouPeriod.from_message(message) == period
    assert all(type(value) is int for value in message.values())
    assert period.weekdays is not None
    assert period.months is not None
    assert (day_mask(period.weekdays), season_of(period.months)) == (period.week, period.season)


@pytest.mark.parametrize("given_decimals", [{}, {"decimalPoint": None}])
def test_a_missing_decimal_point_is_five(given_decimals: dict[str, object]) -> None:
    entry = {name: value for name, value in PEAK.as_message().items() if name != "decimalPoint"}
    assert TouPeriod.from_message({**entry, **given_decimals}) == PEAK


@given(name=st.sampled_from(sorted(PEAK.as_message())), value=JSON_VALUES)
def test_an_odd_member_leaves_the_others_readable(name: str, value: object) -> None:
    period = TouPeriod.from_message({**PEAK.as_message(), name: value})
    assert len([None for part in fields(period) if getattr(period, part.name) != getattr(PEAK, part.name)]) <= 1
    assert period.end is None or isinstance(period.end, time)
    assert period.start is None or isinstance(period.start, time)
    assert period.price_min is None or isinstance(period.price_min, Decimal)
    assert period.price_max is None or isinstance(period.price_max, Decimal)
    assert (period.months is None, period.weekdays is None) == (period.season is None, period.week is None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"season": 0}, "season must be a whole number from 1 to 4095, not 0"),
        ({"season": 4096}, "season"),
        ({"week": 125}, "week must be a whole number from 2 to 254 in steps of 2, not 125"),
        ({"week": 0}, "week"),
        ({"week": 256}, "week"),
        ({"start_hour": 24}, "start_hour must be a whole number from 0 to 23, not 24"),
        ({"start_minute": 60}, "start_minute"),
        ({"end_hour": -1}, "end_hour"),
        ({"end_minute": None}, "end_minute must be a whole number from 0 to 59, not None"),
        ({"price_min_raw": 2**31}, "price_min_raw"),
        ({"price_max_raw": 0.5}, "price_max_raw"),
        ({"decimal_point": 11}, "decimal_point must be a whole number from 0 to 10, not 11"),
        ({"start_hour": True}, "start_hour"),
    ],
)
def test_a_member_outside_its_range_is_not_written(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        replace(PEAK, **change).as_message()


def test_days_with_sunday_and_zeros_are_written() -> None:
    whole_day = replace(PEAK, week=254, start_hour=0, price_min_raw=0, decimal_point=0)
    assert whole_day.as_message() == PEAK.as_message() | {
        "week": 254,
        "startHour": 0,
        "priceMin": 0,
        "decimalPoint": 0,
    }


# --- Plans ------------------------------------------------------------------------------------------------------------


def test_the_recorded_plan() -> None:
    registered = RegisteredPlan.from_message(recorded_plan())
    assert registered is not None
    assert (registered.register_path, registered.source_type) == (RegisterPath.WIFI, "openei")
    assert (registered.controller_id, registered.manufacture_id) == ("00000000BT00000001", "0000E0000000001")
    plan = registered.plan
    assert (plan.name, plan.utility, plan.zip_code) == ("Example TOU plan", "Example Electric Co", "90000")
    assert [(period.season, period.week) for period in plan.periods] == [
        (3087, 124),
        (3087, 124),
        (3087, 124),
        (3087, 130),
        (1008, 254),
    ]
    assert plan.nicknames == {1008: "Summer"}
    shown = repr(registered)
    assert [text for text in ("Example", "90000", "00000000BT", "0000E0") if text in shown] == []


def test_the_recorded_plan_there_and_back() -> None:
    info = recorded_plan()["touInfo"]
    written = TouPlan.from_message(info).as_message()
    assert written == {name: info[name] for name in ("name", "utility", "zipCode", "schedule")}


@given(
    periods=st.lists(PERIODS, min_size=1, max_size=20),
    names=st.dictionaries(st.integers(1, 4095), st.text(max_size=5).map(one_line), max_size=3),
)
def test_plans_there_and_back(periods: list[TouPeriod], names: dict[int, str]) -> None:
    seasons = {period.season for period in periods if period.season is not None}
    nicknames = dict.fromkeys(seasons, "a season") | {season: names[season] for season in seasons & names.keys()}
    plan = TouPlan(periods=tuple(periods), name="a plan", nicknames=nicknames)
    read = TouPlan.from_message(json.loads(json.dumps(plan.as_message())))
    order = [period.season for period in periods]
    in_order_of_seasons = sorted(periods, key=lambda period: order.index(period.season))
    assert read == replace(plan, periods=tuple(in_order_of_seasons))
    assert hash(read) == hash(replace(plan, periods=read.periods))


def test_a_zip_code_can_be_a_number() -> None:
    assert TouPlan.from_message({"zipCode": 90000}).zip_code == "90000"
    assert TouPlan.from_message({"zipCode": [9]}).zip_code is None


def test_a_period_that_cannot_be_read_keeps_the_plan_from_being_written() -> None:
    plan = TouPlan.from_message({"schedule": [{"season": 1, "interval": [None]}]})
    assert len(plan.periods) == 1
    with pytest.raises(InvalidParameterError, match="week must be"):
        plan.as_message()


def test_a_plan_without_periods_is_not_written() -> None:
    with pytest.raises(InvalidParameterError, match="periods must be at least one period"):
        TouPlan(periods=()).as_message()


def test_nicknames_cannot_be_changed() -> None:
    names = {1: "Winter"}
    plan = TouPlan(periods=(PEAK,), nicknames=names)
    names[1] = "changed"
    assert plan.nicknames == {1: "Winter"}


@given(info=JSON_VALUES, schedule=JSON_VALUES, interval=JSON_VALUES)
def test_reading_a_plan_never_fails(info: object, schedule: object, interval: object) -> None:
    for message in (
        {"touInfo": info},
        {"touInfo": {"schedule": schedule}},
        {"touInfo": {"schedule": [{"season": schedule, "nickname": schedule, "interval": interval}, interval]}},
    ):
        registered = RegisteredPlan.from_message(message)
        assert registered is None or registered.register_path is None


@pytest.mark.parametrize("message", [{}, {"touInfo": None}, {"touInfo": {}}, {"registerPath": "wifi", "touInfo": []}])
def test_no_plan(message: dict[str, object]) -> None:
    assert RegisteredPlan.from_message(message) is None
