"""Tools for assistants that use a language model: how the hot water is, and its target temperature.

A heater that is exposed to an assistant can be asked about and changed through it, and no other one. What a tool does
is a class of its own; finding the heater and reporting errors is the same for all.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar, override

from homeassistant.components.llm import LLMTools
from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.components.water_heater.const import SERVICE_SET_TEMPERATURE
from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME, ATTR_TEMPERATURE, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.helpers.translation import async_translate_state
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType
import probatio

from .const import DOMAIN
from .exposed_heaters import ExposedHeater, exposed_heaters, heater_names, matching_heater
from .heater import HeaterState
from .nwp500 import CommandOutcome, DeviceStatus, commands
from .wording import error_words, fault_words, text, translation, user_unit

ATTR_AREA = "area"

# What became of a command that a tool has given, unless it has an outcome.
QUEUED = "queued"
SENT = "sent"
# An action that has waited for the heater for long enough raises this error; its command is on its way all the same.
NOT_COMPLETED = "command_not_completed"


@callback
def _in_user_unit(hass: HomeAssistant, celsius: float | None) -> float | None:
    return None if celsius is None else round(user_unit(hass).from_celsius(celsius), 1)


@callback
def _fault(hass: HomeAssistant, status: DeviceStatus) -> str | None:
    return fault_words(hass, status.error_code, status.sub_error_code) if status.error_code else None


MEASURED: Mapping[str, Callable[[HomeAssistant, DeviceStatus], JsonValueType]] = {
    "upper_tank_temperature": lambda hass, status: _in_user_unit(hass, status.tank_upper_temperature),
    "lower_tank_temperature": lambda hass, status: _in_user_unit(hass, status.tank_lower_temperature),
    "hot_water_charge_percent": lambda _hass, status: status.dhw_charge,
    "is_heating": lambda _hass, status: status.is_heating,
    "fault": _fault,
}


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tools of an assistant to which a heater is exposed."""
    if api_id != LLM_API_ASSIST or not llm_context.assistant:
        return None
    heaters = exposed_heaters(hass, llm_context.assistant)
    if not heaters:
        return None
    names = heater_names(hass, heaters)
    return LLMTools(tools=[tool(hass, names) for tool in TOOLS])


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
            found = matching_heater(hass, llm_context, data.get(ATTR_NAME), data.get(ATTR_AREA))
            return ToolResult(data=await self.async_respond(hass, found, data, llm_context))
        except HomeAssistantError as err:
            return ToolResult(data={"error": error_words(hass, err)}, error=True)

    @abstractmethod
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        """Do it, and return what the model learns."""


class HotWaterStatusTool(HeaterTool):
    """How the hot water is."""

    key = "get_hot_water_status"
    description = (
        "Get the state of a heat pump water heater: hot water temperatures and charge, target temperature, mode, "
        "vacation, connection, fault, and the commands that wait to be carried out. Target temperature, mode and "
        "vacation already include what waiting commands will set. Measured values are null while the water heater "
        "has not reported for minutes."
    )
    annotations = ToolAnnotations(read_only=True, destructive=False, idempotent=True, open_world=False)

    @override
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        heater = found.heater
        return {
            "name": found.state.name,
            "temperature_unit": hass.config.units.temperature_unit,
            **_measured(hass, heater),
            "target_temperature": found.state.attributes.get(ATTR_TEMPERATURE),
            "mode": async_translate_state(hass, found.state.state, WATER_HEATER_DOMAIN, None, None, None),
            "vacation": _vacation(heater.shown),
            "connection": _connection_words(hass, heater),
            "last_message_minutes_ago": _minutes_since_message(heater),
            "waiting_commands": [
                {
                    "command": words["command"],
                    "stage": words["stage"],
                    "minutes_ago": words["age_minutes"],
                }
                for words in (pending.in_words(hass) for pending in heater.pending)
            ],
        }


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
        if found.state.state == STATE_UNAVAILABLE:
            # Home Assistant would ignore the action.
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="heater_unavailable",
                translation_placeholders={
                    "heater": found.state.name,
                    "connection": _connection_words(hass, found.heater),
                },
            )
        result = await _async_set_temperature(hass, found, data[ATTR_TEMPERATURE], llm_context)
        state = hass.states.get(found.state.entity_id)
        return {
            "result": result,
            "name": found.state.name,
            "target_temperature": None if state is None else state.attributes.get(ATTR_TEMPERATURE),
            "temperature_unit": hass.config.units.temperature_unit,
            "connection": _connection_words(hass, found.heater),
        }


TOOLS: tuple[type[HeaterTool], ...] = (HotWaterStatusTool, SetTemperatureTool)


def _measured(hass: HomeAssistant, heater: HeaterState) -> dict[str, JsonValueType]:
    """Return what the heater has measured, and nothing that is too old."""
    status = heater.status if heater.is_fresh else None
    return {name: None if status is None else value_fn(hass, status) for name, value_fn in MEASURED.items()}


def _vacation(status: DeviceStatus | None) -> JsonObjectType:
    is_active = None if status is None else status.is_on_vacation
    return {"is_active": is_active, "days": status.vacation_days if status is not None and is_active else None}


def _connection_words(hass: HomeAssistant, heater: HeaterState) -> str:
    state = heater.connection.state
    return translation(hass, "entity", f"sensor.connection_status.state.{state}") or state


def _minutes_since_message(heater: HeaterState) -> int | None:
    at = heater.last_message_at
    return None if at is None else (dt_util.utcnow() - at) // timedelta(minutes=1)


async def _async_set_temperature(
    hass: HomeAssistant, found: ExposedHeater, temperature: float, llm_context: LLMContext
) -> str:
    """Set it by Home Assistant's own action, and return what became of the newest such command to the heater."""
    try:
        await hass.services.async_call(
            WATER_HEATER_DOMAIN,
            SERVICE_SET_TEMPERATURE,
            {ATTR_ENTITY_ID: found.state.entity_id, ATTR_TEMPERATURE: temperature},
            blocking=True,
            context=llm_context.context,
        )
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
