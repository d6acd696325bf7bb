"""When the weekly schedule acts next, and what it does then."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.coordinator import NavilinkCoordinator
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, shown
from tests.integration.heaters import MAC
from tests.integration.schedules import MORNING, NIGHT, STRANGE, wait_until, wire
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

NEXT = "sensor.nwp500_next_schedule_entry"


async def take_up(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, schedule: Mapping[str, object]
) -> None:
    """Let the heater have this schedule, and have it read."""
    coordinator: NavilinkCoordinator = running.runtime_data
    await wait_until(coordinator, lambda: coordinator.schedules.weekly(MAC) is not None)
    await simulator.schedules(MAC, reservations=schedule)
    await coordinator.schedules.weekly_lists.async_read(coordinator.data[MAC].device)
    await hass.async_block_till_done()


def at(hass: HomeAssistant, hour: int, minute: int, *weekdays: int) -> datetime:
    """Return when the clock on the wall shows this the next time, on one of these days."""
    now = datetime.now(ZoneInfo(hass.config.time_zone))
    days = [now.date() + timedelta(days=days) for days in range(9)]
    times = [datetime(day.year, day.month, day.day, hour, minute, tzinfo=now.tzinfo) for day in days]
    return next(time for time in times if time > now and (not weekdays or time.weekday() in weekdays))


async def test_the_next_entry_and_the_one_after_it(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await take_up(hass, simulator, running, wire(MORNING, NIGHT))
    for _ in range(2):
        morning, night = at(hass, 6, 30, *range(5)), at(hass, 22, 15)
        due = min(morning, night)
        state = await wait_for_value(hass, NEXT, due.astimezone(UTC).isoformat())
        expected = ("high_demand", 60) if due == morning else ("off", None)
        assert (state.attributes["mode"], state.attributes["temperature"]) == expected
        await wall_clock.pass_by(due - datetime.now(UTC))
    await wait_for(hass, NEXT, lambda state: state.state != due.astimezone(UTC).isoformat())


@pytest.mark.parametrize(
    "schedule", [wire(), wire(MORNING, on=False), wire({**MORNING, "enable": 1}), wire({**MORNING, "week": 1})]
)
async def test_it_is_unknown_when_nothing_will_happen(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, schedule: Mapping[str, object]
) -> None:
    await take_up(hass, simulator, running, wire(MORNING))
    assert "mode" in shown(hass, NEXT).attributes
    await take_up(hass, simulator, running, schedule)
    assert shown(hass, NEXT).state == "unknown"
    assert "mode" not in shown(hass, NEXT).attributes


async def test_a_mode_without_a_name_and_the_users_unit(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    await take_up(hass, simulator, running, wire({**STRANGE, "param": 120}))
    attributes = shown(hass, NEXT).attributes
    assert (attributes["mode"], attributes["temperature"]) == (None, 140)


async def test_it_stays_while_disconnected_and_is_unavailable_before_the_first_read(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await take_up(hass, simulator, running, wire(NIGHT))
    before = shown(hass, NEXT).state
    assert before == at(hass, 22, 15).astimezone(UTC).isoformat()
    await cut(hass, simulator)
    assert shown(hass, NEXT).state == before
    # After a restart without a connection nothing is known of it.
    assert await hass.config_entries.async_reload(running.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, NEXT).state == "unavailable"
