"""The switches of the weekly schedule and of the recirculation schedule, each as a whole."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import callback

from ..controls import ControlDescription, ControlEntity
from ..nwp500 import queries
from .switch_command import ON, RECIRCULATION, WEEKLY


@dataclass(frozen=True, kw_only=True)
class ScheduleSwitchDescription(ControlDescription, SwitchEntityDescription):
    """The switch of a schedule."""

    kind: str
    """The kind of the command that switches it."""


SCHEDULE_SWITCHES = (
    ScheduleSwitchDescription(key="weekly_schedule", translation_key="weekly_schedule", kind=WEEKLY),
    ScheduleSwitchDescription(
        key="recirculation_schedule",
        translation_key="recirculation_schedule",
        gate=queries.WRITE_RECIRCULATION_SCHEDULE.gate,
        kind=RECIRCULATION,
    ),
)


class ScheduleSwitch(ControlEntity, SwitchEntity):
    """Whether a schedule acts; it shows what waits to be carried out until the heater has it."""

    entity_description: ScheduleSwitchDescription

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in what is wanted, or else what the heater has; nothing is known until its schedule was read."""
        kind = self.entity_description.kind
        schedules, mac_address = self.coordinator.schedules, self._mac_address
        known = schedules.weekly(mac_address) if kind == WEEKLY else schedules.recirculation(mac_address)
        wanted = self.coordinator.switch_commands.wanted(mac_address, kind)
        reported = None if known is None else known.use == ON
        self._attr_is_on = reported if wanted is None else wanted

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let the schedule act, with its entries as they are."""
        await self._async_switch(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop the schedule; its entries stay."""
        await self._async_switch(on=False)

    async def _async_switch(self, *, on: bool) -> None:
        device, kind = self.heater.device, self.entity_description.kind
        await self.coordinator.switch_commands.async_switch(device, kind, on=on)
