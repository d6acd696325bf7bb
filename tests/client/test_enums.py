"""The enumerations against the lists of protocol.md 11, and the error codes against its section 12."""

from enum import IntEnum

import pytest

from nwp500 import enums
from nwp500.models.error_codes import error_label, error_meaning


@pytest.mark.parametrize(
    ("enumeration", "numbers"),
    [
        (enums.DhwMode, {0, 1, 2, 3, 4, 5, 6}),
        (enums.OperationMode, {0, 32, 64, 96}),
        (enums.HeatSource, {0, 1, 2, 3}),
        (enums.DrEvent, {0, 1, 2, 3, 4, 5, 6}),
        (enums.RecirculationMode, {1, 2, 3, 4}),
        (enums.ReservationMode, {1, 2, 3, 4, 5}),
        (enums.DhwTemperatureControl, {1, 2, 3, 4}),
        (enums.TemperatureUnit, {1, 2}),
        (enums.TemperatureFormula, {0, 1}),
        (enums.VolumeCode, {1, 2, 3}),
        (enums.DeviceType, {1, 2, 8, 50, 51, 52}),
        (enums.FirmwarePart, {1, 2, 3, 4, 5, 6}),
        (enums.ConnectionStatus, {1, 2}),
        (enums.ControlFailure, {2}),
    ],
)
def test_an_enumeration_has_the_numbers_of_its_list(enumeration: type[IntEnum], numbers: set[int]) -> None:
    assert {member.value for member in enumeration} == numbers


def test_numbers_that_older_software_had_wrong() -> None:
    assert (enums.DhwMode.VACATION, enums.DhwMode.POWER_OFF) == (5, 6)
    assert (enums.RecirculationMode.WEEKLY_SCHEDULE, enums.RecirculationMode.HOT_BUTTON) == (2, 3)
    assert enums.ReservationMode(5).name == "POWER_OFF"
    assert (enums.DrEvent.CUSTOMER_PEAK, enums.DrEvent.GRID_EMERGENCY) == (5, 6)
    assert enums.ConnectionStatus(1).name == "OFFLINE"
    assert (enums.TemperatureUnit.CELSIUS, enums.TemperatureUnit.FAHRENHEIT) == (1, 2)


@pytest.mark.parametrize(
    ("code", "sub_code", "meaning"),
    [
        (0, 0, "no error"),
        (96, 0, "upper element operates abnormally"),
        (326, 0, "dry fire (no water)"),
        (445, 2, "mixing valve fails to close"),
        (480, 1, "upper tank sensor below the lower limit"),
        (481, 2, "lower tank sensor above the upper limit"),
        (515, 27, "relay fault: compressor"),
        (615, 4, "ADC reference voltage"),
        (615, 28, "feedback: compressor"),
        (799, 0, "water leak"),
        (909, 1, "evaporator fan"),
        (990, 0, "condensate overflow"),
    ],
)
def test_errors_have_their_meaning(code: int, sub_code: int, meaning: str) -> None:
    assert error_meaning(code, sub_code) == meaning


def test_an_error_without_a_known_sub_code_has_its_general_meaning() -> None:
    assert error_meaning(515) == "relay fault"
    assert error_meaning(515, 99) == "relay fault"
    assert error_meaning(920) == "ambient sensor"


def test_an_error_outside_the_table_has_no_meaning() -> None:
    assert error_meaning(9999, 1) is None


def test_labels_are_what_people_see() -> None:
    assert error_label(96) == "E096"
    assert error_label(515) == "E515"
    assert error_label(9999) == "E9999"
