"""Weekly schedules fire in the heater's own time, and time-of-use plans hold back heating (protocol.md 7 and 13.5)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from simulator.heater.heater import Heater
from simulator.heater.members import ON
from simulator.heater.registration import Identity
from simulator.heater.report import status
from simulator.heater.schedules import Entry, Period, TouPlan, WeeklySchedule, day_bit
from simulator.heater.thermostat import DhwMode

NEW_YORK = ZoneInfo("America/New_York")
DAY = 86400.0
EVERY_DAY = 254
WEEKDAYS, WEEKEND = 124, 130


def at(text: str, zone: ZoneInfo = NEW_YORK) -> float:
    """Give a local time in seconds since the epoch. 5 October 2026 is a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def make_heater(start: str, *entries: Entry, mode: DhwMode = DhwMode.ENERGY_SAVER, zone: ZoneInfo = NEW_YORK) -> Heater:
    heater = Heater(identity=Identity.of_number(0), now=at(start, zone), zone=zone)
    heater.members["dhwOperationSetting"] = mode.value
    heater.schedules.reservations = WeeklySchedule(ON, entries)
    return heater


def entry(
    hour: int, minute: int = 0, *, mode: int = 4, param: int = 120, week: int = EVERY_DAY, enable: int = ON
) -> Entry:
    return Entry(enable, week, hour, minute, mode, param)


def settings(heater: Heater) -> tuple[DhwMode, int]:
    return heater.mode, heater.setpoint


def fired_at(heater: Heater) -> list[str]:
    return [f"{datetime.fromtimestamp(fired['time'], heater.zone):%a %H:%M}" for fired in heater.fired]


@pytest.mark.parametrize(
    ("day", "bit"),
    [
        ("2026-10-04", 128),
        ("2026-10-05", 64),
        ("2026-10-06", 32),
        ("2026-10-07", 16),
        ("2026-10-08", 8),
        ("2026-10-09", 4),
        ("2026-10-10", 2),
    ],
)
def test_days_have_the_bits_of_the_wire(day: str, bit: int) -> None:
    assert day_bit(datetime.fromisoformat(day)) == bit


def test_entry_sets_mode_and_setpoint_at_its_minute() -> None:
    heater = make_heater("2026-10-05 06:00", entry(6, 30))
    heater.advance(at("2026-10-05 06:29:59"))
    assert settings(heater) == (DhwMode.ENERGY_SAVER, 98)
    heater.advance(at("2026-10-05 06:30:05"))
    assert settings(heater) == (DhwMode.HIGH_DEMAND, 120)
    assert fired_at(heater) == ["Mon 06:30"]


@pytest.mark.parametrize("pieces", [1, 7, 4000])
def test_entries_fire_once_each_however_time_passes(pieces: int) -> None:
    heater = make_heater("2026-10-05 00:00", entry(6, 30, week=WEEKDAYS), entry(8, week=WEEKEND, mode=1))
    start = heater.now
    for piece in range(1, pieces + 1):
        heater.advance(start + 7 * DAY * piece / pieces)
    days = ["Mon 06:30", "Tue 06:30", "Wed 06:30", "Thu 06:30", "Fri 06:30", "Sat 08:00", "Sun 08:00"]
    assert fired_at(heater) == days


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Los_Angeles", "UTC"])
def test_entries_fire_in_the_heaters_own_time_zone(zone: str) -> None:
    heater = make_heater("2026-10-05 06:00", entry(6, 30), zone=ZoneInfo(zone))
    heater.advance(at("2026-10-05 06:30:05", ZoneInfo(zone)))
    assert fired_at(heater) == ["Mon 06:30"]


def test_entries_follow_the_clocks_when_they_change() -> None:
    heater = make_heater("2026-10-31 12:00", entry(6, 30))  # clocks go back in the night
    heater.advance(at("2026-11-02 12:00"))
    assert fired_at(heater) == ["Sun 06:30", "Mon 06:30"]


def test_neither_a_schedule_nor_an_entry_that_is_off_does_anything() -> None:
    heater = make_heater("2026-10-05 06:00", entry(7, enable=1))
    heater.advance(at("2026-10-05 08:00"))
    heater.schedules.reservations = WeeklySchedule(1, (entry(9),))
    heater.advance(at("2026-10-05 10:00"))
    assert settings(heater) == (DhwMode.ENERGY_SAVER, 98)
    assert not heater.fired


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (1, DhwMode.HEAT_PUMP),
        (2, DhwMode.ELECTRIC),
        (3, DhwMode.ENERGY_SAVER),
        (4, DhwMode.HIGH_DEMAND),
        (5, DhwMode.POWER_OFF),
    ],
)
def test_modes_of_entries_are_numbered_in_their_own_way(mode: int, expected: DhwMode) -> None:
    heater = make_heater("2026-10-05 06:00", entry(7, mode=mode, param=110), mode=DhwMode.HEAT_PUMP)
    heater.advance(at("2026-10-05 07:00:05"))
    assert settings(heater) == (expected, 110)


def test_entry_of_older_software_is_kept_and_does_nothing() -> None:
    heater = make_heater("2026-10-05 06:00", entry(7, mode=6))
    heater.advance(at("2026-10-05 08:00"))
    assert settings(heater) == (DhwMode.ENERGY_SAVER, 98)
    assert len(heater.schedules.reservations.entries) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"hour": 24}, {"minute": 75}, {"mode": 9}, {"mode": 0}, {"enable": 7}, {"week": 1}, {"week": 0}],
    ids=str,
)
def test_an_entry_that_makes_no_sense_never_fires(wrong: dict[str, int]) -> None:
    heater = make_heater("2026-10-05 06:00", entry(**{"hour": 7} | wrong))
    heater.advance(at("2026-10-06 08:00"))
    assert settings(heater) == (DhwMode.ENERGY_SAVER, 98)
    assert not heater.fired


@pytest.mark.parametrize(("param", "setpoint"), [(200, 131), (0, 81)])
def test_a_setpoint_outside_the_limits_is_stored_and_fires_at_the_nearest_limit(param: int, setpoint: int) -> None:
    heater = make_heater("2026-10-05 06:00", entry(7, param=param))
    heater.advance(at("2026-10-05 08:00"))
    assert settings(heater) == (DhwMode.HIGH_DEMAND, setpoint)
    assert heater.schedules.reservations.entries == (entry(7, param=param),)


def test_entry_turns_on_a_heater_that_is_off_in_the_entrys_mode() -> None:
    heater = make_heater("2026-10-05 06:00", entry(7, mode=1), mode=DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.POWER_OFF)
    heater.advance(at("2026-10-05 07:01"))
    assert settings(heater) == (DhwMode.HEAT_PUMP, 120)
    assert heater.heating.compressor


def test_vacation_suspends_the_schedule() -> None:
    heater = make_heater("2026-10-05 06:00", entry(7))
    heater.write_mode(DhwMode.VACATION, 3)
    heater.advance(at("2026-10-07 06:00"))
    assert not heater.fired
    assert (status(heater)["programReservationUse"], status(heater)["programReservationType"]) == (1, 0)
    heater.write_mode(DhwMode.HEAT_PUMP)
    heater.advance(at("2026-10-07 08:00"))
    assert fired_at(heater) == ["Wed 07:00"]
    assert (status(heater)["programReservationUse"], status(heater)["programReservationType"]) == (2, 1)


def test_entry_that_falls_into_a_power_cut_is_skipped() -> None:
    heater = make_heater("2026-10-05 06:00", entry(7), entry(9, param=110))
    heater.write_setpoint(131)
    heater.advance(at("2026-10-05 06:30"))
    assert heater.heating
    heater.cut_power(is_cut=True)
    upper = heater.tank.upper
    heater.advance(at("2026-10-05 08:00"))
    assert not heater.heating
    assert heater.tank.upper < upper
    heater.cut_power(is_cut=False)
    heater.advance(at("2026-10-05 08:30"))
    assert settings(heater) == (DhwMode.ENERGY_SAVER, 131)
    heater.advance(at("2026-10-05 09:00:05"))
    assert settings(heater) == (DhwMode.HIGH_DEMAND, 110)
    assert fired_at(heater) == ["Mon 09:00"]


def test_heater_without_the_cloud_goes_on_by_itself() -> None:
    heater = make_heater("2026-10-05 06:00", entry(7))
    heater.online = False
    heater.advance(at("2026-10-05 08:00"))
    assert fired_at(heater) == ["Mon 07:00"]


def test_recirculation_pump_follows_its_schedule_in_the_weekly_mode_alone() -> None:
    heater = make_heater("2026-10-05 05:00")
    heater.schedules.recirculation = WeeklySchedule(ON, (entry(6, mode=2, param=-1), entry(8, mode=1, param=-1)))
    heater.advance(at("2026-10-05 07:00"))
    assert status(heater)["recircOperationBusy"] == 1
    heater.members["recircOperationMode"] = 2
    heater.advance(at("2026-10-06 07:00"))
    assert (status(heater)["recircOperationBusy"], status(heater)["recircPumpOperationStatus"]) == (2, 1)
    heater.advance(at("2026-10-06 09:00"))
    assert (status(heater)["recircOperationBusy"], status(heater)["recircPumpOperationStatus"]) == (1, 0)


def period(start: int, end: int, price: int, *, week: int = WEEKDAYS, season: int = 4095, decimals: int = 5) -> Period:
    return Period(season, week, start, 0, end, 59, price, price, decimals)


PLAN = TouPlan(
    periods=(
        period(0, 14, 31794),
        period(15, 20, 38967),
        period(21, 23, 31794),
        period(0, 23, 31794, week=WEEKEND),
    )
)


@pytest.mark.parametrize(
    ("moment", "peak"),
    [
        ("2026-10-05 14:59:59", False),
        ("2026-10-05 15:00", True),
        ("2026-10-05 20:59:59", True),
        ("2026-10-05 21:00", False),
        ("2026-10-04 16:00", False),  # a Sunday
    ],
)
def test_window_is_the_highest_priced_period(moment: str, *, peak: bool) -> None:
    assert PLAN.is_peak(datetime.fromisoformat(moment)) is peak


def test_each_season_has_its_own_highest_price_and_one_price_is_no_window() -> None:
    winter, summer = 2051, 224
    plan = TouPlan(
        periods=(
            period(0, 11, 10, season=winter),
            period(12, 23, 20, season=winter),
            period(0, 23, 90, season=summer),
        )
    )
    assert plan.is_peak(datetime.fromisoformat("2026-12-01 12:00"))
    assert not plan.is_peak(datetime.fromisoformat("2026-12-01 11:00"))
    assert not plan.is_peak(datetime.fromisoformat("2026-07-01 12:00"))
    assert not plan.is_peak(datetime.fromisoformat("2026-04-01 12:00"))
    assert not TouPlan().is_peak(datetime.fromisoformat("2026-12-01 12:00"))


def test_prices_are_compared_with_their_decimal_points() -> None:
    plan = TouPlan(periods=(period(0, 11, 31794, decimals=5), period(12, 23, 5, decimals=1)))
    assert plan.is_peak(datetime.fromisoformat("2026-10-05 12:00"))
    assert not plan.is_peak(datetime.fromisoformat("2026-10-05 11:00"))


def in_force(heater: Heater, moment: str) -> bool:
    heater.advance(at(moment))
    return status(heater)["hpUpperOnTempSetting"] == heater.setpoint and status(heater)["hpUpperOnDiffTempSetting"] > 0


def test_window_opens_and_closes_by_the_plan_and_the_status_marks_it() -> None:
    heater = make_heater("2026-10-05 12:00")
    heater.take_tou(PLAN, is_on=True)
    assert not in_force(heater, "2026-10-05 14:59")
    assert in_force(heater, "2026-10-05 15:00:05")
    assert heater.mode is DhwMode.HEAT_PUMP  # it was in an element mode
    assert in_force(heater, "2026-10-05 20:59")
    assert not in_force(heater, "2026-10-05 21:00:05")
    assert status(heater)["touStatus"] == 1


@pytest.mark.parametrize(("is_on", "override"), [(False, 2), (True, 1)])
def test_plan_that_is_off_or_overridden_opens_no_window(*, is_on: bool, override: int) -> None:
    heater = make_heater("2026-10-05 12:00")
    heater.take_tou(PLAN, is_on=is_on)
    heater.members["touOverrideStatus"] = override
    assert not in_force(heater, "2026-10-05 16:00")
    assert heater.mode is DhwMode.ENERGY_SAVER


def test_override_ends_after_72_hours() -> None:
    heater = make_heater("2026-10-05 16:00")
    heater.take_tou(PLAN, is_on=True)
    heater.members["touOverrideStatus"] = 1
    assert not in_force(heater, "2026-10-08 15:59")
    assert in_force(heater, "2026-10-08 16:01")
    assert status(heater)["touOverrideStatus"] == 2


def test_plan_that_is_written_in_its_peak_period_is_in_force_at_once() -> None:
    heater = make_heater("2026-10-05 16:00")
    heater.take_tou(PLAN, is_on=True)
    assert heater.window_in_force
    assert heater.mode is DhwMode.HEAT_PUMP


def test_vacation_suspends_the_window() -> None:
    heater = make_heater("2026-10-05 16:00")
    heater.take_tou(PLAN, is_on=True)
    heater.write_mode(DhwMode.VACATION, 3)
    assert not in_force(heater, "2026-10-05 17:00")


def test_in_a_window_an_entrys_setpoint_applies_and_its_mode_is_held() -> None:
    heater = make_heater("2026-10-05 16:00", entry(17, mode=4), mode=DhwMode.HEAT_PUMP)
    heater.take_tou(PLAN, is_on=True)
    heater.advance(at("2026-10-05 17:01"))
    assert settings(heater) == (DhwMode.HEAT_PUMP, 120)
    heater.advance(at("2026-10-05 21:00:05"))
    assert settings(heater) == (DhwMode.HIGH_DEMAND, 120)


def test_in_a_window_a_later_entry_in_the_present_mode_cancels_what_is_held() -> None:
    heater = make_heater("2026-10-05 16:00", entry(17, mode=5), entry(18, mode=1, param=100), mode=DhwMode.HEAT_PUMP)
    heater.take_tou(PLAN, is_on=True)
    heater.advance(at("2026-10-05 17:30"))
    assert heater.mode is DhwMode.HEAT_PUMP
    heater.advance(at("2026-10-05 22:00"))
    assert settings(heater) == (DhwMode.HEAT_PUMP, 100)


def test_mode_write_in_a_window_of_the_plan_lands_when_it_closes() -> None:
    heater = make_heater("2026-10-05 16:00", mode=DhwMode.HEAT_PUMP)
    heater.take_tou(PLAN, is_on=True)
    heater.write_mode(DhwMode.ELECTRIC)
    heater.advance(at("2026-10-05 20:59:55"))
    assert settings(heater)[0] is DhwMode.HEAT_PUMP
    heater.advance(at("2026-10-05 21:00:10"))
    assert settings(heater)[0] is DhwMode.ELECTRIC


def test_now_and_then_a_mode_write_is_taken_at_once_in_a_window() -> None:
    heater = make_heater("2026-10-05 16:00", mode=DhwMode.HEAT_PUMP)
    heater.take_tou(PLAN, is_on=True)
    heater.faults.upcoming["mode_let_through"] = 1
    heater.write_mode(DhwMode.HIGH_DEMAND)
    heater.advance(at("2026-10-05 17:00"))
    assert heater.mode is DhwMode.HIGH_DEMAND
    heater.write_mode(DhwMode.ELECTRIC)
    assert heater.mode is DhwMode.HIGH_DEMAND


def test_recovery_in_a_window_of_the_plan_ends_short_of_the_setpoint_and_the_close_starts_it_again() -> None:
    heater = make_heater("2026-10-05 15:30", mode=DhwMode.HEAT_PUMP)
    heater.take_tou(PLAN, is_on=True)
    heater.tank.upper, heater.tank.lower = 40.0, 30.0
    heater.advance(at("2026-10-05 20:59"))
    assert not heater.heating
    assert 1.5 < 49.0 - heater.tank.upper < 3.0
    heater.tank.lower = 38.0
    heater.advance(at("2026-10-05 21:00:10"))
    assert heater.heating.compressor
