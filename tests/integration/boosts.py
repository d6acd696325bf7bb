"""Boosts as a user asks for them, and what the user then sees."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.heating.keeper import BoostKeeper
from simulator.process import SimulatorProcess
from tests.integration.actions import shown
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import next_event, wait_for

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
    await confirmed(hass)
    await target(hass, 60)
    return before


async def confirmed(hass: HomeAssistant) -> None:
    """Wait until each command has its outcome: a target temperature is shown before that."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        client = entry.runtime_data.client
        while client.pending_commands:
            await next_event(client, "queue_changed")


async def switch(hass: HomeAssistant, action: str) -> None:
    """Turn the boost on or off with its switch."""
    await hass.services.async_call("switch", action, {"entity_id": BOOST}, blocking=True)


async def target(hass: HomeAssistant, temperature: float, heater: str = HEATER) -> None:
    """Wait until a target temperature is shown."""
    await wait_for(hass, heater, lambda state: state.attributes["temperature"] == temperature)


def in_hours(hours: float) -> str:
    """Return a time as an automation gives it."""
    return (dt_util.utcnow() + timedelta(hours=hours)).isoformat()


def keeper(entry: MockConfigEntry) -> BoostKeeper:
    """Return what keeps the boosts of an account."""
    found: BoostKeeper = entry.runtime_data.boosts
    return found


async def wait_until_done(entry: MockConfigEntry) -> None:
    """Wait until no boost runs any more, and no command has no outcome."""
    client = entry.runtime_data.client
    while (boosts := keeper(entry).of(MAC)).running is not None or boosts.returning or client.pending_commands:
        await next_event(client, "queue_changed")
    await keeper(entry).async_finish()


def key(entry: MockConfigEntry, name: str = "boosts") -> str:
    """Return the name of a file of an account."""
    return f"{DOMAIN}.{entry.entry_id}.{name}"


@contextmanager
def slow_disk(key: str) -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Hold up every writing to a file; gives what says that there is one, and what lets it go on."""
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()
    write = Store._async_write_data  # noqa: SLF001 - the one place where Home Assistant writes

    async def slowly(store: Store[Any], data: dict[str, Any]) -> None:
        if store.key == key:
            has_begun.set()
            await may_go_on.wait()
        await write(store, data)

    with patch.object(Store, "_async_write_data", slowly):
        yield has_begun, may_go_on


async def next_loop(hass: HomeAssistant) -> None:
    """Let everything that is ready go one step on."""
    turn = hass.loop.create_future()
    hass.loop.call_soon(turn.set_result, None)
    await turn
