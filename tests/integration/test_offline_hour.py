"""An hour without a link: every action is answered and makes one command, and every command comes to an end."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from simulator.process import SimulatorProcess
from tests.integration.actions import (
    CONNECTION,
    OUTCOME,
    QUEUED,
    act,
    cut,
    press,
    queued_words,
    set_mode,
    set_temperature,
    shown,
)
from tests.integration.heaters import HEATER, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

# Every action of the water heater, what it puts into the queue, and what is shown from then on.
ACTIONS: tuple[tuple[str, dict[str, Any], list[str], tuple[str, int, str]], ...] = (
    ("set_temperature", {"temperature": 55}, ["set point 131 °F"], ("eco", 55, "off")),
    (
        "set_temperature",
        {"temperature": 55, "operation_mode": "electric"},
        ["set point 131 °F", "mode electric"],
        ("electric", 55, "off"),
    ),
    ("set_operation_mode", {"operation_mode": "heat_pump"}, ["mode heat pump"], ("heat_pump", 49, "off")),
    ("set_operation_mode", {"operation_mode": "off"}, ["power off"], ("off", 49, "off")),
    ("turn_off", {}, ["power off"], ("off", 49, "off")),
    ("turn_on", {}, ["power on"], ("eco", 49, "off")),
    ("set_away_mode", {"away_mode": True}, ["vacation for 7 days"], ("eco", 49, "on")),
)


@pytest.mark.usefixtures("running")
async def test_an_hour_offline(hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock) -> None:
    outcomes = async_capture_events(hass, "state_changed")
    await cut(hass, simulator)
    for action, data, words, (mode, temperature, away) in ACTIONS:
        await act(hass, action, **data)
        assert queued_words(hass) == words, action
        assert shown(hass, QUEUED).state == str(len(words))
        heater = shown(hass, HEATER)
        assert (heater.state, heater.attributes["temperature"], heater.attributes["away_mode"]) == (
            mode,
            temperature,
            away,
        )
        await press(hass, "button.nwp500_clear_queue")
        assert queued_words(hass) == []
    with pytest.raises(HomeAssistantError):
        await press(hass, "button.nwp500_refresh")

    await set_mode(hass, "electric")
    await set_mode(hass, "heat_pump")
    for celsius in (50, 52, 54, 56, 60):
        await wall_clock.pass_by(timedelta(minutes=10))
        await set_temperature(hass, celsius)
    await wall_clock.pass_by(timedelta(minutes=10))
    assert queued_words(hass) == ["mode heat pump", "set point 140 °F"]
    assert shown(hass, CONNECTION).state == "off"
    assert await applied(simulator) == []

    await simulator.fault("link_up")
    await wait_for(hass, QUEUED, lambda state: state.state == "0" and not state.attributes["commands"])
    await wait_for_value(hass, CONNECTION, "on")
    assert await applied(simulator) == [("dhw-mode", [1]), ("dhw-temperature", [120])]
    published = [message for message in (await simulator.state())["received"] if message["topic"].endswith("/ctrl")]
    assert len(published) == 2
    ends = [
        (event.data["new_state"].attributes["command_id"], event.data["new_state"].attributes["event_type"])
        for event in outcomes
        if event.data["entity_id"] == OUTCOME
    ]
    commands = sum(len(words) for _, _, words, _ in ACTIONS) + 7
    assert len({command_id for command_id, _ in ends}) == len(ends) == commands
    told = [outcome for _, outcome in ends]
    assert {outcome: told.count(outcome) for outcome in told} == {
        "cleared": commands - 7,
        "superseded": 5,
        "confirmed": 2,
    }


@pytest.mark.usefixtures("running")
async def test_end_of_a_vacation_given_offline(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_mode(hass, "heat_pump")
    await act(hass, "set_away_mode", away_mode=True)
    await wait_for(hass, HEATER, lambda state: state.attributes["away_mode"] == "on")
    await cut(hass, simulator)
    await act(hass, "set_away_mode", away_mode=False)
    assert queued_words(hass) == ["mode heat pump"]
    assert shown(hass, HEATER).attributes["away_mode"] == "off"
    await simulator.fault("link_up")
    await simulator.wait(applied=3)
    await wait_for_value(hass, QUEUED, "0")
    assert (await applied(simulator))[-1] == ("dhw-mode", [1])
