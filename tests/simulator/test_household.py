"""People who live with a heater draw hot water and have schedules, the same on a date each time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from simulator.heater.heater import Heater
from simulator.heater.household import HOUSEHOLDS, LIVED, Household
from simulator.heater.members import ON
from simulator.heater.registration import Identity
from simulator.heater.report import status
from simulator.heater.schedules import day_bit
from simulator.process import SimulatorProcess

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 28, 12, tzinfo=NEW_YORK)
MINUTE = 60.0


def heater_of(household: Household, local: datetime = NOON) -> Heater:
    heater = Heater(identity=Identity.of_number(0), now=local.timestamp() - LIVED, zone=NEW_YORK)
    household.move_in(heater)
    return heater


@pytest.mark.parametrize("household", HOUSEHOLDS)
def test_people_have_lived_with_the_heater_for_a_day(household: Household) -> None:
    heater = heater_of(household)
    assert heater.local_time == NOON
    assert heater.counters.short_draws + heater.counters.long_draws == len(household.habits)
    assert heater.drawn_liters == pytest.approx(sum(liters for liters, _ in household.habits.values()), rel=0.3)
    assert heater.counters.compressor_starts >= 1
    fired = {(fired["entry"]["hour"], fired["entry"]["min"]) for fired in heater.fired}
    assert {
        (entry.hour, entry.min) for entry in household.reservations if entry.enable == ON and entry.week == 254
    } <= fired


@pytest.mark.parametrize("household", HOUSEHOLDS)
def test_a_date_has_always_the_same_draws_and_another_date_others(household: Household) -> None:
    same, again = heater_of(household), heater_of(household)
    assert status(same) == status(again)
    other = heater_of(household, NOON.replace(day=27))
    assert same.drawn_liters != other.drawn_liters


def test_a_draw_begins_at_its_time_and_shows() -> None:
    heater = heater_of(HOUSEHOLDS[0], NOON.replace(hour=20, minute=29))
    assert status(heater)["dhwUse"] != ON
    heater.advance(heater.now + 2 * MINUTE)
    assert status(heater)["dhwUse"] == ON
    assert status(heater)["currentDhwFlowRate"] == 100
    heater.advance(heater.now + 10 * MINUTE)
    assert status(heater)["dhwUse"] != ON


@pytest.mark.parametrize("household", HOUSEHOLDS)
def test_every_entry_lies_within_the_limits_of_its_heater(household: Household) -> None:
    heater = heater_of(household)
    for entry in household.reservations:
        assert entry.param in heater.setpoints
        assert entry.week % 2 == 0
        assert any(entry.week & day_bit(NOON.replace(day=day)) for day in range(22, 29))


def test_plan_of_the_second_heater_has_its_peak_in_the_evening() -> None:
    peaks = [heater_of(HOUSEHOLDS[1], NOON.replace(hour=hour)).window_in_force for hour in (12, 18, 21)]
    assert peaks == [False, True, False]


async def test_simulator_gives_each_heater_a_household() -> None:
    async with SimulatorProcess("--heaters", "2", "--household", "--speed", "0") as simulator:
        heaters = list((await simulator.state())["heaters"].values())
    family, guests = (heater["schedules"] for heater in heaters)
    assert (len(family["reservations"]["reservation"]), family["recirculation"]["reservation"]) == (6, [])
    kinds = (guests["reservations"], guests["recirculation"], guests["tou"])
    assert [len(schedule["reservation"]) for schedule in kinds] == [2, 4, 6]
    assert all(heater["status"]["programReservationUse"] == ON for heater in heaters)
    assert heaters[1]["status"]["recircReservationUse"] == ON
