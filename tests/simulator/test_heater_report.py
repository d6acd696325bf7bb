"""The two messages of a heater are complete and consistent (protocol.md 8, 9, 13.2, 13.3 and 13.5)."""

import pytest

from simulator.heater.heater import Heater
from simulator.heater.registration import Identity
from simulator.heater.report import feature, status
from simulator.heater.tank import Tank, idle_power
from simulator.heater.thermostat import DhwMode
from tests import read_fixture


def make_heater(upper: float, lower: float, *, mode: DhwMode, setpoint: int = 120, ambient: float = 21.0) -> Heater:
    heater = Heater(identity=Identity.of_number(0), now=0.0, tank=Tank(upper=upper, lower=lower, ambient=ambient))
    heater.members |= {"dhwOperationSetting": mode.value, "dhwTemperatureSetting": setpoint}
    return heater


def recorded(name: str, member: str) -> dict[str, int]:
    members = read_fixture(name)["response"][member]
    assert isinstance(members, dict)
    return members


def test_status_has_exactly_the_members_of_the_wire() -> None:
    members = status(make_heater(60, 59, mode=DhwMode.ENERGY_SAVER))
    assert members.keys() == recorded("status_idle", "status").keys()
    assert all(type(value) is int for value in members.values())


def test_feature_is_the_recorded_one() -> None:
    assert feature(make_heater(60, 59, mode=DhwMode.ENERGY_SAVER)) == recorded("feature", "feature")


# What moves together in protocol.md 13.2, and what else the state decides.
MOVING = (
    "operationMode",
    "operationBusy",
    "dhwOperationBusy",
    "currentHeatUse",
    "compUse",
    "evaFanUse",
    "eevUse",
    "heatUpperUse",
    "heatLowerUse",
    "currentStatenum",
    "dhwOperationSetting",
    "dhwTemperatureSetting",
    "dhwTargetTemperatureSetting",
    "hpUpperOnTempSetting",
    "hpUpperOffTempSetting",
    "hpLowerOnTempSetting",
    "heUpperOnTempSetting",
    "heLowerOnTempSetting",
    "hpUpperOnDiffTempSetting",
    "hpLowerOffDiffTempSetting",
    "touStatus",
    "targetFanRpm",
)


def in_state(name: str) -> Heater:
    """Bring a heater into the state of a recorded message, with its probes."""
    members = recorded(name, "status")
    upper, lower = members["tankUpperTemperature"] / 10, members["tankLowerTemperature"] / 10
    mode = DhwMode(members["dhwOperationSetting"])
    heater = make_heater(upper, lower, mode=mode, setpoint=members["dhwTemperatureSetting"])
    if name == "status_tou_window":
        heater.open_window(is_open=True)
    elif name == "status_vacation":
        heater.write_mode(DhwMode.VACATION, 14)
    elif members["operationBusy"] == 2:
        if mode is DhwMode.ENERGY_SAVER:
            heater.write_setpoint(heater.setpoint)  # a mode write would start the element too
        else:
            heater.write_mode(mode)
        heater.advance(60.0)
    return heater


@pytest.mark.parametrize(
    "name",
    [
        "status_idle",
        "status_heat_pump_heating",
        "status_hybrid_boost_element",
        "status_electric_lower",
        "status_powered_off",
        "status_vacation",
        "status_tou_window",
    ],
)
def test_states_show_as_they_were_recorded(name: str) -> None:
    expected, members = recorded(name, "status"), status(in_state(name))
    differing = {wire: (members[wire], expected[wire]) for wire in MOVING if members[wire] != expected[wire]}
    assert not differing


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("status_idle", 0, 10),
        ("status_heat_pump_heating", 320, 470),
        ("status_hybrid_boost_element", 5440, 5560),
        ("status_electric_lower", 5080, 5100),
        ("status_powered_off", 0, 10),
        ("status_vacation", 0, 10),
    ],
)
def test_power_is_that_of_the_whole_unit(name: str, least: int, most: int) -> None:
    assert least <= status(in_state(name))["currentInstPower"] <= most


def test_idle_power_wanders_between_0_and_10_watts_the_same_way_each_time() -> None:
    def day() -> list[int]:
        heater, powers = make_heater(49, 49, mode=DhwMode.POWER_OFF), []
        for _ in range(24 * 12):
            powers.append(status(heater)["currentInstPower"])
            heater.advance(heater.now + 300.0)
        return powers

    powers = day()
    assert set(powers) == set(range(11))
    assert powers == day()
    assert powers[0] > 2, "from the start a client can see that idle is not always next to nothing"
    assert [idle_power(2, 300.0 * step) for step in range(20)] != powers[:20], "nor do two heaters agree"


def test_idle_power_stays_for_a_while() -> None:
    heater = make_heater(49, 49, mode=DhwMode.POWER_OFF)
    before = status(heater)["currentInstPower"]
    heater.advance(heater.now + 299.0)
    assert status(heater)["currentInstPower"] == before


@pytest.mark.parametrize(
    "name",
    ["status_idle", "status_powered_off", "status_vacation", "status_tou_window", "status_celsius_unknown_flags"],
)
def test_energy_members_follow_from_probes_and_setpoint(name: str) -> None:
    expected, members = recorded(name, "status"), status(in_state(name))
    assert members["totalEnergyCapacity"] == pytest.approx(expected["totalEnergyCapacity"], abs=1)
    assert members["availableEnergyCapacity"] == pytest.approx(expected["availableEnergyCapacity"], abs=1)
    assert members["dhwTemperature"] == pytest.approx(expected["dhwTemperature"], abs=1)


@pytest.mark.parametrize("name", ["status_idle", "status_powered_off", "status_vacation", "status_tou_window"])
def test_charge_is_near_the_recorded_one(name: str) -> None:
    expected, members = recorded(name, "status"), status(in_state(name))
    assert members["dhwChargePer"] == pytest.approx(expected["dhwChargePer"], abs=3)


def test_air_reads_high_while_nothing_runs() -> None:
    idle, heating = in_state("status_idle"), in_state("status_heat_pump_heating")
    assert status(idle)["ambientTemperature"] == round((idle.tank.ambient + 3.4) * 10)
    assert status(heating)["ambientTemperature"] == round(heating.tank.ambient * 10)


def test_filter_alarm_is_on_while_it_has_a_period() -> None:
    heater = in_state("status_idle")
    heater.members["airFilterAlarmPeriod"] = 0
    assert status(heater)["airFilterAlarmUse"] == 1
    heater.members["airFilterAlarmPeriod"] = 1000
    assert status(heater)["airFilterAlarmUse"] == 2


def test_setpoint_at_the_zero_of_the_energy_members_divides_by_nothing() -> None:
    members = status(make_heater(30, 30, mode=DhwMode.HEAT_PUMP, setpoint=81))
    assert (members["totalEnergyCapacity"], members["dhwChargePer"]) == (0, 0)
