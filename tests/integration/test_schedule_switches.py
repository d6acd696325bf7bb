"""The switches of whole schedules: carried out now, or kept until the heater can be reached, each with its outcome."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.nwp500.heaters import schedule_editor
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from custom_components.navilink.schedules import switch_commands
from custom_components.navilink.schedules.switch_command import WEEKLY, StoredSwitchCommands, new_switch_command
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, ask, cut, device_id, lost, press, queued_words, shown
from tests.integration.heaters import MAC
from tests.integration.schedules import MORNING, NIGHT, PUMP_ON, stored, wait_for_weekly, wait_until, wire
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

SWITCH = "switch.nwp500_weekly_schedule"
PUMP_SWITCH = "switch.nwp500_recirculation_schedule"
WRITE = "ctrl/rsv/rd"


@pytest.fixture
async def coordinator(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> NavilinkCoordinator:
    """The account set up, and the schedule of its first heater read: one entry, on."""
    coordinator: NavilinkCoordinator = running.runtime_data
    await wait_for_weekly(coordinator)
    await simulator.schedules(MAC, reservations=wire(MORNING))
    await coordinator.schedules.weekly_lists.async_read(coordinator.data[MAC].device)
    await wait_for_value(hass, SWITCH, "on")
    return coordinator


async def turn(hass: HomeAssistant, to: str, switch: str = SWITCH) -> None:
    await hass.services.async_call("switch", f"turn_{to}", {"entity_id": switch}, blocking=True)


async def outcome(hass: HomeAssistant, command: str) -> str:
    """Return the outcome of a command once it is there."""
    state = await wait_for(hass, OUTCOME, lambda state: state.attributes.get("command") == command)
    return str(state.attributes["event_type"])


def writes(state: Mapping[str, object]) -> int:
    received = state["received"]
    assert isinstance(received, list)
    return sum(message["topic"].endswith(WRITE) for message in received)


@pytest.mark.usefixtures("coordinator")
async def test_it_is_switched_at_once_and_keeps_its_entries(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    for to, on in (("off", False), ("on", True)):
        await turn(hass, to)
        assert await stored(simulator) == wire(MORNING, on=on)
        assert shown(hass, SWITCH).state == to
        assert await outcome(hass, f"weekly schedule {to}") == "confirmed"
        assert queued_words(hass) == []
    assert shown(hass, "calendar.nwp500_weekly_schedule").attributes["message"] == "High demand, 60 °C"
    # What is so already is confirmed, and not written.
    await turn(hass, "on")
    await wait_for(hass, OUTCOME, lambda state: state.attributes["reason_code"] == "already_set")
    assert writes(dict(await simulator.state())) == 2


async def test_it_is_kept_while_disconnected_and_undoes_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, running: MockConfigEntry
) -> None:
    fired: list[Event] = []
    hass.bus.async_listen(EVENT_COMMAND_OUTCOME, callback(lambda event: fired.append(event)))  # noqa: PLW0108 - is marked
    await cut(hass, simulator)
    await turn(hass, "off")
    assert shown(hass, SWITCH).state == "off"
    assert queued_words(hass) == ["weekly schedule off"]
    [queued] = (await ask(hass, "get_queue", device_id(hass, running)))["commands"]
    assert (queued["kind"], queued["stage"], queued["setting"]) == ("weekly-schedule", "waiting", "weekly schedule")
    assert queued["expires_at"] is not None
    # Meanwhile somebody adds an entry in the app.
    await simulator.schedules(MAC, reservations=wire(MORNING, NIGHT))
    await simulator.fault("mqtt_up")
    assert await outcome(hass, "weekly schedule off") == "confirmed"
    assert await stored(simulator) == wire(MORNING, NIGHT, on=False)
    await wait_for(hass, "sensor.nwp500_queued_commands", lambda state: state.state == "0")
    assert shown(hass, SWITCH).state == "off"
    [event] = fired
    assert (event.data["outcome"], event.data["kind"]) == ("confirmed", "weekly-schedule")
    assert event.data["entity_id"] == "water_heater.nwp500"
    known = coordinator.schedules.weekly(MAC)
    assert known is not None
    assert len(known.entries) == 2


@pytest.mark.usefixtures("coordinator")
async def test_it_outlives_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, stored_files: StoredFiles
) -> None:
    await cut(hass, simulator)
    await turn(hass, "off")
    [kept] = stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]["wishes"]
    assert (kept["kind"], kept["on"], kept["mac_address"]) == ("weekly-schedule", False, MAC)
    assert await hass.config_entries.async_reload(running.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, SWITCH).state == "off"
    assert queued_words(hass) == ["weekly schedule off"]
    waiting = asyncio.create_task(
        ask(hass, "wait_for_command", device_id(hass, running), command_id=kept["id"], timeout={"seconds": 20})
    )
    await simulator.fault("mqtt_up")
    assert (await waiting)["outcome"] == "confirmed"
    assert await stored(simulator) == wire(MORNING, on=False)
    await hass.async_block_till_done()
    # Earlier versions can read the file again.
    assert "wishes" not in stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]


@pytest.mark.usefixtures("coordinator")
async def test_the_newest_counts(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    ended: list[tuple[str, str]] = []
    hass.bus.async_listen(
        EVENT_COMMAND_OUTCOME, callback(lambda event: ended.append((event.data["command"], event.data["outcome"])))
    )
    await cut(hass, simulator)
    for to in ("off", "on", "off"):
        await turn(hass, to)
        assert queued_words(hass) == [f"weekly schedule {to}"]
    await simulator.fault("mqtt_up")
    await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == "confirmed")
    await hass.async_block_till_done()
    assert ended == [
        ("weekly schedule off", "superseded"),
        ("weekly schedule on", "superseded"),
        ("weekly schedule off", "confirmed"),
    ]
    assert writes(dict(await simulator.state())) == 1


@pytest.mark.usefixtures("coordinator")
@pytest.mark.parametrize("is_restarted", [False, True])
async def test_it_expires_as_other_settings_do(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    wall_clock: WallClock,
    is_restarted: bool,
) -> None:
    await cut(hass, simulator)
    await turn(hass, "off")
    await wall_clock.pass_by(timedelta(hours=23))
    assert queued_words(hass) == ["weekly schedule off"]
    if is_restarted:
        assert await hass.config_entries.async_unload(running.entry_id)
        wall_clock.pass_unseen(timedelta(hours=2))
        assert await hass.config_entries.async_setup(running.entry_id)
    await wall_clock.pass_by(timedelta(hours=2))
    assert await outcome(hass, "weekly schedule off") == "expired"
    assert queued_words(hass) == []
    assert shown(hass, SWITCH).state == ("unknown" if is_restarted else "on")
    # It can be given anew at any time, and is in no list of commands that the user has to decide about.
    assert lost(running) == []
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    assert writes(dict(await simulator.state())) == 0


@pytest.mark.parametrize(
    ("options", "life_time"),
    [
        ({}, timedelta(hours=24)),
        ({"expiration": "never"}, None),
        ({"expiration": "fixed", "expiration_time": {"minutes": 5}}, timedelta(minutes=5)),
    ],
)
async def test_how_long_it_waits_is_the_users_choice(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, life_time: timedelta | None
) -> None:
    await cut(hass, simulator)
    await turn(hass, "off")
    [command] = coordinator.switch_commands.waiting
    assert command.life_time == life_time


@pytest.mark.usefixtures("coordinator")
async def test_a_write_that_is_lost_is_an_error_and_an_outcome(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_editor, "_LOOK_PAUSES", (0.0,))
    await simulator.fault("lose_write", count=3)
    with pytest.raises(HomeAssistantError, match='"weekly schedule off" was sent but not confirmed'):
        await turn(hass, "off")
    assert await outcome(hass, "weekly schedule off") == "unconfirmed"
    assert shown(hass, SWITCH).state == "on"
    assert queued_words(hass) == []


@pytest.mark.usefixtures("coordinator")
async def test_after_a_conflict_it_is_carried_out_on_the_other_list(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await simulator.fault("lose_write")
    switching = asyncio.create_task(turn(hass, "off"))
    await simulator.wait(received=1, topic_suffix=WRITE)
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    with pytest.raises(HomeAssistantError, match="has not confirmed"):
        await switching
    assert shown(hass, SWITCH).state == "off"
    await press(hass, "button.nwp500_refresh")
    assert await outcome(hass, "weekly schedule off") == "confirmed"
    assert await stored(simulator) == wire(NIGHT, on=False)


async def test_a_newer_one_waits_for_the_write_of_the_older(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator
) -> None:
    """What may have been written is not taken for superseded, and the newest is what the heater has in the end."""
    ended: list[str] = []
    hass.bus.async_listen(EVENT_COMMAND_OUTCOME, callback(lambda event: ended.append(event.data["outcome"])))
    await simulator.fault("slow_write", seconds=1)
    off = asyncio.create_task(turn(hass, "off"))
    await simulator.wait(received=1, topic_suffix=WRITE)
    on = asyncio.create_task(turn(hass, "on"))
    await wait_until(coordinator, lambda: len(coordinator.switch_commands.waiting) == 2)
    assert shown(hass, SWITCH).state == "on"
    # A third one takes the place of the one that was not begun, and not that of the one that was.
    again = asyncio.create_task(turn(hass, "on"))
    await asyncio.gather(off, on, again)
    assert await stored(simulator) == wire(MORNING)
    assert sorted(ended) == ["confirmed", "confirmed", "superseded"]


async def test_it_goes_on_when_the_action_does_not_wait(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    coordinator: NavilinkCoordinator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switch_commands, "OUTCOME_TIME", 0.05)
    await simulator.fault("slow_write", seconds=1)
    with pytest.raises(HomeAssistantError, match="has not confirmed"):
        await turn(hass, "off")
    assert coordinator.switch_commands.wanted(MAC, WEEKLY) is False
    assert await outcome(hass, "weekly schedule off") == "confirmed"
    assert await stored(simulator) == wire(MORNING, on=False)


@pytest.mark.usefixtures("coordinator")
async def test_a_connection_that_is_lost_meanwhile_costs_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await simulator.fault("lose_write")
    switching = asyncio.create_task(turn(hass, "off"))
    await simulator.wait(received=1, topic_suffix=WRITE)
    await cut(hass, simulator)
    await switching
    assert queued_words(hass) == ["weekly schedule off"]
    await simulator.fault("mqtt_up")
    assert await outcome(hass, "weekly schedule off") == "confirmed"
    assert await stored(simulator) == wire(MORNING, on=False)


async def test_the_queue_can_be_cleared_of_it(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, running: MockConfigEntry
) -> None:
    device = device_id(hass, running)
    await cut(hass, simulator)
    await turn(hass, "off")
    assert await ask(hass, "clear_queue", device, kinds=["recirculation-schedule"]) == {"cleared": 0}
    assert await ask(hass, "clear_queue", device, kinds=["weekly-schedule"]) == {"cleared": 1}
    assert await outcome(hass, "weekly schedule off") == "cleared"
    assert shown(hass, SWITCH).state == "on"
    assert coordinator.switch_commands.waiting == ()


@pytest.mark.parametrize("options", [{"queue": False}])
@pytest.mark.usefixtures("coordinator")
async def test_without_the_queue_nothing_is_kept(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await turn(hass, "off")
    assert await stored(simulator) == wire(MORNING, on=False)
    await simulator.fault("lose_write")
    switching = asyncio.create_task(turn(hass, "on"))
    await simulator.wait(received=2, topic_suffix=WRITE)
    await cut(hass, simulator)
    with pytest.raises(HomeAssistantError, match="could not be sent"):
        await switching
    assert shown(hass, SWITCH).state == "unavailable"


async def test_a_heater_that_leaves_takes_it_along(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator
) -> None:
    ended: list[str] = []
    hass.bus.async_listen(EVENT_COMMAND_OUTCOME, callback(lambda event: ended.append(event.data["reason_code"])))
    await cut(hass, simulator)
    await turn(hass, "off")
    await coordinator.async_release({MAC})
    await hass.async_block_till_done()
    assert ended == ["heater_removed"]
    assert coordinator.switch_commands.waiting == ()


async def test_recirculation_is_switched_where_the_heater_has_it(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.schedules(MAC, recirculation=wire(PUMP_ON, on=False))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, "water_heater.nwp500", "eco")
    coordinator: NavilinkCoordinator = entry.runtime_data
    await wait_for_weekly(coordinator)
    assert hass.states.get(PUMP_SWITCH) is None
    await simulator.device(MAC, feature={"recircReservationUse": 2})
    reported = asyncio.create_task(next_event(coordinator.client, "feature_received"))
    await press(hass, "button.nwp500_refresh")
    await reported
    await wait_for_value(hass, PUMP_SWITCH, "off")
    await turn(hass, "on", PUMP_SWITCH)
    assert await stored(simulator, "recirculation") == wire(PUMP_ON)
    assert await outcome(hass, "recirculation schedule on") == "confirmed"
    # One that turns out not to have it any more.
    await simulator.device(MAC, feature={"recircReservationUse": 1})
    reported = asyncio.create_task(next_event(coordinator.client, "feature_received"))
    await press(hass, "button.nwp500_refresh")
    await reported
    with pytest.raises(HomeAssistantError, match="could not be sent"):
        await turn(hass, "off", PUMP_SWITCH)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_an_outcome_that_was_not_passed_on_is_passed_on_by_the_next_run(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, running: MockConfigEntry
) -> None:
    ended: list[str] = []
    hass.bus.async_listen(EVENT_COMMAND_OUTCOME, callback(lambda event: ended.append(event.data["outcome"])))
    await cut(hass, simulator)
    await turn(hass, "off")
    coordinator.outcomes.hold()
    assert coordinator.clear_queue(MAC) == 1
    await coordinator.store.async_saved()
    assert ended == []
    assert await hass.config_entries.async_reload(running.entry_id)
    await hass.async_block_till_done()
    assert ended == ["cleared"]
    assert queued_words(hass) == []


@pytest.mark.usefixtures("coordinator")
async def test_unloading_while_it_is_written_keeps_it(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    """As with a command: what is stored has not failed."""
    await simulator.fault("silent", suffix="st/rsv/rd", count=1)
    switching = asyncio.create_task(turn(hass, "off"))
    await wait_for(hass, "sensor.nwp500_queued_commands", lambda state: state.state == "1")
    assert await hass.config_entries.async_reload(running.entry_id)
    await switching
    assert await outcome(hass, "weekly schedule off") == "confirmed"
    assert await stored(simulator) == wire(MORNING, on=False)


def test_what_is_stored_comes_back() -> None:
    pending = new_switch_command(WEEKLY, MAC, on=True, life_time=timedelta(hours=1))
    read = StoredSwitchCommands.from_list(StoredSwitchCommands((pending,)).to_list(), {MAC})
    [command] = read.pending
    assert (command.id, command.kind, command.parameters, command.life_time) == (
        pending.id,
        WEEKLY,
        (2,),
        timedelta(hours=1),
    )
    assert command.setting == pending.setting
    assert abs(command.age() - pending.age()) < timedelta(seconds=5)
    assert read.unreadable == 0
    assert StoredSwitchCommands.from_list(StoredSwitchCommands((pending,)).to_list(), set()) == StoredSwitchCommands(
        unreadable=1
    )
