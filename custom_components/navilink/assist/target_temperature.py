"""The tool that sets the target temperature."""

from collections.abc import Mapping
from typing import Any, ClassVar, override

from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.components.water_heater.const import SERVICE_SET_TEMPERATURE
from homeassistant.const import ATTR_TEMPERATURE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.llm import LLMContext, ToolAnnotations
from homeassistant.util.json import JsonObjectType
import probatio

from ..nwp500 import CommandOutcome, commands
from .exposed_heaters import ExposedHeater
from .tool import QUEUED, SENT, HeaterTool, async_act, connection_words

# An action that has waited for the heater for long enough raises this error; its command is on its way all the same.
NOT_COMPLETED = "command_not_completed"


class SetTemperatureTool(HeaterTool):
    """Sets the target temperature of the hot water, as the action of the water heater does."""

    key = "set_target_temperature"
    description = (
        "Set the target temperature of a heat pump water heater, in the unit of the user. The result is 'confirmed' "
        "once the water heater has it, 'sent' while that is not known yet, and 'queued' if the water heater cannot be "
        "reached: then it is set automatically as soon as it can, which counts as success."
    )
    annotations = ToolAnnotations(destructive=False, idempotent=True, open_world=False)
    fields: ClassVar[Mapping[probatio.Marker, object]] = {probatio.Required(ATTR_TEMPERATURE): probatio.Coerce(float)}

    @override
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        result = await _async_set_temperature(hass, found, data, llm_context)
        state = hass.states.get(found.state.entity_id)
        return {
            "result": result,
            "name": found.state.name,
            "target_temperature": None if state is None else state.attributes.get(ATTR_TEMPERATURE),
            "temperature_unit": hass.config.units.temperature_unit,
            "connection": connection_words(hass, found.heater),
        }


async def _async_set_temperature(
    hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
) -> str:
    """Set it by Home Assistant's own action, and return what became of the newest such command to the heater."""
    try:
        await async_act(hass, found, llm_context, (WATER_HEATER_DOMAIN, SERVICE_SET_TEMPERATURE), data)
    except HomeAssistantError as err:
        if err.translation_key != NOT_COMPLETED:
            raise
        return SENT
    client, outcomes = found.coordinator.client, found.coordinator.outcomes
    about = found.mac_address, commands.DHW_TEMPERATURE.name
    if any((each.mac_address, each.kind) == about for each in client.pending_commands):
        return QUEUED
    ended = [event.result.outcome for event in outcomes.of(about[0]) if event.command.kind == about[1]]
    return (ended[-1] if ended else CommandOutcome.CONFIRMED).value
