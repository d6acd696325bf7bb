"""An hour without a connection: every action is answered and makes one command, and every command comes to an end."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.navilink import services
from custom_components.navilink.heating.boost_actions import BOOST_ACTIONS
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

# Every action of a water heater, what it puts into the queue, and what is shown from then on.
ACTIONS: tuple[tuple[str, dict[str, Any], list[str], tuple[str, int, str]], ...] = (
    ("water_heater.set_temperature", {"temperature": 55}, ["target temperature 55 °C"], ("eco", 55, "off")),
    (
        "water_heater.set_temperature",
        {"temperature": 55, "operation_mode": "electric"},
        ["target temperature 55 °C", "mode electric"],
        ("electric", 55, "off"),
    ),
    ("water_heater.set_operation_mode", {"operation_mode": "heat_pump"}, ["mode heat pump"], ("heat_pump", 49, "off")),
    ("water_heater.set_operation_mode", {"operation_mode": "off"}, ["power off"], ("off", 49, "off")),
    ("water_heater.turn_off", {}, ["power off"], ("off", 49, "off")),
    ("water_heater.turn_on", {}, ["power on"], ("eco", 49, "off")),
    ("water_heater.set_away_mode", {"away_mode": True}, ["vacation for 7 days"], ("eco", 49, "on")),
    ("water_heater.set_away_mode", {"away_mode": False}, [], ("eco", 49, "off")),
    ("navilink.start_vacation", {"days": 21}, ["vacation for 21 days"], ("eco", 49, "on")),
)


@pytest.mark.usefixtures("running")
async def test_an_hour_offline(hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock) -> None:
    outcomes = async_capture_events(hass, "state_changed")
    await cut(hass, simulator)
    for action, data, words, (mode, temperature, away) in ACTIONS:
        domain, _, name = action.partition(".")
        await hass.services.async_call(domain, name, {"entity_id": HEATER, **data}, blocking=True)
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
    assert queued_words(hass) == ["mode heat pump", "target temperature 60 °C"]
    assert shown(hass, CONNECTION).state == "off"
    assert await applied(simulator) == []

    await simulator.fault("mqtt_up")
    await wait_for(hass, QUEUED, lambda state: state.state == "0" and not state.attributes["commands"])
    await wait_for_value(hass, CONNECTION, "on")
    assert await applied(simulator) == [("dhw-mode", [1]), ("dhw-temperature", [120])]
    published = [message for message in (await simulator.state())["received"] if message["topic"].endswith("/ctrl")]
    assert len(published) == 2
    commands = sum(len(words) for _, _, words, _ in ACTIONS) + 7

    def ends() -> list[tuple[str, str]]:
        return [
            (event.data["new_state"].attributes["command_id"], event.data["new_state"].attributes["event_type"])
            for event in outcomes
            if event.data["entity_id"] == OUTCOME
        ]

    # An outcome is passed on once it is on the disk, after the queue is seen to be empty.
    await wait_for(hass, OUTCOME, lambda _: len(ends()) >= commands)
    assert len({command_id for command_id, _ in ends()}) == len(ends()) == commands
    reported = [outcome for _, outcome in ends()]
    assert {outcome: reported.count(outcome) for outcome in reported} == {
        "cleared": commands - 7,
        "superseded": 5,
        "confirmed": 2,
    }


async def test_no_control_is_forgotten(hass: HomeAssistant, running: MockConfigEntry) -> None:
    domains = {entry.domain for entry in er.async_entries_for_config_entry(er.async_get(hass), running.entry_id)}
    # Every action on a switch, number, select and button that sends a command is in `tests.integration.controls`.
    assert domains - {"binary_sensor", "calendar", "event", "sensor", "update"} == {
        "button",
        "number",
        "switch",
        "water_heater",
    }
    registered = hass.services.async_services()
    # Boosts give commands of their own accord as well, and have tests of their own.
    others = {name for name, *_ in (*services.ACTIONS, *BOOST_ACTIONS)}
    actions = {f"water_heater.{name}" for name in registered["water_heater"]} | {
        f"navilink.{name}" for name in set(registered["navilink"]) - others
    }
    assert {action for action, *_ in ACTIONS} == actions


@pytest.mark.usefixtures("running")
async def test_end_of_a_vacation_given_offline(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_mode(hass, "heat_pump")
    await act(hass, "set_away_mode", away_mode=True)
    await wait_for(hass, HEATER, lambda state: state.attributes["away_mode"] == "on")
    await cut(hass, simulator)
    await act(hass, "set_away_mode", away_mode=False)
    assert queued_words(hass) == ["mode heat pump"]
    assert shown(hass, HEATER).attributes["away_mode"] == "off"
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=3)
    await wait_for_value(hass, QUEUED, "0")
    assert (await applied(simulator))[-1] == ("dhw-mode", [1])
