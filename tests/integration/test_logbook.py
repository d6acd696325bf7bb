"""What the logbook says of commands, asked over its own interface, from a real recorder."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from homeassistant.components.logbook.const import DOMAIN as LOGBOOK
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager, WebSocketGenerator

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, cut, device_id, press, set_mode, set_temperature
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import wait_for_value
from tests.integration.wall_clock import WallClock

type AskLogbook = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database, which has to be there first."""


@pytest.fixture
async def ask_logbook(recorder_mock: Recorder, hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> AskLogbook:
    """Return what asks for the entries of commands to an entity or a device, oldest first.

    It is connected already, because simulated time outlives the permission to connect.
    """
    assert await async_setup_component(hass, LOGBOOK, {})
    socket = await hass_ws_client(hass)

    async def ask(**about: object) -> list[dict[str, Any]]:
        await recorder_mock.async_block_till_done()
        now = dt_util.utcnow()
        period = {
            "start_time": (now - timedelta(days=1)).isoformat(),
            "end_time": (now + timedelta(days=1)).isoformat(),
        }
        await socket.send_json_auto_id({"type": "logbook/get_events", **period, **about})
        answer = await socket.receive_json()
        return [entry for entry in answer["result"] if entry.get("domain") == DOMAIN]

    return ask


async def test_lines_name_heater_command_and_outcome(
    hass: HomeAssistant, simulator: SimulatorProcess, ask_logbook: AskLogbook, running: MockConfigEntry
) -> None:
    heater = device_id(hass, running)
    await set_temperature(hass, 60)
    await simulator.fault("ctrl_fail", code=3)
    with pytest.raises(HomeAssistantError):
        await set_mode(hass, "electric")
    dr.async_get(hass).async_update_device(heater, name_by_user="Cellar")
    await cut(hass, simulator)
    await set_temperature(hass, 50)
    await set_temperature(hass, 55)
    await press(hass, "button.nwp500_clear_queue")
    lines = await ask_logbook(entity_ids=[HEATER])
    assert [(line["name"], line["message"]) for line in lines] == [
        ("NWP500", "target temperature 60 °C was confirmed by the water heater"),
        ("NWP500", "mode electric was not applied: the water heater rejected it (code 3)"),
        ("Cellar", "target temperature 50 °C was superseded: there is a newer command for the same setting"),
        ("Cellar", "target temperature 55 °C was removed from the queue: the queue was cleared"),
    ]
    assert {line["entity_id"] for line in lines} == {HEATER}
    assert await ask_logbook(device_ids=[heater]) == lines
    assert MAC not in str(lines)


async def test_line_of_a_command_that_expired(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    ask_logbook: AskLogbook,
    running: MockConfigEntry,
    wall_clock: WallClock,
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await wall_clock.pass_by(timedelta(minutes=61))
    await wait_for_value(hass, QUEUED, "0")
    [line] = await ask_logbook(device_ids=[device_id(hass, running)])
    assert line["message"] == "target temperature 60 °C expired after 1 h 1 min and was not sent"


async def test_line_of_a_command_that_expired_while_home_assistant_was_off(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    ask_logbook: AskLogbook,
    running: MockConfigEntry,
    wall_clock: WallClock,
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert await hass.config_entries.async_unload(running.entry_id)
    wall_clock.pass_unseen(timedelta(hours=3))
    assert await hass.config_entries.async_setup(running.entry_id)
    # It is stored before it is passed on.
    await hass.async_block_till_done()
    [line] = await ask_logbook(entity_ids=[HEATER])
    assert line["message"] == "target temperature 60 °C expired after 3 h and was not sent"
