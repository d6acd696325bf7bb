"""DeviceFeature: both recorded device-info replies, checked against protocol.md 9."""

import json

import pytest

from nwp500.enums import DhwTemperatureControl, TemperatureFormula, TemperatureUnit, VolumeCode
from nwp500.exceptions import ResponseFormatError
from nwp500.models import DeviceFeature
from tests import FIXTURES

STANDARD = "feature"
RECIRCULATION = "feature_80gal_celsius_recirculation"

EXPECTED: dict[str, dict[str, object]] = {
    STANDARD: {
        "temperature_unit": TemperatureUnit.FAHRENHEIT,
        "temperature_formula": TemperatureFormula.STANDARD,
        "country_code": 3,
        "model_type_code": 240,
        "control_type_code": 1,
        "volume_code": VolumeCode.GALLONS_65,
        "volume_gallons": 65,
        "controller_version": "11.5.0.0",
        "panel_version": None,
        "wifi_version": "2.7.0.0",
        "controller_code": 33556241,
        "panel_code": 0,
        "wifi_code": 268435985,
        "recirculation_version": None,
        "recirculation_model_type_code": 0,
        "serial_number": "00000000BT00000001",
        "dhw_temperature_control": DhwTemperatureControl.HALF_DEGREE_STEPS,
        "dhw_temperature_min": 40.5,
        "dhw_temperature_min_raw": 81,
        "dhw_temperature_max": 65.5,
        "dhw_temperature_max_raw": 131,
        "freeze_protection_temperature_min": 6.0,
        "freeze_protection_temperature_max": 10.0,
        "supports_power": True,
        "supports_vacation": True,
        "supports_mixing_valve": False,
        "supports_refill": False,
        "supports_demand_response": True,
        "supports_anti_legionella": True,
        "supports_recirculation": False,
        "supports_recirculation_schedule": False,
        "supports_title_24": False,
    },
    RECIRCULATION: {
        "temperature_unit": TemperatureUnit.CELSIUS,
        "volume_gallons": 80,
        "recirculation_version": "1.0.0.0",
        "recirculation_model_type_code": 1,
        "serial_number": "00000000BT00000002",
        "dhw_temperature_min": 35.0,
        "recirculation_temperature_min": 35.0,
        "recirculation_temperature_max": 60.0,
        "supports_mixing_valve": True,
        "supports_demand_response": False,
        "supports_anti_legionella": False,
        "supports_recirculation": True,
        "supports_recirculation_schedule": True,
        "supports_title_24": True,
    },
}


def message(name: str) -> dict[str, object]:
    """Read a recorded reply."""
    loaded: dict[str, object] = json.loads((FIXTURES / f"{name}.json").read_text())
    return loaded


def in_feature(**members: object) -> DeviceFeature:
    """Decode a reply of these members alone."""
    return DeviceFeature.from_message({"response": {"feature": members}})


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_feature_says_what_its_heater_is(name: str) -> None:
    feature = DeviceFeature.from_message(message(name))
    expected = EXPECTED[name]
    assert {attribute: getattr(feature, attribute) for attribute in expected} == expected


@pytest.mark.parametrize("name", EXPECTED)
def test_every_member_on_the_wire_is_described_exactly_once(name: str) -> None:
    described = [
        member.wire_name for attribute, member in DeviceFeature.members().items() if not attribute.endswith("_raw")
    ]
    assert len(described) == 43
    assert sorted(described) == sorted(DeviceFeature.from_message(message(name)).raw)


@pytest.mark.parametrize(
    ("raw", "control"), [(0, None), (1, DhwTemperatureControl.DISABLED), (4, DhwTemperatureControl.THREE_STAGES)]
)
def test_how_the_setpoint_can_be_set(raw: int, control: DhwTemperatureControl | None) -> None:
    assert in_feature(dhwTemperatureSettingUse=raw).dhw_temperature_control is control


def test_an_unknown_volume_code_leaves_the_volume_unknown() -> None:
    feature = in_feature(volumeCode=4)
    assert (feature.volume_code, feature.volume_gallons) == (None, None)


def test_a_serial_number_that_is_no_text_is_unknown() -> None:
    assert in_feature(controllerSerialNumber=12345).serial_number is None


def test_the_short_name_is_read_too() -> None:
    assert DeviceFeature.from_message({"response": {"did": {"dhwTemperatureMax": 131}}}).dhw_temperature_max_raw == 131


def test_a_message_without_a_feature_is_refused() -> None:
    with pytest.raises(ResponseFormatError, match="the message has no feature or did"):
        DeviceFeature.from_message(message("status_idle"))


def test_the_serial_number_stays_out_of_the_repr() -> None:
    assert repr(DeviceFeature.from_message(message(STANDARD))) == "<DeviceFeature of 43 members>"
