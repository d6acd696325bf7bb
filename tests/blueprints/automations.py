"""Making automations from blueprints, and following what they do."""

import logging

from homeassistant.components.persistent_notification import DOMAIN as NOTIFICATIONS
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.navilink.const import DOMAIN

AUTOMATION = "automation.under_test"
COMPLAINERS = (
    "homeassistant.components.automation",
    "homeassistant.components.blueprint",
    "homeassistant.components.template",
    "homeassistant.helpers.script",
    "homeassistant.helpers.template",
)


async def automate(hass: HomeAssistant, blueprint: str, **inputs: object) -> None:
    """Make an automation from a blueprint, as the dialog does; it must be valid and switched on."""
    automation = {
        "id": "under_test",
        "alias": "Under test",
        "use_blueprint": {"path": f"{DOMAIN}/{blueprint}.yaml", "input": inputs},
    }
    assert await async_setup_component(hass, NOTIFICATIONS, {})
    assert await async_setup_component(hass, "automation", {"automation": automation})
    state = hass.states.get(AUTOMATION)
    assert state is not None
    assert state.state == "on"


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what automations have complained about in this test, and forget it."""
    found = [
        record.message
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and record.name.startswith(COMPLAINERS)
    ]
    caplog.clear()
    return found
