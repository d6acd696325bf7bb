"""What comes between: a boost that looks at its heater first, or is being given, while something else happens."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.heating import boost_watch
from custom_components.navilink.heating import keeper as keeper_module
from custom_components.navilink.heating.boost import Phase, Setting
from custom_components.navilink.nwp500 import CommandStage
from custom_components.navilink.nwp500.queue import confirmation
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, OUTCOME, cut, lost, press, set_mode, set_temperature, shown
from tests.integration.boosts import (
    BOOST,
    boost,
    confirmed,
    in_hours,
    keeper,
    key,
    next_loop,
    slow_disk,
    switch,
    target,
    wait_until_done,
)
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import DEADLINE, next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

REFRESH = "button.nwp500_refresh"


async def looking(hass: HomeAssistant, simulator: SimulatorProcess, **data: object) -> asyncio.Task[dict[str, Any]]:
    """Begin to start a boost of a heater that does not answer; it looks at the heater for as long as it may."""
    await simulator.fault("silent", mac=MAC, suffix="st")
    task = hass.async_create_task(boost(hass, **data))
    await some_time(hass)
    assert not task.done()
    return task


async def some_time(hass: HomeAssistant) -> None:
    """Let everything that is ready come to its end."""
    for _ in range(50):
        await next_loop(hass)


# While it looks


async def test_of_two_who_look_at_once_the_first_starts_its_boost(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    switched_on = hass.async_create_task(switch(hass, "turn_on"))
    refused = hass.async_create_task(boost(hass, temperature=55, replace=False))
    await switched_on
    with pytest.raises(HomeAssistantError) as error:
        await refused
    assert error.value.translation_key == "boost_is_running"
    await simulator.wait(applied=1)
    await confirmed(hass)
    await target(hass, 60)
    await switch(hass, "turn_off")
    await wait_until_done(running)
    await target(hass, before)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [int(before * 2)])]


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_status_of_another_heater_does_not_end_the_look(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 60.0)
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await simulator.device(MAC, dhwTemperatureSetting=100)
    task = await looking(hass, simulator, temperature=60)
    client = running.runtime_data.client
    client.poll(running.runtime_data.data[OTHER_MAC].device)
    await next_event(client, "status_received")
    await some_time(hass)
    assert not task.done()
    await press(hass, REFRESH)
    assert (await task)["restores"] == {"temperature": 50}


async def test_connection_that_is_lost_during_the_look_leaves_what_was_before_to_the_next_status(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    task = await looking(hass, simulator, temperature=60)
    await cut(hass, simulator)
    response = await task
    assert (response["queued"], response["restores"]) == (True, {})
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await confirmed(hass)
    await target(hass, 60)
    await switch(hass, "turn_off")
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [int(before * 2)])]


@pytest.mark.usefixtures("running")
async def test_heater_that_cannot_answer_is_not_looked_at(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 600.0)
    await cut(hass, simulator)
    async with asyncio.timeout(DEADLINE):
        assert (await boost(hass, temperature=60))["queued"] is True


@pytest.mark.parametrize("reloads", [True, False])
async def test_account_that_is_unloaded_during_the_look_starts_nothing(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
    reloads: bool,
) -> None:
    task = await looking(hass, simulator, temperature=60)
    change = hass.config_entries.async_reload if reloads else hass.config_entries.async_unload
    assert await change(running.entry_id)
    with pytest.raises(HomeAssistantError) as error:
        await task
    assert error.value.translation_key == "not_connected"
    assert not hass_storage.get(key(running), {"data": {}})["data"]
    assert await applied(simulator) == []


async def test_heater_that_leaves_during_the_look_is_not_boosted(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    task = await looking(hass, simulator, temperature=60)
    await running.runtime_data.async_release({MAC})
    with pytest.raises(HomeAssistantError) as error:
        await task
    assert error.value.translation_key == "heater_gone"
    assert keeper(running).of(MAC).running is None
    assert not hass_storage.get(key(running), {"data": {}})["data"]


# While it is being given


async def test_boost_that_is_over_before_it_is_stored_is_not_delivered(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    with slow_disk(key(running)) as (has_begun, may_go_on):
        task = hass.async_create_task(boost(hass, temperature=60, duration="00:30:00"))
        await has_begun.wait()
        # As if the system slept.
        wall_clock.pass_unseen(timedelta(minutes=31))
        may_go_on.set()
        await task
    await wall_clock.pass_by(timedelta(seconds=16))
    await wait_until_done(running)
    assert shown(hass, BOOST).state == "off"
    assert await applied(simulator) == []


async def test_command_of_a_boost_that_was_taken_over_is_still_its_own_after_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "LOOK_INTERVALS", (0.1, 600.0))
    before, client = shown(hass, HEATER).attributes["temperature"], running.runtime_data.client
    # It is on its way for long, and the one that takes over is refused.
    await simulator.fault("ignore_write")
    await boost(hass, temperature=60)
    [late] = client.pending_commands
    while client.stage(late.id) is not CommandStage.SENT:
        await next_event(client, "command_sent")
    await boost(hass, temperature=55)
    await simulator.fault("ctrl_fail", code=3)
    while len(client.pending_commands) > 1:
        await next_event(client, "command_completed")
    assert [each.id for each in client.pending_commands] == [late.id]
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for_value(hass, CONNECTION, "on")
    await press(hass, REFRESH)
    await next_event(running.runtime_data.client, "status_received")
    boosts = keeper(running).of(MAC)
    assert boosts.running is not None
    assert boosts.running.changes[Setting.TEMPERATURE].phase is Phase.DOUBTFUL
    # It comes after all.
    await simulator.device(MAC, dhwTemperatureSetting=120)
    await press(hass, REFRESH)
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 60)
    await switch(hass, "turn_off")
    await wait_until_done(running)
    await target(hass, before)


async def test_planned_boost_goes_back_to_what_was_set_since_the_last_report(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await boost(hass, temperature=60, start=in_hours(20 / 3600), duration="01:00:00")
    await simulator.device(MAC, dhwTemperatureSetting=92)
    await wall_clock.pass_by(timedelta(seconds=21))
    await simulator.wait(applied=1)
    await confirmed(hass)
    await target(hass, 60)
    await switch(hass, "turn_off")
    await wait_until_done(running)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [92])]


async def test_command_that_is_not_shown_yet_is_waited_for_until_it_has_an_outcome(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "LOOK_INTERVALS", (0.1, 600.0))
    monkeypatch.setattr(boost_watch, "_UNREPORTED_SECONDS", 0.0)
    before, client = shown(hass, HEATER).attributes["temperature"], running.runtime_data.client
    await simulator.fault("ignore_write")
    await boost(hass, temperature=60)
    [late] = client.pending_commands
    while client.stage(late.id) is not CommandStage.SENT:
        await next_event(client, "command_sent")
    for _ in range(2):
        client.poll(running.runtime_data.data[MAC].device)
        await next_event(client, "status_received")
    boosts = keeper(running).of(MAC)
    assert boosts.running is not None
    assert boosts.running.changes[Setting.TEMPERATURE].phase is Phase.PENDING
    await simulator.device(MAC, dhwTemperatureSetting=120)
    client.poll(running.runtime_data.data[MAC].device)
    await next_event(client, "command_confirmed")
    await switch(hass, "turn_off")
    await wait_until_done(running)
    await target(hass, before)


async def test_heater_that_leaves_while_its_boost_waits_for_somebody_else_takes_all_with_it(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 52)
    await boost(hass, temperature=60)
    assert len(running.runtime_data.client.pending_commands) == 1
    await running.runtime_data.async_release({MAC})
    await keeper(running).async_finish()
    assert running.runtime_data.client.pending_commands == ()
    assert keeper(running).of(MAC).running is None
    assert "Traceback" not in caplog.text


async def test_boost_that_was_over_before_it_was_sent_is_not_offered_to_be_sent_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    """Nobody would end it."""
    await cut(hass, simulator)
    await boost(hass, temperature=60, duration="00:30:00")
    assert await hass.config_entries.async_unload(running.entry_id)
    wall_clock.pass_unseen(timedelta(minutes=31))
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == "expired")
    assert lost(running) == []


@pytest.mark.parametrize("options", [{"queue_size": 1}])
async def test_boost_for_which_there_is_no_room_is_not_offered_to_be_sent_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await cut(hass, simulator)
    await boost(hass, temperature=60)
    await set_mode(hass, "heat_pump")
    await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == "dropped")
    assert lost(running) == []
