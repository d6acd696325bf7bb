"""Firmware: what runs, what is newest, and nothing is installed but what the heater itself has waiting."""

from datetime import timedelta

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.readings.heater_facts import DOWNLOADS, FIRMWARE
from custom_components.navilink.update import INSTALLED_WITHIN
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, shown
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

CONTROLLER = "update.nwp500_controller_firmware"
WIFI = "update.nwp500_wi_fi_firmware"
PROGRESS, WITH_INSTALL = 4, 5
OLDER, INSTALLED, NEWER = 0x0A010000, "11.5.0.0", 0x0B060000
NEWER_SHOWN = "11.6.0.0"
COMMIT_TOPIC = "ctrl/commit-ota"


async def read_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read what is known of the firmware, without waiting for its time."""
    coordinator = entry.runtime_data
    device = coordinator.data[MAC].device
    for fact in (FIRMWARE, DOWNLOADS):
        answer = await fact.ask(coordinator.client, coordinator.api_client, device)
        coordinator.facts.take(MAC, fact, answer)
    await hass.async_block_till_done()


async def install(hass: HomeAssistant, entity_id: str = CONTROLLER) -> None:
    await hass.services.async_call("update", "install", {"entity_id": entity_id}, blocking=True)


@pytest.mark.usefixtures("running")
async def test_nothing_downloaded_is_up_to_date(hass: HomeAssistant) -> None:
    for entity_id, version in ((CONTROLLER, INSTALLED), (WIFI, "2.7.0.0")):
        attributes = (await wait_for_value(hass, entity_id, "off")).attributes
        assert attributes["installed_version"] == attributes["latest_version"] == version
        assert attributes["supported_features"] == PROGRESS
    # This unit's panel reports no firmware of its own.
    assert hass.states.get("update.nwp500_panel_firmware") is None


async def test_what_the_heater_has_waiting_is_installed(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, CONTROLLER, "off")
    await simulator.fault("firmware_download", version=NEWER)
    await read_again(hass, running)
    attributes = shown(hass, CONTROLLER).attributes
    assert (shown(hass, CONTROLLER).state, attributes["latest_version"]) == ("on", NEWER_SHOWN)
    assert attributes["supported_features"] == WITH_INSTALL
    assert shown(hass, WIFI).state == "off"
    await install(hass)
    state = await wait_for(hass, CONTROLLER, lambda state: state.attributes["installed_version"] == NEWER_SHOWN)
    assert (state.state, state.attributes["in_progress"]) == ("off", False)
    assert state.attributes["supported_features"] == PROGRESS
    assert await commits(simulator) == [{"swCode": 1, "swVersion": NEWER}]


async def commits(simulator: SimulatorProcess) -> list[object]:
    received = (await simulator.state())["received"]
    return [each["payload"]["request"]["commitOta"] for each in received if each["topic"].endswith(COMMIT_TOPIC)]


async def test_panel_with_firmware_of_its_own(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.device(MAC, feature={"panelSwVersion": 0x01020304, "panelSwCode": 33556242})
    await simulator.fault("firmware_download", version=0x01020305, part=2)
    assert await hass.config_entries.async_setup(entry.entry_id)
    state = await wait_for_value(hass, "update.nwp500_panel_firmware", "on")
    assert state.attributes["installed_version"] == "1.2.3.4"
    assert state.attributes["latest_version"] == "1.2.3.5"
    assert state.attributes["supported_features"] == WITH_INSTALL
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_older_firmware_is_neither_offered_nor_installed(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, CONTROLLER, "off")
    await simulator.fault("firmware_download", version=OLDER)
    await read_again(hass, running)
    attributes = shown(hass, CONTROLLER).attributes
    assert (shown(hass, CONTROLLER).state, attributes["latest_version"]) == ("off", INSTALLED)
    assert attributes["supported_features"] == PROGRESS
    with pytest.raises(HomeAssistantError):
        await install(hass)
    assert await commits(simulator) == []


async def test_what_is_not_waiting_any_more_is_not_installed(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, CONTROLLER, "off")
    await simulator.fault("firmware_download", version=NEWER)
    await read_again(hass, running)
    await simulator.fault("firmware_download", version=OLDER)
    with pytest.raises(HomeAssistantError) as raised:
        await install(hass)
    assert raised.value.translation_key == "no_firmware_waiting"
    state = shown(hass, CONTROLLER)
    assert state.attributes["in_progress"] is False
    assert await commits(simulator) == []


async def test_installing_while_disconnected_fails(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, CONTROLLER, "off")
    await simulator.fault("firmware_download", version=NEWER)
    await read_again(hass, running)
    await cut(hass, simulator)
    with pytest.raises(HomeAssistantError) as raised:
        await install(hass)
    assert raised.value.translation_key == "not_connected"
    assert shown(hass, CONTROLLER).attributes["in_progress"] is False


async def test_installation_without_a_reply_is_in_progress_for_a_while(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    """A real heater takes some minutes, and nobody has seen whether it replies at once."""
    await wait_for_value(hass, CONTROLLER, "off")
    # A version that it still reports, whatever it has installed.
    await simulator.device(MAC, feature={"controllerSwVersion": 0x0B050000})
    await simulator.fault("firmware_download", version=NEWER)
    await read_again(hass, running)
    await simulator.fault("silent", suffix=COMMIT_TOPIC)
    await simulator.fault("silent", suffix="st/did", count=1000)
    await install(hass)
    state = shown(hass, CONTROLLER)
    assert (state.state, state.attributes["in_progress"]) == ("on", True)
    assert state.attributes["update_percentage"] is None
    await wall_clock.pass_by(INSTALLED_WITHIN + timedelta(minutes=1))
    await wait_for(hass, CONTROLLER, lambda state: state.attributes["in_progress"] is False)


async def test_without_an_answer_of_the_service_the_newest_is_unknown(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("refuse_request", path="/device/firmware/info", code=500)
    assert await hass.config_entries.async_setup(entry.entry_id)
    state = await wait_for(hass, CONTROLLER, lambda state: state.attributes["installed_version"] == INSTALLED)
    assert (state.state, state.attributes["latest_version"]) == (STATE_UNKNOWN, None)
    assert await hass.config_entries.async_unload(entry.entry_id)
