"""Hygiene: all of the water hot at the cheapest time, only if it is due, and no longer than needed."""

from datetime import datetime, timedelta
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.heating.boost import Boost, Setting
from simulator.process import SimulatorProcess
from tests.integration.actions import press
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import AUTOMATION, automate
from .conftest import BLUEPRINTS
from .price_sources import SOURCES, offer, shown

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
            "source_entry": "0123456789abcdef",
        }
        | inputs,
    )


@pytest.fixture
async def evening(hass: HomeAssistant, running: MockConfigEntry, wall_clock: WallClock) -> MockConfigEntry:
    """19:50 in Amsterdam, with a heater that has just reported; the prices of Nord Pool are known."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    wall_clock.pass_unseen(midnight() - timedelta(hours=4, minutes=10) - dt_util.utcnow())
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    await refresh(hass)
    offer(hass, SOURCES["nordpool"], lambda: midnight() + DAY)
    return running


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
    await wait_for_value(hass, "switch.nwp500_boost", "off")
    assert [value for _, [value] in await applied(simulator)] == [124, 1, 98, 3]
    await evening.runtime_data.boosts.async_finish()


async def test_without_prices_it_starts_at_the_fallback(hass: HomeAssistant, evening: MockConfigEntry) -> None:
    await hygiene(hass, None, source="template")
    await run(hass)
    [boost] = planned(evening)
    assert boost.start == midnight() + timedelta(minutes=30)


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
    shown(hass, SOURCES["octopus"], "event.rates", midnight() - DAY, midnight() + DAY)
    await hygiene(hass, None, source="entities", source_entities=["event.rates"])
    await run(hass)
    [boost] = planned(evening)
    assert dt_util.as_local(boost.start).hour in {1, 2}


def test_prices_are_read_as_ready_by_does() -> None:
    def steps(name: str) -> str:
        text = (Path(BLUEPRINTS) / "automation" / "navilink" / f"{name}.yaml").read_text()
        return text[text.index("  # Whatever goes wrong with the prices") : text.index("  # The plan of an hour ago")]

    assert "nordpool.get_prices_for_date" in steps("hygiene")
    assert steps("hygiene") == steps("ready_by")
