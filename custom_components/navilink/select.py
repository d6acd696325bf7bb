"""The choices of a heater: when its recirculation pump runs."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .controls import ControlDescription, ControlEntity
from .coordinator import NavilinkConfigEntry
from .entity import async_add_fitted
from .nwp500 import commands, enums, heater_commands

# An action waits for its outcome; the queue puts commands in order, and one heater's wait must not hold up another's.
PARALLEL_UPDATES = 0

MODE_OF_OPTION = {mode.name.lower(): mode for mode in enums.RecirculationMode}


@dataclass(frozen=True, kw_only=True)
class RecirculationModeDescription(ControlDescription, SelectEntityDescription):
    """The mode of the recirculation pump."""


RECIRCULATION_MODE = RecirculationModeDescription(
    key="recirculation_mode",
    translation_key="recirculation_mode",
    options=list(MODE_OF_OPTION),
    gate=commands.RECIRCULATION_MODE.gate,
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the recirculation modes."""
    async_add_fitted(entry, async_add_entities, [RECIRCULATION_MODE], RecirculationModeSelect)


class RecirculationModeSelect(ControlEntity, SelectEntity):
    """When the recirculation pump runs; it shows the mode on its way until the heater has or refuses it."""

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in the mode."""
        mode = None if self.heater.shown is None else self.heater.shown.recirculation_mode
        self._attr_current_option = None if mode is None else mode.name.lower()

    @override
    async def async_select_option(self, option: str) -> None:
        """Set the mode."""
        await self.async_send(heater_commands.recirculation_mode(self.heater.device, MODE_OF_OPTION[option]))
