"""The boost: raised by a number, and back to what was set before, whatever happens in between."""

import json
from pathlib import Path

from homeassistant.components.todo.const import DATA_COMPONENT as TODO_LISTS
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value

from .automations import AUTOMATION, automate

SURPLUS = "sensor.surplus"
MEMORY = "todo.shopping_list"
NOTE = f"{HEATER}: after the boost return to eco, 49.0"
AT_ONCE = {"seconds": 0}
RAISED = [("dhw-temperature", [120]), ("dhw-mode", [4])]
RETURNED = [("dhw-mode", [3]), ("dhw-temperature", [98])]


async def boost(hass: HomeAssistant, **inputs: object) -> None:
    """Make the automation, with the to-do list that Home Assistant comes with."""
    assert await async_setup_component(hass, "todo", {})
    shopping_list = MockConfigEntry(domain="shopping_list")
    shopping_list.add_to_hass(hass)
    assert await hass.config_entries.async_setup(shopping_list.entry_id)
    await automate(
        hass,
        "boost",
        **{
            "heater": HEATER,
            "memory": MEMORY,
            "signal": SURPLUS,
            "threshold": 2000,
            "start_after": AT_ONCE,
            "end_after": AT_ONCE,
            "boost_temperature": 60,
            "boost_mode": "high_demand",
        }
        | inputs,
    )


def notes(hass: HomeAssistant) -> list[str]:
    """Return what is on the to-do list."""
    todo_list = hass.data[TODO_LISTS].get_entity(MEMORY)
    assert todo_list is not None
    return [item.summary or "" for item in todo_list.todo_items or ()]


async def until_done(hass: HomeAssistant) -> None:
    """Wait until the automation runs no more."""
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("inputs", "idle", "wanted"),
    [({}, "1999", "2001"), ({"direction": "below", "threshold": 0.1}, "0.11", "-0.02")],
)
async def test_boost_raises_and_returns(
    hass: HomeAssistant, simulator: SimulatorProcess, inputs: dict[str, object], idle: str, wanted: str
) -> None:
    hass.states.async_set(SURPLUS, idle)
    await boost(hass, **inputs)
    hass.states.async_set(SURPLUS, wanted)
    await simulator.wait(applied=2)
    await until_done(hass)
    assert await applied(simulator) == RAISED
    assert notes(hass) == [NOTE]

    hass.states.async_set(SURPLUS, idle)
    await simulator.wait(applied=4)
    await until_done(hass)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    assert notes(hass) == []


@pytest.mark.usefixtures("running")
async def test_unknown_number_ends_the_boost(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=2)
    await until_done(hass)
    # Many an inverter is unavailable from dusk to dawn.
    hass.states.async_set(SURPLUS, "unavailable")
    await simulator.wait(applied=4)
    assert await applied(simulator) == [*RAISED, *RETURNED]


@pytest.mark.usefixtures("running")
async def test_what_somebody_changed_meanwhile_stays(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=2)
    await until_done(hass)
    await hass.services.async_call(
        "water_heater", "set_temperature", {"entity_id": HEATER, "temperature": 55}, blocking=True
    )
    await simulator.wait(applied=3)
    hass.states.async_set(SURPLUS, "0")
    await simulator.wait(applied=4)
    await until_done(hass)
    assert await applied(simulator) == [*RAISED, ("dhw-temperature", [110]), ("dhw-mode", [3])]
    assert notes(hass) == []


@pytest.mark.usefixtures("running")
async def test_boost_and_return_wait_for_the_link(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=2)
    await until_done(hass)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    hass.states.async_set(SURPLUS, "0")
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "2")
    await until_done(hass)
    assert notes(hass) == []
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=4)
    assert await applied(simulator) == [*RAISED, *RETURNED]


async def test_heater_that_took_no_commands_at_the_end_returns_later(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=2)
    await until_done(hass)
    assert await hass.config_entries.async_unload(running.entry_id)
    await wait_for_value(hass, HEATER, "unavailable")
    hass.states.async_set(SURPLUS, "0")
    await hass.async_block_till_done()
    assert notes(hass) == [NOTE]
    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(applied=4)
    await until_done(hass)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    assert notes(hass) == []


@pytest.mark.usefixtures("running")
async def test_setpoint_above_the_heaters_limit_is_brought_to_it(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass, boost_temperature=90, boost_mode="keep")
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=1)
    await until_done(hass)
    hass.states.async_set(SURPLUS, "0")
    await simulator.wait(applied=2)
    highest = (await simulator.state())["heaters"][MAC]["feature"]["dhwTemperatureMax"]
    assert await applied(simulator) == [("dhw-temperature", [highest]), ("dhw-temperature", [98])]


@pytest.mark.parametrize("switched", [("turn_off", {}), ("set_away_mode", {"away_mode": True})])
@pytest.mark.usefixtures("running")
async def test_heater_that_is_off_or_away_is_left_alone(
    hass: HomeAssistant, simulator: SimulatorProcess, switched: tuple[str, dict[str, object]]
) -> None:
    action, data = switched
    await hass.services.async_call("water_heater", action, {"entity_id": HEATER, **data}, blocking=True)
    await simulator.wait(applied=1)
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    hass.states.async_set(SURPLUS, "3000")
    await hass.async_block_till_done()
    await until_done(hass)
    assert len(await applied(simulator)) == 1
    assert notes(hass) == []


@pytest.mark.parametrize(
    ("surplus", "expected"),
    [
        pytest.param("3000", [], id="boost goes on"),
        pytest.param("0", RETURNED, id="boost ended while off"),
    ],
)
async def test_restart_in_the_middle_of_a_boost(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    configuration: Path,
    surplus: str,
    expected: list[tuple[str, list[int]]],
) -> None:
    # What a Home Assistant that was killed during a boost has left behind: see test_boost_raises_and_returns.
    (configuration / ".shopping_list.json").write_text(json.dumps([{"id": "1", "name": NOTE, "complete": False}]))
    await simulator.device(MAC, dhwTemperatureSetting=120, dhwOperationSetting=4)
    hass.set_state(CoreState.not_running)
    hass.states.async_set(SURPLUS, surplus)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "high_demand")
    await boost(hass)
    await hass.async_start()
    await simulator.wait(applied=len(expected))
    await until_done(hass)
    assert await applied(simulator) == expected
    assert notes(hass) == ([] if expected else [NOTE])
