"""Everything that can be changed at a heater, one method for each (protocol.md 5.1).

A method checks what can be checked, gives the command to the queue, and returns the packet id once the broker has
acknowledged it, or 0 when it waits in the queue. What cannot work raises `InvalidParameterError` or, when the heater
says that it lacks what the command needs, `UnsupportedCommandError`; then nothing is sent or queued. Without a link,
and with the queue disabled, it raises `NotConnectedError`. A `..._command` method describes what the `set_` method of
the same name would give, for `submit()`.
"""

from abc import ABC, abstractmethod

from ..enums import DhwMode, TemperatureUnit
from ..models import Device, DeviceFeature, DeviceStatus
from ..protocol import controls
from ..protocol.controls import Control
from . import command as heater_command
from .command import HeaterCommand


class HeaterControls(ABC):
    """The controls of heaters, for whoever knows what to do with a command."""

    @abstractmethod
    async def give(self, command: HeaterCommand) -> int:
        """Give a command; returns the packet id, or 0 when queued."""

    @abstractmethod
    def status(self, device: Device) -> DeviceStatus | None:
        """Return the last status of a heater."""

    @abstractmethod
    def feature(self, device: Device) -> DeviceFeature | None:
        """Return what a heater last said it has."""

    # Power, mode and set point

    async def set_power(self, device: Device, on: bool) -> int:  # noqa: FBT001 - the one thing it sets
        """Switch the heater on or off."""
        return await self.give(self.power_command(device, on))

    async def set_dhw_mode(self, device: Device, mode: int, *, vacation_days: int | None = None) -> int:
        """Set the mode: 1 to 4, or 5 (vacation) with 1 to 99 days; `set_power` switches off."""
        return await self.give(self.dhw_mode_command(device, mode, vacation_days=vacation_days))

    async def set_vacation(self, device: Device, days: int) -> int:
        """Put the heater in vacation for 1 to 99 days; it heats again 9 hours before their end."""
        return await self.give(self.vacation_command(device, days))

    async def set_vacation_days(self, device: Device, days: int) -> int:
        """Set how long a vacation lasts, 1 to 99 days, without beginning one."""
        return await self.control(device, controls.VACATION_DAYS, days)

    async def set_dhw_temperature(
        self, device: Device, temperature: float, *, unit: TemperatureUnit | None = None
    ) -> int:
        """Set the set point, in the heater's display unit (°F while it is unknown) unless `unit` is given.

        Raises `InvalidParameterError` outside the heater's own limits, or 95-150 °F while they are unknown.
        """
        return await self.give(self.dhw_temperature_command(device, temperature, unit=unit))

    def power_command(self, device: Device, on: bool) -> HeaterCommand:  # noqa: FBT001 - the one thing it sets
        """Describe switching on or off."""
        return heater_command.power(device, on=on)

    def dhw_mode_command(self, device: Device, mode: int, *, vacation_days: int | None = None) -> HeaterCommand:
        """Describe setting the mode."""
        return heater_command.dhw_mode(device, mode, vacation_days)

    def vacation_command(self, device: Device, days: int) -> HeaterCommand:
        """Describe going on vacation."""
        return heater_command.dhw_mode(device, DhwMode.VACATION, days)

    def dhw_temperature_command(
        self, device: Device, temperature: float, *, unit: TemperatureUnit | None = None
    ) -> HeaterCommand:
        """Describe setting the set point."""
        feature = self.feature(device)
        reported = [message.temperature_unit for message in (self.status(device), feature) if message is not None]
        display_unit = next((known for known in reported if known is not None), TemperatureUnit.FAHRENHEIT)
        return heater_command.dhw_temperature(device, temperature, display_unit if unit is None else unit, feature)

    # Functions that run by themselves

    async def set_anti_legionella(self, device: Device, days: int | None) -> int:
        """Heat against legionella every 1 to 30 days; `None` switches it off, and the heater remembers the days."""
        return await self.give(heater_command.anti_legionella(device, days))

    async def set_tou(self, device: Device, *, on: bool) -> int:
        """Let the stored time-of-use plan rule, or not; the plan stays as it is."""
        return await self.give(heater_command.tou(device, on=on))

    async def set_demand_response(self, device: Device, *, on: bool) -> int:
        """Allow or forbid the utility to control the heater (CTA-2045)."""
        return await self.give(heater_command.demand_response(device, on=on))

    async def set_intelligent_mode(self, device: Device, *, on: bool) -> int:
        """Let the heater adapt to the household, or not."""
        return await self.give(heater_command.intelligent_mode(device, on=on))

    async def set_reservation_mode(self, device: Device) -> int:
        """Tell the heater to go by its weekly programme; what exactly that does is not documented."""
        return await self.control(device, controls.RESERVATION_MODE)

    # Recirculation

    async def set_recirculation_mode(self, device: Device, mode: int) -> int:
        """Set when the pump runs: 1 always, 2 by its weekly schedule, 3 by the hot button only, 4 never."""
        return await self.control(device, controls.RECIRCULATION_MODE, mode)

    async def press_hot_button(self, device: Device) -> int:
        """Have hot water brought to the taps now; never sent twice."""
        return await self.control(device, controls.RECIRCULATION_HOT_BUTTON, 1)

    # Maintenance

    async def set_air_filter_interval(self, device: Device, hours: int) -> int:
        """Set after how many hours the air filter is due: 1000 to 10000 in steps of 500, or 0 for no reminder."""
        return await self.give(heater_command.air_filter_interval(device, hours))

    async def reset_air_filter(self, device: Device) -> int:
        """Begin to count the hours of a new air filter; never sent twice."""
        return await self.control(device, controls.AIR_FILTER_RESET)

    async def reset_condenser_fault(self, device: Device) -> int:
        """Acknowledge a fault of the condenser; never sent twice."""
        return await self.control(device, controls.CONDENSER_FAULT_RESET)

    # Any of them

    async def control(self, device: Device, control: Control, *parameters: int) -> int:
        """Give any command of the table `commands`, its parameters raw."""
        return await self.give(self.control_command(device, control, *parameters))

    def control_command(self, device: Device, control: Control, *parameters: int) -> HeaterCommand:
        """Describe any command of the table `commands`."""
        return HeaterCommand(device, control, parameters)
