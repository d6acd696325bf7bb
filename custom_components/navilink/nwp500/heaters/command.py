"""What to tell a heater, before it is checked against what the heater has and given to the queue."""

from dataclasses import dataclass

from ..enums import DhwMode, TemperatureUnit
from ..exceptions import InvalidParameterError
from ..models import Device, DeviceFeature
from ..protocol import controls
from ..protocol.controls import Control
from ..protocol.setpoint import raw_setpoint, setpoint_words

_AIR_FILTER_STEP = 500
_AIR_FILTER_HOURS = range(1000, 10_001, _AIR_FILTER_STEP)


@dataclass(frozen=True, slots=True)
class HeaterCommand:
    """A control of the table `commands` with its parameters, for one heater."""

    device: Device
    control: Control
    parameters: tuple[int, ...] = ()
    words: str | None = None
    """What the user wants, where that says it better than the table."""


def power(device: Device, *, on: bool) -> HeaterCommand:
    """Switch on or off."""
    return _switch(device, controls.POWER_ON, controls.POWER_OFF, on=on)


def tou(device: Device, *, on: bool) -> HeaterCommand:
    """Let the stored time-of-use plan rule, or not; the plan stays as it is."""
    return _switch(device, controls.TOU_ON, controls.TOU_OFF, on=on)


def demand_response(device: Device, *, on: bool) -> HeaterCommand:
    """Allow or forbid the utility to control the heater (CTA-2045)."""
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


def dhw_mode(device: Device, mode: int, vacation_days: int | None) -> HeaterCommand:
    """Set the mode; raises `InvalidParameterError` for vacation without days and for days without vacation."""
    if mode != DhwMode.VACATION:
        if vacation_days is not None:
            raise InvalidParameterError("vacation_days", vacation_days, "left out unless the mode is 5 (vacation)")
        return HeaterCommand(device, controls.DHW_MODE, (mode,))
    if vacation_days is None:
        raise InvalidParameterError("vacation_days", vacation_days, "given with mode 5 (vacation): 1 to 99")
    return HeaterCommand(device, controls.VACATION, (mode, vacation_days))


def dhw_temperature(
    device: Device, temperature: float, unit: TemperatureUnit, feature: DeviceFeature | None
) -> HeaterCommand:
    """Set the set point; raises `InvalidParameterError` outside the heater's limits."""
    raw = raw_setpoint(temperature, unit, feature)
    return HeaterCommand(device, controls.DHW_TEMPERATURE, (raw,), setpoint_words(temperature, unit))


def _switch(device: Device, on_control: Control, off_control: Control, *, on: bool) -> HeaterCommand:
    """Choose one of a pair of controls; raises `InvalidParameterError` for anything but True and False."""
    if not isinstance(on, bool):
        raise InvalidParameterError("on", on, "True or False")
    return HeaterCommand(device, on_control if on else off_control)
