"""What became of a command: reported by the action, by an event, by a repair issue, and to whoever waits for it."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_mock_service

from custom_components.navilink import outcomes
from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import (
    CONNECTION,
    OUTCOME,
    QUEUED,
    ask,
    cut,
    device_id,
    lost,
    queued_words,
    set_mode,
    set_temperature,
    shown,
)
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock


async def wait_for_outcome(hass: HomeAssistant, outcome: str) -> dict[str, Any]:
    """Return the attributes of the event once it has this outcome."""
    state = await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == outcome)
    return dict(state.attributes)


@pytest.mark.usefixtures("running")
async def test_action_returns_when_the_heater_has_it(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_temperature(hass, 60)
    assert await applied(simulator) == [("dhw-temperature", [120])]
    reported = shown(hass, OUTCOME).attributes
    assert reported["event_type"] == "confirmed"
    assert reported["command"] == "target temperature 60 °C"
    assert reported["setting"] == "target temperature"
    assert reported["code"] is None
    assert reported["command_id"]
    assert reported["queued_at"]
    assert queued_words(hass) == []


@pytest.mark.usefixtures("running")
async def test_refusal_is_raised_and_reported(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("ctrl_fail", code=3)
    with pytest.raises(HomeAssistantError) as refused:
        await set_mode(hass, "electric")
    assert refused.value.translation_key == "command_rejected"
    reported = await wait_for_outcome(hass, "rejected")
    assert reported["code"] == 3
    assert reported["command"] == "mode electric"


@pytest.mark.usefixtures("running")
async def test_mode_that_the_heater_holds(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("tou_window")
    with pytest.raises(HomeAssistantError) as held:
        await set_mode(hass, "high_demand")
    assert held.value.translation_key == "command_held"
    await wait_for_outcome(hass, "held")


@pytest.mark.usefixtures("running")
async def test_command_that_shows_no_effect_in_time_is_still_watched(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "OUTCOME_TIME", 0.5)
    await simulator.fault("ignore_write")
    with pytest.raises(HomeAssistantError) as pending:
        await set_temperature(hass, 60)
    assert pending.value.translation_key == "command_not_completed"
    assert [command["stage"] for command in shown(hass, QUEUED).attributes["commands"]] == ["sent"]
    # Somebody does it at the panel: what was wanted is so.
    await simulator.device(MAC, dhwTemperatureSetting=120)
    await wait_for_outcome(hass, "confirmed")


@pytest.mark.usefixtures("running")
async def test_connection_that_is_lost_while_an_action_waits(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("reply_delay", seconds=60)
    action = hass.async_create_task(set_temperature(hass, 60))
    await simulator.wait(received=1, topic_suffix="/ctrl")
    await cut(hass, simulator)
    # It returns, because nothing more can be known now.
    await action
    assert queued_words(hass) == ["target temperature 60 °C"]


@pytest.mark.usefixtures("running")
async def test_setting_changed_at_the_panel_meanwhile_wins(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await simulator.device(MAC, dhwTemperatureSetting=104)
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_for_value(hass, QUEUED, "0")
    assert await applied(simulator) == [("dhw-mode", [1])]
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 52)
    await wait_for_outcome(hass, "confirmed")


@pytest.mark.usefixtures("running")
async def test_events_report_each_outcome_once(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    reported = async_capture_events(hass, "state_changed")
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_temperature(hass, 55)
    await set_mode(hass, "heat_pump")
    await simulator.device(MAC, dhwTemperatureSetting=104)
    await simulator.fault("mqtt_up")
    await wait_for_outcome(hass, "confirmed")
    ends = [
        (event.data["new_state"].attributes["command"], event.data["new_state"].attributes["event_type"])
        for event in reported
        if event.data["entity_id"] == OUTCOME
    ]
    assert sorted(ends) == [
        ("mode heat pump", "confirmed"),
        ("target temperature 55 °C", "superseded"),
        ("target temperature 60 °C", "superseded"),
    ]


@pytest.mark.parametrize("options", [{"expiration": "fixed", "expiration_time": {"minutes": 1}}])
async def test_lost_commands_raise_an_issue(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    wall_clock: WallClock,
) -> None:
    registry = ir.async_get(hass)
    issue_id = f"lost_commands_{running.entry_id}"
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    await wall_clock.pass_by(timedelta(minutes=2))
    await wait_for_outcome(hass, "expired")
    await set_mode(hass, "heat_pump")
    await wall_clock.pass_by(timedelta(minutes=2))
    await wait_for(hass, OUTCOME, lambda state: state.attributes["command"] == "mode heat pump")
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.is_fixable
    assert issue.translation_placeholders == {"count": "2"}
    first, second = lost(running)
    assert first.startswith("- NWP500: target temperature 60 °C, queued 20")
    assert first.endswith(": it expired before it could be sent")
    assert "mode heat pump" in second
    assert MAC not in str(issue)


@pytest.mark.parametrize("options", [{"queue_size": 1}])
async def test_ignored_issue_does_not_hide_a_new_one(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    issue_id = f"lost_commands_{running.entry_id}"
    await cut(hass, simulator)
    await set_temperature(hass, 50)
    await set_mode(hass, "heat_pump")
    ir.async_ignore_issue(hass, DOMAIN, issue_id, ignore=True)
    await set_temperature(hass, 52)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.dismissed_version is None
    assert issue.translation_placeholders == {"count": "1"}
    [words] = lost(running)
    assert "the queue was full" in words


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_queue_can_be_read_and_cleared_by_kind(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    heater, other = device_id(hass, running), device_id(hass, running, OTHER_MAC)
    assert await ask(hass, "get_queue", heater) == {"commands": []}
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await set_mode(hass, "electric", OTHER_HEATER)
    commands = (await ask(hass, "get_queue", heater))["commands"]
    assert [command["command"] for command in commands] == ["target temperature 60 °C", "mode heat pump"]
    assert [command["kind"] for command in commands] == ["dhw-temperature", "dhw-mode"]
    for command in commands:
        assert 0 <= command["age"] < 60
        assert command["stage"] == "waiting"
    assert await ask(hass, "clear_queue", heater, kinds=["power-on", "dhw-mode"]) == {"cleared": 1}
    assert queued_words(hass) == ["target temperature 60 °C"]
    assert shown(hass, OUTCOME).attributes["event_type"] == "cleared"
    # Both at once, this time without wanting to know how many.
    await hass.services.async_call(DOMAIN, "clear_queue", {"device_id": [heater, other]}, blocking=True)
    assert queued_words(hass) == []
    assert queued_words(hass, "sensor.guest_house_queued_commands") == []
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    assert await applied(simulator) == []


async def test_most_recent_command_is_the_one_given_last(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    # The clock is put right.
    wall_clock.put_back(timedelta(hours=1))
    await set_mode(hass, "heat_pump")
    await ask(hass, "clear_queue", device_id(hass, running))
    outcome = await ask(hass, "wait_for_command", device_id(hass, running))
    assert (outcome["command"], outcome["outcome"]) == ("mode heat pump", "cleared")


async def test_waiting_for_a_command(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    heater = device_id(hass, running)
    with pytest.raises(ServiceValidationError) as none_yet:
        await ask(hass, "wait_for_command", heater)
    assert none_yet.value.translation_key == "no_command"
    await cut(hass, simulator)
    await set_mode(hass, "heat_pump")
    await set_temperature(hass, 60)
    mode, setpoint = (await ask(hass, "get_queue", heater))["commands"]
    with pytest.raises(HomeAssistantError) as too_long:
        await ask(hass, "wait_for_command", heater, timeout=0)
    assert too_long.value.translation_key == "wait_timed_out"
    with pytest.raises(ServiceValidationError) as unknown:
        await ask(hass, "wait_for_command", heater, command_id="none of ours")
    assert unknown.value.translation_key == "unknown_command"

    newest = hass.async_create_task(ask(hass, "wait_for_command", heater, timeout={"seconds": 20}))
    oldest = hass.async_create_task(ask(hass, "wait_for_command", heater, command_id=mode["command_id"], timeout=20))
    await asyncio.sleep(0)
    await simulator.fault("mqtt_up")
    assert (await oldest)["command"] == "mode heat pump"
    outcome = await newest
    assert outcome["outcome"] == "confirmed"
    assert outcome["command"] == "target temperature 60 °C"
    assert outcome["command_id"] == setpoint["command_id"]
    # Once more, after the fact.
    assert await ask(hass, "wait_for_command", heater) == outcome


async def test_outcome_of_long_ago_is_forgotten(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "REMEMBERED", 1)
    heater = device_id(hass, running)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    [old] = (await ask(hass, "get_queue", heater))["commands"]
    await set_temperature(hass, 55)
    assert (await ask(hass, "wait_for_command", heater, command_id=old["command_id"]))["outcome"] == "superseded"
    await set_temperature(hass, 50)
    with pytest.raises(ServiceValidationError):
        await ask(hass, "wait_for_command", heater, command_id=old["command_id"])


async def test_waiting_ends_with_the_account(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    heater = device_id(hass, running)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    waiting = asyncio.create_task(ask(hass, "wait_for_command", heater, timeout=20))
    await asyncio.sleep(0)
    assert await hass.config_entries.async_unload(running.entry_id)
    with pytest.raises(HomeAssistantError) as interrupted:
        await waiting
    assert interrupted.value.translation_key == "wait_interrupted"
    with pytest.raises(ServiceValidationError):
        await ask(hass, "get_queue", heater)


async def test_action_for_a_heater_that_left_the_account(hass: HomeAssistant, running: MockConfigEntry) -> None:
    left = dr.async_get(hass).async_get_or_create(
        config_entry_id=running.entry_id, identifiers={(DOMAIN, "0478630a1bff")}
    )
    with pytest.raises(ServiceValidationError) as gone:
        await ask(hass, "get_queue", left.id)
    assert gone.value.translation_key == "heater_gone"


async def test_script_waits_for_its_command(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    notified = async_mock_service(hass, "notify", "me")
    heater = device_id(hass, running)
    sequence = [
        {"action": "water_heater.set_temperature", "target": {"entity_id": HEATER}, "data": {"temperature": 60}},
        {
            "action": "navilink.wait_for_command",
            "target": {"device_id": heater},
            "data": {"timeout": "00:00:20"},
            "response_variable": "end",
        },
        {"action": "notify.me", "data": {"message": "{{ end.command }}: {{ end.outcome }}"}},
    ]
    assert await async_setup_component(hass, "script", {"script": {"warm": {"sequence": sequence}}})
    await cut(hass, simulator)
    run = asyncio.create_task(hass.services.async_call("script", "warm", {}, blocking=True))
    await wait_for_value(hass, QUEUED, "1")
    await simulator.fault("mqtt_up")
    await run
    assert [call.data["message"] for call in notified] == ["target temperature 60 °C: confirmed"]
