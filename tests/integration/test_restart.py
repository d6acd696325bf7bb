"""What a restart of Home Assistant may not cost: commands, their order and ages, what is known of the heaters."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from simulator.process import SimulatorProcess
from tests.integration.accounts import entry_data
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
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

SETPOINT, MODE = "target temperature 60 °C", "mode heat pump"
STORED_SETPOINT = "setpoint 60 °C"


def key(entry: MockConfigEntry) -> str:
    return f"{DOMAIN}.{entry.entry_id}"


def stored_commands(stored_files: StoredFiles, entry: MockConfigEntry) -> list[str]:
    """Return the commands on the disk that are still to be sent, in the client's own words."""
    return [command["wanted"] for command in stored_files[key(entry)]["data"]["queue"]["unsent"]]


async def no_network(simulator: SimulatorProcess) -> None:
    await simulator.fault("mqtt_down")
    await simulator.fault("api_down", close=True)


async def network(simulator: SimulatorProcess) -> None:
    await simulator.fault("api_down", on=False)
    await simulator.fault("mqtt_up")


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)


async def unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_command_is_on_the_disk_when_its_action_returns(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert stored_commands(stored_files, running) == [STORED_SETPOINT]
    # Several at a time, the newest of a setting counts.
    await asyncio.gather(set_mode(hass, "electric"), set_temperature(hass, 55), set_mode(hass, "heat_pump"))
    assert stored_commands(stored_files, running) == ["setpoint 55 °C", MODE]
    await simulator.fault("mqtt_up")
    await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == "confirmed")
    await wait_for_value(hass, QUEUED, "0")
    await wait_for(hass, QUEUED, lambda state: not state.attributes["commands"])
    await hass.async_block_till_done()
    assert stored_commands(stored_files, running) == []


async def test_store_is_private_and_holds_no_credentials(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    content = str(stored_files[key(running)])
    assert stored_files[key(running)]["version"] == 1
    for secret in (simulator.addresses["email"], simulator.addresses["password"], "Bearer", "oken"):
        assert secret not in content


async def test_restart_keeps_order_and_ages(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await wall_clock.pass_by(timedelta(minutes=5))
    await set_mode(hass, "heat_pump")
    before = [command["command_id"] for command in shown(hass, QUEUED).attributes["commands"]]
    await unload(hass, running)
    wall_clock.pass_unseen(timedelta(minutes=10))
    await set_up(hass, running)
    assert queued_words(hass) == [SETPOINT, MODE]
    assert [command["command_id"] for command in shown(hass, QUEUED).attributes["commands"]] == before
    commands = (await ask(hass, "get_queue", device_id(hass, running)))["commands"]
    assert [round(command["age"] / 60) for command in commands] == [15, 10]
    # What is wanted is shown although the heater has not been heard since.
    assert shown(hass, HEATER).attributes["temperature"] == 60
    assert shown(hass, HEATER).state == "heat_pump"
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    await wait_for_value(hass, QUEUED, "0")
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]


async def test_reload_by_new_options_keeps_the_queue(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    result = await hass.config_entries.options.async_init(running.entry_id)
    await hass.config_entries.options.async_configure(result["flow_id"], {"expiration": "never"})
    await hass.async_block_till_done()
    assert queued_words(hass) == [SETPOINT]
    # It keeps the life time that it was given with.
    assert shown(hass, QUEUED).attributes["commands"][0]["expires_at"]


async def test_stop_of_home_assistant_keeps_the_queue(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    # Whatever comes late, such as a list of heaters that was asked for before, no longer counts.
    running.runtime_data.store.async_changed()
    await hass.async_block_till_done()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert stored_commands(stored_files, running) == [STORED_SETPOINT]
    hass.set_state(CoreState.running)


async def test_start_without_any_network(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    attributes = (await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)).attributes
    assert await applied(simulator) == []
    await unload(hass, running)
    await no_network(simulator)
    await set_up(hass, running)
    assert running.state is ConfigEntryState.LOADED
    heater = shown(hass, HEATER)
    assert heater.state == "eco"
    for name in (
        "temperature",
        "away_mode",
        "min_temp",
        "max_temp",
        "operation_list",
        "supported_features",
        "target_temp_step",
    ):
        assert heater.attributes[name] == attributes[name], name
    assert shown(hass, CONNECTION).state == "off"

    await set_mode(hass, "heat_pump")
    await set_temperature(hass, 60)
    assert queued_words(hass) == [MODE, SETPOINT]
    assert shown(hass, HEATER).state == "heat_pump"
    assert shown(hass, HEATER).attributes["temperature"] == 60
    await network(simulator)
    await wait_for_value(hass, CONNECTION, "on")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-mode", [1]), ("dhw-temperature", [120])]
    await wait_for(hass, HEATER, lambda state: state.attributes["current_temperature"] is not None)


async def test_start_without_network_and_then_with_a_password_that_is_wrong(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await unload(hass, running)
    await no_network(simulator)
    hass.config_entries.async_update_entry(running, data=entry_data(simulator) | {"password": "wrong horse"})
    await set_up(hass, running)
    await set_temperature(hass, 60)
    assert not hass.config_entries.flow.async_progress()
    refused = asyncio.create_task(next_event(running.runtime_data.client, "connection_refused"))
    await network(simulator)
    await refused
    # The list of heaters is refused as well, and asks for nothing more.
    await running.runtime_data.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    # Signed in again, the command that waited goes out.
    credentials = {name: entry_data(simulator)[name] for name in ("email", "password")}
    await hass.config_entries.flow.async_configure(flows[0]["flow_id"], credentials)
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [120])]
    await wait_for_value(hass, QUEUED, "0")


@pytest.mark.usefixtures("every_entity")
async def test_what_expired_while_off_is_reported_once_automations_listen(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await unload(hass, running)
    wall_clock.pass_unseen(timedelta(hours=3))
    hass.set_state(CoreState.starting)
    reported = async_capture_events(hass, "state_changed")
    await set_up(hass, running)
    assert queued_words(hass) == [MODE]
    assert shown(hass, "sensor.nwp500_expired_commands").state == "1"
    assert not [event for event in reported if event.data["new_state"].attributes.get("event_type") == "expired"]
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    outcome = await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "expired")
    assert outcome.attributes["command"] == SETPOINT
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"lost_commands_{running.entry_id}")
    assert issue is not None
    [words] = lost(running)
    assert SETPOINT in words
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_for_value(hass, QUEUED, "0")
    assert await applied(simulator) == [("dhw-mode", [1])]


async def test_heater_changed_while_off_wins(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await unload(hass, running)
    await simulator.device(MAC, dhwTemperatureSetting=104)
    await set_up(hass, running)
    await simulator.fault("mqtt_up")
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "superseded")
    assert await applied(simulator) == []


async def test_panel_wins_over_a_command_given_after_a_restart_without_a_network(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await unload(hass, running)
    await no_network(simulator)
    await set_up(hass, running)
    await set_temperature(hass, 60)
    await simulator.device(MAC, dhwTemperatureSetting=104)
    await network(simulator)
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "superseded")
    assert await applied(simulator) == []
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 52)


async def test_status_of_an_earlier_run_is_shown_but_is_not_fresh(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    before = running.runtime_data.data[MAC]
    await unload(hass, running)
    await no_network(simulator)
    await set_up(hass, running)
    coordinator: NavilinkCoordinator = running.runtime_data
    now = coordinator.data[MAC]
    assert coordinator.client.is_status_restored(now.device)
    assert now.status is not None
    assert before.status is not None
    assert now.status.raw.items() <= before.status.raw.items()
    for name in ("dhw_mode", "dhw_temperature_setting", "tank_upper_temperature", "temperature_unit"):
        assert getattr(now.status, name) == getattr(before.status, name)
        assert getattr(now.status, name) is not None
    assert not now.is_fresh
    await network(simulator)
    await wait_for(hass, HEATER, lambda _: coordinator.data[MAC].is_fresh)
    assert not coordinator.client.is_status_restored(now.device)


async def test_what_ends_while_home_assistant_stops_is_passed_on_by_the_next_run(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    passed = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    hass.set_state(CoreState.stopping)
    running.runtime_data.clear_queue(MAC)
    await hass.async_block_till_done()
    assert passed == []
    for event in (EVENT_HOMEASSISTANT_STOP, EVENT_HOMEASSISTANT_FINAL_WRITE):
        hass.bus.async_fire(event)
        await hass.async_block_till_done()
    assert stored_commands(stored_files, running) == []
    hass.set_state(CoreState.running)
    assert await hass.config_entries.async_reload(running.entry_id)
    await hass.async_block_till_done()
    assert [event.data["outcome"] for event in passed] == ["cleared"]


async def test_command_that_was_sent_is_only_watched_after_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.fault("ignore_write")
    action = hass.async_create_task(set_temperature(hass, 60))
    await wait_for(hass, QUEUED, lambda state: [each["stage"] for each in state.attributes["commands"]] == ["sent"])
    await unload(hass, running)
    await action
    await set_up(hass, running)
    assert [each["stage"] for each in shown(hass, QUEUED).attributes["commands"]] == ["sent"]
    await simulator.device(MAC, dhwTemperatureSetting=120)
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "confirmed")
    sent = [message for message in (await simulator.state())["received"] if message["topic"].endswith("/ctrl")]
    assert len(sent) == 1


@pytest.mark.usefixtures("no_skipping")
async def test_command_in_flight_lands_before_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.fault("latency", seconds=0.6)
    action = hass.async_create_task(set_temperature(hass, 60))
    await wait_for(
        hass, QUEUED, lambda state: [each["stage"] for each in state.attributes["commands"]] == ["in_flight"]
    )
    await unload(hass, running)
    await action
    await simulator.fault("latency", seconds=0)
    await set_up(hass, running)
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "confirmed")
    await wait_for_value(hass, CONNECTION, "on")
    assert await applied(simulator) == [("dhw-temperature", [120])]


@pytest.mark.parametrize(
    "stored",
    [
        {"version": 99, "data": {}},
        {"version": 1, "data": {"devices": [], "queue": {}}},
        {"version": 1, "data": {"devices": [{"mac_address": 5}], "queue": {}}},
        {"version": 1, "data": {"devices": "none", "queue": {"unsent": [{}]}}},
        {"version": 1, "data": ["not", "ours"]},
        {"version": 0, "data": {}},
    ],
)
async def test_store_that_cannot_be_read(
    hass: HomeAssistant, entry: MockConfigEntry, stored_files: StoredFiles, stored: dict[str, Any]
) -> None:
    stored_files[key(entry)] = stored | {"minor_version": 1, "key": key(entry)}
    await set_up(hass, entry)
    await wait_for_value(hass, HEATER, "eco")
    assert shown(hass, QUEUED).state == "0"
    issues = [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]
    assert [issue.translation_key for issue in issues] == ["unreadable_store"]
    # The next start finds what this one has stored.
    assert await hass.config_entries.async_reload(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    await unload(hass, entry)


async def test_removed_account_leaves_nothing_behind(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await wall_clock.pass_by(timedelta(hours=2))
    assert [issue.domain for issue in ir.async_get(hass).issues.values()] == [DOMAIN]
    await hass.config_entries.async_remove(running.entry_id)
    await hass.async_block_till_done()
    assert await Store[dict[str, Any]](hass, 1, key(running)).async_load() is None
    assert not ir.async_get(hass).issues


@pytest.mark.usefixtures("every_entity")
async def test_time_of_the_last_message_does_not_flood_the_history(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    first = await wait_for(hass, "sensor.nwp500_last_message", lambda state: state.state != STATE_UNKNOWN)
    changes = async_capture_events(hass, "state_changed")
    coordinator: NavilinkCoordinator = running.runtime_data

    def times() -> list[str]:
        return [
            event.data["new_state"].state
            for event in changes
            if event.data["entity_id"] == "sensor.nwp500_last_message"
        ]

    async def next_message(after: timedelta) -> datetime:
        heard = asyncio.create_task(next_event(coordinator.client, "status_received"))
        await wall_clock.pass_by(after)
        await heard
        last = coordinator.data[MAC].last_message_at
        assert last is not None
        return last

    for _ in range(8):
        await next_message(timedelta(seconds=31))
    assert times() == []
    await next_message(timedelta(seconds=80))
    shown_at = await wait_for(hass, "sensor.nwp500_last_message", lambda state: state.state != first.state)
    assert len(times()) == 1
    # Once the heater is silent, the exact time is shown.
    last = await next_message(timedelta(seconds=31))
    await cut(hass, simulator)
    exact = await wait_for(hass, "sensor.nwp500_last_message", lambda state: state.state != shown_at.state)
    assert datetime.fromisoformat(exact.state) == last.replace(microsecond=0)
