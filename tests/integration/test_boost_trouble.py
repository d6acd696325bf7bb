"""Boosts in trouble: files that are damaged, an unloading at any instant, other people, and heaters that leave."""

import asyncio
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.heating import boost_watch
from custom_components.navilink.heating.boost import Boost, Setting
from custom_components.navilink.nwp500 import CommandStage, Device
from custom_components.navilink.nwp500.queue import confirmation
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, QUEUED, act, cut, press, set_temperature, shown
from tests.integration.boosts import (
    BOOST,
    boost,
    boosted,
    confirmed,
    in_hours,
    keeper,
    key,
    next_loop,
    refused,
    slow_disk,
    switch,
    target,
    wait_until_done,
)
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

# Files


def unreadable(caplog: pytest.LogCaptureFixture) -> int:
    """Return how often it was logged that something stored cannot be read."""
    return len([each for each in caplog.records if each.levelno >= logging.WARNING and "Could not read" in each.msg])


PLANNED = {
    "id": "a",
    "start": "2030-01-01T00:00:00+00:00",
    "end": "2030-01-01T01:00:00+00:00",
    "wanted": {"dhwTemperatureSetting": 120},
    "stop_when_hot": False,
    "name": "",
}


def of_one(**members: object) -> dict[str, Any]:
    return {MAC: {"planned": [], "running": None, "starts": [], "commands": {}, **members}}


@pytest.mark.parametrize("name", ["boosts", "insight", "energy", "kept"])
@pytest.mark.parametrize(
    "content",
    [
        {"version": 99, "data": {}},
        {"version": 1, "minor_version": 1},
        [],
        {"version": 1, "minor_version": 1, "data": [[]]},
        {"version": 1, "minor_version": 1, "data": "text"},
        {"version": 1, "minor_version": 1, "data": {MAC: {"until": []}}},
    ],
    ids=range(6),
)
async def test_file_that_cannot_be_read_stops_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    name: str,
    content: dict[str, Any] | list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass_storage[key(entry, name)] = content
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    for _ in range(2):
        await entry.runtime_data.energy.async_repair()
    assert unreadable(caplog) == (0 if name == "kept" and isinstance(content, dict) and content.get("data") else 1)
    assert "Traceback" not in caplog.text
    # What is new is kept again.
    await boost(hass, start=in_hours(2))
    assert len(hass_storage[key(entry)]["data"][MAC]["planned"]) == 1


@pytest.mark.parametrize(
    "content",
    [
        of_one(planned=[PLANNED | {"start": "2030-01-01T00:00:00"}]),
        of_one(planned=[PLANNED | {"end": PLANNED["start"]}]),
        of_one(planned=[PLANNED | {"start": "2030-02-30T00:00:00+00:00"}]),
        of_one(planned=[PLANNED | {"start": "soon"}]),
        of_one(planned=[PLANNED | {"wanted": {}}]),
        of_one(starts=["2026-01-01T00:00:00"]),
        of_one(running={"boost": PLANNED, "changes": {}, "ending": None, "restored": {}}),
        of_one(
            running={
                "boost": PLANNED,
                "changes": {
                    "dhwTemperatureSetting": {
                        "wanted": 120,
                        "before": 98,
                        "phase": "LOST",
                        "was_ours": True,
                        "earlier": [],
                    }
                },
                "ending": None,
                "restored": {},
            }
        ),
    ],
    ids=range(8),
)
async def test_heater_whose_boosts_make_no_sense_has_none_and_the_other_has_its_own(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    wall_clock: WallClock,
    content: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = {**content, OTHER_MAC: of_one(planned=[PLANNED])[MAC]}
    hass_storage[key(entry)] = {"version": 1, "minor_version": 1, "data": data}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    await wall_clock.pass_by(timedelta(seconds=16))
    assert shown(hass, BOOST).state == "off"
    assert keeper(entry).of(MAC).planned == ()
    assert [each.id for each in keeper(entry).of(OTHER_MAC).planned] == ["a"]
    assert unreadable(caplog) == 1
    assert "Traceback" not in caplog.text
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_planned_boosts_are_in_order_whatever_the_file_says(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any], wall_clock: WallClock
) -> None:
    start = dt_util.utcnow() + timedelta(hours=1)
    soon = {"id": "soon", "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
    content = of_one(planned=[PLANNED, PLANNED | soon])
    hass_storage[key(entry)] = {"version": 1, "minor_version": 1, "data": content}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    await wall_clock.pass_by(timedelta(hours=1, seconds=1))
    await wait_for_value(hass, BOOST, "on")
    assert [each.id for each in keeper(entry).of(MAC).planned] == ["a"]
    assert await hass.config_entries.async_unload(entry.entry_id)


# Unloading


async def test_boost_that_is_being_stored_while_its_account_is_unloaded_is_kept(
    hass: HomeAssistant, running: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    with slow_disk(key(running)) as (has_begun, may_go_on):
        planned = [hass.async_create_task(boost(hass, start=in_hours(hours))) for hours in (2, 3, 4)]
        await has_begun.wait()
        unloading = hass.async_create_task(hass.config_entries.async_unload(running.entry_id))
        while running.state is ConfigEntryState.LOADED or shown(hass, HEATER).state != "unavailable":
            await next_loop(hass)
        may_go_on.set()
        assert await unloading
        for task in planned:
            await task
    assert len(hass_storage[key(running)]["data"][MAC]["planned"]) == 3
    assert await hass.config_entries.async_setup(running.entry_id)
    assert len(keeper(running).of(MAC).planned) == 3
    assert await hass.config_entries.async_unload(running.entry_id)


# Heaters that leave


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_heater_that_leaves_takes_its_boosts_with_it(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await boost(hass, temperature=60)
    await boost(hass, OTHER_HEATER, temperature=60)
    await simulator.wait(applied=2)
    # It leaves while it is being written that another one takes over.
    with slow_disk(key(running)) as (has_begun, may_go_on):
        task = hass.async_create_task(keeper(running).async_boost(device(running), another()))
        await has_begun.wait()
        leaving = hass.async_create_task(running.runtime_data.async_release({MAC}))
        while keeper(running).of(MAC).running is not None:
            await next_loop(hass)
        may_go_on.set()
        await asyncio.gather(task, leaving)
    await keeper(running).async_finish()
    assert "Traceback" not in caplog.text
    assert MAC not in hass_storage[key(running)]["data"]
    assert OTHER_MAC in hass_storage[key(running)]["data"]


def device(entry: MockConfigEntry) -> Device:
    found: Device = entry.runtime_data.data[MAC].device
    return found


def another() -> Boost:
    now = dt_util.utcnow()
    return Boost(id="b", start=now, end=now + timedelta(hours=1), wanted={Setting.TEMPERATURE: 116})


# Other people, and many hands


async def test_switch_on_off_and_on_again_keeps_what_was_before(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    for _ in range(4):
        await switch(hass, "turn_on")
        await target(hass, 60)
        await switch(hass, "turn_off")
        # The heater has been given what was before, and has not said yet that it has it.
        await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == before)
    await wait_until_done(running)
    await target(hass, before)
    heater = (await simulator.state())["heaters"][MAC]
    assert (await applied(simulator))[-1] == ("dhw-temperature", [int(before * 2)])
    assert heater["online"] is True


async def goes_back(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, temperature: float
) -> None:
    """Wait until the heater has what was before, with its second setting at the earliest."""
    await simulator.wait(applied=2)
    await wait_until_done(entry)
    await target(hass, temperature)


@pytest.mark.parametrize("options", [{"expiration": "never"}])
async def test_command_of_somebody_else_that_waits_is_not_replaced_by_going_back(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await boosted(hass, simulator)
    await cut(hass, simulator)
    await set_temperature(hass, 52)
    await wall_clock.pass_by(timedelta(minutes=61))
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    await simulator.wait(applied=2)
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [104])]


async def test_boost_that_takes_over_and_is_cleared_goes_back_to_what_was_before(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = await boosted(hass, simulator)
    await cut(hass, simulator)
    await boost(hass, temperature=55)
    await press(hass, "button.nwp500_clear_queue")
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    await wall_clock.pass_by(timedelta(minutes=61))
    await simulator.wait(applied=2)
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [int(before * 2)])]


@pytest.mark.parametrize("options", [{"queue": False}, {}])
async def test_going_back_that_is_lost_is_done_once_more(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    wall_clock: WallClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confirmation, "LOOK_INTERVALS", (0.1, 0.1))
    monkeypatch.setattr(confirmation, "ANSWER_SECONDS", 1.0)
    before = await boosted(hass, simulator)
    await simulator.fault("ignore_write")
    await wall_clock.pass_by(timedelta(minutes=61))
    await goes_back(hass, simulator, running, before)


async def test_going_back_that_a_status_does_not_show_is_done_once_more_before_it_has_an_outcome(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    wall_clock: WallClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confirmation, "LOOK_INTERVALS", (0.1, 0.5, 600.0))
    monkeypatch.setattr(boost_watch, "_UNREPORTED_SECONDS", 0.3)
    before = await boosted(hass, simulator)
    await simulator.fault("ignore_write")
    await wall_clock.pass_by(timedelta(minutes=61))
    await goes_back(hass, simulator, running, before)


async def test_boost_that_is_on_its_way_when_it_ends_goes_back_beside_the_next_one(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(confirmation, "LOOK_INTERVALS", (0.1, 0.5, 1.0))
    monkeypatch.setattr(confirmation, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(boost_watch, "_UNREPORTED_SECONDS", 0.3)
    before, client = shown(hass, HEATER).attributes["temperature"], running.runtime_data.client
    await simulator.fault("ignore_write")
    await boost(hass, temperature=60)
    [ignored] = client.pending_commands
    while client.stage(ignored.id) is not CommandStage.SENT:
        await next_event(client, "command_sent")
    await switch(hass, "turn_off")
    await boost(hass, operation_mode="electric")
    while client.stage(ignored.id) is not None:
        await next_event(client, "queue_changed")
    while (boosts := keeper(running).of(MAC)).returning:
        await next_event(client, "status_received")
    assert boosts.running is not None
    assert shown(hass, HEATER).attributes["temperature"] == before
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_going_back_that_is_refused_is_done_once_more_after_a_pause(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = await boosted(hass, simulator)
    await simulator.fault("ctrl_fail", code=3)
    await wall_clock.pass_by(timedelta(minutes=61))
    while (returning := keeper(running).of(MAC).returning.get(Setting.TEMPERATURE)) is None or not returning.again_at:
        await next_event(running.runtime_data.client, "queue_changed")
    # It is kept over a reload, and waits on.
    assert await hass.config_entries.async_reload(running.entry_id)
    assert keeper(running).of(MAC).returning == {Setting.TEMPERATURE: returning}
    await wall_clock.pass_by(timedelta(seconds=31))
    await goes_back(hass, simulator, running, before)


async def test_planned_boost_goes_back_to_what_was_set_right_before_it(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await boost(hass, temperature=60, start=in_hours(1), duration="01:00:00")
    await simulator.device(MAC, dhwTemperatureSetting=92)
    await wall_clock.pass_by(timedelta(hours=1, seconds=1))
    await simulator.wait(applied=1)
    await confirmed(hass)
    await target(hass, 60)
    await wall_clock.pass_by(timedelta(minutes=61))
    await simulator.wait(applied=2)
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [92])]


@pytest.mark.usefixtures("running")
async def test_boost_after_a_silence_asks_first_what_the_heater_has(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    await simulator.fault("silent", mac=MAC, suffix="st")
    await simulator.device(MAC, dhwTemperatureSetting=92)
    await wall_clock.pass_by(timedelta(minutes=10))
    response = await boost(hass, temperature=60)
    assert response["restores"] == {"temperature": 46}


@pytest.mark.usefixtures("running")
async def test_boost_of_a_heater_that_was_off_is_refused_in_an_outage_too(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await act(hass, "set_operation_mode", operation_mode="off")
    await simulator.wait(applied=1)
    await wait_for(hass, QUEUED, lambda state: state.state == "0")
    await cut(hass, simulator)
    assert await refused(hass, temperature=60) == "boost_is_off"
    # It is about to be turned on.
    await act(hass, "set_operation_mode", operation_mode="eco")
    await boost(hass, temperature=60)


@pytest.mark.parametrize("clears", [False, True])
async def test_boost_waits_for_what_somebody_has_asked_for(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock, clears: bool
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    await cut(hass, simulator)
    await set_temperature(hass, 52)
    await boost(hass, temperature=60)
    assert len(running.runtime_data.client.pending_commands) == 1
    if clears:
        await press(hass, "button.nwp500_clear_queue")
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1 if clears else 2)
    await wall_clock.pass_by(timedelta(minutes=61))
    await simulator.wait(applied=2 if clears else 3)
    await wait_until_done(running)
    own = [] if clears else [104]
    expected = [*own, 120, *(own or [int(before * 2)])]
    assert await applied(simulator) == [("dhw-temperature", [value]) for value in expected]


async def test_boost_that_waits_for_somebody_else_for_too_long_is_dropped(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 45)
    await boost(hass, temperature=60)
    await wall_clock.pass_by(timedelta(minutes=61))
    await wait_for_value(hass, BOOST, "off")
    assert keeper(running).of(MAC).running is None
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [90])]


async def test_many_callers_at_once(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    calls = [
        boost(hass, temperature=60),
        switch(hass, "turn_off"),
        boost(hass, temperature=58),
        switch(hass, "turn_on"),
    ]
    for task in [
        hass.async_create_task(call) for call in (*calls, boost(hass, temperature=55), switch(hass, "turn_on"))
    ]:
        await task
    await switch(hass, "turn_off")
    await wait_until_done(running)
    await target(hass, before)
    assert (await applied(simulator))[-1:] in ([], [("dhw-temperature", [int(before * 2)])])


async def test_boosts_one_after_the_other_in_an_outage(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    for hours, temperature in ((1, 60), (2, 58), (3, 55)):
        await boost(hass, start=in_hours(hours), duration="01:00:00", temperature=temperature)
    await cut(hass, simulator)
    # Exactly at each change, so that one ends and the next one begins in the same moment.
    for _ in range(3):
        await wall_clock.pass_by(timedelta(hours=1, seconds=1))
    await wait_for_value(hass, BOOST, "on")
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    await target(hass, 55)
    await simulator.wait(applied=1)
    await wall_clock.pass_by(timedelta(hours=1))
    await simulator.wait(applied=2)
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [110]), ("dhw-temperature", [int(before * 2)])]


async def test_boost_ends_without_polling_and_with_an_answer_lost(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    hass.config_entries.async_update_entry(running, pref_disable_polling=True)
    before = await boosted(hass, simulator)
    await wait_for(hass, QUEUED, lambda state: state.state == "0")
    await simulator.fault("silent", suffix="st", count=1)
    await wall_clock.pass_by(timedelta(minutes=61))
    await wall_clock.pass_by(timedelta(seconds=16))
    await goes_back(hass, simulator, running, before)


async def test_boost_does_not_last_longer_when_the_clock_is_put_back(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    await boost(hass, temperature=60)
    await simulator.wait(applied=1)
    wall_clock.pass_unseen(-timedelta(days=3))
    await wall_clock.pass_by(timedelta(seconds=16))
    await wall_clock.pass_by(timedelta(minutes=61))
    await goes_back(hass, simulator, running, before)


async def test_disk_that_fails_raises_nothing(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def full(_store: Store[Any], _data: dict[str, Any]) -> None:
        raise WriteError("No space left on device")

    with patch.object(Store, "_async_write_data", full):
        before = shown(hass, HEATER).attributes["temperature"]
        await switch(hass, "turn_on")
        await simulator.wait(applied=1)
        await switch(hass, "turn_off")
        await simulator.wait(applied=2)
        await wait_until_done(running)
        await target(hass, before)
        assert await hass.config_entries.async_unload(running.entry_id)
    assert "Traceback" not in caplog.text


async def test_boost_given_while_home_assistant_stops_is_carried_out_by_the_next_run(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    """Home Assistant writes no file at once any more, and a heater must not be boosted by what a kill forgets."""
    hass.set_state(CoreState.stopping)
    await boost(hass, temperature=60)
    assert running.runtime_data.client.pending_commands == ()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert await applied(simulator) == []
    hass.set_state(CoreState.running)
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for_value(hass, BOOST, "on")
    await simulator.wait(applied=1)
    await confirmed(hass)
    await target(hass, 60)


async def kept_of(hass: HomeAssistant, running: MockConfigEntry, hass_storage: dict[str, Any]) -> dict[str, Any]:
    """Start a boost, unload the account, and return what is stored of the heater, to be changed."""
    await boost(hass, temperature=60)
    assert await hass.config_entries.async_unload(running.entry_id)
    stored: dict[str, Any] = hass_storage[key(running)]["data"][MAC]
    return stored


async def test_command_of_which_nothing_is_known_is_decided_by_a_status(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    stored = await kept_of(hass, running, hass_storage)
    stored["commands"] = {"nobody": "dhwTemperatureSetting"}
    stored["running"]["changes"]["dhwTemperatureSetting"]["phase"] = "PENDING"
    await simulator.device(MAC, dhwTemperatureSetting=90)
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, BOOST, "off")
    assert running.runtime_data.boosts.of(MAC).running is None


@pytest.mark.parametrize("returns", [{}, {"nobody": "dhwTemperatureSetting"}])
async def test_way_back_that_an_earlier_run_did_not_come_to_is_gone(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
    returns: dict[str, str],
) -> None:
    stored = await kept_of(hass, running, hass_storage)
    way_back = {"to": 97, "boosted": 120, "is_lost": False, "repeats": 0}
    stored |= {"running": None, "returns": returns, "returning": {"dhwTemperatureSetting": way_back}}
    before = len(await applied(simulator))
    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(applied=before + 1)
    assert (await applied(simulator))[-1] == ("dhw-temperature", [97])


@pytest.mark.parametrize("commands", [{}, {"nobody": "dhwTemperatureSetting"}])
async def test_way_back_from_a_command_of_which_nothing_is_known_is_decided_by_a_status(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
    commands: dict[str, str],
) -> None:
    stored = await kept_of(hass, running, hass_storage)
    await simulator.wait(applied=1)
    way_back = {"to": 97, "boosted": 120, "is_lost": False, "repeats": 0, "is_boost_pending": True}
    stored |= {"running": None, "commands": commands, "returning": {"dhwTemperatureSetting": way_back}}
    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(applied=2)
    await wait_until_done(running)
    assert (await applied(simulator))[-1] == ("dhw-temperature", [97])


async def test_end_that_an_earlier_run_did_not_come_to_is_gone_on_with(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    stored = await kept_of(hass, running, hass_storage)
    await simulator.wait(applied=1)
    stored["commands"] = {}
    stored["running"] |= {"ending": "canceled"}
    stored["running"]["changes"]["dhwTemperatureSetting"] |= {"phase": "PENDING", "before": 98}
    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(applied=2)
    assert (await applied(simulator))[-1] == ("dhw-temperature", [98])
    await wait_for_value(hass, BOOST, "off")


async def heat_for_an_hour(hass: HomeAssistant, *, start: float) -> None:
    """Add an event to the calendar that begins in so many hours."""
    times = {"start_date_time": in_hours(start), "end_date_time": in_hours(start + 1)}
    event = {"entity_id": "calendar.nwp500_planned_heating", "summary": "Guests", **times}
    await hass.services.async_call("calendar", "create_event", event, blocking=True)


@pytest.mark.parametrize("options", [{"queue": False}])
async def test_without_a_queue_and_a_connection_it_is_not_started(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await cut(hass, simulator)
    boosts, now = running.runtime_data.boosts, dt_util.utcnow()
    wanted = {Setting.TEMPERATURE: 120}
    asked = Boost(id="a", start=now, end=now + timedelta(hours=1), wanted=wanted)
    await boosts.async_boost(running.runtime_data.data[MAC].device, asked)
    assert boosts.of(MAC).running is None
    assert caplog.text.count("A boost could not set temperature") == 1
    # Who asks for it in Home Assistant learns that at once.
    assert shown(hass, BOOST).state == STATE_UNAVAILABLE
    with pytest.raises(HomeAssistantError) as error:
        await heat_for_an_hour(hass, start=0)
    assert error.value.translation_key == "not_connected"
    await heat_for_an_hour(hass, start=2)
    assert len(boosts.of(MAC).planned) == 1
    assert await applied(simulator) == []
