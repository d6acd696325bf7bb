"""Controls with their parameters from what a person chooses, before they are checked against what the heater has.

The target temperature has `protocol.setpoint.dhw_temperature`.
"""

from ..enums import DhwMode
from ..exceptions import InvalidParameterError
from ..models import Device
from ..protocol import controls
from ..protocol.controls import Control, HeaterCommand

_AIR_FILTER_STEP = 500
_AIR_FILTER_HOURS = range(1000, 10_001, _AIR_FILTER_STEP)


def power(device: Device, *, on: bool) -> HeaterCommand:
    """Switch on or off."""
    return _switch(device, controls.POWER_ON, controls.POWER_OFF, on=on)


def dhw_mode(device: Device, mode: int, vacation_days: int | None = None) -> HeaterCommand:
    """Set the mode; raises `InvalidParameterError` for vacation without days and for days without vacation."""
    if mode != DhwMode.VACATION:
        if vacation_days is not None:
            raise InvalidParameterError("vacation_days", vacation_days, "left out unless the mode is 5 (vacation)")
        return HeaterCommand(device, controls.DHW_MODE, (mode,))
    if vacation_days is None:
        raise InvalidParameterError("vacation_days", vacation_days, "given with mode 5 (vacation): 1 to 99")
    return HeaterCommand(device, controls.VACATION, (mode, vacation_days))


def tou(device: Device, *, on: bool) -> HeaterCommand:
    """Apply the stored time-of-use plan, or not."""
    return _switch(device, controls.TOU_ON, controls.TOU_OFF, on=on)


def demand_response(device: Device, *, on: bool) -> HeaterCommand:
    """Allow or forbid the utility to control the heater."""
    return _switch(device, controls.DEMAND_RESPONSE_ON, controls.DEMAND_RESPONSE_OFF, on=on)


def intelligent_mode(device: Device, *, on: bool) -> HeaterCommand:
    """Let the heater adapt to the household, or not."""
    return _switch(device, controls.INTELLIGENT_ON, controls.INTELLIGENT_OFF, on=on)


def anti_legionella(device: Device, days: int | None) -> HeaterCommand:
    """Heat against legionella every 1 to 30 days; `None`: never, and the heater remembers the days."""
    if days is None:
        return HeaterCommand(device, controls.ANTI_LEGIONELLA_OFF)
    return HeaterCommand(device, controls.ANTI_LEGIONELLA_ON, (days,))


def air_filter_interval(device: Device, hours: int) -> HeaterCommand:
    """Set after how many hours the air filter is due: 1000 to 10000 in steps of 500, or 0 for no reminder."""
    is_whole = isinstance(hours, int) and not isinstance(hours, bool)
    if not is_whole or (hours and hours not in _AIR_FILTER_HOURS):
        raise InvalidParameterError("air filter interval", hours, "0 (off) or 1000 to 10000 hours in steps of 500")
    return HeaterCommand(device, controls.AIR_FILTER_LIFE, (hours // _AIR_FILTER_STEP,))


def _switch(device: Device, on_control: Control, off_control: Control, *, on: bool) -> HeaterCommand:
    """Choose one of a pair of controls; raises `InvalidParameterError` for anything but True and False."""
    if not isinstance(on, bool):
        raise InvalidParameterError("on", on, "True or False")
    return HeaterCommand(device, on_control if on else off_control)
