"""Hygiene: all of the water hot at the cheapest time, only if it is due, and no longer than needed."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.heating.boost import Boost, Setting
from simulator.process import SimulatorProcess
from tests.integration.actions import press
from tests.integration.boosts import BOOST
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import AUTOMATION, automate, complaints
from .conftest import BLUEPRINTS
from .price_libraries import Market
from .price_sources import AMSTERDAM, CLOCK_CHANGES, ENTRY, offer, show

LAST = "sensor.last_at_60"
DAY = timedelta(days=1)
NIGHT = "2027-01-20"


async def hygiene(hass: HomeAssistant, last: datetime | None, **inputs: object) -> None:
    hass.states.async_set(LAST, "unknown" if last is None else last.isoformat())
    await automate(
        hass,
        "hygiene",
        **{
            "heater": HEATER,
            "last_hygienic": LAST,
            "temperature": 62,
            "source": "nordpool",
            "source_entry": ENTRY,
        }
        | inputs,
    )


@pytest.fixture
async def evening(hass: HomeAssistant, running: MockConfigEntry, wall_clock: WallClock) -> MockConfigEntry:
    """19:50 in Amsterdam, with a heater that has just reported."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    wall_clock.pass_unseen(midnight() - timedelta(hours=4, minutes=10) - dt_util.utcnow())
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    await refresh(hass)
    return running


@pytest.fixture
def market(hass: HomeAssistant) -> Market:
    """The prices of Nord Pool, which are known for all days."""
    return offer(hass, "nordpool", lambda: midnight() + 365 * DAY)


async def refresh(hass: HomeAssistant) -> None:
    """Let the heater report."""
    now = dt_util.utcnow()
    await press(hass, "button.nwp500_refresh")
    await wait_for(
        hass,
        "sensor.nwp500_last_message",
        lambda state: datetime.fromisoformat(state.state) >= now.replace(microsecond=0),
    )


def midnight() -> datetime:
    return dt_util.start_of_local_day(datetime.fromisoformat(NIGHT).date())


async def run(hass: HomeAssistant) -> None:
    """Run the automation, if its conditions are met."""
    await hass.services.async_call(
        "automation", "trigger", {"entity_id": AUTOMATION, "skip_condition": False}, blocking=True
    )
    await until_done(hass)


async def until_done(hass: HomeAssistant) -> None:
    await hass.async_block_till_done()
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)


def planned(entry: MockConfigEntry) -> list[Boost]:
    return list(entry.runtime_data.boosts.of(MAC).planned)


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    ("days", "is_due"),
    [pytest.param(None, True, id="never"), pytest.param(8, True, id="old"), pytest.param(6, False, id="new")],
)
async def test_it_is_planned_when_it_is_due(
    hass: HomeAssistant, evening: MockConfigEntry, days: int | None, is_due: bool
) -> None:
    await hygiene(hass, None if days is None else dt_util.utcnow() - days * DAY)
    await run(hass)
    starts = [dt_util.as_local(boost.start) for boost in planned(evening)]
    # It takes about three hours: from the cheap ones at 2 o'clock to 5.
    assert [(start.date().isoformat(), start.hour in {1, 2}) for start in starts] == ([(NIGHT, True)] if is_due else [])
    assert [boost.wanted[Setting.TEMPERATURE] for boost in planned(evening)] == ([124] if is_due else [])


@pytest.mark.usefixtures("market")
async def test_it_ends_once_the_water_was_hot(
    hass: HomeAssistant, simulator: SimulatorProcess, evening: MockConfigEntry, wall_clock: WallClock
) -> None:
    await hygiene(hass, None)
    await run(hass)
    [boost] = planned(evening)
    # Only what is due every few seconds: it plans again five minutes before an hour, when nothing begins.
    wall_clock.pass_unseen(boost.start - dt_util.utcnow())
    await refresh(hass)
    await wall_clock.pass_by(timedelta(seconds=20))
    await wait_for_value(hass, HEATER, "heat_pump")
    await simulator.wait(applied=2)
    await until_done(hass)
    hass.states.async_set(LAST, dt_util.utcnow().isoformat())
    await simulator.wait(applied=4)
    await wait_for_value(hass, BOOST, "off")
    assert [value for _, [value] in await applied(simulator)] == [124, 1, 98, 3]
    await evening.runtime_data.boosts.async_finish()


async def test_without_prices_it_starts_at_the_fallback(hass: HomeAssistant, evening: MockConfigEntry) -> None:
    await hygiene(hass, None, source="template")
    await run(hass)
    [boost] = planned(evening)
    assert boost.start == midnight() + timedelta(minutes=30)


@pytest.mark.usefixtures("market")
async def test_without_the_connection_it_is_planned_all_the_same(
    hass: HomeAssistant, simulator: SimulatorProcess, evening: MockConfigEntry, wall_clock: WallClock
) -> None:
    await hygiene(hass, None)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    await wall_clock.pass_by(timedelta(minutes=6))
    await run(hass)
    [boost] = planned(evening)
    assert boost.start == midnight() + timedelta(minutes=30)


async def test_prices_in_attributes(hass: HomeAssistant, evening: MockConfigEntry) -> None:
    await hygiene(hass, None, **show(hass, "octopus", midnight() + DAY))
    await run(hass)
    [boost] = planned(evening)
    assert dt_util.as_local(boost.start).hour in {1, 2}


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("hours", [23, 25])
async def test_days_on_which_the_clock_changes(
    hass: HomeAssistant, evening: MockConfigEntry, wall_clock: WallClock, hours: int
) -> None:
    day = datetime.fromisoformat(CLOCK_CHANGES[AMSTERDAM][hours]).date()
    wall_clock.pass_unseen(dt_util.start_of_local_day(day) - timedelta(hours=2) - dt_util.utcnow())
    await refresh(hass)
    await hygiene(hass, None)
    await run(hass)
    [boost] = planned(evening)
    hot_by = datetime.combine(day, time(5), dt_util.get_default_time_zone())
    # It takes three hours and a half, whatever the clock says.
    assert timedelta(hours=3) < hot_by.astimezone(UTC) - boost.start < timedelta(hours=4)
    assert Setting.MODE in boost.wanted


async def test_source_that_is_not_there(
    hass: HomeAssistant, evening: MockConfigEntry, wall_clock: WallClock, caplog: pytest.LogCaptureFixture
) -> None:
    await hygiene(hass, None)
    wall_clock.pass_unseen(midnight() - timedelta(minutes=5) - dt_util.utcnow())
    await refresh(hass)
    await run(hass)
    [boost] = planned(evening)
    assert (boost.start, boost.end) == (midnight() + timedelta(minutes=30), midnight() + timedelta(hours=7))
    assert boost.wanted == {Setting.TEMPERATURE: 124}
    assert complaints(caplog)


async def test_source_that_cannot_be_reached(
    hass: HomeAssistant, evening: MockConfigEntry, market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    market.is_down = True
    await hygiene(hass, None)
    await run(hass)
    [boost] = planned(evening)
    assert boost.start == midnight() + timedelta(minutes=30)
    assert complaints(caplog)


def test_prices_are_read_as_ready_by_does() -> None:
    def steps(name: str) -> str:
        text = (Path(BLUEPRINTS) / "automation" / "navilink" / f"{name}.yaml").read_text()
        return text[text.index("  # Whatever goes wrong with the prices") : text.index("  # The plan of an hour ago")]

    assert "nordpool.get_prices_for_date" in steps("hygiene")
    assert steps("hygiene") == steps("ready_by")
