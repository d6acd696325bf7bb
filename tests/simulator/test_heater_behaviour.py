"""A heater starts, stops and changes its mode as the real ones were seen to (protocol.md 13.4 to 13.6)."""

import pytest

from simulator.heater.heater import Heater
from simulator.heater.members import ON
from simulator.heater.records import Draw
from simulator.heater.registration import Identity
from simulator.heater.report import status
from simulator.heater.tank import Tank
from simulator.heater.thermostat import DhwMode

HOUR = 3600.0
DAY = 24 * HOUR


def make_heater(upper: float = 49.0, lower: float = 48.5, *, mode: DhwMode = DhwMode.HEAT_PUMP) -> Heater:
    """Make a heater with the setpoint 49 °C that has been in its mode for a while."""
    heater = Heater(identity=Identity.of_number(0), now=0.0, tank=Tank(upper=upper, lower=lower, ambient=21.0))
    heater.members["dhwOperationSetting"] = mode.value
    return heater


def live(heater: Heater, seconds: float) -> None:
    heater.advance(heater.now + seconds)


def running(heater: Heater) -> set[str]:
    """Return which heat sources run."""
    heating = heater.heating
    sources = {"compressor": heating.compressor, "upper": heating.upper_element, "lower": heating.lower_element}
    return {name for name, runs in sources.items() if runs}


def mode_of(heater: Heater) -> DhwMode:
    return heater.mode


def test_setpoint_above_the_upper_probe_starts_the_compressor_half_a_minute_later() -> None:
    heater = make_heater()
    heater.write_setpoint(110)
    live(heater, 25)
    assert not running(heater)
    live(heater, 10)
    assert running(heater) == {"compressor"}


def test_lower_setpoint_starts_it_too_while_it_is_above_the_upper_probe() -> None:
    heater = make_heater(upper=46.0, lower=45.0)
    heater.write_setpoint(94)
    live(heater, 40)
    assert "compressor" in running(heater)


def test_setpoint_at_the_upper_probe_or_below_never_starts_and_stops_what_runs() -> None:
    heater = make_heater()
    heater.write_setpoint(90)
    live(heater, 10 * 60)
    assert not running(heater)
    heater.write_setpoint(110)
    live(heater, 60)
    assert "compressor" in running(heater)
    heater.write_setpoint(90)
    live(heater, 5)
    assert not running(heater)


def test_cold_lower_probe_starts_the_compressor_and_the_setpoint_stops_it() -> None:
    heater = make_heater(upper=47.0, lower=40.4)
    live(heater, 5)
    assert "compressor" in running(heater)
    while "compressor" in running(heater):
        live(heater, 60)
    assert 0.5 <= heater.tank.lower - 49.0 <= 0.8
    assert status(heater)["availableEnergyCapacity"] == 0
    assert status(heater)["dhwChargePer"] == 100


@pytest.mark.parametrize(
    ("mode", "starts"), [(DhwMode.HEAT_PUMP, False), (DhwMode.ENERGY_SAVER, False), (DhwMode.HIGH_DEMAND, True)]
)
def test_with_the_upper_probe_at_the_setpoint_a_cold_lower_one_starts_high_demand_alone(
    mode: DhwMode, *, starts: bool
) -> None:
    heater = make_heater(upper=55.0, lower=40.0, mode=mode)
    live(heater, 10)
    assert ("compressor" in running(heater)) is starts


@pytest.mark.parametrize("mode", [DhwMode.HEAT_PUMP, DhwMode.ENERGY_SAVER])
def test_a_little_below_the_setpoint_is_enough_for_a_cold_lower_probe(mode: DhwMode) -> None:
    heater = make_heater(upper=48.8, lower=40.0, mode=mode)
    live(heater, 10)
    assert "compressor" in running(heater)


def test_compressor_rests_between_two_runs() -> None:
    heater = make_heater()
    heater.write_setpoint(110)
    live(heater, 60)
    heater.write_setpoint(90)
    live(heater, 5)
    heater.write_setpoint(110)
    live(heater, 300)
    assert "compressor" not in running(heater)
    live(heater, 60)
    assert "compressor" in running(heater)


@pytest.mark.parametrize("ambient", [5.0, 45.0])
def test_compressor_runs_with_air_of_5_to_45_degrees(ambient: float) -> None:
    heater = make_heater(lower=40.0, upper=45.0)
    heater.tank.ambient = ambient
    live(heater, 10)
    assert running(heater) == {"compressor"}


@pytest.mark.parametrize("ambient", [4.9, 45.1])
def test_compressor_waits_for_air_of_5_to_45_degrees(ambient: float) -> None:
    heater = make_heater(lower=40.0, upper=45.0)
    heater.tank.ambient = ambient
    live(heater, 60)
    assert not running(heater)
    heater.tank.ambient = 20.0
    live(heater, 10)
    assert "compressor" in running(heater)


@pytest.mark.parametrize(
    ("mode", "shortfall"), [(DhwMode.ELECTRIC, 0.3), (DhwMode.HIGH_DEMAND, 0.4), (DhwMode.ENERGY_SAVER, 1.0)]
)
def test_entry_into_an_element_mode_starts_the_upper_element_from_its_shortfall_on(
    mode: DhwMode, shortfall: float
) -> None:
    short = make_heater(upper=49.0 - shortfall - 0.05, lower=44.0)
    enough = make_heater(upper=49.0 - shortfall + 0.05, lower=47.0)
    for heater in (short, enough):
        heater.write_mode(mode)
        live(heater, 4)
        assert not running(heater) & {"upper", "lower"}
        live(heater, 2)
    assert short.heating.upper_element
    assert not enough.heating.upper_element
    assert short.heating.compressor is (mode is not DhwMode.ELECTRIC)


def test_energy_saver_element_stops_below_the_setpoint_and_the_compressor_goes_on() -> None:
    heater = make_heater(upper=47.0, lower=44.0)
    heater.write_mode(DhwMode.ENERGY_SAVER)
    live(heater, 10)
    assert "upper" in running(heater)
    while "upper" in running(heater):
        live(heater, 5)
    assert 49.0 - heater.tank.upper == pytest.approx(0.9, abs=0.15)
    assert "compressor" in running(heater)


def test_energy_saver_element_starts_later_at_the_thermostats_lowest_temperature() -> None:
    heater = make_heater(upper=40.6, lower=40.4, mode=DhwMode.ENERGY_SAVER)
    live(heater, 5)
    assert running(heater) == {"compressor"}
    heater.tank.upper = 40.5
    live(heater, 5)
    assert "upper" in running(heater)


def test_high_demand_element_starts_later_two_degrees_below_the_setpoint() -> None:
    heater = make_heater(upper=47.2, lower=46.0, mode=DhwMode.HIGH_DEMAND)
    live(heater, 5)
    assert "upper" not in running(heater)
    heater.tank.upper = 46.9
    live(heater, 5)
    assert "upper" in running(heater)


def test_electric_runs_the_upper_element_then_the_lower_one_and_never_both() -> None:
    heater = make_heater(upper=45.0, lower=40.0)
    heater.write_mode(DhwMode.ELECTRIC)
    seen = [running(heater)]
    for _ in range(2000):
        live(heater, 5)
        if seen[-1] != running(heater):
            seen.append(running(heater))
    assert seen[:4] == [set(), {"upper"}, {"lower"}, set()]
    assert {"upper", "lower"} not in seen
    assert min(heater.tank.upper, heater.tank.lower) > 48


def test_no_element_runs_in_heat_pump_mode() -> None:
    heater = make_heater(upper=20.0, lower=20.0)
    for _ in range(100):
        live(heater, 60)
        assert not running(heater) & {"upper", "lower"}


def test_electric_ends_after_72_hours_in_the_mode_before() -> None:
    heater = make_heater(mode=DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.ELECTRIC)
    live(heater, 71.9 * HOUR)
    assert mode_of(heater) is DhwMode.ELECTRIC
    live(heater, 0.2 * HOUR)
    assert mode_of(heater) is DhwMode.HIGH_DEMAND


@pytest.mark.parametrize("mode", [DhwMode.HEAT_PUMP, DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND])
def test_power_on_brings_back_the_mode_before(mode: DhwMode) -> None:
    heater = make_heater(upper=40.0, lower=38.0, mode=mode)
    heater.write_mode(DhwMode.POWER_OFF)
    live(heater, HOUR)
    assert not running(heater)
    heater.power_on()
    assert mode_of(heater) is mode
    live(heater, 30)
    assert running(heater)


def test_power_on_changes_nothing_on_a_heater_that_is_on() -> None:
    heater = make_heater(mode=DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.HEAT_PUMP)
    heater.power_on()
    assert mode_of(heater) is DhwMode.HEAT_PUMP


def test_setpoint_can_be_written_while_powered_off() -> None:
    heater = make_heater()
    heater.write_mode(DhwMode.POWER_OFF)
    heater.write_setpoint(120)
    live(heater, HOUR)
    assert heater.setpoint == 120
    assert not running(heater)


def test_vacation_does_not_heat_counts_its_days_and_heats_again_before_it_ends() -> None:
    heater = make_heater(upper=35.0, lower=30.0, mode=DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.VACATION, 3)
    for elapsed in range(3):
        members = status(heater)
        assert (members["vacationDaySetting"], members["vacationDayElapsed"]) == (3, elapsed)
        live(heater, 14.9 * HOUR)
        assert not running(heater)
        if elapsed < 2:
            live(heater, 9.1 * HOUR)
            assert not running(heater)
    assert (members["programReservationUse"], members["programReservationType"]) == (1, 0)
    live(heater, 0.2 * HOUR)
    assert mode_of(heater) is DhwMode.VACATION
    assert running(heater), "8.9 hours before the end"
    live(heater, 9 * HOUR)
    assert mode_of(heater) is DhwMode.HIGH_DEMAND
    members = status(heater)
    assert (members["vacationDaySetting"], members["vacationDayElapsed"]) == (0, 0)


def test_mode_write_ends_a_vacation() -> None:
    heater = make_heater()
    heater.write_mode(DhwMode.VACATION, 9)
    heater.write_mode(DhwMode.ENERGY_SAVER)
    members = status(heater)
    assert members["dhwOperationSetting"] == 3
    assert (members["vacationDaySetting"], members["vacationDayElapsed"]) == (0, 0)


def test_power_on_ends_a_vacation_in_the_mode_before() -> None:
    heater = make_heater(upper=40.0, lower=38.0, mode=DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.VACATION, 9)
    live(heater, HOUR)
    heater.power_on()
    members = status(heater)
    assert members["dhwOperationSetting"] == DhwMode.HIGH_DEMAND
    assert (members["vacationDaySetting"], members["vacationDayElapsed"]) == (0, 0)
    live(heater, 30)
    assert running(heater)


def off_and_on_vacation(days: int = 2) -> Heater:
    """Make a heater that heated in high demand, was powered off, and then sent on vacation."""
    heater = make_heater(upper=40.0, lower=30.0, mode=DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.POWER_OFF)
    live(heater, HOUR)
    heater.write_mode(DhwMode.VACATION, days)
    live(heater, HOUR)
    assert mode_of(heater) is DhwMode.VACATION
    return heater


def test_a_vacation_from_off_ends_off_and_does_not_heat_before_its_end() -> None:
    heater = off_and_on_vacation()
    heater.write_mode(DhwMode.VACATION, 2)  # longer, by an hour: what was before it is still off
    for _ in range(47):
        live(heater, HOUR)
        assert not running(heater)
    assert mode_of(heater) is DhwMode.VACATION
    live(heater, 2 * HOUR)
    assert mode_of(heater) is DhwMode.POWER_OFF
    assert not running(heater)
    heater.power_on()
    assert mode_of(heater) is DhwMode.HIGH_DEMAND


def test_power_on_ends_a_vacation_from_off_in_the_mode_in_which_it_heated_last() -> None:
    heater = off_and_on_vacation()
    heater.power_on()
    assert mode_of(heater) is DhwMode.HIGH_DEMAND


@pytest.mark.parametrize("mode", [DhwMode.HEAT_PUMP, DhwMode.POWER_OFF])
def test_a_mode_ends_a_vacation_from_off_in_itself(mode: DhwMode) -> None:
    heater = off_and_on_vacation()
    heater.write_mode(mode)
    live(heater, 3 * DAY)
    assert mode_of(heater) is mode
    assert status(heater)["vacationDaySetting"] == 0


def test_power_off_ends_a_vacation_for_good_and_power_on_knows_the_mode_before_both() -> None:
    heater = make_heater(mode=DhwMode.ELECTRIC)
    heater.write_mode(DhwMode.VACATION, 1)
    heater.write_mode(DhwMode.POWER_OFF)
    live(heater, 2 * DAY)
    assert mode_of(heater) is DhwMode.POWER_OFF
    heater.power_on()
    assert mode_of(heater) is DhwMode.ELECTRIC


@pytest.mark.parametrize("mode", [DhwMode.POWER_OFF, DhwMode.VACATION])
def test_tank_never_freezes(mode: DhwMode) -> None:
    heater = make_heater(upper=7.0, lower=6.5)
    heater.write_mode(mode, 99)
    heater.tank.ambient = -20.0
    lowest = heater.tank.lower
    for _ in range(300):
        live(heater, 300)
        lowest = min(lowest, heater.tank.lower)
    assert lowest > 5.5
    assert heater.tank.upper < 15


def test_window_drops_an_element_mode_and_holds_mode_writes_until_it_closes() -> None:
    heater = make_heater(mode=DhwMode.ENERGY_SAVER)
    heater.open_window(is_open=True)
    assert mode_of(heater) is DhwMode.HEAT_PUMP
    heater.write_mode(DhwMode.HIGH_DEMAND)
    live(heater, HOUR)
    assert mode_of(heater) is DhwMode.HEAT_PUMP
    heater.open_window(is_open=False)
    assert mode_of(heater) is DhwMode.HIGH_DEMAND


def test_heat_pump_written_over_a_held_mode_cancels_it() -> None:
    heater = make_heater()
    heater.open_window(is_open=True)
    heater.write_mode(DhwMode.HIGH_DEMAND)
    heater.write_mode(DhwMode.HEAT_PUMP)
    heater.open_window(is_open=False)
    live(heater, 60)
    assert mode_of(heater) is DhwMode.HEAT_PUMP


def test_held_mode_lands_when_time_of_use_is_switched_off() -> None:
    heater = make_heater()
    heater.open_window(is_open=True)
    heater.write_mode(DhwMode.ELECTRIC)
    heater.members["touStatus"] = 0
    live(heater, 5)
    assert mode_of(heater) is DhwMode.ELECTRIC


def test_recovery_in_a_window_ends_short_of_the_setpoint() -> None:
    heater = make_heater(upper=40.0, lower=30.0)
    heater.open_window(is_open=True)
    live(heater, 60)
    assert "compressor" in running(heater)  # 9 °C short
    while "compressor" in running(heater):
        live(heater, 60)
    assert 49.0 - heater.tank.upper == pytest.approx(1.9, abs=0.15)


@pytest.mark.parametrize(("half_degrees", "starts"), [(97, False), (99, True)])
def test_write_in_a_window_starts_only_what_is_well_short(half_degrees: int, *, starts: bool) -> None:
    heater = make_heater(upper=47.0, lower=40.0)  # the lower probe alone would start it outside the window
    heater.open_window(is_open=True)
    heater.write_setpoint(half_degrees)
    live(heater, 60)
    assert ("compressor" in running(heater)) is starts


def test_closing_the_window_starts_what_the_lower_probe_asks_for() -> None:
    heater = make_heater(upper=47.0, lower=40.0)
    heater.open_window(is_open=True)
    live(heater, HOUR)
    assert not running(heater)
    heater.open_window(is_open=False)
    live(heater, 5)
    assert "compressor" in running(heater)


def test_anti_legionella_heats_to_60_degrees_once_in_its_period() -> None:
    heater = make_heater()
    heater.members |= {"antiLegionellaUse": ON, "antiLegionellaPeriod": 2}
    cycles: list[float] = []
    warmest = 0.0
    for minute in range(4 * 24 * 60 - 1):
        live(heater, 60)
        if status(heater)["antiLegionellaOperationBusy"] == ON:
            cycles.append(minute / 60 / 24)
            warmest = heater.tank.upper
    assert cycles[0] == pytest.approx(2, abs=0.01)
    assert cycles[-1] < 3
    assert warmest == pytest.approx(60, abs=0.5)
    assert heater.setpoint == 98


def test_fan_hours_count_only_while_the_compressor_runs() -> None:
    heater = make_heater(upper=20.0, lower=20.0)
    live(heater, 2.5 * HOUR)
    assert status(heater)["cumulatedOpTimeEvaFan"] == 2
    heater.write_mode(DhwMode.POWER_OFF)
    live(heater, 5 * HOUR)
    assert status(heater)["cumulatedOpTimeEvaFan"] == 2


def test_draw_shows_while_it_runs_and_is_counted() -> None:
    heater = make_heater()
    heater.draw = Draw(liters_left=40.0, liters_per_minute=8.0)
    live(heater, 30)
    members = status(heater)
    assert (members["dhwUse"], members["dhwUseSustained"], members["currentDhwFlowRate"]) == (2, 1, 80)
    live(heater, 60)
    assert status(heater)["dhwUseSustained"] == 2
    live(heater, 300)
    members = status(heater)
    assert (members["dhwUse"], members["dhwUseSustained"], members["currentDhwFlowRate"]) == (1, 1, 0)
    assert members["cumulatedDhwFlowRate"] == 40


@pytest.mark.parametrize("parts", [7, 1000])
def test_time_passes_the_same_in_one_go_and_in_pieces(parts: int) -> None:
    at_once, in_pieces = (make_heater(upper=35.0, lower=30.0, mode=DhwMode.ENERGY_SAVER) for _ in range(2))
    at_once.advance(8 * HOUR)
    for part in range(1, parts + 1):
        in_pieces.advance(8 * HOUR * part / parts)
    assert in_pieces.tank.mean == pytest.approx(at_once.tank.mean, abs=0.1)
    assert in_pieces.fan_seconds == pytest.approx(at_once.fan_seconds, abs=60)
