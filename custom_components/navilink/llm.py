"""Tools for assistants that use a language model, as Home Assistant asks for them.

A heater that is exposed to an assistant can be asked about and changed through it, and no other one.
"""

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext

from .assist.boosts import EndBoostTool, StartBoostTool
from .assist.exposed_heaters import exposed_heaters, heater_names
from .assist.status import HotWaterStatusTool
from .assist.target_temperature import SetTemperatureTool
from .assist.tool import HeaterTool

TOOLS: tuple[type[HeaterTool], ...] = (HotWaterStatusTool, SetTemperatureTool, StartBoostTool, EndBoostTool)


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
