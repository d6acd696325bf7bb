"""Boosts as a user asks for them, and what the user then sees."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import shown
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for

BOOST = "switch.nwp500_boost"
BOOST_ENDS = "sensor.nwp500_boost_ends"


async def _respond(hass: HomeAssistant, action: str, heater: str, **data: object) -> dict[str, Any]:
    response: Any = await hass.services.async_call(
        DOMAIN, action, {"entity_id": heater, **data}, blocking=True, return_response=True
    )
    found: dict[str, Any] = response[heater]
    return found


async def boost(hass: HomeAssistant, heater: str = HEATER, /, **data: object) -> dict[str, Any]:
    """Start or plan a boost; returns the response."""
    return await _respond(hass, "boost", heater, **data)


async def end(hass: HomeAssistant, **data: object) -> dict[str, Any]:
    """End a boost; returns the response."""
    return await _respond(hass, "end_boost", HEATER, **data)


async def refused(hass: HomeAssistant, **data: object) -> str | None:
    """Ask for a boost that is refused; returns the key of the reason."""
    with pytest.raises(ServiceValidationError) as error:
        await boost(hass, **data)
    return error.value.translation_key


async def boosted(hass: HomeAssistant, simulator: SimulatorProcess) -> float:
    """Boost until the heater has 60 °C; returns the target temperature that it had before."""
    before: float = shown(hass, HEATER).attributes["temperature"]
    await boost(hass, temperature=60)
    await simulator.wait(applied=1)
    await target(hass, 60)
    return before


async def switch(hass: HomeAssistant, action: str) -> None:
    """Turn the boost on or off with its switch."""
    await hass.services.async_call("switch", action, {"entity_id": BOOST}, blocking=True)


async def target(hass: HomeAssistant, temperature: float, heater: str = HEATER) -> None:
    """Wait until a target temperature is shown."""
    await wait_for(hass, heater, lambda state: state.attributes["temperature"] == temperature)


def in_hours(hours: float) -> str:
    """Return a time as an automation gives it."""
    return (dt_util.utcnow() + timedelta(hours=hours)).isoformat()
