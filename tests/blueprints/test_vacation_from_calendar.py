"""Vacation while an event of a calendar lasts, also if Home Assistant is off when it begins or ends."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.core import CoreState, HomeAssistant, State
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from simulator.process import SimulatorProcess
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for

from .automations import AUTOMATION, automate

CALENDAR = "calendar.family"
DAYS_LEFT = "sensor.nwp500_vacation_days_left"
AWAY = ("dhw-mode", [5, 3])
BACK = ("dhw-mode", [3])
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOON = timedelta(seconds=2)
LEAD = timedelta(hours=6)


class Calendar(CalendarEntity):
    """A calendar with the events of a test."""

    entity_id = CALENDAR

    def __init__(self, events: Sequence[CalendarEvent]) -> None:
        self._events = events

    @property
    @override
    def event(self) -> CalendarEvent | None:
        return min(
            (event for event in self._events if event.end_datetime_local > dt_util.now()),
            key=lambda event: event.start_datetime_local,
            default=None,
        )

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        return [
            event
            for event in self._events
            if event.start_datetime_local < end_date and event.end_datetime_local > start_date
        ]


@pytest.fixture(autouse=True)
async def _calendar_removed(hass: HomeAssistant) -> AsyncIterator[None]:
    """Let the calendar go at the end, and its timers with it."""
    yield
    if DATA_COMPONENT in hass.data:
        await hass.data[DATA_COMPONENT].async_remove_entity(CALENDAR)


def trip(begin: timedelta, end: timedelta, title: str = "Trip to the sea") -> CalendarEvent:
    """An event from and to a time relative to now."""
    return CalendarEvent(start=dt_util.now() + begin, end=dt_util.now() + end, summary=title)


async def go_by_calendar(hass: HomeAssistant, *events: CalendarEvent, **inputs: object) -> None:
    """Make the calendar and the automation."""
    assert await async_setup_component(hass, "calendar", {})
    await hass.data[DATA_COMPONENT].async_add_entities([Calendar(events)])
    await automate(
        hass,
        "vacation_from_calendar",
        **{"heater": HEATER, "days_left_sensor": DAYS_LEFT, "calendar": CALENDAR, "keyword": "trip"} | inputs,
    )


async def until_looked(hass: HomeAssistant) -> None:
    """Wait until the automation has run."""
    await wait_for(
        hass,
        AUTOMATION,
        lambda state: state.attributes["last_triggered"] is not None and state.attributes["current"] == 0,
    )


@pytest.mark.usefixtures("running")
async def test_vacation_begins_and_ends_with_the_event(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await go_by_calendar(hass, trip(SOON, 3 * SOON + LEAD), shortest=0)
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-mode", [5, 1])]
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-mode", [5, 1]), BACK]


@pytest.mark.parametrize(
    ("length", "days"),
    [
        pytest.param(9 * DAY, 9, id="days"),
        pytest.param(9 * DAY + HOUR, 10, id="part of a day"),
        pytest.param(99 * DAY, 99, id="longest"),
        pytest.param(120 * DAY, 99, id="longer than the heater takes"),
    ],
)
@pytest.mark.usefixtures("running")
async def test_vacation_has_the_length_of_the_event(
    hass: HomeAssistant, simulator: SimulatorProcess, length: timedelta, days: int
) -> None:
    await go_by_calendar(hass, trip(SOON, SOON + length))
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-mode", [5, days])]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param((SOON, 12 * HOUR, "Trip to the sea"), id="too short"),
        pytest.param((SOON, 3 * DAY, "Visit of the parents"), id="another title"),
        pytest.param((SOON, SOON + HOUR, "Trip that is shorter than the lead"), id="nothing left of it"),
    ],
)
@pytest.mark.usefixtures("running")
async def test_other_events_do_not_count(
    hass: HomeAssistant, simulator: SimulatorProcess, event: tuple[timedelta, timedelta, str]
) -> None:
    shortest = 0 if event[1] < LEAD else 1
    await go_by_calendar(hass, trip(*event), shortest=shortest)
    await until_looked(hass)
    assert await applied(simulator) == []


async def days_left(hass: HomeAssistant, days: int) -> None:
    """Ask the heater, and wait until so many days of its vacation are left."""
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await wait_for(hass, DAYS_LEFT, lambda state: state.state == str(days))


@pytest.mark.parametrize(
    ("rest", "renewed"),
    [
        pytest.param(14 * DAY, [("dhw-mode", [5, 14])], id="much is left of the event"),
        pytest.param(DAY, [], id="the event ends with the vacation"),
    ],
)
@pytest.mark.usefixtures("running")
async def test_vacation_is_renewed_before_its_last_day_if_the_event_goes_on(
    hass: HomeAssistant, simulator: SimulatorProcess, rest: timedelta, renewed: list[tuple[str, list[int]]]
) -> None:
    await simulator.device(MAC, dhwOperationSetting=5, vacationDaySetting=7)
    await days_left(hass, 7)
    await go_by_calendar(hass, trip(-6 * DAY, rest))
    await simulator.clock(advance=(6 * DAY + HOUR).total_seconds())
    await days_left(hass, 1)
    await until_looked(hass)
    assert await applied(simulator) == renewed


@pytest.mark.parametrize(
    ("event", "is_away", "last_looked", "expected"),
    [
        pytest.param((-HOUR, 3 * DAY), False, 2 * HOUR, [AWAY], id="began while off"),
        pytest.param((-HOUR, 3 * DAY), False, None, [AWAY], id="began before the automation was made"),
        pytest.param((-2 * HOUR, 3 * DAY), False, HOUR, [], id="ended by hand since"),
        pytest.param((-2 * HOUR, 3 * DAY), True, HOUR, [], id="goes on"),
        pytest.param((-3 * DAY, LEAD - HOUR), True, 2 * HOUR, [BACK], id="ended while off"),
        pytest.param((-9 * DAY, -5 * DAY), True, HOUR, [], id="begun by hand after the end"),
    ],
)
async def test_restart_makes_up_for_what_was_missed(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    event: tuple[timedelta, timedelta],
    is_away: bool,
    last_looked: timedelta | None,
    expected: list[tuple[str, list[int]]],
) -> None:
    if is_away:
        await simulator.device(MAC, dhwOperationSetting=5, vacationDaySetting=7)
    last_triggered = None if last_looked is None else (dt_util.utcnow() - last_looked).isoformat()
    mock_restore_cache(hass, [State(AUTOMATION, "on", {"last_triggered": last_triggered})])
    hass.set_state(CoreState.not_running)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for(hass, HEATER, lambda state: state.attributes.get("away_mode") == ("on" if is_away else "off"))
    await go_by_calendar(hass, trip(*event))
    await hass.async_start()
    await wait_for(
        hass,
        AUTOMATION,
        lambda state: (
            (looked := state.attributes["last_triggered"]) is not None
            and looked > dt_util.utcnow() - timedelta(minutes=1)
            and state.attributes["current"] == 0
        ),
    )
    assert await applied(simulator) == expected
