"""The change events between what a heater said and what it says."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.enums import DhwMode
from nwp500.events import EVENTS
from nwp500.heaters.events import ChangeWatch
from nwp500.models import Device, DeviceFeature, DeviceStatus

DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")
BEFORE: dict[str, object] = {
    "dhwTemperature": 110,
    "tankUpperTemperature": 553,
    "tankLowerTemperature": 431,
    "dhwTemperatureSetting": 120,
    "dhwOperationSetting": 3,
    "currentInstPower": 412,
    "errorCode": 0,
    "operationBusy": 2,
    "dhwUse": 1,
    "touStatus": 1,
    "hpUpperOnDiffTempSetting": 0,
    "hpUpperOffDiffTempSetting": 0,
    "hpLowerOnDiffTempSetting": 0,
    "hpLowerOffDiffTempSetting": 0,
}
VERSIONS: dict[str, object] = {"controllerSwVersion": 184614912, "panelSwVersion": 0, "wifiSwVersion": 34013184}


@dataclass(frozen=True)
class Change:
    """A change event: its name, and what changed."""

    name: str
    attribute: str
    old: object
    new: object


def found(*messages: DeviceStatus | DeviceFeature) -> tuple[Change, ...]:
    """Show messages to a watch and return what changed with the last."""
    watch = ChangeWatch()
    *earlier, last = messages
    for message in earlier:
        watch.changes(DEVICE, message)
    changes = watch.changes(DEVICE, last)
    assert {changed.device for _, changed in changes} <= {DEVICE}
    return tuple(Change(event, changed.name, changed.old, changed.new) for event, changed in changes)


def status(**changed: object) -> DeviceStatus:
    """Make the status above with some members changed."""
    return DeviceStatus({**BEFORE, **changed})


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({"dhwTemperature": 111}, Change("temperature_changed", "dhw_temperature", 55.0, 55.5)),
        ({"tankUpperTemperature": 554}, Change("temperature_changed", "tank_upper_temperature", 55.3, 55.4)),
        ({"tankLowerTemperature": 0}, Change("temperature_changed", "tank_lower_temperature", 43.1, 0.0)),
        ({"dhwTemperatureSetting": 98}, Change("setpoint_changed", "dhw_temperature_setting", 60.0, 49.0)),
        ({"dhwOperationSetting": 6}, Change("mode_changed", "dhw_mode", DhwMode.ENERGY_SAVER, DhwMode.POWER_OFF)),
        ({"currentInstPower": 0}, Change("power_changed", "current_power", 412, 0)),
        ({"errorCode": 515}, Change("error_detected", "error_code", 0, 515)),
        ({"operationBusy": 1}, Change("heating_stopped", "is_heating", old=True, new=False)),
        ({"dhwUse": 2}, Change("hot_water_use_started", "dhw_in_use", old=False, new=True)),
        ({"hpUpperOnDiffTempSetting": 16}, Change("tou_window_entered", "is_in_tou_window", old=False, new=True)),
    ],
)
def test_each_change_is_its_event(changed: dict[str, object], change: Change) -> None:
    assert found(status(), status(**changed)) == (change,)
    assert change.name in EVENTS


def test_events_in_the_other_direction() -> None:
    before = status(errorCode=515, operationBusy=1, dhwUse=2, hpLowerOffDiffTempSetting=20)
    assert found(before, status()) == (
        Change("error_cleared", "error_code", 515, 0),
        Change("heating_started", "is_heating", old=False, new=True),
        Change("hot_water_use_stopped", "dhw_in_use", old=True, new=False),
        Change("tou_window_left", "is_in_tou_window", old=True, new=False),
    )


def test_a_vacation_is_a_change_of_mode_too() -> None:
    away = status(dhwOperationSetting=5)
    assert [change.name for change in found(status(), away)] == ["mode_changed", "vacation_started"]
    assert [change.name for change in found(away, status())] == ["mode_changed", "vacation_ended"]


def test_a_switched_off_time_of_use_ends_its_window() -> None:
    in_window = status(hpUpperOnDiffTempSetting=16)
    assert [change.name for change in found(in_window, status(touStatus=0))] == ["tou_window_left"]


def test_new_firmware_is_a_change_of_the_features() -> None:
    before = DeviceFeature(VERSIONS)
    assert found(before, DeviceFeature({**VERSIONS, "controllerSwVersion": 184877056})) == (
        Change("firmware_changed", "controller_version", "11.1.0.0", "11.5.0.0"),
    )
    assert found(before, DeviceFeature({**VERSIONS, "panelSwVersion": 16777216, "wifiSwVersion": 0})) == ()


def test_another_error_is_detected_in_place_of_the_first() -> None:
    assert found(status(errorCode=96), status(errorCode=97)) == (Change("error_detected", "error_code", 96, 97),)


def test_what_is_heard_for_the_first_time_is_no_change() -> None:
    assert found(status(errorCode=515)) == ()
    assert found(DeviceFeature(VERSIONS)) == ()
    assert found(DeviceFeature(VERSIONS), status(errorCode=515)) == ()


def test_members_without_an_event_change_nothing() -> None:
    assert found(status(), status(wifiRssi=-60, somethingNew=1)) == ()


@given(unknown=st.sets(st.sampled_from(sorted(BEFORE))), junk=st.sampled_from([None, "x", True, [], 2**70]))
def test_a_value_that_is_unknown_for_a_moment_is_no_change(unknown: set[str], junk: object) -> None:
    flicker = status(**dict.fromkeys(unknown, junk))
    assert found(status(), flicker) == ()
    assert found(status(), flicker, status()) == ()
    assert found(flicker, status()) == ()


def test_a_change_behind_an_unknown_moment_is_reported() -> None:
    assert found(status(), status(operationBusy=0), status(operationBusy=1)) == (
        Change("heating_stopped", "is_heating", old=True, new=False),
    )
    assert found(status(hpUpperOnDiffTempSetting=16), DeviceStatus({}), status()) == (
        Change("tou_window_left", "is_in_tou_window", old=True, new=False),
    )
