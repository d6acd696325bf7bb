"""A configuration folder with the blueprints in it, and the integration with a heater."""

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from simulator.state import Addresses
from tests.integration.accounts import ACCOUNT, entry_data, hurry
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import complaints

BLUEPRINTS = Path(__file__).resolve().parents[2] / "blueprints"


@pytest.fixture(autouse=True)
def _real_parts(socket_enabled: None, enable_custom_integrations: None) -> None:
    """Let sockets on the loopback interface and this repository's integration in."""


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait longer than it needs to."""
    hurry(monkeypatch)


@pytest.fixture(autouse=True)
def _every_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every entity be enabled: what a blueprint asks for, its user has enabled."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture(autouse=True)
async def configuration(hass: HomeAssistant, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Path]:
    """Home Assistant's configuration folder, for this test alone.

    At the end its automations are switched off. None may have complained: a template that goes wrong is only logged.
    """
    (tmp_path / "blueprints").symlink_to(BLUEPRINTS)
    with patch.object(hass.config, "config_dir", str(tmp_path)):
        yield tmp_path
        if hass.services.has_service("automation", "turn_off"):
            await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
        assert complaints(caplog) == []


@pytest.fixture
async def simulator(running_simulator: Addresses) -> AsyncIterator[SimulatorProcess]:
    """The cloud and a heater, in a process of their own."""
    async with SimulatorProcess(addresses=running_simulator) as simulator:
        await simulator.reset()
        yield simulator


@pytest.fixture
async def entry(hass: HomeAssistant, simulator: SimulatorProcess) -> AsyncIterator[MockConfigEntry]:
    """An entry for the simulator's account, not set up yet; unloaded at the end."""
    entry = MockConfigEntry(domain=DOMAIN, title="NWP500", unique_id=ACCOUNT, data=entry_data(simulator))
    entry.add_to_hass(hass)
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def running(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """The entry set up, connected, and its heater seen."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    await wait_for_value(hass, HEATER, "eco")
    return entry


@pytest.fixture
def wall_clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Simulated time."""
    return WallClock(hass, freezer, monkeypatch)
