"""Buttons of a heater: bring hot water, reset what is counted or reported, ask it afresh, clear its queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .controls import ControlDescription, ControlEntity
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import NavilinkEntity, async_add_fitted, async_add_for_each_heater
from .nwp500 import Device, HeaterCommand, NavienError, commands, heater_commands
from .wording import to_home_assistant_error

# An action waits for its outcome; the queue puts commands in order, and one heater's wait must not hold up another's.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class NavilinkButtonDescription(ButtonEntityDescription):
    """A button and what it does for the heater of this MAC address."""

    press_fn: Callable[[NavilinkCoordinator, str], object]


DESCRIPTIONS = (
    NavilinkButtonDescription(
        key="clear_queue",
        translation_key="clear_queue",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda coordinator, mac_address: coordinator.clear_queue(mac_address),
    ),
    NavilinkButtonDescription(
        key="refresh",
        translation_key="refresh",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda coordinator, mac_address: coordinator.refresh_heater(mac_address),
    ),
)


@dataclass(frozen=True, kw_only=True)
class CommandButtonDescription(ControlDescription, ButtonEntityDescription):
    """A button that sends a command to the heater; none of these is ever sent twice."""

    command: Callable[[Device], HeaterCommand]


COMMANDS = (
    CommandButtonDescription(
        key="hot_button",
        translation_key="hot_button",
        gate=commands.RECIRCULATION_HOT_BUTTON.gate,
        command=heater_commands.hot_button,
    ),
    CommandButtonDescription(
        key="reset_filter",
        translation_key="reset_filter",
        entity_category=EntityCategory.CONFIG,
        gate=commands.AIR_FILTER_RESET.gate,
        command=heater_commands.air_filter_reset,
    ),
    CommandButtonDescription(
        key="reset_condenser_fault",
        translation_key="reset_condenser_fault",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        gate=commands.CONDENSER_FAULT_RESET.gate,
        command=heater_commands.condenser_fault_reset,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons."""
    async_add_for_each_heater(
        entry,
        async_add_entities,
        lambda coordinator, mac_address: (NavilinkButton(coordinator, mac_address, each) for each in DESCRIPTIONS),
    )
    async_add_fitted(entry, async_add_entities, COMMANDS, CommandButton)


class NavilinkButton(NavilinkEntity, ButtonEntity):
    """A button of a heater."""

    entity_description: NavilinkButtonDescription

    @override
    async def async_press(self) -> None:
        """Do what the button is for."""
        try:
            self.entity_description.press_fn(self.coordinator, self._mac_address)
        except NavienError as err:
            raise to_home_assistant_error(self.hass, err) from err
        # What was cleared does not come back, whatever happens to this process from now on.
        await self.coordinator.store.async_saved()


class CommandButton(ControlEntity, ButtonEntity):
    """A button that sends a command; it waits in the queue while there is no connection, as every command does."""

    entity_description: CommandButtonDescription

    @override
    async def async_press(self) -> None:
        """Send the command."""
        await self.async_send(self.entity_description.command(self.heater.device))
