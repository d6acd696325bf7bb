"""A real Home Assistant in this process, with the integration set up for the simulator's account."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import tempfile
from unittest.mock import patch

from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.heater import HeaterState
from simulator.process import SimulatorProcess
from tests.integration.accounts import ACCOUNT, entry_data

_PATIENCE = 120.0


@contextlib.asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant in a folder of its own; what is set up in it has to be unloaded before the end."""
    with (
        tempfile.TemporaryDirectory() as folder,
        # Home Assistant's own resolver would look for devices on the network.
        patch("homeassistant.helpers.aiohttp_client._async_get_or_create_resolver", lambda _: ThreadedResolver()),
    ):
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            yield hass


def make_entry(hass: HomeAssistant, simulator: SimulatorProcess) -> MockConfigEntry:
    """Add an entry for the simulator's account that is not set up yet."""
    entry = MockConfigEntry(domain=DOMAIN, data=entry_data(simulator), unique_id=ACCOUNT, minor_version=2)
    entry.add_to_hass(hass)
    return entry


def has_reported(coordinator: NavilinkCoordinator, heater: HeaterState) -> bool:
    """Return whether a heater has reported all that it is asked at the start, or never will for lack of room."""
    return coordinator.client.is_refused(heater.device) or None not in (heater.status, heater.feature)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> NavilinkCoordinator:
    """Set an entry up and wait until every heater that is subscribed to has reported its status and what it has."""
    if not await hass.config_entries.async_setup(entry.entry_id):
        raise SystemExit("the integration was not set up")
    coordinator: NavilinkCoordinator = entry.runtime_data
    everything = asyncio.Event()

    def look(_: object = None) -> None:
        if all(has_reported(coordinator, heater) for heater in coordinator.data.values()):
            everything.set()

    # Snapshots are taken right after the client's own events.
    stops = [coordinator.async_add_listener(look, mac_address) for mac_address in coordinator.data]
    look()
    async with asyncio.timeout(_PATIENCE):
        await everything.wait()
    for stop in stops:
        stop()
    await hass.async_block_till_done()
    return coordinator
