"""DeviceStatus: every recorded status, checked against protocol.md 8 and its scenario."""

import json

import pytest

from nwp500.enums import DhwMode, DrEvent, HeatSource, OperationMode, RecirculationMode, TemperatureUnit
from nwp500.exceptions import ResponseFormatError
from nwp500.models import DeviceStatus
from tests import FIXTURES

NAMES = sorted(path.stem for path in FIXTURES.glob("status_*.json"))


def message(name: str) -> dict[str, object]:
    """Read a recorded reply."""
    loaded: dict[str, object] = json.loads((FIXTURES / f"{name}.json").read_text())
    return loaded


def status(name: str, **changed: object) -> DeviceStatus:
    """Decode a recorded reply, after changing raw members of it."""
    decoded = DeviceStatus.from_message(message(name))
    return DeviceStatus({**decoded.raw, **changed}) if changed else decoded


def in_status(**members: object) -> DeviceStatus:
    """Decode a reply of these members alone."""
    return DeviceStatus.from_message({"response": {"status": members}})


EXPECTED: dict[str, dict[str, object]] = {
    "status_idle": {
        "message_type": 67108883,
        "operation_mode": OperationMode.STANDBY,
        "dhw_mode": DhwMode.ENERGY_SAVER,
        "is_heating": False,
        "heat_source": HeatSource.NONE,
        "compressor_running": False,
        "state_number": 20,
        "freeze_protection_on": True,
        "error_buzzer_enabled": True,
        "dhw_temperature": 60.0,
        "dhw_temperature_setting": 60.0,
        "dhw_temperature_setting_raw": 120,
        "tank_upper_temperature": 60.2,
        "tank_lower_temperature": 59.6,
        "ambient_temperature": 24.2,
        "target_superheat": 5.0,
        "current_superheat": -1.6,
        "outside_temperature": 0.0,
        "freeze_protection_temperature": 6.0,
        "freeze_protection_temperature_min": 6.0,
        "freeze_protection_temperature_max": 10.0,
        "min_setpoint": 40.5,
        "heat_pump_lower_on_temperature": 40.5,
        "current_power": 2,
        "full_recovery_energy": 5480,
        "missing_energy": 28,
        "usable_energy": 5452,
        "dhw_charge": 100,
        "evaporator_fan_hours": 412,
        "filter_hours_left": 588,
        "expansion_valve_steps": 480,
        "wifi_signal": -52,
        "temperature_unit": TemperatureUnit.FAHRENHEIT,
        "program_reservation_enabled": True,
        "tou_enabled": False,
        "is_in_tou_window": False,
        "tou_overridden": False,
        "dr_event": DrEvent.NOT_APPLIED,
        "recirculation_mode": None,
        "recirculation_schedule_enabled": None,
        "anti_legionella_enabled": True,
        "anti_legionella_period": 7,
        "error_code": 0,
        "is_on_vacation": False,
    },
    "status_heat_pump_heating": {
        "operation_mode": OperationMode.HEAT_PUMP,
        "is_heating": True,
        "is_heating_on_demand": True,
        "heat_source": HeatSource.HEAT_PUMP,
        "compressor_running": True,
        "evaporator_fan_running": True,
        "expansion_valve_active": True,
        "upper_element_on": False,
        "dhw_temperature": 55.0,
        "discharge_temperature": 57.2,
        "suction_temperature": 11.9,
        "evaporator_temperature": 11.7,
        "current_superheat": 3.8,
        "current_power": 412,
        "target_fan_speed": 550,
        "current_fan_speed": 543,
        "fan_drive": 48,
        "missing_energy": 3036,
        "usable_energy": 2444,
        "filter_hours_left": 585,
        "wifi_signal": -57,
    },
    "status_hybrid_boost_element": {
        "operation_mode": OperationMode.HYBRID_BOOST,
        "dhw_mode": DhwMode.HIGH_DEMAND,
        "heat_source": HeatSource.HEAT_PUMP_AND_ELEMENT,
        "upper_element_on": True,
        "lower_element_on": False,
        "dhw_in_use": True,
        "dhw_in_sustained_use": True,
        "dhw_flow_rate": 7.6,
        "current_power": 5488,
        "element_upper_on_temperature": 60.0,
        "element_lower_on_temperature": 0.0,
    },
    "status_electric_lower": {
        "operation_mode": OperationMode.HYBRID_EFFICIENCY,
        "dhw_mode": DhwMode.ELECTRIC,
        "heat_source": HeatSource.ELEMENT,
        "compressor_running": False,
        "upper_element_on": False,
        "lower_element_on": True,
    },
    "status_powered_off": {"dhw_mode": DhwMode.POWER_OFF, "state_number": 0},
    "status_vacation": {
        "dhw_mode": DhwMode.VACATION,
        "is_on_vacation": True,
        "vacation_days": 14,
        "vacation_days_elapsed": 3,
        "usable_energy": 0,
        "dhw_charge": 0,
        "program_reservation_enabled": False,
        "program_reservation_type": 0,
    },
    "status_tou_window": {
        "dhw_mode": DhwMode.HEAT_PUMP,
        "tou_enabled": True,
        "tou_overridden": False,
        "heat_pump_upper_on_temperature": 60.0,
        "is_in_tou_window": True,
        "heat_pump_upper_on_difference": 1.6,
        "heat_pump_lower_off_difference": 2.0,
        "full_recovery_energy": 4916,
        "missing_energy": 0,
        "dhw_charge": 90,
    },
    "status_fault": {
        "error_code": 515,
        "sub_error_code": 27,
        "minor_code": 0,
        "smart_diagnostic": 1,
        "fault_status_1": 4,
        "fault_status_2": 0,
        "eco_tripped": False,
        "water_leak": False,
        "condensate_overflow": False,
    },
    "status_celsius_unknown_flags": {
        "temperature_unit": TemperatureUnit.CELSIUS,
        "is_heating": None,
        "compressor_running": None,
        "upper_element_on": None,
        "lower_element_on": None,
        "anti_legionella_enabled": None,
        "anti_legionella_running": None,
        "air_filter_alarm_enabled": None,
        "dr_applied": None,
        "air_filter_alarm_period": 0,
        "filter_hours_left": None,
        "outside_temperature": -5.5,
        "dhw_temperature": 50.5,
        "dhw_temperature_setting": 55.0,
    },
    "status_demand_response_and_recirculation": {
        "dr_event": DrEvent.SHED,
        "dr_applied": True,
        "recirculation_mode": RecirculationMode.WEEKLY_SCHEDULE,
        "recirculation_running": True,
        "recirculation_schedule_enabled": True,
        "recirculation_pump_status": 1,
        "recirculation_hot_button_ready": 1,
        "recirculation_reason": 2,
        "recirculation_error": 0,
        "recirculation_temperature_setting": 52.0,
        "recirculation_temperature": 43.5,
        "recirculation_faucet_temperature": 39.5,
        "recirculation_flow_rate": 5.7,
        "mixing_valve_position": 37,
        "cumulated_dhw_volume": 184321,
    },
    "status_short_key": {"message_type": 67108892, "dhw_mode": DhwMode.ENERGY_SAVER, "tank_upper_temperature": 60.2},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_status_says_what_its_scenario_is(name: str) -> None:
    decoded = status(name)
    expected = EXPECTED[name]
    assert {attribute: getattr(decoded, attribute) for attribute in expected} == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_member_on_the_wire_is_described_exactly_once(name: str) -> None:
    described = [
        member.wire_name for attribute, member in DeviceStatus.members().items() if not attribute.endswith("_raw")
    ]
    assert len(described) == 103
    assert sorted(described) == sorted(status(name).raw)


@pytest.mark.parametrize("name", NAMES)
def test_only_sentinels_decode_to_unknown(name: str) -> None:
    decoded = status(name)
    unknown = {
        member.wire_name for attribute, member in decoded.members().items() if decoded.decoded()[attribute] is None
    }
    assert {decoded.raw[wire_name] for wire_name in unknown} <= {0}
    assert unknown <= {
        "operationBusy",
        "compUse",
        "heatUpperUse",
        "heatLowerUse",
        "airFilterAlarmUse",
        "antiLegionellaUse",
        "antiLegionellaOperationBusy",
        "drOverrideStatus",
        "recircReservationUse",
        "recircOperationMode",
    }


def test_raw_members_stay_as_they_came_and_cannot_be_changed() -> None:
    source = message("status_idle")
    decoded = DeviceStatus.from_message(source)
    response = source["response"]
    assert isinstance(response, dict)
    assert decoded.raw == response["status"]
    response["status"]["dhwTemperature"] = 1
    assert decoded.dhw_temperature == 60.0
    with pytest.raises(TypeError):
        decoded.raw["dhwTemperature"] = 1  # type: ignore[index]  # the refusal is what is tested


def test_statuses_compare_by_every_member() -> None:
    assert status("status_idle") == status("status_idle")
    assert status("status_idle") != status("status_idle", dhwTemperature=119)
    assert status("status_idle") != status("status_idle", somethingNew=1)


def test_an_unknown_number_of_an_enumeration_is_carried() -> None:
    decoded = in_status(dhwOperationSetting=17, operationMode=48, currentHeatUse=4)
    assert (decoded.dhw_mode, decoded.operation_mode, decoded.heat_source) == (None, None, None)
    assert decoded.is_on_vacation is None
    assert decoded.raw["dhwOperationSetting"] == 17


def test_a_new_member_is_carried() -> None:
    decoded = status("status_idle", somethingNew={"deep": [1]})
    assert decoded.raw["somethingNew"] == {"deep": [1]}
    assert decoded.dhw_temperature == 60.0


def test_a_missing_member_is_unknown() -> None:
    decoded = in_status(dhwTemperature=120)
    assert decoded.dhw_temperature == 60.0
    assert {value for attribute, value in decoded.decoded().items() if attribute != "dhw_temperature"} == {None}
    assert decoded.usable_energy is None
    assert decoded.filter_hours_left is None


DIFFERENCES = (
    "hpUpperOnDiffTempSetting",
    "hpUpperOffDiffTempSetting",
    "hpLowerOnDiffTempSetting",
    "hpLowerOffDiffTempSetting",
)


@pytest.mark.parametrize(
    ("members", "is_in_window"),
    [
        ({}, None),
        ({"touStatus": 0}, False),
        ({"touStatus": 2, **dict.fromkeys(DIFFERENCES, 16)}, None),
        ({"touStatus": 1}, None),
        ({"touStatus": 1, "hpLowerOffDiffTempSetting": 20}, True),
        ({"touStatus": 1, **dict.fromkeys(DIFFERENCES, 0)}, False),
        ({"touStatus": 1, **dict.fromkeys(DIFFERENCES, 0), "hpUpperOnDiffTempSetting": "x"}, None),
    ],
)
def test_a_time_of_use_window_is_not_over_while_that_is_unknown(
    members: dict[str, object], is_in_window: bool | None
) -> None:
    assert in_status(**members).is_in_tou_window is is_in_window


def test_derived_values_do_not_go_below_zero() -> None:
    decoded = in_status(
        totalEnergyCapacity=10, availableEnergyCapacity=20, airFilterAlarmPeriod=1000, cumulatedOpTimeEvaFan=1500
    )
    assert (decoded.usable_energy, decoded.filter_hours_left) == (0, 0)


def test_zero_and_less_are_ordinary_temperatures() -> None:
    decoded = in_status(tankUpperTemperature=0, dhwTemperature=0, ambientTemperature=-31)
    assert (decoded.tank_upper_temperature, decoded.dhw_temperature) == (0.0, 0.0)
    assert decoded.ambient_temperature == -3.1


def test_a_decimal_is_a_number_too() -> None:
    decoded = in_status(dhwTemperature=120.0, tankUpperTemperature=602.5, dhwOperationSetting=3.0, errorCode=96.0)
    assert (decoded.dhw_temperature, decoded.tank_upper_temperature) == (60.0, 60.25)
    assert decoded.dhw_mode is DhwMode.ENERGY_SAVER
    assert decoded.error_code == 96


@pytest.mark.parametrize(
    "found",
    [
        {"response": {"status": {"dhwTemperature": 120}, "st": {"dhwTemperature": 1}}, "status": {"dhwTemperature": 2}},
        {"response": {"st": {"dhwTemperature": 120}}, "status": {"dhwTemperature": 2}},
        {"response": {"macAddress": "0478630a1b2c"}, "status": {"dhwTemperature": 120}, "st": {"dhwTemperature": 1}},
        {"response": None, "st": {"dhwTemperature": 120}},
    ],
)
def test_the_status_is_found_wherever_it_sits(found: dict[str, object]) -> None:
    assert DeviceStatus.from_message(found).dhw_temperature == 60.0


def test_an_empty_status_counts_as_one() -> None:
    assert DeviceStatus.from_message({"response": {"status": {}}, "status": {"dhwTemperature": 120}}).raw == {}


@pytest.mark.parametrize(
    "unreadable",
    [
        {},
        {"response": {}},
        {"response": {"feature": {}}},
        {"response": {"status": None}},
        {"response": {"status": [1]}},
        {"response": [], "st": 5},
        message("feature"),
    ],
)
def test_a_message_without_a_status_is_refused(unreadable: dict[str, object]) -> None:
    with pytest.raises(ResponseFormatError, match="the message has no status or st"):
        DeviceStatus.from_message(unreadable)


def test_the_answer_to_a_control_is_a_status() -> None:
    reply = message("control_ack")["reply"]
    assert isinstance(reply, dict)
    decoded = DeviceStatus.from_message(reply["payload"])
    assert len(decoded.raw) == 103
    assert decoded.dhw_temperature_setting_raw == 110


def test_a_member_documents_itself() -> None:
    member = DeviceStatus.current_power
    assert member.wire_name == "currentInstPower"
    assert member.__doc__ == "Power of the whole unit, elements included [W]"
    assert all(described.__doc__ for described in DeviceStatus.members().values())
