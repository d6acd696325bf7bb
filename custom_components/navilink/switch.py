"""Switches of a heater: what it does by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .controls import ControlDescription, ControlEntity
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import async_add_fitted, async_add_for_each_heater
from .heating.boost_entities import BoostSwitch
from .kept_values import ANTI_LEGIONELLA_INTERVAL, FILTER_INTERVAL, KeptNumber
from .nwp500 import CommandOutcome, Device, DeviceStatus, HeaterCommand, commands, heater_commands
from .schedules.switches import SCHEDULE_SWITCHES, ScheduleSwitch

# An action waits for its outcome; the queue puts commands in order, and one heater's wait must not hold up another's.
PARALLEL_UPDATES = 0

OFF, ON = 0, 1


@dataclass(frozen=True, kw_only=True)
class SettingDescription(ControlDescription, SwitchEntityDescription):
    """A setting that is on or off."""

    is_on: Callable[[DeviceStatus], bool | None] | None
    """How it is read from a status; None: the heater does not report it."""
    command: Callable[[Device, int], HeaterCommand]
    """What switches it off, with 0, or on, with 1 or with its interval."""
    interval: KeptNumber | None = None
    """What it is switched on with."""


SETTINGS = (
    SettingDescription(
        key="time_of_use",
        translation_key="time_of_use",
        gate=commands.TOU_ON.gate,
        is_on=lambda status: status.tou_enabled,
        command=lambda device, on: heater_commands.tou(device, on=bool(on)),
    ),
    SettingDescription(
        key="anti_legionella",
        translation_key="anti_legionella",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        gate=commands.ANTI_LEGIONELLA_ON.gate,
        is_on=lambda status: status.anti_legionella_enabled,
        command=lambda device, days: heater_commands.anti_legionella(device, days or None),
        interval=ANTI_LEGIONELLA_INTERVAL,
    ),
    SettingDescription(
        key="demand_response",
        translation_key="demand_response",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        gate=commands.DEMAND_RESPONSE_ON.gate,
        is_on=None,
        command=lambda device, on: heater_commands.demand_response(device, on=bool(on)),
    ),
    SettingDescription(
        key="filter_reminder",
        translation_key="filter_reminder",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        gate=commands.AIR_FILTER_LIFE.gate,
        is_on=lambda status: None if status.air_filter_alarm_period is None else status.air_filter_alarm_period > 0,
        command=heater_commands.air_filter_interval,
        interval=FILTER_INTERVAL,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the switches."""
    async_add_fitted(entry, async_add_entities, SETTINGS, _setting_switch)
    async_add_for_each_heater(entry, async_add_entities, lambda *heater: [BoostSwitch(*heater)])
    async_add_fitted(entry, async_add_entities, SCHEDULE_SWITCHES, ScheduleSwitch)


class SettingSwitch(ControlEntity, SwitchEntity):
    """A setting that is on or off; it shows what is on its way until the heater has or refuses it."""

    entity_description: SettingDescription

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in the setting, and the interval, to be used again when it is switched on the next time."""
        description, shown = self.entity_description, self.heater.shown
        if description.interval is not None:
            self.coordinator.kept.take_in(self.heater, description.interval)
        if description.is_on is not None:
            self._attr_is_on = None if shown is None else description.is_on(shown)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on, with the interval that was in use or chosen last."""
        interval = self.entity_description.interval
        value = ON if interval is None else self.coordinator.kept.next_number(self.heater, interval)
        await self.async_send(self.entity_description.command(self.heater.device, value))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self.async_send(self.entity_description.command(self.heater.device, OFF))


class UnreportedSwitch(SettingSwitch):
    """A setting that the heater does not report: the last command that is on its way, or was confirmed, is assumed."""

    _attr_assumed_state = True

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str, description: SettingDescription) -> None:
        device = coordinator.data[mac_address].device
        self._value_of = {description.command(device, value).control.name: value for value in (OFF, ON)}
        """What each kind of command sets."""
        self._pending_ids: tuple[str, ...] | None = None
        super().__init__(coordinator, mac_address, description)

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in the commands on their way; what becomes of them is kept over a restart."""
        value_of, kept, key = self._value_of, self.coordinator.kept, self.entity_description.key
        pending = [each.command for each in self.heater.pending if each.command.kind in value_of]
        pending_ids = tuple(command.id for command in pending)
        if pending_ids == self._pending_ids:
            return
        self._pending_ids = pending_ids
        for event in self.coordinator.outcomes.of(self._mac_address):
            if event.command.kind in value_of and event.result.outcome is CommandOutcome.CONFIRMED:
                kept.put(self._mac_address, **{key: value_of[event.command.kind]})
        value = value_of[pending[-1].kind] if pending else kept.get(self._mac_address, key)
        self._attr_is_on = None if value is None else bool(value)


def _setting_switch(
    coordinator: NavilinkCoordinator, mac_address: str, description: SettingDescription
) -> SettingSwitch:
    kind = UnreportedSwitch if description.is_on is None else SettingSwitch
    return kind(coordinator, mac_address, description)
