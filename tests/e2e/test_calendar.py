"""The dialogs of the calendars: what a person creates, changes and deletes in them is what the heater does."""

from datetime import timedelta

from playwright.async_api import expect
import pytest

from .calendar_page import CalendarPage, Which
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo

pytestmark = pytest.mark.asyncio(loop_scope="session")

_HEATER = "NWP500"
_ECO, _HIGH_DEMAND = 3, 4
"""Raw values of modes in an entry: protocol.md 7.1."""
_WHOLE_SERIES: Which = "This and all future events"


@pytest.fixture
def calendar(home_assistant: HomeAssistantPage) -> CalendarPage:
    """The calendars, not opened yet."""
    return CalendarPage(home_assistant)


async def _stored(demo: RunningDemo) -> list[dict[str, int]]:
    """Return the entries of the heater's weekly schedule."""
    return (await demo.heater())["schedules"]["reservations"]["reservation"]


async def test_series_is_created_changed_and_deleted(calendar: CalendarPage, demo: RunningDemo) -> None:
    before = await _stored(demo)
    await calendar.open()
    await calendar.create("eco 131 °F", calendar="Weekly schedule", device=_HEATER, repeat="Daily")
    await calendar.accepted()
    created = calendar.event("Eco, 131 °F")
    await expect(created).to_have_count(7)
    [entry] = [each for each in await _stored(demo) if each not in before]
    assert (entry["mode"], entry["param"]) == (_ECO, 110)
    await calendar.change(created, "high demand 133 °F", _WHOLE_SERIES)
    changed = calendar.event("High demand, 133 °F")
    await expect(changed).to_have_count(7)
    await expect(created).to_have_count(0)
    assert [each for each in await _stored(demo) if each not in before] == [
        {**entry, "mode": _HIGH_DEMAND, "param": 112}
    ]
    await calendar.delete(changed, _WHOLE_SERIES)
    await expect(changed).to_have_count(0)
    assert await _stored(demo) == before


async def test_single_event_of_a_series_is_refused(calendar: CalendarPage, demo: RunningDemo) -> None:
    before = await _stored(demo)
    await calendar.open()
    await calendar.delete(calendar.event("Heat pump, 115 °F"), "Only this event")
    await expect(calendar.refusal).to_contain_text('Choose "This and all future events"')
    assert await _stored(demo) == before


async def test_event_in_planned_heating_is_a_planned_boost(calendar: CalendarPage, demo: RunningDemo) -> None:
    before = await demo.heater()
    await calendar.open(hours_ahead=2)
    await calendar.create("bath 140 °F", calendar="Planned heating", device=_HEATER)
    await calendar.accepted()
    boost = calendar.event("bath 140 °F")
    await expect(boost).to_have_count(1)
    await calendar.delete(boost)
    await expect(boost).to_have_count(0)
    assert (await demo.heater())["applied"] == before["applied"]


async def test_event_in_planned_heating_that_is_over_is_refused(calendar: CalendarPage) -> None:
    await calendar.open(hours_ahead=-2)
    await calendar.create("bath 140 °F", calendar="Planned heating", device=_HEATER)
    await expect(calendar.refusal).to_contain_text("The boost would already be over")


async def test_boost_that_runs_is_ended_in_planned_heating(
    home_assistant: HomeAssistantPage, calendar: CalendarPage, demo: RunningDemo
) -> None:
    before = await demo.heater()
    commands = len(before["applied"])
    await home_assistant.perform("navilink.boost", temperature=140, name="bath", duration={"minutes": 60})
    heater = await demo.heater(applied=commands + 1)
    assert heater["status"]["dhwTemperatureSetting"] == 120
    await calendar.open()
    boost = calendar.event("bath")
    # One that goes on past midnight is listed on both days.
    end = await home_assistant.time("sensor.boost_end")
    days = {moment.astimezone().date() for moment in (end - timedelta(minutes=60), end - timedelta(seconds=1))}
    await expect(boost).to_have_count(len(days))
    await calendar.delete(boost)
    await expect(boost).to_have_count(0)
    heater = await demo.heater(applied=commands + 2)
    assert heater["status"]["dhwTemperatureSetting"] == before["status"]["dhwTemperatureSetting"]
