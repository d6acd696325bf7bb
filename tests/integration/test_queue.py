"""The promise: what is commanded while the link is down waits where everybody can see it, and arrives in order."""

from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
import pytest

from simulator.process import SimulatorProcess
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import wait_for, wait_for_value

QUEUED = "sensor.nwp500_queued_commands"
CONNECTION = "binary_sensor.nwp500_connection"


async def set_temperature(hass: HomeAssistant, celsius: float, heater: str = HEATER) -> None:
    await hass.services.async_call(
        "water_heater", "set_temperature", {"entity_id": heater, "temperature": celsius}, blocking=True
    )


async def set_mode(hass: HomeAssistant, mode: str, heater: str = HEATER) -> None:
    await hass.services.async_call(
        "water_heater", "set_operation_mode", {"entity_id": heater, "operation_mode": mode}, blocking=True
    )


async def press(hass: HomeAssistant, button: str) -> None:
    await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)


async def cut(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("link_down")
    await wait_for_value(hass, CONNECTION, "off")


def shown(hass: HomeAssistant, entity_id: str) -> State:
    state = hass.states.get(entity_id)
    assert state is not None
    return state


@pytest.mark.usefixtures("running")
async def test_commands_wait_for_the_link_and_arrive_in_order(
    hass: HomeAssistant, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    queued = shown(hass, QUEUED)
    assert queued.state == "2"
    commands = queued.attributes["commands"]
    assert [command["command"] for command in commands] == ["set point 140 °F", "mode heat pump"]
    assert all(command["attempts"] == 0 and command["queued_at"] for command in commands)
    # What is wanted is shown at once, and the entity still takes actions.
    heater = shown(hass, HEATER)
    assert heater.state == "heat_pump"
    assert heater.attributes["temperature"] == 60
    assert await applied(simulator) == []

    await simulator.fault("link_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]
    await wait_for_value(hass, QUEUED, "0")
    await wait_for_value(hass, CONNECTION, "on")
    assert caplog.text.count("The link to the NaviLink service is lost") == 1
    assert caplog.text.count("The link to the NaviLink service is back") == 1


@pytest.mark.usefixtures("running")
async def test_cleared_commands_never_arrive(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert shown(hass, HEATER).attributes["temperature"] == 60
    await press(hass, "button.nwp500_clear_queue")
    assert shown(hass, QUEUED).state == "0"
    assert shown(hass, HEATER).attributes["temperature"] == 49

    await simulator.fault("link_up")
    await wait_for_value(hass, CONNECTION, "on")
    # A command given now is the first that the heater gets.
    await set_mode(hass, "heat_pump")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-mode", [1])]


@pytest.mark.usefixtures("running")
async def test_full_queue_counts_what_it_drops(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    for number in range(103):
        await set_temperature(hass, 50 + number % 10)
    assert shown(hass, QUEUED).state == "100"
    assert shown(hass, "sensor.nwp500_dropped_commands").state == "3"
    assert shown(hass, "sensor.nwp500_expired_commands").state == "0"


@pytest.mark.usefixtures("running")
async def test_refresh_asks_the_heater_or_says_why_not(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.device(MAC, tankUpperTemperature=555)
    await press(hass, "button.nwp500_refresh")
    await wait_for(hass, "sensor.nwp500_upper_tank_temperature", lambda state: float(state.state) > 55)
    await cut(hass, simulator)
    with pytest.raises(HomeAssistantError) as refused:
        await press(hass, "button.nwp500_refresh")
    assert refused.value.translation_key == "not_connected"
    # A question is not a command: it does not wait.
    assert shown(hass, QUEUED).state == "0"


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
@pytest.mark.usefixtures("running")
async def test_heaters_do_not_see_each_other(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await simulator.device(OTHER_MAC, tankUpperTemperature=555)
    await press(hass, "button.guest_house_refresh")
    await wait_for(hass, "sensor.guest_house_upper_tank_temperature", lambda state: float(state.state) > 55)
    assert float(shown(hass, "sensor.nwp500_upper_tank_temperature").state) < 50

    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "electric", OTHER_HEATER)
    await set_mode(hass, "heat_pump", OTHER_HEATER)
    assert shown(hass, QUEUED).state == "1"
    assert shown(hass, "sensor.guest_house_queued_commands").state == "2"
    assert shown(hass, HEATER).state == "eco"
    assert shown(hass, OTHER_HEATER).attributes["temperature"] == 49
    await press(hass, "button.guest_house_clear_queue")
    assert shown(hass, QUEUED).state == "1"
    assert shown(hass, "sensor.guest_house_queued_commands").state == "0"
    await simulator.fault("link_up")
    await simulator.wait(applied=1)
    await wait_for_value(hass, QUEUED, "0")
    assert await applied(simulator) == [("dhw-temperature", [120])]
    assert await applied(simulator, OTHER_MAC) == []
