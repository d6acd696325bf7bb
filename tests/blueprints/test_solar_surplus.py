"""Solar surplus: heated while there is one, not ended by a cloud, and back to what was set before."""

from datetime import timedelta

from homeassistant.core import CoreState, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME
from tests.integration.boosts import BOOST, boost
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import AUTOMATION, automate

SURPLUS = "sensor.surplus"
AT_ONCE = {"seconds": 0}
RAISED = [("dhw-temperature", [120]), ("dhw-mode", [1])]
RETURNED = [("dhw-temperature", [98]), ("dhw-mode", [3])]


async def store(hass: HomeAssistant, **inputs: object) -> None:
    await automate(
        hass,
        "solar_surplus",
        **{"heater": HEATER, "surplus": SURPLUS, "temperature": 60, "start_after": AT_ONCE, "end_after": AT_ONCE}
        | inputs,
    )


async def started(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(SURPLUS, "0")
    await store(hass)
    hass.states.async_set(SURPLUS, "700")
    await simulator.wait(applied=2)
    await wait_for_value(hass, HEATER, "heat_pump")
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "confirmed")
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)
    assert await applied(simulator) == RAISED


async def test_surplus_that_is_gone_ends_it_after_the_minimum_run(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await started(hass, simulator)
    # Less than what started it, and not gone: the heat pump takes it.
    hass.states.async_set(SURPLUS, "250")
    await hass.async_block_till_done()
    assert await applied(simulator) == RAISED
    hass.states.async_set(SURPLUS, "-50")
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 1)
    assert await applied(simulator) == RAISED
    await wall_clock.pass_by(timedelta(minutes=46))
    await simulator.wait(applied=4)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    await wait_for_value(hass, BOOST, "off")
    await running.runtime_data.boosts.async_finish()


@pytest.mark.usefixtures("running")
async def test_cloud_does_not_end_it(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await started(hass, simulator)
    hass.states.async_set(SURPLUS, "-50")
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 1)
    hass.states.async_set(SURPLUS, "800")
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)
    await wait_for_value(hass, BOOST, "on")
    assert await applied(simulator) == RAISED


async def test_hot_water_ends_it(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    await started(hass, simulator)
    await simulator.device(MAC, tankUpperTemperature=605, tankLowerTemperature=605)
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await simulator.wait(applied=4)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    await wait_for_value(hass, BOOST, "off")
    await running.runtime_data.boosts.async_finish()


@pytest.mark.parametrize("surplus", ["unknown", "unavailable", "590"])
@pytest.mark.usefixtures("running")
async def test_no_surplus_starts_nothing(hass: HomeAssistant, simulator: SimulatorProcess, surplus: str) -> None:
    hass.states.async_set(SURPLUS, "0")
    await store(hass)
    hass.states.async_set(SURPLUS, surplus)
    await hass.async_block_till_done()
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)
    assert await applied(simulator) == []
    await wait_for_value(hass, BOOST, "off")


@pytest.mark.usefixtures("running")
async def test_surplus_without_the_connection_is_used_once_it_is_back(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    hass.states.async_set(SURPLUS, "0")
    await store(hass)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    hass.states.async_set(SURPLUS, "700")
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "2")
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == RAISED


async def test_surplus_that_went_while_the_heater_was_unavailable(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await started(hass, simulator)
    assert await hass.config_entries.async_unload(running.entry_id)
    await wait_for_value(hass, HEATER, "unavailable")
    hass.states.async_set(SURPLUS, "-50")
    await hass.async_block_till_done()
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, BOOST, "on")
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] >= 1)
    await wall_clock.pass_by(timedelta(minutes=46))
    await simulator.wait(applied=4)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    await running.runtime_data.boosts.async_finish()


async def test_surplus_that_came_while_the_heater_was_unavailable(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    hass.states.async_set(SURPLUS, "0")
    await store(hass)
    assert await hass.config_entries.async_unload(running.entry_id)
    await wait_for_value(hass, HEATER, "unavailable")
    hass.states.async_set(SURPLUS, "700")
    await hass.async_block_till_done()
    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(applied=2)
    assert await applied(simulator) == RAISED


async def test_restart_leaves_the_boost_as_it_is(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    # What the automation does: see test_surplus_that_is_gone_ends_it_after_the_minimum_run.
    await boost(hass, temperature=60, operation_mode="heat_pump", duration="06:00:00", name="Under test")
    await simulator.wait(applied=2)
    await wait_for_value(hass, HEATER, "heat_pump")
    assert await hass.config_entries.async_unload(running.entry_id)
    hass.set_state(CoreState.not_running)
    hass.states.async_set(SURPLUS, "700")
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, BOOST, "on")
    await store(hass)
    await hass.async_start()
    await wait_for(
        hass,
        AUTOMATION,
        lambda state: state.attributes["last_triggered"] is not None and state.attributes["current"] == 0,
    )
    assert await applied(simulator) == RAISED
    await wait_for_value(hass, BOOST, "on")
