"""What to tell a heater, before it is checked against what the heater has and given to the queue."""

from dataclasses import dataclass

from . import commands
from .commands import Control
from .enums import DhwMode, TemperatureUnit
from .exceptions import InvalidParameterError
from .models import Device, DeviceFeature
from .set_point import raw_set_point, set_point_words


@dataclass(frozen=True, slots=True)
class HeaterCommand:
    """A control of the table `commands` with its parameters, for one heater."""

    device: Device
    control: Control
    parameters: tuple[int, ...] = ()
    words: str | None = None
    """What the user wants, where that says it better than the table."""


def power(device: Device, *, on: bool) -> HeaterCommand:
    """Switch on or off; raises `InvalidParameterError` for anything but True and False."""
    if not isinstance(on, bool):
        raise InvalidParameterError("on", on, "True or False")
    return HeaterCommand(device, commands.POWER_ON if on else commands.POWER_OFF)


def dhw_mode(device: Device, mode: int, vacation_days: int | None) -> HeaterCommand:
    """Set the mode; raises `InvalidParameterError` for vacation without days and for days without vacation."""
    if mode != DhwMode.VACATION:
        if vacation_days is not None:
            raise InvalidParameterError("vacation_days", vacation_days, "left out unless the mode is 5 (vacation)")
        return HeaterCommand(device, commands.DHW_MODE, (mode,))
    if vacation_days is None:
        raise InvalidParameterError("vacation_days", vacation_days, "given with mode 5 (vacation): 1 to 99")
    return HeaterCommand(device, commands.VACATION, (mode, vacation_days))


def dhw_temperature(
    device: Device, temperature: float, unit: TemperatureUnit, feature: DeviceFeature | None
) -> HeaterCommand:
    """Set the set point; raises `InvalidParameterError` outside the heater's limits."""
    raw = raw_set_point(temperature, unit, feature)
    return HeaterCommand(device, commands.DHW_TEMPERATURE, (raw,), set_point_words(temperature, unit))
