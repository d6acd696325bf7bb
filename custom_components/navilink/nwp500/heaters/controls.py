"""Everything that can be changed at a heater beside target temperature and mode, one method for each (protocol.md 5.1).

The functions make commands of what a person chooses, before they are checked against what the heater has; the target
temperature has `protocol.setpoint.dhw_temperature`. The methods of `HeaterControls` give these commands.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Concatenate

from ..common.background import Work
from ..enums import DhwMode
from ..exceptions import InvalidParameterError
from ..models import Device
from ..models.members import check_switch
from ..protocol import controls
from ..protocol.controls import Control, HeaterCommand

_AIR_FILTER_STEP = 500
_AIR_FILTER_HOURS = range(1000, 10_001, _AIR_FILTER_STEP)
_SELF = Parameter("self", Parameter.POSITIONAL_ONLY)


def power(device: Device, on: bool) -> HeaterCommand:  # noqa: FBT001 - the one thing it sets
    """Switch the heater on or off."""
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


def vacation(device: Device, days: int) -> HeaterCommand:
    """Put the heater in vacation for 1 to 99 days; it heats again 9 hours before their end."""
    return dhw_mode(device, DhwMode.VACATION, days)


def vacation_days(device: Device, days: int) -> HeaterCommand:
    """Set how long a vacation lasts, 1 to 99 days, without beginning one."""
    return HeaterCommand(device, controls.VACATION_DAYS, (days,))


def anti_legionella(device: Device, days: int | None) -> HeaterCommand:
    """Heat against legionella every 1 to 30 days; `None` switches it off, and the heater remembers the days."""
    if days is None:
        return HeaterCommand(device, controls.ANTI_LEGIONELLA_OFF)
    return HeaterCommand(device, controls.ANTI_LEGIONELLA_ON, (days,))


def tou(device: Device, *, on: bool) -> HeaterCommand:
    """Apply the stored time-of-use plan, or not; the plan stays as it is."""
    return _switch(device, controls.TOU_ON, controls.TOU_OFF, on=on)


def demand_response(device: Device, *, on: bool) -> HeaterCommand:
    """Allow or forbid the utility to control the heater (CTA-2045)."""
    return _switch(device, controls.DEMAND_RESPONSE_ON, controls.DEMAND_RESPONSE_OFF, on=on)


def intelligent_mode(device: Device, *, on: bool) -> HeaterCommand:
    """Let the heater adapt to the household, or not."""
    return _switch(device, controls.INTELLIGENT_ON, controls.INTELLIGENT_OFF, on=on)


def reservation_mode(device: Device) -> HeaterCommand:
    """Make the heater follow its weekly schedule; what exactly that does is not documented."""
    return HeaterCommand(device, controls.RESERVATION_MODE)


def recirculation_mode(device: Device, mode: int) -> HeaterCommand:
    """Set when the pump runs: 1 always, 2 by its weekly schedule, 3 by the hot button only, 4 never."""
    return HeaterCommand(device, controls.RECIRCULATION_MODE, (mode,))


def hot_button(device: Device) -> HeaterCommand:
    """Bring hot water to the taps now; never sent twice."""
    return HeaterCommand(device, controls.RECIRCULATION_HOT_BUTTON, (1,))


def air_filter_interval(device: Device, hours: int) -> HeaterCommand:
    """Set after how many hours the air filter is due: 1000 to 10000 in steps of 500, or 0 for no reminder."""
    is_whole = isinstance(hours, int) and not isinstance(hours, bool)
    if not is_whole or (hours and hours not in _AIR_FILTER_HOURS):
        raise InvalidParameterError("air filter interval", hours, "0 (off) or 1000 to 10000 hours in steps of 500")
    return HeaterCommand(device, controls.AIR_FILTER_LIFE, (hours // _AIR_FILTER_STEP,))


def air_filter_reset(device: Device) -> HeaterCommand:
    """Begin to count the hours of a new air filter; never sent twice."""
    return HeaterCommand(device, controls.AIR_FILTER_RESET)


def condenser_fault_reset(device: Device) -> HeaterCommand:
    """Acknowledge a fault of the condenser; never sent twice."""
    return HeaterCommand(device, controls.CONDENSER_FAULT_RESET)


def _switch(device: Device, on_control: Control, off_control: Control, *, on: bool) -> HeaterCommand:
    return HeaterCommand(device, on_control if check_switch(on) else off_control)


def _giving[**P](command: Callable[P, HeaterCommand]) -> Callable[Concatenate[HeaterControls, P], Work[int]]:
    """Make the method that gives what a function above makes."""

    @wraps(command)
    async def method(self: HeaterControls, /, *args: P.args, **kwargs: P.kwargs) -> int:
        return await self._give(command(*args, **kwargs))

    # By `wraps` alone, documentation and stand-ins would see the function: without `self`, and with its own result.
    shown = signature(command)
    vars(method)["__signature__"] = shown.replace(parameters=[_SELF, *shown.parameters.values()], return_annotation=int)
    method.__annotations__["return"] = int
    return method


class HeaterControls:
    """The controls of the heaters, by the name of what they change.

    A method checks what can be checked, gives the command to the queue, and returns the packet id once the broker has
    acknowledged it, or 0 when it waits in the queue. What cannot work raises `InvalidParameterError` or, when the
    heater reports that it lacks what the command needs, `UnsupportedCommandError`; then nothing is sent or queued.
    While disconnected, and with the queue disabled, it raises `NotConnectedError`.
    """

    def __init__(self, give: Callable[[HeaterCommand], Awaitable[int]]) -> None:
        self._give = give

    set_power = _giving(power)
    set_vacation = _giving(vacation)
    set_vacation_days = _giving(vacation_days)
    set_anti_legionella = _giving(anti_legionella)
    set_tou = _giving(tou)
    set_demand_response = _giving(demand_response)
    set_intelligent_mode = _giving(intelligent_mode)
    set_reservation_mode = _giving(reservation_mode)
    set_recirculation_mode = _giving(recirculation_mode)
    press_hot_button = _giving(hot_button)
    set_air_filter_interval = _giving(air_filter_interval)
    reset_air_filter = _giving(air_filter_reset)
    reset_condenser_fault = _giving(condenser_fault_reset)
