"""Every entity of a heater, all enabled: what it is and what it shows, of recorded heaters at a fixed time.

After a change on purpose: `pytest tests/integration/test_snapshots.py --snapshot-update`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import JSONEncoder
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.navilink.const import DOMAIN
from tests.client.support.fixture_heater import MAC, RECIRCULATION_MAC, FixtureService, fixture_service
from tests.client.support.mosquitto import MOSQUITTO
from tests.integration.accounts import ACCOUNT, fixture_entry_data
from tests.integration.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed"),
    pytest.mark.usefixtures("every_entity", "wall_clock"),
]

NOW = datetime(2026, 3, 7, 17, 30, tzinfo=UTC)
OBJECT_IDS = {MAC: "nwp500", RECIRCULATION_MAC: "guest_house"}
READ = ("sensor.{}_wi_fi_signal", "sensor.{}_total_energy", "sensor.{}_compressor_starts", "update.{}_wi_fi_firmware")
"""Known as soon as the status, the energy, the counters and the firmware have been read."""
MEANINGFUL = ("translation_key", "unit_of_measurement", "entity_category", "original_device_class", "original_name")
"""What the registry has of an entity beside its state; ids and times are other ones in each run."""


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded heater in a recorded state, seen by a user with these units."""

    mac_address: str
    status: str
    units: UnitSystem


CASES = {
    "65_gallons_fahrenheit": Case(MAC, "status_tou_window", US_CUSTOMARY_SYSTEM),
    "80_gallons_celsius_recirculation": Case(
        RECIRCULATION_MAC, "status_demand_response_and_recirculation", METRIC_SYSTEM
    ),
    "fault": Case(MAC, "status_fault", US_CUSTOMARY_SYSTEM),
    "unknowns": Case(RECIRCULATION_MAC, "status_celsius_unknown_flags", METRIC_SYSTEM),
}


@pytest.fixture
async def service(tmp_path: Path, case: Case) -> AsyncIterator[FixtureService]:
    """Run the cloud of recorded messages."""
    async with fixture_service(tmp_path, case.status) as service:
        yield service


@pytest.fixture
async def recorded(
    hass: HomeAssistant,
    service: FixtureService,
    case: Case,
    freezer: FrozenDateTimeFactory,
) -> AsyncIterator[MockConfigEntry]:
    """The account of recorded heaters, of which everything has been read at a time that stands still."""
    freezer.move_to(NOW)
    hass.config.units = case.units
    entry = MockConfigEntry(
        domain=DOMAIN, title="NWP500", unique_id=ACCOUNT, data=fixture_entry_data(service), minor_version=2
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    for entity_id in READ:
        await wait_for(hass, entity_id.format(OBJECT_IDS[case.mac_address]), _is_known)
    await hass.async_block_till_done(wait_background_tasks=True)
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


def _is_known(state: State) -> bool:
    return state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


def described(hass: HomeAssistant, entry: er.RegistryEntry) -> dict[str, Any]:
    """Return what an entity is and shows."""
    state = hass.states.get(entry.entity_id)
    assert state is not None, entry.entity_id
    registered = {name: getattr(entry, name) for name in MEANINGFUL if getattr(entry, name) is not None}
    shown: dict[str, Any] = json.loads(json.dumps({**registered, "attributes": state.attributes}, cls=JSONEncoder))
    return {"state": state.state, **shown}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_every_entity(
    hass: HomeAssistant, recorded: MockConfigEntry, case: Case, snapshot: SnapshotAssertion
) -> None:
    entries = er.async_entries_for_config_entry(er.async_get(hass), recorded.entry_id)
    own = sorted((each.entity_id, each) for each in entries if each.unique_id.startswith(case.mac_address))
    assert own
    assert {entity_id: described(hass, entry) for entity_id, entry in own} == snapshot
