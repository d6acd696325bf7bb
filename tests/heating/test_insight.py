"""What is worked out of statuses, on runs of the simulator and on the figures of protocol.md 13."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from statistics import median
from typing import NamedTuple

import pytest

from custom_components.navilink.heating.insight import (
    Household,
    Learned,
    Observer,
    Tank,
    cold_water,
    heating_mode,
    heating_rate,
    hot_water,
    is_low,
    mean_temperature,
    missing_heat,
    showers_left,
    standing_loss,
    time_until_hot,
)
from custom_components.navilink.nwp500 import DeviceStatus
from custom_components.navilink.nwp500.enums import DhwMode as ClientMode
from custom_components.navilink.nwp500.enums import HeatSource
from simulator.heater.heater import Heater
from simulator.heater.records import Draw
from simulator.heater.thermostat import DhwMode
from tests.heating.simulated_day import BEGINNING, INTERVAL, Statuses, make_heater, random_day, reports

TANK = Tank(65)
NOTHING_LEARNED = Learned()
FAHRENHEIT = 1 / 1.8
BTU = 0.29307107


class Forecast(NamedTuple):
    """What was said while it was heated, and what came of it."""

    said: timedelta
    came: timedelta

    @property
    def error(self) -> float:
        """How far it was off, as a share of the time."""
        return abs(self.said - self.came) / self.came


def forecasts(day: Statuses) -> list[Forecast]:
    """Return the forecasts of a day that nobody spoiled by drawing hot water."""
    observer = Observer(tank=TANK)
    said = []
    for at, status in day:
        observer = observer.after(status, at)
        said.append(time_until_hot(status, TANK, observer.learned) if status.is_heating else None)
    found = []
    hot_at: datetime | None = None
    for (at, status), time in zip(reversed(day), reversed(said), strict=True):
        if status.dhw_in_use or (status.missing_energy and not status.is_heating):
            hot_at = None
        elif not status.missing_energy:
            hot_at = at
        elif hot_at is not None and time is not None:
            found.append(Forecast(time, hot_at - at))
    return found


def check_accuracy(days: range) -> None:
    found = [forecast for seed in days for forecast in forecasts(random_day(seed))]
    assert len(found) > 100 * len(days)
    assert median(forecast.error for forecast in found) <= 0.15
    for hours in (1, 3, 6):
        ahead = [each for each in found if abs(each.came / timedelta(hours=1) - hours) < 0.1]
        assert median(each.error for each in ahead) <= 0.15 if ahead else hours == 6


def test_time_until_hot_is_right_on_random_days() -> None:
    check_accuracy(range(3))


@pytest.mark.long
def test_time_until_hot_is_right_on_a_hundred_random_days() -> None:
    check_accuracy(range(100))


def status_of(heater: Heater) -> DeviceStatus:
    return next(reports(heater))[1]


def lived(heater: Heater, time: timedelta) -> Statuses:
    return list(islice(reports(heater), time // timedelta(seconds=INTERVAL)))


# The figures of protocol.md 13


def test_heat_of_the_tank() -> None:
    assert TANK.heat(1) == pytest.approx(281)
    assert TANK.heat(FAHRENHEIT) == pytest.approx(156, abs=0.2)
    assert Tank(80).heat(1) == pytest.approx(281 * 76.1 / 63.2)
    assert Tank(50).liters == pytest.approx(45.2 * 3.785, rel=1e-3)


def test_heating_rates_are_those_that_were_measured() -> None:
    heat = TANK.heat(heating_rate(HeatSource.HEAT_PUMP, TANK, NOTHING_LEARNED))
    assert 4200 * BTU <= heat <= 4500 * BTU
    lower = 2 * heating_rate(HeatSource.ELEMENT, TANK, NOTHING_LEARNED)
    assert 60 * 1.2 * FAHRENHEIT <= lower <= 60 * 1.5 * FAHRENHEIT
    assert heating_rate(HeatSource.NONE, TANK, NOTHING_LEARNED) == 0


@pytest.mark.parametrize(("above_air", "lost"), [(75, 0.65), (50, 0.42)])
def test_standing_loss_is_what_was_measured(above_air: float, lost: float) -> None:
    status = status_of(make_heater(50, 50, ambient=50 - above_air * FAHRENHEIT))
    loss = standing_loss(status, TANK, NOTHING_LEARNED, 50)
    assert loss is not None
    assert loss / TANK.heat(FAHRENHEIT) == pytest.approx(lost, abs=0.05)


def test_missing_heat_is_what_the_heater_reports() -> None:
    heater = make_heater(45, 41, setpoint=110)
    status = status_of(heater)
    assert missing_heat(status, TANK, 55) == pytest.approx(status.missing_energy, abs=5)
    assert missing_heat(status, TANK, 40) == 0
    assert mean_temperature(status) == pytest.approx(43)


# How much there is


def test_hot_water_counts_the_halves_that_are_hot_enough() -> None:
    both = hot_water(status_of(make_heater(50, 50)), TANK, 10)
    assert both == pytest.approx(TANK.liters * 40 / 30)
    assert hot_water(status_of(make_heater(50, 39)), TANK, 10) == pytest.approx(TANK.liters / 2 * 40 / 30)
    assert hot_water(status_of(make_heater(39, 39)), TANK, 10) == 0
    assert both is not None
    assert showers_left(both, Household()) == 7.5
    assert showers_left(both, Household(liters_per_shower=60)) == 5


@pytest.mark.parametrize(("low_showers", "shower"), [(1, 1.0), (2.5, 2.5)])
def test_hot_water_is_low_until_there_is_half_a_shower_more(low_showers: float, shower: float) -> None:
    household = Household(low_showers=low_showers)
    lefts = (shower, shower - 0.5, shower, shower + 0.5, shower)
    was_low, shown = False, []
    for left in lefts:
        was_low = is_low(left, household, was_low=was_low)
        shown.append(was_low)
    assert shown == [False, True, True, False, False]


def test_cold_water_is_coldest_in_february() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert min(days, key=lambda day: cold_water(Household(), day)).month == 2
    assert {round(cold_water(Household(), day)) for day in days} == set(range(8, 19))
    assert cold_water(Household(cold_water=4), days[0]) == 4


def test_cold_water_is_coldest_in_august_in_the_south() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    household = Household(is_southern=True)
    assert min(days, key=lambda day: cold_water(household, day)).month == 8
    assert {round(cold_water(household, day)) for day in days} == set(range(8, 19))
    assert cold_water(Household(cold_water=4, is_southern=True), days[0]) == 4


# When it cannot be said


def test_it_is_not_said_while_water_is_drawn() -> None:
    heater = make_heater(45, 38)
    heater.draw = Draw(liters_left=100, liters_per_minute=6)
    heater.advance(60)
    assert status_of(heater).is_heating
    assert time_until_hot(status_of(heater), TANK, NOTHING_LEARNED) is None


def test_nothing_heats() -> None:
    heater = make_heater(48, 46)
    assert time_until_hot(status_of(heater), TANK, NOTHING_LEARNED) is None
    heater.write_mode(DhwMode.POWER_OFF)
    assert time_until_hot(status_of(heater), TANK, NOTHING_LEARNED) is None
    assert time_until_hot(DeviceStatus({}), TANK, NOTHING_LEARNED) is None


def test_hot_already() -> None:
    assert time_until_hot(status_of(make_heater(50, 50)), TANK, NOTHING_LEARNED) == timedelta(0)


def test_compressor_that_is_about_to_start() -> None:
    heater = make_heater(48, 40)
    status = status_of(heater)
    assert not status.is_heating
    said = time_until_hot(status, TANK, NOTHING_LEARNED)
    hot = next(at for at, status in islice(reports(heater), 2000) if status.missing_energy == 0)
    assert said is not None
    assert abs(said - (hot - BEGINNING)) < timedelta(minutes=10)


# What is learned


def observed(statuses: Statuses, observer: Observer | None = None) -> Observer:
    observer = observer or Observer(tank=TANK)
    for at, status in statuses:
        observer = observer.after(status, at)
    return observer


def without_half_of_the_heat(statuses: Statuses) -> Statuses:
    """Return what a heater with half the rate would report in the same time."""
    return [(BEGINNING + (at - BEGINNING) * 2, status) for at, status in statuses]


def test_heating_rate_is_learned_within_bounds() -> None:
    heating = lived(make_heater(44, 38), timedelta(hours=12))
    assert observed(heating).learned.heat_pump == pytest.approx(1, abs=0.05)
    slow = without_half_of_the_heat(heating)
    observer = Observer(tank=TANK)
    for _ in range(20):
        observer = observed(slow, observer)
    assert 0.5 <= observer.learned.heat_pump < 0.65
    assert observed(heating[:50]).learned == NOTHING_LEARNED


def test_standing_loss_is_learned() -> None:
    resting = lived(make_heater(50, 50, setpoint=90), timedelta(hours=3))
    assert all(not status.is_heating for _, status in resting)
    heater = make_heater(50, 50, setpoint=90)
    heater.advance(30)
    heater.draw = Draw(liters_left=2, liters_per_minute=2)
    ended = observed([*resting, (resting[-1][0] + timedelta(seconds=30), status_of(heater))])
    assert ended.learned.loss == pytest.approx(1, abs=0.1)
    assert ended.learned.loss != 1


def test_cop_of_a_heating() -> None:
    cop = observed(lived(make_heater(44, 38), timedelta(hours=12))).learned.cop
    assert cop == pytest.approx(2.9, abs=0.5)


def test_hot_enough_against_legionella() -> None:
    hot = lived(make_heater(62, 61, setpoint=110), timedelta(hours=1))
    assert observed(hot[:59]).learned.hygienic_at is None
    assert observed(hot).learned.hygienic_at == hot[-1][0]
    assert observed(lived(make_heater(62, 58, setpoint=110), timedelta(hours=1))).learned.hygienic_at is None


@pytest.mark.parametrize(
    ("household", "is_hygienic"),
    [
        (Household(hygiene_temperature=55), True),
        (Household(hygiene_temperature=57), False),
        (Household(hygiene_temperature=55, hygiene_minutes=15), True),
        (Household(hygiene_temperature=55, hygiene_minutes=45), False),
    ],
)
def test_the_household_decides_what_is_hot_enough(household: Household, is_hygienic: bool) -> None:
    hot = lived(make_heater(57, 56, setpoint=110), timedelta(minutes=40))
    learned = observed(hot, Observer(tank=TANK, household=household)).learned
    assert (learned.hygienic_at is not None) is is_hygienic


def test_heaters_own_cycle_counts() -> None:
    heater = make_heater(58, 57, setpoint=100)
    heater.members |= {"antiLegionellaUse": 2, "antiLegionellaPeriod": 1}
    statuses = lived(heater, timedelta(hours=36))
    ended = [
        at
        for (_, before), (at, status) in pairwise(statuses)
        if before.anti_legionella_running and not status.anti_legionella_running
    ]
    assert ended
    hygienic_at = observed(statuses).learned.hygienic_at
    assert hygienic_at is not None
    assert hygienic_at >= ended[-1]


def test_a_gap_in_the_statuses_ends_a_period() -> None:
    heating = lived(make_heater(44, 38), timedelta(hours=4))
    late = datetime(2026, 1, 2, tzinfo=UTC)
    assert observed([*heating[:30], (late, heating[40][1])]).learned == NOTHING_LEARNED


# What a status does not say


def test_what_is_not_reported_is_not_known() -> None:
    nothing = DeviceStatus({})
    assert hot_water(nothing, TANK, 10) is None
    assert missing_heat(nothing, TANK, 50) is None
    assert heating_mode(ClientMode.HEAT_PUMP, nothing, TANK, NOTHING_LEARNED, 50) is None
    assert observed([(BEGINNING, nothing)]).learned == NOTHING_LEARNED
    for source in (0, 2):
        lacking = DeviceStatus({"availableEnergyCapacity": 100, "dhwUse": 1, "currentHeatUse": source})
        assert time_until_hot(lacking, TANK, NOTHING_LEARNED) is None


def reported(**members: int) -> DeviceStatus:
    """Return a status of a heater that heats, with some members."""
    heating = {"dhwUse": 1, "availableEnergyCapacity": 100, "ambientTemperature": 200, "compUse": 1, "heatUpperUse": 1}
    return DeviceStatus({**heating, **members})


def test_a_tank_that_loses_as_much_as_it_gains_never_gets_hot() -> None:
    status = reported(currentHeatUse=1, tankUpperTemperature=800, tankLowerTemperature=800, ambientTemperature=-400)
    assert time_until_hot(status, TANK, NOTHING_LEARNED) is not None
    assert time_until_hot(status, TANK, Learned(heat_pump=0.1)) is None


def test_element_is_learned_from_the_lower_one_alone() -> None:
    def heated(*, upper: int) -> Learned:
        """Return what is learned from forty minutes at half the usual rate."""
        statuses = [
            reported(
                currentHeatUse=2,
                heatUpperUse=upper,
                tankUpperTemperature=500,
                tankLowerTemperature=200 + round(3.75 * n),
            )
            for n in range(41)
        ]
        rest = reported(currentHeatUse=0, tankUpperTemperature=500, tankLowerTemperature=350)
        times = [BEGINNING + timedelta(minutes=n) for n in range(42)]
        return observed(list(zip(times, [*statuses, rest], strict=True))).learned

    assert heated(upper=1).element == pytest.approx(1 - 0.25 * 0.5, abs=0.02)
    assert heated(upper=2).element == 1


@pytest.mark.parametrize("mode", [ClientMode.HEAT_PUMP, ClientMode.ELECTRIC, ClientMode.HIGH_DEMAND])
def test_modes_that_heat_faster_take_more(mode: ClientMode) -> None:
    status = status_of(make_heater(45, 40, setpoint=110))
    heating = heating_mode(mode, status, TANK, NOTHING_LEARNED, 55)
    assert heating is not None
    assert (heating.heat > 1500) is (heating.power > 500) is (mode is not ClientMode.HEAT_PUMP)
