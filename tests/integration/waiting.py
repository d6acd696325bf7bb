"""Waiting for what Home Assistant shows, by its own events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import NavienMqttClient

DEADLINE = 15.0


async def wait_for(hass: HomeAssistant, entity_id: str, holds: Callable[[State], bool]) -> State:
    """Return the state of an entity as soon as `holds` says so."""
    found: asyncio.Future[State] = hass.loop.create_future()

    @callback
    def look(state: State | None) -> None:
        if state is not None and not found.done() and holds(state):
            found.set_result(state)

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        look(event.data["new_state"])

    stop = async_track_state_change_event(hass, [entity_id], changed)
    try:
        look(hass.states.get(entity_id))
        async with asyncio.timeout(DEADLINE):
            return await found
    except TimeoutError:
        raise AssertionError(f"{entity_id} stayed {hass.states.get(entity_id)}") from None
    finally:
        stop()


async def next_event(client: NavienMqttClient, event: str) -> None:
    """Wait for the next event of this name that the client emits."""
    happened = asyncio.Event()
    stop = client.on(event, lambda _: happened.set())
    try:
        async with asyncio.timeout(DEADLINE):
            await happened.wait()
    finally:
        stop()


@asynccontextmanager
async def until_status(hass: HomeAssistant) -> AsyncIterator[None]:
    """Wait on exit for the first status since entry that a heater of the account reports.

    A message of another kind, as what is asked for once after a start, says nothing of the heater's state.
    """
    [entry] = hass.config_entries.async_entries(DOMAIN)
    reported = asyncio.create_task(next_event(entry.runtime_data.client, "status_received"))
    # Begun, it listens.
    await asyncio.sleep(0)
    yield
    await reported


async def wait_for_value(hass: HomeAssistant, entity_id: str, value: str) -> State:
    """Return the state of an entity as soon as it has this value."""
    return await wait_for(hass, entity_id, lambda state: state.state == value)
