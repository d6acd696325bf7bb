"""The change events between two statuses."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.changes import Change, changes
from nwp500.enums import DhwMode
from nwp500.models import DeviceStatus

BEFORE: dict[str, object] = {
    "dhwTemperature": 110,
    "tankUpperTemperature": 553,
    "tankLowerTemperature": 431,
    "dhwTemperatureSetting": 120,
    "dhwOperationSetting": 3,
    "currentInstPower": 412,
    "errorCode": 0,
    "operationBusy": 2,
}


def found(**changed: object) -> tuple[Change, ...]:
    """Compare the status above with one in which some members changed."""
    return changes(DeviceStatus(BEFORE), DeviceStatus({**BEFORE, **changed}))


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({"dhwTemperature": 111}, Change("temperature_changed", "dhw_temperature", 55.0, 55.5)),
        ({"tankUpperTemperature": 554}, Change("temperature_changed", "tank_upper_temperature", 55.3, 55.4)),
        ({"tankLowerTemperature": 0}, Change("temperature_changed", "tank_lower_temperature", 43.1, 0.0)),
        ({"dhwTemperatureSetting": 98}, Change("set_point_changed", "dhw_temperature_setting", 60.0, 49.0)),
        ({"dhwOperationSetting": 6}, Change("mode_changed", "dhw_mode", DhwMode.ENERGY_SAVER, DhwMode.POWER_OFF)),
        ({"currentInstPower": 0}, Change("power_changed", "current_power", 412, 0)),
        ({"errorCode": 515}, Change("error_detected", "error_code", 0, 515)),
        ({"operationBusy": 1}, Change("heating_stopped", "is_heating", old=True, new=False)),
    ],
)
def test_each_change_is_its_event(changed: dict[str, object], change: Change) -> None:
    assert found(**changed) == (change,)


def test_events_in_the_other_direction() -> None:
    faulty = DeviceStatus({**BEFORE, "errorCode": 515, "operationBusy": 1})
    assert changes(faulty, DeviceStatus(BEFORE)) == (
        Change("error_cleared", "error_code", 515, 0),
        Change("heating_started", "is_heating", old=False, new=True),
    )


def test_another_error_is_detected_in_place_of_the_first() -> None:
    first, second = DeviceStatus({"errorCode": 96}), DeviceStatus({"errorCode": 97})
    assert changes(first, second) == (Change("error_detected", "error_code", 96, 97),)


def test_the_first_status_changes_nothing() -> None:
    assert changes(None, DeviceStatus({**BEFORE, "errorCode": 515})) == ()


def test_members_without_an_event_change_nothing() -> None:
    assert found(wifiRssi=-60, somethingNew=1) == ()


@given(unknown=st.sets(st.sampled_from(sorted(BEFORE))), junk=st.sampled_from([None, "x", True, [], 2**70]))
def test_a_value_that_becomes_unknown_or_known_is_no_change(unknown: set[str], junk: object) -> None:
    known, partly = DeviceStatus(BEFORE), DeviceStatus({**BEFORE, **dict.fromkeys(unknown, junk)})
    assert changes(known, partly) == ()
    assert changes(partly, known) == ()
