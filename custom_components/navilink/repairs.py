"""How issues are got rid of: by having read them."""

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant


async def async_create_fix_flow(
    _hass: HomeAssistant, _issue_id: str, _data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Start the dialog of an issue; once confirmed, Home Assistant removes the issue."""
    return ConfirmRepairFlow()
