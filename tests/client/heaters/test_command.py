"""Descriptions of commands for heaters, before anything is known of the heater but its limits."""

import pytest

from nwp500 import Device, DeviceFeature, commands
from nwp500.enums import TemperatureUnit
from nwp500.exceptions import InvalidParameterError
from nwp500.heaters import controls as heater_command
from nwp500.protocol.controls import HeaterCommand
from nwp500.protocol.setpoint import dhw_temperature

DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")


@pytest.mark.parametrize(("on", "control"), [(True, commands.POWER_ON), (False, commands.POWER_OFF)])
def test_power(*, on: bool, control: commands.Control) -> None:
    assert heater_command.power(DEVICE, on=on) == HeaterCommand(DEVICE, control)


@pytest.mark.parametrize("on", [1, 0, None, "on"])
def test_power_is_on_or_off(on: bool) -> None:
    with pytest.raises(InvalidParameterError, match="True or False"):
        heater_command.power(DEVICE, on=on)


def test_a_mode_is_a_mode_and_vacation_has_days() -> None:
    assert heater_command.dhw_mode(DEVICE, 3, None) == HeaterCommand(DEVICE, commands.DHW_MODE, (3,))
    assert heater_command.dhw_mode(DEVICE, 5, 7) == HeaterCommand(DEVICE, commands.VACATION, (5, 7))


@pytest.mark.parametrize(("mode", "days", "words"), [(5, None, "1 to 99"), (3, 7, "left out"), (3, 0, "left out")])
def test_days_go_with_vacation_alone(mode: int, days: int | None, words: str) -> None:
    with pytest.raises(InvalidParameterError, match=words) as refused:
        heater_command.dhw_mode(DEVICE, mode, days)
    assert refused.value.parameter == "vacation_days"


@pytest.mark.parametrize(
    ("temperature", "unit", "words"),
    [(140, TemperatureUnit.FAHRENHEIT, "setpoint 140 °F"), (60, TemperatureUnit.CELSIUS, "setpoint 60 °C")],
)
def test_a_setpoint_is_in_the_words_of_its_unit(temperature: float, unit: TemperatureUnit, words: str) -> None:
    command = dhw_temperature(DEVICE, temperature, unit, None)
    assert command == HeaterCommand(DEVICE, commands.DHW_TEMPERATURE, (120,), words)


def test_a_setpoint_is_within_the_heaters_own_limits() -> None:
    feature = DeviceFeature({"dhwTemperatureMax": 110})
    with pytest.raises(InvalidParameterError):
        dhw_temperature(DEVICE, 60, TemperatureUnit.CELSIUS, feature)
