"""The page of the entities says of each what it really is: its unit, its category, and whether it is enabled."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for_value
from tests.repository.documents import DOCS, chapter, rows

HEADINGS = {
    "sensor": "## Sensors",
    "binary_sensor": "## Binary sensors",
    "update": "## Updates",
    "button": "## Buttons",
    "event": "## Event",
    "switch": "## Switches",
    "calendar": "## Calendars",
    "number": "## Numbers",
    "select": "## Selects",
}
EVERYTHING_FITTED = {
    "recirculationUse": 2,
    "recircReservationUse": 2,
    "mixingValueUse": 2,
    "panelSwVersion": 0x01000000,
}
NOTHING, YES, NO, ALWAYS = "\N{EN DASH}", "yes", "no", "always"


def page(platform: str) -> Mapping[str, list[str]]:
    """Return the rows of a platform's tables by the name of the entity."""
    return {cells[0]: cells for cells in rows(chapter(DOCS / "entities.md", HEADINGS[platform]))}


@pytest.mark.parametrize("platform", HEADINGS)
async def test_page_is_true(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, platform: str
) -> None:
    await simulator.device(MAC, feature=EVERYTHING_FITTED)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, "update.nwp500_panel_firmware", "unknown")
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    found = {each.original_name or "": each for each in registered if each.domain == platform}
    described = page(platform)
    assert described.keys() == found.keys()
    for name, entity in found.items():
        *units, category, is_enabled, _ = described[name][2:]
        assert units in ([], [entity.unit_of_measurement or NOTHING]), name
        assert category == (entity.entity_category or NOTHING), name
        assert is_enabled == (NO if entity.disabled else YES), name
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_what_a_heater_lacks_is_said_to_exist_for_some_only(
    hass: HomeAssistant, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, "update.nwp500_controller_firmware", "off")
    registered = er.async_entries_for_config_entry(er.async_get(hass), running.entry_id)
    names = {(each.domain, each.original_name) for each in registered}
    lacking = {
        (platform, name): cells
        for platform in HEADINGS
        for name, cells in page(platform).items()
        if (platform, name) not in names
    }
    assert ("binary_sensor", "Recirculation") in lacking
    assert [key for key, cells in lacking.items() if cells[-1] == ALWAYS] == []
