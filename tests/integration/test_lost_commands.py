"""Commands that were not sent: the dialog of their repair issue, in which they are sent again or discarded."""

import asyncio
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, OUTCOME, cut, lost, press, queued_words, set_mode, set_temperature
from tests.integration.dialogs import Dialog, results
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

# With room for one command only, an older one is dropped.
FULL_QUEUE = pytest.mark.parametrize("options", [{"queue_size": 1}])
SHORT_LIFE = pytest.mark.parametrize("options", [{"expiration": "fixed", "expiration_time": {"minutes": 1}}])
TWO_HEATERS = pytest.mark.parametrize("simulator_options", [("--heaters", "2")])


@pytest.fixture
def dialog(hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry) -> Dialog:
    return Dialog(hass, hass_client, entry)


@SHORT_LIFE
async def test_sent_again_each_has_its_result(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock, dialog: Dialog
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await wall_clock.pass_by(timedelta(minutes=2))
    await wait_for(hass, OUTCOME, lambda _: len(lost(running)) == 2)
    await set_temperature(hass, 55)
    await wall_clock.pass_by(timedelta(minutes=2))
    await wait_for(hass, OUTCOME, lambda _: len(lost(running)) == 3)
    flow = await dialog.open()
    assert (flow["type"], flow["step_id"], flow["menu_options"]) == ("menu", "init", ["send_again", "discard"])
    assert flow["description_placeholders"]["count"] == "3"
    listed = flow["description_placeholders"]["commands"].splitlines()
    assert [line.partition(", queued 20")[0] for line in listed] == [
        "- NWP500: target temperature 60 °C",
        "- NWP500: mode heat pump",
        "- NWP500: target temperature 55 °C",
    ]
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    client = running.runtime_data.client
    while client.is_waiting_for_status(running.runtime_data.data[MAC].device):
        await next_event(client, "status_received")
    assert await applied(simulator) == []
    flow = await dialog.choose(flow, "send_again")
    assert results(flow) == [
        "- NWP500: target temperature 60 °C: Not sent because a newer command in this list replaces it",
        "- NWP500: mode heat pump: Confirmed",
        "- NWP500: target temperature 55 °C: Confirmed",
    ]
    assert await applied(simulator) == [("dhw-mode", [1]), ("dhw-temperature", [110])]
    flow = await dialog.submit(flow)
    assert flow["type"] == "create_entry"
    assert not dialog.has_issue


@FULL_QUEUE
async def test_two_dialogs_send_a_command_once(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await set_temperature(hass, 55)
    await press(hass, "button.nwp500_clear_queue")
    assert len(lost(running)) > 0
    given: list[object] = []
    running.runtime_data.client.on("command_given", given.append)
    count = len(lost(running))
    flows = [await dialog.open(), await dialog.open()]
    await asyncio.gather(*(dialog.choose(flow, "send_again") for flow in flows))
    assert len(given) == count


@FULL_QUEUE
async def test_sent_again_while_disconnected_they_are_queued(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await press(hass, "button.nwp500_clear_queue")
    flow = await dialog.choose(await dialog.open(), "send_again")
    assert results(flow) == ["- NWP500: target temperature 60 °C: Queued"]
    assert queued_words(hass) == ["target temperature 60 °C"]
    assert lost(running) == []
    assert not dialog.has_issue


@FULL_QUEUE
async def test_discarded_they_are_forgotten(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    dialog: Dialog,
    stored_files: StoredFiles,
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    flow = await dialog.open()
    # Another one is lost while the dialog is open, and is asked for as well.
    await set_temperature(hass, 55)
    flow = await dialog.choose(flow, "discard")
    assert flow["type"] == "menu"
    assert "mode heat pump" in flow["description_placeholders"]["commands"]
    flow = await dialog.choose(flow, "discard")
    assert flow["type"] == "create_entry"
    assert not dialog.has_issue
    assert lost(running) == []
    assert stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]["lost"]["outcomes"] == []
    assert queued_words(hass) == ["target temperature 55 °C"]


@FULL_QUEUE
@TWO_HEATERS
async def test_heater_that_is_gone(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await cut(hass, simulator)
    await set_temperature(hass, 60, OTHER_HEATER)
    await set_temperature(hass, 60)
    flow = await dialog.open()
    await running.runtime_data.async_release({OTHER_MAC})
    flow = await dialog.choose(flow, "send_again")
    assert results(flow) == [
        r"- Guest house: target temperature 60 °C: This water heater is no longer part of the account\."
    ]
    # Until it has been read.
    assert dialog.has_issue
    await dialog.submit(flow)
    assert not dialog.has_issue


@FULL_QUEUE
async def test_limit_that_has_changed_meanwhile(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "electric")
    await set_temperature(hass, 55)
    await press(hass, "button.nwp500_clear_queue")
    await simulator.device(MAC, feature={"dhwTemperatureMax": 112, "electricUse": 1})
    await simulator.fault("mqtt_up")
    await wait_for(hass, HEATER, lambda state: state.attributes["max_temp"] == 56)
    flow = await dialog.choose(await dialog.open(), "send_again")
    first, second = results(flow)
    assert first.startswith(
        r"- NWP500: target temperature 60 °C: Provided value 60 °C is not valid for target temperature"
    )
    assert second.startswith("- NWP500: mode electric: The water heater does not support the command")
    assert len(lost(running)) == 2
    assert await applied(simulator) == []


@SHORT_LIFE
async def test_they_are_known_after_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock, dialog: Dialog
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await wall_clock.pass_by(timedelta(minutes=2))
    await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == "expired")
    before = lost(running)
    assert len(before) == 1
    assert await hass.config_entries.async_unload(running.entry_id)
    flow = await dialog.open()
    assert (flow["type"], flow["reason"]) == ("abort", "not_loaded")
    ir.async_delete_issue(hass, DOMAIN, dialog.issue_id)
    assert await hass.config_entries.async_setup(running.entry_id)
    assert dialog.has_issue
    assert lost(running) == before
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    await dialog.choose(await dialog.open(), "send_again")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [120])]


@FULL_QUEUE
async def test_reload_while_the_dialog_is_open(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await press(hass, "button.nwp500_clear_queue")
    flow = await dialog.open()
    assert await hass.config_entries.async_reload(running.entry_id)
    flow = await dialog.choose(flow, "send_again")
    assert results(flow) == ["- NWP500: target temperature 60 °C: Queued"]
    assert queued_words(hass) == ["target temperature 60 °C"]
    assert (await dialog.submit(flow))["type"] == "create_entry"
    assert not dialog.has_issue


@FULL_QUEUE
async def test_temperature_between_whole_degrees_is_sent_again_as_it_was(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    await cut(hass, simulator)
    # 57.5 °C; it shows as 136 °F, which is 58 °C.
    await set_temperature(hass, 135.5)
    await set_mode(hass, "heat_pump")
    await press(hass, "button.nwp500_clear_queue")
    # What became of the lost one is not known any more, and not asked for.
    assert await hass.config_entries.async_reload(running.entry_id)
    flow = await dialog.choose(await dialog.open(), "send_again")
    assert results(flow) == ["- NWP500: target temperature 136 °F: Queued"]
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [115])]


@FULL_QUEUE
@TWO_HEATERS
async def test_heater_that_leaves_while_its_command_is_sent_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, dialog: Dialog
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await cut(hass, simulator)
    await set_temperature(hass, 60, OTHER_HEATER)
    await set_temperature(hass, 60)
    await press(hass, "button.nwp500_clear_queue")
    await simulator.fault("mqtt_up")
    coordinator = running.runtime_data
    await wait_for_value(hass, CONNECTION, "on")
    while coordinator.client.is_waiting_for_status(coordinator.data[OTHER_MAC].device):
        await next_event(coordinator.client, "status_received")
    await simulator.fault("silent", mac=OTHER_MAC, suffix="ctrl", count=10)
    flow = await dialog.open()
    is_sent = asyncio.create_task(next_event(coordinator.client, "command_sent"))
    sending = asyncio.create_task(dialog.choose(flow, "send_again"))
    await is_sent
    await coordinator.async_release({OTHER_MAC})
    [line] = results(await sending)
    assert line.startswith("- Guest house: target temperature 60 °C: ")
