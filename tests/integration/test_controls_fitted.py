"""Which control entities a heater has: those for what it reports that it has, from when it has reported it."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink import button, number, select, switch
from custom_components.navilink.controls import ControlDescription
from custom_components.navilink.nwp500 import DeviceFeature
from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, cut, press, queued_words, shown
from tests.integration.controls import (
    ALL,
    ANTI_LEGIONELLA,
    CASES,
    DEMAND_RESPONSE,
    FILTER_REMINDER,
    HOT_BUTTON,
    RECIRCULATION_MODE,
    RESET_CONDENSER_FAULT,
    RESET_FILTER,
    TIME_OF_USE,
    VACATION_LENGTH,
)
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for, wait_for_value

RECIRCULATION = {HOT_BUTTON, RECIRCULATION_MODE}
INTERVALS = {"number.nwp500_anti_legionella_interval", "number.nwp500_filter_interval"}
FOR_ALL = {FILTER_REMINDER, "number.nwp500_filter_interval", RESET_FILTER, RESET_CONDENSER_FAULT}
PLATFORMS = {"button", "number", "select", "switch"}
DESCRIPTIONS = (*button.COMMANDS, *number.NUMBERS, select.RECIRCULATION_MODE, *switch.SETTINGS)
# On a heater with everything, these are what an owner sees without enabling anything.
ENABLED = {TIME_OF_USE, VACATION_LENGTH, RESET_FILTER, *RECIRCULATION}


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, er.RegistryEntry]:
    """Return the control entities of the account's heaters."""
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    controls = [each for each in entries if each.domain in PLATFORMS]
    keys = {each.key for each in DESCRIPTIONS}
    return {each.entity_id: each for each in controls if each.unique_id.partition("_")[2] in keys}


@pytest.fixture
def feature() -> Mapping[str, int]:
    """What the heater reports to have; a test parametrizes it."""
    return {}


@pytest.fixture(autouse=True)
async def _fitted(simulator: SimulatorProcess, feature: Mapping[str, int]) -> None:
    await simulator.device(MAC, feature=feature)


async def test_heater_without_recirculation_has_no_entities_for_it(
    hass: HomeAssistant, running: MockConfigEntry
) -> None:
    await wait_for(hass, TIME_OF_USE, lambda state: state.state == "off")
    found = registered(hass, running)
    assert not RECIRCULATION & found.keys()
    assert {name for name, each in found.items() if not each.disabled} == ENABLED - RECIRCULATION


@pytest.mark.parametrize("feature", [{"recirculationUse": 2}])
async def test_heater_with_everything(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await wait_for(hass, RECIRCULATION_MODE, lambda state: state.state == "unknown")
    found = registered(hass, running)
    assert found.keys() == set(ALL) == {case.entity_id for case in CASES}
    assert {name for name, each in found.items() if not each.disabled} == ENABLED
    assert {name for name, each in found.items() if each.disabled} == {
        *INTERVALS,
        ANTI_LEGIONELLA,
        DEMAND_RESPONSE,
        FILTER_REMINDER,
        RESET_CONDENSER_FAULT,
    }
    assert {name for name, each in found.items() if each.entity_category is None} == {TIME_OF_USE, *RECIRCULATION}


@pytest.mark.parametrize(
    "feature",
    [{"holidayUse": 0, "programReservationUse": 1, "drSettingUse": 0, "antiLegionellaSettingUse": 1}],
)
async def test_heater_with_next_to_nothing(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await wait_for(hass, RESET_FILTER, lambda state: state.state == "unknown")
    await wait_for(hass, QUEUED, lambda _: running.runtime_data.data[MAC].feature is not None)
    assert registered(hass, running).keys() == FOR_ALL


async def test_what_is_fitted_later_is_added(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for(hass, TIME_OF_USE, lambda state: state.state == "off")
    assert not RECIRCULATION & registered(hass, running).keys()
    await simulator.device(MAC, feature={"recirculationUse": 2})
    await press(hass, "button.nwp500_refresh")
    await wait_for_value(hass, RECIRCULATION_MODE, "unknown")
    assert registered(hass, running).keys() >= RECIRCULATION


@pytest.mark.parametrize("feature", [{"recirculationUse": 2}])
async def test_what_a_heater_has_is_known_after_a_restart_without_connection(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, RECIRCULATION_MODE, "unknown")
    await cut(hass, simulator)
    assert await hass.config_entries.async_reload(running.entry_id)
    await hass.async_block_till_done()
    for entity_id in ENABLED:
        assert shown(hass, entity_id).state != "unavailable", entity_id
    await press(hass, HOT_BUTTON)
    assert queued_words(hass) == ["hot button"]


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_heater_that_leaves_and_comes_back_has_its_controls_once(
    hass: HomeAssistant, running: MockConfigEntry
) -> None:
    coordinator = running.runtime_data
    other = "switch.guest_house_time_of_use"
    await wait_for(hass, other, lambda state: state.state == "off")
    [other_mac] = coordinator.data.keys() - {MAC}
    device = coordinator.data[other_mac].device
    await coordinator.async_release({other_mac})
    await hass.async_block_till_done()
    assert hass.states.get(other) is None
    assert coordinator.kept.get(other_mac, "anti_legionella_interval") is None
    await coordinator.async_refresh()
    assert device.mac_address in coordinator.data
    await wait_for(hass, other, lambda state: state.state == "off")
    assert len([name for name in registered(hass, running) if name == other]) == 1


@pytest.mark.parametrize(
    ("reported", "is_supported"),
    [({}, True), ({"recirculationUse": 2}, True), ({"recirculationUse": 1}, False), ({"recirculationUse": 0}, False)],
)
def test_what_is_not_mentioned_a_heater_may_have(reported: Mapping[str, int], is_supported: bool) -> None:
    gated = ControlDescription(key="any", gate="recirculationUse")
    assert gated.exists_for(DeviceFeature(reported)) is is_supported
    assert not gated.exists_for(None)
    assert ControlDescription(key="any").exists_for(None)
