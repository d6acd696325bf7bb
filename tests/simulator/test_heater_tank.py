"""The tank reproduces what was measured (protocol.md 13.3)."""

import pytest

from simulator.heater.tank import COMPRESSOR, RATED_GALLONS, Heating, Tank, power


def fahrenheit(celsius: float) -> float:
    """Convert a difference."""
    return celsius * 9 / 5


def make_tank(upper: float = 50.0, lower: float = 35.0, *, rated_gallons: float = 63.2) -> Tank:
    return Tank(upper=upper, lower=lower, ambient=21.0, rated_gallons=rated_gallons)


def run(tank: Tank, hours: float, heating: Heating | None = None, *, step: float = 5.0) -> None:
    for _ in range(round(hours * 3600 / step)):
        tank.step(step, heating or Heating())


@pytest.mark.parametrize(
    ("half_degrees", "counts"),
    [
        (120, 1369),
        (121, 1404),
        (122, 1439),
        (123, 1475),
        (124, 1510),
        (125, 1545),
        (126, 1580),
        (127, 1615),
        (128, 1650),
        (129, 1685),
    ],
)
def test_total_energy_has_the_recorded_check_points(half_degrees: int, counts: int) -> None:
    assert make_tank().counts(half_degrees / 2 - 40.5) == counts


def test_energy_is_never_negative_and_scales_with_the_rated_content() -> None:
    assert make_tank().counts(-3.0) == 0
    assert make_tank(rated_gallons=76.1).counts(19.5) == pytest.approx(1369 * 76.1 / 63.2, abs=2)


@pytest.mark.parametrize(("volume_code", "gallons"), [(1, 45.2), (2, 63.2), (3, 76.1)])
def test_each_size_of_tank_has_its_rated_content(volume_code: int, gallons: float) -> None:
    assert RATED_GALLONS[volume_code] == gallons


def test_heat_pump_warms_the_lower_probe_at_the_recorded_rate() -> None:
    tank = make_tank(50.0, 47.0)
    run(tank, 0.5, Heating(compressor=True))
    assert 10 <= fahrenheit(tank.lower - 47.0) * 2 <= 13
    lost_to_the_air = 281 * 27.5 * 0.0085  # Wh per hour
    heat = (tank.mean - 48.5) * 2 * 281 + lost_to_the_air
    assert 4200 <= heat * 3.412 <= 4500  # BTU/h


def test_heat_pump_leaves_a_much_warmer_upper_probe_alone_and_warms_the_lower_one_faster() -> None:
    tank = make_tank(50.0, 35.0)
    run(tank, 1, Heating(compressor=True))
    assert 14 <= fahrenheit(tank.lower - 35.0) <= 16
    assert tank.upper < 50.0


@pytest.mark.parametrize(("cold", "setpoint"), [(12.0, 49.0), (15.0, 49.0), (20.0, 49.0), (15.0, 55.0)])
def test_recovery_with_a_cold_lower_tank_is_quick_and_cheap(cold: float, setpoint: float) -> None:
    tank = make_tank(setpoint, cold)
    hours = watt_hours = 0.0
    while tank.lower < setpoint + 0.67:
        watt_hours += power(Heating(compressor=True), tank).whole_unit / 720
        tank.step(5, Heating(compressor=True))
        hours += 1 / 720
    constant = (setpoint + 0.67 - cold) / COMPRESSOR.lower  # hours with 420 W and the rate of a warm lower tank
    assert 0.83 <= hours / constant <= 0.86
    assert watt_hours / (420 * constant) == pytest.approx(0.75, abs=0.02)
    assert watt_hours / hours == pytest.approx(365, abs=15)


def test_upper_element_warms_the_upper_probe_alone() -> None:
    tank = make_tank(upper=45.0)
    run(tank, 0.1, Heating(upper_element=True))
    assert fahrenheit(tank.upper - 45.0) / 6 == pytest.approx(2.0, abs=0.1)
    assert tank.lower == pytest.approx(35.0, abs=0.1)


def test_lower_element_warms_the_lower_probe_and_stirs() -> None:
    tank = make_tank(upper=55.0, lower=40.0)
    run(tank, 0.25, Heating(lower_element=True))
    assert 1.2 <= fahrenheit(tank.lower - 40.0) / 15 <= 1.6
    assert 0 < fahrenheit(55.0 - tank.upper) <= 3.4


@pytest.mark.parametrize(("difference", "least", "most"), [(75, 0.6, 0.7), (50, 0.40, 0.44)])
def test_standing_loss(difference: float, least: float, most: float) -> None:
    warm = 21.0 + difference * 5 / 9
    tank = make_tank(warm, warm)
    run(tank, 1)
    assert least <= fahrenheit(warm - tank.mean) <= most


def test_gap_between_the_probes_closes_with_its_time_constant() -> None:
    tank = make_tank(21.0 + 10, 21.0 - 10)  # the mean is that of the air: only the gap changes
    run(tank, 59)
    assert tank.upper - tank.lower == pytest.approx(20 * 0.368 * 0.605, rel=0.02)


def test_draw_cools_the_lower_probe_and_hardly_the_upper_one() -> None:
    tank = make_tank(60.0, 59.0)
    tank.draw(60.0)
    assert tank.lower < 43
    assert tank.upper > 58


def test_water_is_never_warmer_below() -> None:
    tank = make_tank(40.0, 39.9)
    run(tank, 1, Heating(compressor=True))
    assert tank.lower <= tank.upper


@pytest.mark.parametrize("step", [5.0, 60.0])
def test_the_length_of_a_step_does_not_matter(step: float) -> None:
    finely, coarsely = make_tank(), make_tank()
    run(finely, 2, Heating(compressor=True), step=1.0)
    run(coarsely, 2, Heating(compressor=True), step=step)
    assert (coarsely.upper, coarsely.lower) == pytest.approx((finely.upper, finely.lower), abs=0.05)
