"""Everything that can be changed at a heater beside target temperature and mode, one method for each (protocol.md 5.1).

The functions make commands of what a person chooses, before they are checked against what the heater has; the target
temperature has `protocol.setpoint.dhw_temperature`.

A method checks what can be checked, gives the command to the queue, and returns the packet id once the broker has
acknowledged it, or 0 when it waits in the queue. What cannot work raises `InvalidParameterError` or, when the heater
reports that it lacks what the command needs, `UnsupportedCommandError`; then nothing is sent or queued. While
disconnected, and with the queue disabled, it raises `NotConnectedError`.
"""

from collections.abc import Awaitable, Callable

from ..enums import DhwMode
from ..exceptions import InvalidParameterError
from ..models import Device
from ..models.members import check_switch
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


def vacation_days(device: Device, days: int) -> HeaterCommand:
    """Set how long a vacation lasts, 1 to 99 days, without beginning one."""
    return HeaterCommand(device, controls.VACATION_DAYS, (days,))


def recirculation_mode(device: Device, mode: int) -> HeaterCommand:
    """Set when the recirculation pump runs, by the numbers of `RecirculationMode`."""
    return HeaterCommand(device, controls.RECIRCULATION_MODE, (mode,))


def hot_button(device: Device) -> HeaterCommand:
    """Bring hot water to the taps now."""
    return HeaterCommand(device, controls.RECIRCULATION_HOT_BUTTON, (1,))


def air_filter_reset(device: Device) -> HeaterCommand:
    """Begin to count the hours of a new air filter."""
    return HeaterCommand(device, controls.AIR_FILTER_RESET)


def condenser_fault_reset(device: Device) -> HeaterCommand:
    """Acknowledge a fault of the condenser."""
    return HeaterCommand(device, controls.CONDENSER_FAULT_RESET)


class HeaterControls:
    """The controls of the heaters, by the name of what they change."""

    def __init__(self, give: Callable[[HeaterCommand], Awaitable[int]]) -> None:
        self._give = give

    async def set_power(self, device: Device, on: bool) -> int:  # noqa: FBT001 - the one thing it sets
        """Switch the heater on or off."""
        return await self._give(power(device, on=on))

    async def set_vacation(self, device: Device, days: int) -> int:
        """Put the heater in vacation for 1 to 99 days; it heats again 9 hours before their end."""
        return await self._give(dhw_mode(device, DhwMode.VACATION, days))

    async def set_vacation_days(self, device: Device, days: int) -> int:
        """Set how long a vacation lasts, 1 to 99 days, without beginning one."""
        return await self._give(vacation_days(device, days))

    async def set_anti_legionella(self, device: Device, days: int | None) -> int:
        """Heat against legionella every 1 to 30 days; `None` switches it off, and the heater remembers the days."""
        return await self._give(anti_legionella(device, days))

    async def set_tou(self, device: Device, *, on: bool) -> int:
        """Apply the stored time-of-use plan, or not; the plan stays as it is."""
        return await self._give(tou(device, on=on))

    async def set_demand_response(self, device: Device, *, on: bool) -> int:
        """Allow or forbid the utility to control the heater (CTA-2045)."""
        return await self._give(demand_response(device, on=on))

    async def set_intelligent_mode(self, device: Device, *, on: bool) -> int:
        """Let the heater adapt to the household, or not."""
        return await self._give(intelligent_mode(device, on=on))

    async def set_reservation_mode(self, device: Device) -> int:
        """Make the heater follow its weekly schedule; what exactly that does is not documented."""
        return await self._give(HeaterCommand(device, controls.RESERVATION_MODE))

    async def set_recirculation_mode(self, device: Device, mode: int) -> int:
        """Set when the pump runs: 1 always, 2 by its weekly schedule, 3 by the hot button only, 4 never."""
        return await self._give(recirculation_mode(device, mode))

    async def press_hot_button(self, device: Device) -> int:
        """Bring hot water to the taps now; never sent twice."""
        return await self._give(hot_button(device))

    async def set_air_filter_interval(self, device: Device, hours: int) -> int:
        """Set after how many hours the air filter is due: 1000 to 10000 in steps of 500, or 0 for no reminder."""
        return await self._give(air_filter_interval(device, hours))

    async def reset_air_filter(self, device: Device) -> int:
        """Begin to count the hours of a new air filter; never sent twice."""
        return await self._give(air_filter_reset(device))

    async def reset_condenser_fault(self, device: Device) -> int:
        """Acknowledge a fault of the condenser; never sent twice."""
        return await self._give(condenser_fault_reset(device))


def _switch(device: Device, on_control: Control, off_control: Control, *, on: bool) -> HeaterCommand:
    return HeaterCommand(device, on_control if check_switch(on) else off_control)
