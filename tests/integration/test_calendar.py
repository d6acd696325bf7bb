"""The weekly schedule as a calendar: what it shows, and what the dialogs of the frontend do to a heater with it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
import logging
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.calendar import CalendarEntity
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.nwp500 import models
from custom_components.navilink.nwp500.heaters import schedule_editor
from custom_components.navilink.schedules.weekly_events import occurrences
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, press, shown
from tests.integration.calendars import CALENDAR, Calendar
from tests.integration.heaters import MAC
from tests.integration.schedules import MORNING, NIGHT, STRANGE, stored, wait_for_weekly, wire
from tests.integration.waiting import next_event, wait_for_value
from tests.integration.wall_clock import WallClock

# A Monday.
START = "2027-03-01"
NEXT = "2027-03-08"
WRITE = "ctrl/rsv/rd"


@pytest.fixture
def schedule() -> Mapping[str, object]:
    """What the heater has at the start; a test parametrizes it to have another one."""
    return wire(MORNING)


@pytest.fixture
async def coordinator(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, schedule: Mapping[str, object]
) -> NavilinkCoordinator:
    """The account set up, and the schedule of its first heater read."""
    coordinator: NavilinkCoordinator = running.runtime_data
    await wait_for_weekly(coordinator)
    await simulator.schedules(MAC, reservations=schedule)
    await coordinator.schedules.weekly_lists.async_read(coordinator.data[MAC].device)
    await hass.async_block_till_done()
    return coordinator


@pytest.fixture
async def calendar(
    coordinator: NavilinkCoordinator,  # noqa: ARG001 - set up before
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> Calendar:
    """The calendar of the first heater."""
    return await Calendar.connected(hass_client, hass_ws_client)


def zone(hass: HomeAssistant) -> ZoneInfo:
    return ZoneInfo(hass.config.time_zone)


async def test_each_day_of_an_entry_is_an_event(calendar: Calendar) -> None:
    events = await calendar.events(START, NEXT)
    assert [each["start"]["dateTime"] for each in events] == [f"2027-03-0{day}T06:30:00-08:00" for day in range(1, 6)]
    first = events[0]
    assert first["end"]["dateTime"] == "2027-03-01T07:00:00-08:00"
    assert (first["summary"], first["uid"]) == ("High demand, 60 °C", "124-0630")
    assert first["rrule"] == "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    assert first["recurrence_id"] == first["start"]["dateTime"]
    assert len({each["recurrence_id"] for each in events}) == 5


@pytest.mark.parametrize("schedule", [wire(MORNING, on=False)])
async def test_nothing_is_shown_while_the_schedule_is_off(hass: HomeAssistant, calendar: Calendar) -> None:
    assert await calendar.events(START, NEXT) == []
    assert shown(hass, CALENDAR).state == "off"
    assert "message" not in shown(hass, CALENDAR).attributes
    error = await calendar.create("Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY")
    assert error == "The weekly schedule is turned off. Turn on the weekly schedule switch first"


@pytest.mark.parametrize("schedule", [wire({**MORNING, "enable": 1}, STRANGE, {**NIGHT, "week": 2})])
async def test_disabled_entries_and_modes_without_a_name(calendar: Calendar) -> None:
    """What is disabled does not happen; what older software wrote does, whatever it is."""
    events = await calendar.events(START, NEXT)
    assert [(each["start"]["dateTime"][11:16], each["summary"]) for each in events] == [
        ("01:00", "100 °C"),
        ("22:15", "Off"),
    ]


async def test_it_is_unavailable_until_the_schedule_was_read(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await simulator.fault("silent", suffix="st/rsv/rd", count=100)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert shown(hass, CALENDAR).state == "unavailable"
    calendar = hass.data[DATA_COMPONENT].get_entity(CALENDAR)
    assert calendar is not None
    now = datetime.now(UTC)
    with pytest.raises(HomeAssistantError, match="has not been retrieved from the water heater yet"):
        await calendar.async_get_events(hass, now, now + timedelta(days=7))
    client = await Calendar.connected(hass_client, hass_ws_client)
    assert await client.delete("124-0630") is not None
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("schedule", [wire(*({**MORNING, "min": minute} for minute in range(32)))])
async def test_heater_with_as_many_entries_as_are_known_to_fit(
    simulator: SimulatorProcess, calendar: Calendar, schedule: Mapping[str, object]
) -> None:
    error = await calendar.create("eco 50 °C", f"{START}T21:05:00", "FREQ=DAILY")
    assert error == "The schedule can have up to 32 entries"
    assert await stored(simulator) == schedule
    # One that is moved needs no more room.
    assert await calendar.update("124-0600", "High demand, 60 °C", f"{START}T21:05:00", "FREQ=DAILY") is None


async def test_a_series_is_created_changed_and_deleted(simulator: SimulatorProcess, calendar: Calendar) -> None:
    assert await calendar.create("eco 50 °C", f"{START}T21:05:00", "FREQ=WEEKLY;BYDAY=SA,SU") is None
    weekend = {"enable": 2, "week": 130, "hour": 21, "min": 5, "mode": 3, "param": 100}
    assert await stored(simulator) == wire(MORNING, weekend)
    [saturday, _] = [each for each in await calendar.events(START, NEXT) if each["uid"] == "130-2105"]
    assert saturday["start"]["dateTime"].startswith("2027-03-06T21:05")

    which = saturday["recurrence_id"]
    error = await calendar.update("130-2105", "OFF", "2027-03-06T22:00:00", "FREQ=DAILY", recurrence_id=which)
    assert error is None
    every_day = {"enable": 2, "week": 254, "hour": 22, "min": 0, "mode": 5, "param": 100}
    read = await stored(simulator)
    assert isinstance(read, dict)
    assert read["reservation"][0] == MORNING
    assert {**read["reservation"][1], "param": 100} == every_day
    assert 70 <= read["reservation"][1]["param"] <= 131
    assert len(await calendar.events(START, NEXT)) == 5 + 7

    assert await calendar.delete("124-0630", recurrence_id=f"{START}T06:30:00-08:00") is None
    assert {each["uid"] for each in await calendar.events(START, NEXT)} == {"254-2200"}
    read = await stored(simulator)
    assert isinstance(read, dict)
    assert len(read["reservation"]) == 1
    assert read["reservationUse"] == 2


async def test_an_open_calendar_follows(calendar: Calendar) -> None:
    opened = await calendar.subscribe(START, NEXT)
    assert len((await opened.receive_json())["event"]["events"]) == 5
    assert await calendar.create("Eco, 50 °C", f"{START}T21:05:00", "FREQ=WEEKLY") is None
    while len(events := (await opened.receive_json())["event"]["events"]) != 6:
        pass
    assert "Eco, 50 °C" in {each["summary"] for each in events}
    assert {each["uid"] for each in events} == {"124-0630", "64-2105"}


async def test_what_was_not_changed_stays_to_the_half_degree(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, calendar: Calendar
) -> None:
    """Two setpoints can have the same whole °F."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    for raw in (95, 96):
        await simulator.schedules(MAC, reservations=wire({**MORNING, "param": raw}))
        await coordinator.schedules.weekly_lists.async_read(coordinator.data[MAC].device)
        [summary] = {each["summary"] for each in await calendar.events(START, NEXT)}
        error = await calendar.update("124-0630", summary, f"{START}T06:45:00", "FREQ=WEEKLY;BYDAY=MO")
        assert error is None
        assert await stored(simulator) == wire({**MORNING, "week": 64, "min": 45, "param": raw})


@pytest.mark.parametrize("schedule", [wire({**STRANGE, "week": 64})])
async def test_a_mode_without_a_name_can_be_moved(simulator: SimulatorProcess, calendar: Calendar) -> None:
    assert await calendar.update("64-0100", "100 °C", f"{START}T02:00:00", "FREQ=WEEKLY;BYDAY=TU") is not None
    # A new entry outside the ranges is not written, and so it stays as it was.
    assert await stored(simulator) == wire({**STRANGE, "week": 64})
    assert await calendar.delete("64-0100") is None
    assert await stored(simulator) == wire()


REFUSED = [
    ("Eco, 50 °C", "T10:00:00", None, "only store events that repeat every day or every week"),
    ("Eco, 50 °C", "T10:00:00", "FREQ=MONTHLY", "Choose daily, or weekly with its days"),
    ("Eco, 50 °C", "T10:00:00", "FREQ=YEARLY", "Choose daily, or weekly with its days"),
    ("Eco, 50 °C", "T10:00:00", "FREQ=WEEKLY;INTERVAL=2", "Set the interval to 1"),
    ("Eco, 50 °C", "T10:00:00", "FREQ=DAILY;COUNT=3", "Set the event to never end"),
    ("Eco, 50 °C", "T10:00:00", "FREQ=DAILY;UNTIL=20280101T000000", "Set the event to never end"),
    ("Eco, 50 °C", "", "FREQ=DAILY", "Turn off all day and enter a start time"),
    ("Eco, 50 °C", "T10:00:30", "FREQ=DAILY", "on a full minute"),
    ("Shower", "T10:00:00", "FREQ=DAILY", '"Shower" is not a mode with a temperature. Enter, for example, "High'),
    ("Eco, 90 °C", "T10:00:00", "FREQ=DAILY", "Provided value 90 °C is not valid for target temperature"),
    ("Eco, 50 °C", "T06:30:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "already has an entry for these days"),
]


@pytest.mark.parametrize(("summary", "time", "rule", "reason"), REFUSED)
async def test_what_the_heater_cannot_store_is_refused_with_what_it_can(
    simulator: SimulatorProcess, calendar: Calendar, summary: str, time: str, rule: str | None, reason: str
) -> None:
    end = None if time else "2027-03-02"
    error = await calendar.create(summary, f"{START}{time}", rule, end)
    assert error is not None
    assert reason in error
    assert await stored(simulator) == wire(MORNING)
    assert not [each for each in (await simulator.state())["received"] if each["topic"].endswith(WRITE)]


async def test_a_mode_that_the_heater_lacks_is_refused(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, calendar: Calendar
) -> None:
    await simulator.device(MAC, feature={"electricUse": 1})
    reported = asyncio.create_task(next_event(coordinator.client, "feature_received"))
    await press(hass, "button.nwp500_refresh")
    await reported
    await hass.async_block_till_done()
    error = await calendar.create("Electric, 50 °C", f"{START}T10:00:00", "FREQ=DAILY")
    assert error == (
        "Operation mode electric is not valid. Valid operation modes are: eco, heat_pump, high_demand, off"
    )
    assert await stored(simulator) == wire(MORNING)


async def test_a_temperature_may_be_in_the_other_unit(simulator: SimulatorProcess, calendar: Calendar) -> None:
    assert await calendar.create("Eco, 123 °F", f"{START}T10:00:00", "FREQ=DAILY") is None
    added = {"enable": 2, "week": 254, "hour": 10, "min": 0, "mode": 3, "param": 101}
    assert await stored(simulator) == wire(MORNING, added)


async def test_only_this_event_is_refused(
    simulator: SimulatorProcess, calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    first, time = f"{START}T06:30:00-08:00", f"{START}T10:00:00"
    reason = "The water heater repeats every event, so a single one can't be changed or deleted."
    for error in (
        await calendar.delete("124-0630", recurrence_id=first, is_whole=False),
        await calendar.update("124-0630", "Eco, 50 °C", time, recurrence_id=first, is_whole=False),
    ):
        assert error is not None
        assert error.startswith(reason)
    # With the whole series, the rule must be there.
    error = await calendar.update("124-0630", "Eco, 50 °C", f"{START}T10:00:00")
    assert error is not None
    assert "only store events that repeat" in error
    assert await stored(simulator) == wire(MORNING)
    assert {record.name for record in caplog.records if record.levelno >= logging.WARNING} <= {
        "homeassistant.components.calendar"
    }


async def test_an_event_that_was_changed_elsewhere_is_left_alone(
    simulator: SimulatorProcess, calendar: Calendar
) -> None:
    """It is still shown here, and somebody has just given it another temperature at the panel."""
    changed = {**MORNING, "param": 110}
    await simulator.schedules(MAC, reservations=wire(changed))
    for error in (
        await calendar.update("124-0630", "Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY"),
        await calendar.delete("124-0700"),
        await calendar.delete("124-0630"),
    ):
        assert error is not None
        assert error.startswith("This event is no longer in the water heater's schedule.")
    assert await stored(simulator) == wire(changed)


@pytest.mark.parametrize("schedule", [wire(MORNING, {**MORNING, "param": 110})])
async def test_entries_of_the_same_time_are_kept_apart(simulator: SimulatorProcess, calendar: Calendar) -> None:
    events = await calendar.events(START, "2027-03-02")
    assert {each["uid"]: each["summary"] for each in events} == {
        "124-0630": "High demand, 55 °C",
        "124-0630-2": "High demand, 60 °C",
    }
    assert await calendar.delete("124-0630-2") is None
    assert await stored(simulator) == wire({**MORNING, "param": 110})


async def test_nothing_is_queued(hass: HomeAssistant, simulator: SimulatorProcess, calendar: Calendar) -> None:
    await cut(hass, simulator)
    assert len(await calendar.events(START, NEXT)) == 5
    for error in (
        await calendar.create("Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY"),
        await calendar.update("124-0630", "Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY"),
        await calendar.delete("124-0630"),
    ):
        assert error == "Not connected to the NaviLink service"
    assert shown(hass, CALENDAR).state != "unavailable"
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    assert await stored(simulator) == wire(MORNING)


async def test_a_write_that_is_lost_is_an_error(
    simulator: SimulatorProcess, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_editor, "_LOOK_PAUSES", (0.0,))
    await simulator.fault("lose_write", count=3)
    error = await calendar.create("Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY")
    assert error == "The water heater still reports the previous schedule after several attempts"
    assert len(await calendar.events(START, NEXT)) == 5


async def test_a_conflict_is_an_error_and_what_the_heater_has_is_shown(
    simulator: SimulatorProcess, calendar: Calendar
) -> None:
    await simulator.fault("lose_write")
    creating = asyncio.create_task(calendar.create("Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY"))
    await simulator.wait(received=1, topic_suffix=WRITE)
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    error = await creating
    assert error is not None
    assert error.startswith("The schedule was changed on the water heater or in the app at the same time.")
    assert {each["uid"] for each in await calendar.events(START, NEXT)} == {"254-2215"}


async def test_a_write_of_which_nobody_knows_is_an_error(
    hass: HomeAssistant, simulator: SimulatorProcess, calendar: Calendar
) -> None:
    await simulator.fault("lose_write")
    creating = asyncio.create_task(calendar.create("Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY"))
    await simulator.wait(received=1, topic_suffix=WRITE)
    await cut(hass, simulator)
    error = await creating
    assert error is not None
    assert error.startswith("The schedule was sent to the water heater, but could not be read back.")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "silent", "suffix": "st/rsv/rd", "count": 5}, "did not respond, so nothing was changed"),
        (None, "contains entries that cannot be read, so nothing was changed"),
    ],
)
async def test_a_schedule_that_cannot_be_read_is_not_changed(
    simulator: SimulatorProcess,
    calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, object] | None,
    reason: str,
) -> None:
    if fault is None:
        monkeypatch.setattr(models.WeeklySchedule, "is_complete", property(lambda _: False))
    else:
        await simulator.fault(**fault)  # type: ignore[arg-type]  # a fault of any kind
    error = await calendar.create("Eco, 50 °C", f"{START}T10:00:00", "FREQ=DAILY")
    assert error is not None
    assert reason in error


@pytest.mark.usefixtures("wall_clock")
async def test_the_state_is_on_while_an_event_is_shown_also_when_the_clocks_go_back(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    coordinator: NavilinkCoordinator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sunday = [{**MORNING, "week": 128, "hour": 1, "min": minute} for minute in (15, 45, 59)]
    await simulator.schedules(MAC, reservations=wire(*sunday))
    await coordinator.schedules.weekly_lists.async_read(coordinator.data[MAC].device)
    await hass.async_block_till_done()
    entity = hass.data[DATA_COMPONENT].get_entity(CALENDAR)
    assert isinstance(entity, CalendarEntity)
    known = coordinator.schedules.weekly(MAC)
    assert known is not None
    first = datetime(2027, 11, 7, 0, 0, tzinfo=zone(hass)).astimezone(UTC)
    events = occurrences(known.entries, first, first + timedelta(hours=5), zone(hass))
    assert len(events) == 6
    before = datetime.now(UTC)
    for minutes in range(5 * 60):
        now = first + timedelta(minutes=minutes)
        freezer.move_to(now)
        is_shown = any(each.start.astimezone(UTC) <= now < each.end.astimezone(UTC) for each in events)
        assert entity.state == ("on" if is_shown else "off"), (now, entity.event)
        event = entity.event
        assert event is not None
        assert event.end_datetime_local.astimezone(UTC) > now
    freezer.move_to(before)


@pytest.mark.usefixtures("coordinator")
async def test_the_state_changes_with_the_time(hass: HomeAssistant, wall_clock: WallClock) -> None:
    now = datetime.now(zone(hass))
    monday = now.date() + timedelta(days=7 - now.weekday())
    start = datetime(monday.year, monday.month, monday.day, 6, 30, tzinfo=zone(hass))
    await wall_clock.pass_by(start - now + timedelta(minutes=1))
    state = await wait_for_value(hass, CALENDAR, "on")
    assert state.attributes["message"] == "High demand, 60 °C"
    assert state.attributes["start_time"] == f"{start:%Y-%m-%d %H:%M:%S}"
    await wall_clock.pass_by(timedelta(minutes=30))
    state = await wait_for_value(hass, CALENDAR, "off")
    assert state.attributes["start_time"] == f"{start + timedelta(days=1):%Y-%m-%d %H:%M:%S}"
