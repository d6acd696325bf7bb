"""The boost: raised by a number, and back to what was set before, whatever happens in between."""

from datetime import timedelta

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.boosts import BOOST, BOOST_ENDS, confirmed
from tests.integration.boosts import boost as boost_by_hand
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import AUTOMATION, automate

SURPLUS = "sensor.surplus"
AT_ONCE = {"seconds": 0}
RAISED = [("dhw-temperature", [120]), ("dhw-mode", [4])]
RETURNED = [("dhw-temperature", [98]), ("dhw-mode", [3])]


async def boost(hass: HomeAssistant, **inputs: object) -> None:
    """Make the automation."""
    await automate(
        hass,
        "boost",
        **{
            "heater": HEATER,
            "signal": SURPLUS,
            "threshold": 2000,
            "start_after": AT_ONCE,
            "end_after": AT_ONCE,
            "boost_temperature": 60,
            "boost_mode": "high_demand",
        }
        | inputs,
    )


async def until_done(hass: HomeAssistant) -> None:
    """Wait until the automation runs no more."""
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("inputs", "idle", "wanted"),
    [({"memory": "todo.shopping_list"}, "1999", "2001"), ({"direction": "below", "threshold": 0.1}, "0.11", "-0.02")],
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
    await wait_for_value(hass, BOOST, "on")

    hass.states.async_set(SURPLUS, idle)
    await simulator.wait(applied=4)
    await until_done(hass)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    await wait_for_value(hass, BOOST, "off")


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
    await wait_for_value(hass, BOOST, "off")


@pytest.mark.usefixtures("running")
async def test_boost_and_return_wait_for_the_connection(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=2)
    await until_done(hass)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    hass.states.async_set(SURPLUS, "0")
    await wait_for_value(hass, BOOST, "off")
    await until_done(hass)
    assert await applied(simulator) == RAISED
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
    assert await applied(simulator) == RAISED
    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(applied=4)
    await until_done(hass)
    assert await applied(simulator) == [*RAISED, *RETURNED]
    await wait_for_value(hass, BOOST, "off")


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
    await wait_for_value(hass, BOOST, "off")


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
    running: MockConfigEntry,
    surplus: str,
    expected: list[tuple[str, list[int]]],
) -> None:
    # What the automation does: see test_boost_raises_and_returns.
    await boost_by_hand(hass, temperature=60, operation_mode="high_demand", duration="03:00:00", name="Under test")
    await simulator.wait(applied=2)
    await wait_for_value(hass, HEATER, "high_demand")
    assert await hass.config_entries.async_unload(running.entry_id)
    hass.set_state(CoreState.not_running)
    hass.states.async_set(SURPLUS, surplus)
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, HEATER, "high_demand")
    await boost(hass)
    await hass.async_start()
    await simulator.wait(applied=2 + len(expected))
    await until_done(hass)
    assert await applied(simulator) == [*RAISED, *expected]
    await wait_for_value(hass, BOOST, "off" if expected else "on")


@pytest.mark.usefixtures("running")
async def test_boost_of_a_person_is_left_alone(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass)
    await boost_by_hand(hass, temperature=63, duration="03:00:00", name="Guests")
    await simulator.wait(applied=1)
    await wait_for_value(hass, BOOST, "on")
    for surplus in ("3000", "0"):
        hass.states.async_set(SURPLUS, surplus)
        await hass.async_block_till_done()
        await until_done(hass)
    assert await applied(simulator) == [("dhw-temperature", [126])]
    await wait_for_value(hass, BOOST, "on")


async def test_surplus_that_lasts_longer_than_a_boost_begins_another(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    hass.states.async_set(SURPLUS, "0")
    await boost(hass, boost_mode="keep")
    hass.states.async_set(SURPLUS, "3000")
    await simulator.wait(applied=1)
    await until_done(hass)
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 60)
    first = await wait_for_value(hass, BOOST_ENDS, (dt_util.utcnow() + timedelta(days=1)).isoformat(timespec="seconds"))
    await wall_clock.pass_by(timedelta(hours=24, minutes=1))
    await wait_for(hass, BOOST_ENDS, lambda state: state.state not in {first.state, "unknown"})
    await until_done(hass)
    await running.runtime_data.boosts.async_finish()
    await confirmed(hass)
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 60)
    assert (await applied(simulator))[-1] == ("dhw-temperature", [120])
    assert (await simulator.state())["heaters"][MAC]["status"]["dhwTemperatureSetting"] == 120
    await hass.services.async_call(DOMAIN, "end_boost", {"entity_id": HEATER, "name": "Under test"}, blocking=True)
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 49)
