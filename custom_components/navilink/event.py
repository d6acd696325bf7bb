"""The outcome of each command to a heater, as an event that automations can use."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NavilinkConfigEntry
from .entity import NavilinkEntity, async_add_for_each_heater
from .nwp500 import CommandCompleted, CommandOutcome
from .outcomes import outcome_details

PARALLEL_UPDATES = 0

COMMAND_OUTCOME = EventEntityDescription(
    key="command_outcome",
    translation_key="command_outcome",
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[outcome.value for outcome in CommandOutcome],
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the command outcomes."""
    async_add_for_each_heater(
        entry,
        async_add_entities,
        lambda coordinator, mac_address: [CommandOutcomeEvent(coordinator, mac_address, COMMAND_OUTCOME)],
    )


class CommandOutcomeEvent(NavilinkEntity, EventEntity):
    """The outcome of the last command."""

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the heater's outcomes, which are passed on once Home Assistant has started."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.outcomes.listen(self._mac_address, self._on_outcome))

    @callback
    def _on_outcome(self, event: CommandCompleted) -> None:
        self._trigger_event(event.result.outcome, outcome_details(self.hass, event))
        self.async_write_ha_state()
