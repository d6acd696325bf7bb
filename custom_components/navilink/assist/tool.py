"""What all tools have in common: the heater that is meant, errors for people, and actions as somebody who speaks."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, override

from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.llm import LLMContext, Tool, ToolInput, ToolResult
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import probatio

from ..const import DOMAIN
from ..heater import HeaterState
from ..wording import error_words, text, translation
from .exposed_heaters import ExposedHeater, matching_heater

ATTR_AREA = "area"

# What became of something that a tool has given, unless it has an outcome.
QUEUED = "queued"
SENT = "sent"


class HeaterTool(Tool):
    """A tool that is for one heater, named by its user unless there is only one."""

    integration = DOMAIN
    key: ClassVar[str]
    """Its name after that of the integration, and the key of its title."""
    fields: ClassVar[Mapping[probatio.Marker, object]] = {}
    """What it takes beside the heater."""

    def __init__(self, hass: HomeAssistant, names: list[str]) -> None:
        """Offer the heaters of these names."""
        self.name = f"{DOMAIN}__{self.key}"
        self.title = text(hass, "assistant_tool", self.key)
        self.parameters = probatio.Schema(
            {
                probatio.Optional(ATTR_NAME, description="Only needed to choose between several"): probatio.In(names),
                probatio.Optional(ATTR_AREA, description="Only needed if two have the same name"): str,
                **self.fields,
            }
        )

    @override
    async def async_call(self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext) -> ToolResult:
        """Find the heater and do it; an error is worded for people, who hear it from the model."""
        data: dict[str, Any] = self.parameters(tool_input.tool_args)
        try:
            found = matching_heater(hass, llm_context, data.pop(ATTR_NAME, None), data.pop(ATTR_AREA, None))
            return ToolResult(data=await self.async_respond(hass, found, data, llm_context))
        except HomeAssistantError as err:
            return ToolResult(data={"error": error_words(hass, err)}, error=True)

    @abstractmethod
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        """Do it with the values of its fields, and return what the model learns."""


async def async_act(
    hass: HomeAssistant,
    found: ExposedHeater,
    llm_context: LLMContext,
    action: tuple[str, str],
    data: Mapping[str, object],
    *,
    has_response: bool = False,
) -> JsonObjectType:
    """Carry out an action on the water heater, by domain and name, and return its response; raises what it raises."""
    entity_id = found.state.entity_id
    if found.state.state == STATE_UNAVAILABLE:
        # Home Assistant would ignore the action.
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="heater_unavailable",
            translation_placeholders={
                "heater": found.state.name,
                "connection": connection_words(hass, found.heater),
            },
        )
    responses = await hass.services.async_call(
        *action,
        {ATTR_ENTITY_ID: entity_id, **data},
        blocking=True,
        context=llm_context.context,
        return_response=has_response,
    )
    response = (responses or {}).get(entity_id)
    return response if isinstance(response, dict) else {}


@callback
def connection_words(hass: HomeAssistant, heater: HeaterState) -> str:
    """Return how a heater is reached, or why it is not, as its sensor shows it."""
    state = heater.connection.state
    return translation(hass, "entity", f"sensor.connection_status.state.{state}") or state


def local_time(time: datetime) -> str:
    """Return a time in Home Assistant's time zone, to the second, in ISO 8601."""
    return dt_util.as_local(time).isoformat(timespec="seconds")
