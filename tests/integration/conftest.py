"""A fresh simulator for each test, an entry for its account, and the entry set up in a real Home Assistant."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink import config
from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from simulator.state import Addresses
from tests.integration.accounts import ACCOUNT, entry_data, hurry
from tests.integration.heaters import HEATER
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock


@pytest.fixture(autouse=True)
def _real_parts(socket_enabled: None, enable_custom_integrations: None) -> None:
    """Let sockets on the loopback interface and this repository's integration in."""


@pytest.fixture
def simulator_options() -> tuple[str, ...]:
    """Options of the simulator, as on its command line; a test parametrizes it to have another one."""
    return ()


@pytest.fixture
async def simulator(
    running_simulator: Addresses, simulator_options: tuple[str, ...]
) -> AsyncIterator[SimulatorProcess]:
    """The cloud and its heaters, in a process of their own."""
    async with SimulatorProcess(addresses=running_simulator) as simulator:
        await simulator.reset(*simulator_options)
        yield simulator


@pytest.fixture
def options() -> Mapping[str, object]:
    """Options of the entry; a test parametrizes them to have others than the defaults."""
    return {}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Let Home Assistant live in a folder of the test's own: the command queue is a file."""
    return hass_tmp_config_dir


@pytest.fixture
def stored_files(hass_config_dir: str) -> StoredFiles:
    """What Home Assistant has in its storage."""
    return StoredFiles(Path(hass_config_dir) / ".storage")


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait longer than it needs to."""
    hurry(monkeypatch)


@pytest.fixture
def no_coalescing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command be sent, also one that a newer one makes needless; ask for it before `running`."""
    monkeypatch.setattr(config, "COALESCE_COMMANDS", False)


@pytest.fixture
def no_skipping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command be sent, also for what the heater reports already; ask for it before `running`."""
    monkeypatch.setattr(config, "SKIP_REDUNDANT", False)


@pytest.fixture
def every_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every entity be enabled by default; ask for it before `running`."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture
def entry(hass: HomeAssistant, simulator: SimulatorProcess, options: Mapping[str, object]) -> MockConfigEntry:
    """An entry for the simulator's account, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="NWP500",
        unique_id=ACCOUNT,
        data=entry_data(simulator),
        options=dict(options),
        minor_version=2,
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def running(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncIterator[MockConfigEntry]:
    """The entry set up, connected, and its first heater seen and read; unloaded at the end."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    await wait_for_value(hass, HEATER, "eco")
    # What is read once at the start has been read: a test that takes the heater away gets no late answer.
    await wait_for(hass, "sensor.nwp500_total_energy", lambda state: state.state != STATE_UNAVAILABLE)
    await hass.async_block_till_done(wait_background_tasks=True)
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
def wall_clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Simulated time."""
    return WallClock(hass, freezer, monkeypatch)
