"""The promise: what is commanded while disconnected waits where everybody can see it, and arrives in order."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, QUEUED, cut, press, queued_words, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock


@pytest.mark.usefixtures("running")
async def test_commands_wait_for_the_connection_and_arrive_in_order(
    hass: HomeAssistant, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    queued = shown(hass, QUEUED)
    assert queued.state == "2"
    commands = queued.attributes["commands"]
    assert queued_words(hass) == ["target temperature 60 °C", "mode heat pump"]
    for command in commands:
        assert command["stage"] == "waiting"
        assert command["attempts"] == 0
        assert command["queued_at"] < command["expires_at"]
    # What is wanted is shown at once, and the entity still takes actions.
    heater = shown(hass, HEATER)
    assert heater.state == "heat_pump"
    assert heater.attributes["temperature"] == 60
    assert await applied(simulator) == []

    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]
    await wait_for_value(hass, QUEUED, "0")
    await wait_for_value(hass, CONNECTION, "on")
    assert caplog.text.count("Disconnected from NaviLink: the connection was lost") == 1
    assert caplog.text.count("Connected to NaviLink, queued commands: 2") == 1


@pytest.mark.usefixtures("running")
async def test_the_age_of_what_waits_is_reported(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert [command["age_minutes"] for command in shown(hass, QUEUED).attributes["commands"]] == [0]
    await wall_clock.pass_by(timedelta(minutes=12))
    await set_mode(hass, "heat_pump")
    assert [command["age_minutes"] for command in shown(hass, QUEUED).attributes["commands"]] == [12, 0]
    # A poll shows it, too.
    await wall_clock.pass_by(timedelta(minutes=1))
    assert [command["age_minutes"] for command in shown(hass, QUEUED).attributes["commands"]] == [13, 1]


@pytest.mark.usefixtures("running")
async def test_cleared_commands_never_arrive(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert shown(hass, HEATER).attributes["temperature"] == 60
    await press(hass, "button.nwp500_clear_queue")
    assert shown(hass, QUEUED).state == "0"
    assert shown(hass, HEATER).attributes["temperature"] == 49

    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    # A command given now is the first that the heater gets.
    await set_mode(hass, "heat_pump")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-mode", [1])]


@pytest.mark.usefixtures("no_coalescing", "every_entity", "running")
@pytest.mark.parametrize("options", [{"queue_size": 1000}, {}])
async def test_full_queue_drops_the_oldest_and_counts(
    hass: HomeAssistant, simulator: SimulatorProcess, options: dict[str, int]
) -> None:
    await cut(hass, simulator)
    for number in range(103):
        await set_temperature(hass, 50 + number % 10)
    dropped = max(0, 103 - options.get("queue_size", 100))
    assert shown(hass, QUEUED).state == str(103 - dropped)
    assert shown(hass, "sensor.nwp500_dropped_commands").state == str(dropped)
    assert shown(hass, "sensor.nwp500_expired_commands").state == "0"


@pytest.mark.usefixtures("running")
async def test_only_the_newest_command_for_a_setting_is_sent(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    for celsius in (50, 52, 54):
        await set_temperature(hass, celsius)
    await set_mode(hass, "electric")
    for celsius in (56, 58):
        await set_temperature(hass, celsius)
    # What remains takes the place of the newest.
    assert queued_words(hass) == ["mode electric", "target temperature 58 °C"]
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    await wait_for_value(hass, QUEUED, "0")
    assert await applied(simulator) == [("dhw-mode", [2]), ("dhw-temperature", [116])]
    sent = [message for message in (await simulator.state())["received"] if message["topic"].endswith("/ctrl")]
    assert len(sent) == 2


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
    await set_temperature(hass, 55, OTHER_HEATER)
    await set_mode(hass, "heat_pump", OTHER_HEATER)
    assert shown(hass, QUEUED).state == "1"
    assert shown(hass, "sensor.guest_house_queued_commands").state == "2"
    assert shown(hass, HEATER).state == "eco"
    assert shown(hass, OTHER_HEATER).attributes["temperature"] == 55
    await press(hass, "button.guest_house_clear_queue")
    assert shown(hass, QUEUED).state == "1"
    assert shown(hass, "sensor.guest_house_queued_commands").state == "0"
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_for_value(hass, QUEUED, "0")
    assert await applied(simulator) == [("dhw-temperature", [120])]
    assert await applied(simulator, OTHER_MAC) == []
