"""Exactly one outcome of each command, also over a restart: it is passed on once the store knows it."""

import asyncio
from pathlib import Path
import threading

from homeassistant.core import Event, HomeAssistant, callback
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components import navilink
from custom_components.navilink import outcomes as outcomes_module
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    CommandResult,
    QueuedCommand,
)
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME, Outcomes
from custom_components.navilink.queue_store import replace_file
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, QUEUED, cut, queued_words, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER, MAC
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import DEADLINE, next_event, wait_for, wait_for_value


def completed_event(name: str) -> CommandCompleted:
    command = QueuedCommand(id=name, kind="tou-on", wanted="time of use on", mac_address=MAC, topic="t", body=b"{}")
    return CommandCompleted(command, CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL))


async def test_an_outcome_is_passed_on_when_it_is_stored_and_somebody_listens() -> None:
    passed: list[CommandCompleted] = []
    reported: list[CommandCompleted] = []
    outcomes = Outcomes(passed.append)
    outcomes.listen(MAC, reported.append)
    waiting = outcomes.future("one")
    one, other = completed_event("one"), completed_event("other")
    outcomes.completed(one)
    assert outcomes.of(MAC) == (one,)
    assert outcomes.to_store == (one,)
    assert not waiting.done()
    assert not outcomes.stored([one])
    # Who waits in an action need not wait until automations listen.
    assert waiting.result() == one
    assert (passed, outcomes.to_store) == ([], (one,))
    outcomes.completed(other)
    assert outcomes.open()
    assert passed == reported == [one]
    assert outcomes.to_store == (other,)
    # Written before the other one was there, or before the first was passed on: that is no news.
    assert not outcomes.stored([one])
    assert outcomes.stored([one, other])
    assert passed == reported == [one, other]
    assert not outcomes.to_store


async def test_the_first_outcome_of_a_command_counts() -> None:
    passed: list[CommandCompleted] = []
    outcomes = Outcomes(passed.append)
    outcomes.open()
    one = completed_event("one")
    again = CommandCompleted(one.command, CommandResult(CommandOutcome.CONFIRMED, CommandReason.REPORTED))
    outcomes.restore([one])
    outcomes.completed(again)
    assert outcomes.to_store == (one,)


async def test_what_ends_while_the_listeners_go_is_kept_for_the_next_run() -> None:
    passed: list[CommandCompleted] = []
    outcomes = Outcomes(passed.append)
    outcomes.open()
    outcomes.hold()
    outcomes.completed(completed_event("one"))
    assert not outcomes.stored(outcomes.to_store)
    outcomes.close()
    assert passed == []
    [kept] = outcomes.to_store
    later = Outcomes(passed.append)
    later.restore([kept])
    assert later.open()
    assert passed == [kept]


async def test_all_outcomes_are_waited_for_until_they_are_stored() -> None:
    outcomes = Outcomes(lambda _: None)
    events = [completed_event("one"), completed_event("other")]
    waiting = asyncio.ensure_future(outcomes.async_wait(event.command.id for event in events))
    for event in events:
        assert not waiting.done()
        outcomes.completed(event)
        outcomes.stored([event])
        for _ in range(5):
            await asyncio.sleep(0)
    assert waiting.done()
    # What is known already, and nothing at all, is not waited for.
    await outcomes.async_wait(["one", "other"])
    await outcomes.async_wait([])


@pytest.mark.parametrize("is_closed", [True, False])
async def test_outcomes_are_not_waited_for_longer_than_an_action_waits_or_the_account_is_there(
    monkeypatch: pytest.MonkeyPatch, is_closed: bool
) -> None:
    outcomes = Outcomes(lambda _: None)
    if not is_closed:
        monkeypatch.setattr(outcomes_module, "OUTCOME_TIME", 0.01)
    waiting = asyncio.ensure_future(outcomes.async_wait(["one"]))
    also = asyncio.ensure_future(outcomes.async_wait(["one"]))
    await asyncio.sleep(0)
    if is_closed:
        outcomes.close()
    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(waiting, also)


def unsent_ids(stored_files: StoredFiles, entry: MockConfigEntry) -> set[str]:
    queue = stored_files[f"{DOMAIN}.{entry.entry_id}"]["data"]["queue"]
    return {command["id"] for command in (*queue["unsent"], *queue["sent"])}


async def test_no_outcome_is_passed_on_while_the_store_still_has_the_command(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    too_early: list[Event] = []
    passed: list[str] = []

    @callback
    def look(event: Event) -> None:
        passed.append(event.data["outcome"])
        if event.data["command_id"] in unsent_ids(stored_files, running):
            too_early.append(event)

    hass.bus.async_listen(EVENT_COMMAND_OUTCOME, look)
    await cut(hass, simulator)
    for celsius in (55, 56, 57):
        await set_temperature(hass, celsius)
    await set_mode(hass, "heat_pump")
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, QUEUED, "0")
    await wait_for(hass, QUEUED, lambda state: not state.attributes["commands"])
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("command") == "mode heat pump")
    assert sorted(passed) == ["confirmed", "confirmed", "superseded", "superseded"]
    assert too_early == []
    await hass.async_block_till_done()
    assert stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]["queue"]["outcomes"] == []


@pytest.mark.usefixtures("running")
async def test_outcome_waits_for_a_slow_disk_and_its_action_too(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await cut(hass, simulator)
    await set_temperature(hass, 55)
    written, writing = threading.Event(), asyncio.Event()

    def slow(file: Path, data: bytes) -> None:
        hass.loop.call_soon_threadsafe(writing.set)
        assert written.wait(DEADLINE)
        replace_file(file, data)

    monkeypatch.setattr("custom_components.navilink.queue_store.replace_file", slow)
    action = hass.async_create_task(set_temperature(hass, 60))
    await writing.wait()
    assert queued_words(hass) == ["target temperature 60 °C"]
    assert passed == []
    assert not action.done()
    written.set()
    await action
    await hass.async_block_till_done()
    assert [event.data["command"] for event in passed] == ["target temperature 55 °C"]


async def test_outcome_that_comes_during_the_last_writing_is_passed_on_by_the_next_run(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await simulator.fault("reply_delay", seconds=1)
    client = running.runtime_data.client
    completed = threading.Event()
    client.on("command_completed", lambda _: completed.set())

    def slow(file: Path, data: bytes) -> None:
        assert completed.wait(DEADLINE)
        replace_file(file, data)

    monkeypatch.setattr("custom_components.navilink.queue_store.replace_file", slow)
    action = hass.async_create_task(set_temperature(hass, 60))
    await next_event(client, "command_sent")
    assert await hass.config_entries.async_unload(running.entry_id)
    await action
    assert passed == []
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for(hass, QUEUED, lambda state: not state.attributes["commands"])
    await hass.async_block_till_done()
    assert [event.data["outcome"] for event in passed] == ["confirmed"]


async def test_outcome_that_was_not_passed_on_is_passed_on_after_the_start_and_only_once(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    passed = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await cut(hass, simulator)
    running.runtime_data.outcomes.hold()
    await set_temperature(hass, 55)
    [first] = shown(hass, QUEUED).attributes["commands"]
    await set_temperature(hass, 60)
    assert passed == []
    assert await hass.config_entries.async_unload(running.entry_id)
    [outcome] = stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]["queue"]["outcomes"]
    assert outcome["command"]["id"] == first["command_id"]
    assert await hass.config_entries.async_setup(running.entry_id)
    await hass.async_block_till_done()
    assert [(event.data["command_id"], event.data["outcome"]) for event in passed] == [
        (first["command_id"], "superseded")
    ]
    assert shown(hass, OUTCOME).attributes["event_type"] == "superseded"
    assert stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]["queue"]["outcomes"] == []
    assert await hass.config_entries.async_reload(running.entry_id)
    await hass.async_block_till_done()
    assert len(passed) == 1
    assert shown(hass, HEATER).attributes["temperature"] == 60


async def test_outcomes_go_on_being_passed_on_when_the_account_could_not_be_unloaded(
    hass: HomeAssistant, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unload_nothing(*_: object) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(hass.config_entries, "async_unload_platforms", unload_nothing)
        assert not await navilink.async_unload_entry(hass, running)
    events = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await set_temperature(hass, 55)
    await hass.async_block_till_done()
    assert [event.data["outcome"] for event in events] == ["confirmed"]
