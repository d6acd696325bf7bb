"""Ready by a time at the lowest price: from every source, on every day, and without prices or a connection too."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.heating.boost import Boost, Setting
from simulator.process import SimulatorProcess
from tests.integration.actions import press
from tests.integration.boosts import BOOST, boost
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import until_status, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import AUTOMATION, automate, complaints
from .price_libraries import CHEAP
from .price_sources import ACTIONS, CLOCK_CHANGES, ENTRY, ZONES, offer, show

LOWER = "sensor.nwp500_lower_tank_temperature"
NIGHT = timedelta(hours=4, minutes=5)
"""How long before midnight the automation runs, if it is any time of the evening."""
ORDINARY = "2027-01-20"


async def ready_by(hass: HomeAssistant, **inputs: object) -> None:
    await automate(
        hass,
        "ready_by",
        **{"heater": HEATER, "ready_by": "06:00:00", "temperature": 52, "fallback_start": "01:30:00"} | inputs,
    )


@pytest.fixture
async def cold(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> MockConfigEntry:
    """A heater that lacks 3 °C, in Amsterdam."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    await tank(hass, simulator, 49, 47)
    return running


async def tank(hass: HomeAssistant, simulator: SimulatorProcess, upper: int, lower: int) -> None:
    """Let the tank have temperatures, and the integration know."""
    await simulator.device(MAC, tankUpperTemperature=10 * upper, tankLowerTemperature=10 * lower)
    await press(hass, "button.nwp500_refresh")
    await wait_for_value(hass, LOWER, f"{lower}.0")


async def at(hass: HomeAssistant, wall_clock: WallClock, day: str, clock: str) -> None:
    """Let it be a time, at which the heater has just reported, and the automation run."""
    time = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=dt_util.get_default_time_zone())
    wall_clock.pass_unseen(time - dt_util.utcnow())
    await report_and_run(hass)


async def before(hass: HomeAssistant, wall_clock: WallClock, name: str, day: str, clock: timedelta) -> None:
    """Let it be so long before a day begins where a source is, and nothing run."""
    await hass.config.async_set_time_zone(ZONES[name])
    wall_clock.pass_unseen(midnight(day) - clock - dt_util.utcnow())


def prices_of(hass: HomeAssistant, name: str, known_until: datetime) -> dict[str, object]:
    """Let a source know the prices until a time; returns the inputs for it."""
    if name not in ACTIONS:
        return show(hass, name, known_until)
    offer(hass, name, lambda: known_until)
    return {"source": name, "source_entry": ENTRY}


async def report_and_run(hass: HomeAssistant) -> None:
    """Let the heater report, and the automation run."""
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    async with until_status(hass):
        await press(hass, "button.nwp500_refresh")
    await run(hass)


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


def midnight(day: str, later: int = 0) -> datetime:
    return dt_util.start_of_local_day(datetime.fromisoformat(day).date() + timedelta(days=later))


def check_cheap(entry: MockConfigEntry, day: str) -> None:
    """Check that exactly one boost is planned, at the end of the cheap hours of the next day, until 6 o'clock."""
    [boost] = planned(entry)
    start, end = dt_util.as_local(boost.start), dt_util.as_local(boost.end)
    assert start.date().isoformat() == end.date().isoformat() == day
    assert start.hour in CHEAP
    assert (end.hour, end.minute) == (6, 0)
    assert boost.wanted == {Setting.TEMPERATURE: 104, Setting.MODE: 1}
    assert boost.stop_when_hot
    assert boost.name == "Under test"


def check_fallback(entry: MockConfigEntry) -> None:
    """Check that exactly one boost is planned, from the hour that is set for when there are no prices."""
    [boost] = planned(entry)
    assert boost.start == midnight(ORDINARY) + timedelta(minutes=90)
    assert boost.end == midnight(ORDINARY) + timedelta(hours=6)
    assert boost.wanted == {Setting.TEMPERATURE: 104}


@pytest.mark.parametrize("name", ZONES)
async def test_prices_across_midnight(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock, name: str
) -> None:
    await before(hass, wall_clock, name, ORDINARY, NIGHT)
    await ready_by(hass, **prices_of(hass, name, midnight(ORDINARY, 1)))
    await report_and_run(hass)
    check_cheap(cold, ORDINARY)
    assert await applied(simulator) == []


@pytest.mark.parametrize("hours", [23, 25])
@pytest.mark.parametrize("name", ZONES)
async def test_days_on_which_the_clock_changes(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock, name: str, hours: int
) -> None:
    day = CLOCK_CHANGES[ZONES[name]][hours]
    await before(hass, wall_clock, name, day, timedelta(hours=2, minutes=5))
    assert midnight(day, 1).timestamp() - midnight(day).timestamp() == hours * 3600
    await ready_by(hass, **prices_of(hass, name, midnight(day, 1)))
    await report_and_run(hass)
    check_cheap(cold, day)


@pytest.mark.parametrize("name", ZONES)
async def test_no_prices_yet(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    await before(hass, wall_clock, name, ORDINARY, NIGHT)
    await ready_by(hass, **prices_of(hass, name, midnight(ORDINARY, -1)))
    await report_and_run(hass)
    check_fallback(cold)
    complaints(caplog)


@pytest.mark.parametrize("name", ZONES)
async def test_prices_without_the_connection_to_the_heater(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock, name: str
) -> None:
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    await before(hass, wall_clock, name, ORDINARY, NIGHT + timedelta(minutes=6))
    await wall_clock.pass_by(timedelta(minutes=6))
    await ready_by(hass, **prices_of(hass, name, midnight(ORDINARY, 1)))
    await run(hass)
    check_fallback(cold)
    assert await applied(simulator) == []


@pytest.mark.parametrize("name", ["nordpool", "tibber", "energyzero"])
async def test_source_that_cannot_be_reached(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Amber Electric is not among them: it responds with what it had."""
    await before(hass, wall_clock, name, ORDINARY, NIGHT)
    market = offer(hass, name, lambda: midnight(ORDINARY, 1))
    market.is_down = True
    await ready_by(hass, source=name, source_entry=ENTRY)
    await report_and_run(hass)
    check_fallback(cold)
    assert complaints(caplog)
    market.is_down = False
    await before(hass, wall_clock, name, ORDINARY, timedelta(hours=3, minutes=5))
    await report_and_run(hass)
    check_cheap(cold, ORDINARY)


@pytest.mark.parametrize("name", ACTIONS)
async def test_source_that_is_not_loaded(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    await before(hass, wall_clock, name, ORDINARY, timedelta(minutes=-55))
    offer(hass, name, lambda: midnight(ORDINARY, 1))
    source = hass.config_entries.async_get_entry(ENTRY)
    assert isinstance(source, MockConfigEntry)
    source.mock_state(hass, ConfigEntryState.SETUP_RETRY)
    del source.runtime_data
    await ready_by(hass, source=name, source_entry=ENTRY)
    await report_and_run(hass)
    check_fallback(cold)
    complaints(caplog)


@pytest.mark.parametrize(
    "inputs",
    [
        *(pytest.param({"source": name, "source_entry": ENTRY}, id=name) for name in ACTIONS),
        pytest.param({"source": "template", "source_template": "{{ none + [] }}"}, id="template that fails"),
    ],
)
async def test_source_that_is_not_there(
    hass: HomeAssistant,
    cold: MockConfigEntry,
    wall_clock: WallClock,
    caplog: pytest.LogCaptureFixture,
    inputs: dict[str, object],
) -> None:
    await before(hass, wall_clock, "nordpool", ORDINARY, timedelta(minutes=-55))
    await ready_by(hass, **inputs)
    await report_and_run(hass)
    check_fallback(cold)
    assert complaints(caplog)


async def test_rates_that_were_restored_after_a_restart(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock
) -> None:
    await before(hass, wall_clock, "octopus", ORDINARY, NIGHT)
    await ready_by(hass, **show(hass, "octopus", midnight(ORDINARY, 1), is_restored=True))
    await report_and_run(hass)
    check_cheap(cold, ORDINARY)


async def test_prices_of_a_template(hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock) -> None:
    template = """
        {% set found = namespace(all=[]) %}
        {% for hour in range(48) %}
          {% set start = today_at() + timedelta(hours=hour) %}
          {% set item = {'start': start.isoformat(), 'price': 0.1 if start.hour in (2, 3, 4) else 0.3} %}
          {% set found.all = found.all + [item] %}
        {% endfor %}
        {{ found.all }}
    """
    await ready_by(hass, source="template", source_template=template)
    await at(hass, wall_clock, "2027-01-19", "19:55:00")
    check_cheap(cold, ORDINARY)


async def test_plan_is_made_again_every_hour_until_it_starts(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock
) -> None:
    offer(hass, "nordpool", lambda: midnight(ORDINARY, 1))
    await ready_by(hass, source="nordpool", source_entry=ENTRY)
    await at(hass, wall_clock, "2027-01-19", "19:50:00")
    [first] = planned(cold)
    await wall_clock.pass_by(timedelta(hours=1))
    await until_done(hass)
    [second] = planned(cold)
    assert first.id != second.id
    # Only what is due every few seconds: it plans again five minutes before an hour, when nothing begins.
    wall_clock.pass_unseen(second.start - dt_util.utcnow())
    await wall_clock.pass_by(timedelta(seconds=20))
    await wait_for_value(hass, HEATER, "heat_pump")
    await simulator.wait(applied=2)
    await until_done(hass)
    started = cold.runtime_data.boosts.of(MAC).running
    assert started is not None
    await wall_clock.pass_by(timedelta(minutes=60))
    await until_done(hass)
    running = cold.runtime_data.boosts.of(MAC).running
    assert running is not None
    assert running.boost.id == started.boost.id
    assert planned(cold) == []


@pytest.mark.parametrize("name", ["nordpool", "energyzero"])
async def test_before_the_prices_come_the_fallback_is_planned(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock, name: str
) -> None:
    known_until = midnight(ORDINARY)
    offer(hass, name, lambda: known_until)
    await ready_by(hass, source=name, source_entry=ENTRY)
    await at(hass, wall_clock, "2027-01-19", "09:55:00")
    [boost] = planned(cold)
    assert boost.start == midnight(ORDINARY) + timedelta(minutes=90)
    assert boost.end == midnight(ORDINARY) + timedelta(hours=6)
    known_until = midnight(ORDINARY, 1)
    await at(hass, wall_clock, "2027-01-19", "16:55:00")
    check_cheap(cold, ORDINARY)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param({}, id="none"),
        pytest.param({"source": "entities", "source_entities": ["event.rates_today"]}, id="entities are missing"),
        pytest.param({"source": "template", "source_template": "{{ 'nonsense' }}"}, id="no list"),
        pytest.param({"source": "template", "source_template": "{{ [{'start': 'x'}, 3] }}"}, id="no prices"),
    ],
)
async def test_without_prices(
    hass: HomeAssistant, cold: MockConfigEntry, wall_clock: WallClock, inputs: dict[str, object]
) -> None:
    await ready_by(hass, **inputs)
    await at(hass, wall_clock, "2027-01-19", "19:55:00")
    [boost] = planned(cold)
    assert boost.start == midnight(ORDINARY) + timedelta(minutes=90)
    assert boost.wanted == {Setting.TEMPERATURE: 104}


async def test_without_the_connection_it_starts_at_the_fallback_and_is_delivered_later(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock
) -> None:
    await before(hass, wall_clock, "nordpool", ORDINARY, NIGHT + timedelta(minutes=15))
    offer(hass, "nordpool", lambda: midnight(ORDINARY, 1))
    await ready_by(hass, source="nordpool", source_entry=ENTRY)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    # First its status gets too old, then the automation runs.
    await wall_clock.pass_by(timedelta(minutes=6))
    await wall_clock.pass_by(timedelta(minutes=16))
    await until_done(hass)
    [boost] = planned(cold)
    assert boost.start == midnight(ORDINARY) + timedelta(minutes=90)
    await wall_clock.pass_by(boost.start - dt_util.utcnow() + timedelta(seconds=1))
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "1")
    assert await applied(simulator) == []


async def test_restart_waits_for_the_heater_to_report(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock
) -> None:
    await before(hass, wall_clock, "nordpool", ORDINARY, NIGHT)
    offer(hass, "nordpool", lambda: midnight(ORDINARY, 1))
    # What the automation does: see test_prices_across_midnight.
    start = midnight(ORDINARY) + timedelta(hours=3)
    until = start + timedelta(hours=3)
    times = {"start": start.isoformat(), "until": until.isoformat()}
    await boost(hass, temperature=52, operation_mode="heat_pump", stop_when_hot=True, name="Under test", **times)
    assert await hass.config_entries.async_unload(cold.entry_id)
    await simulator.fault("mqtt_down")
    hass.set_state(CoreState.not_running)
    assert await hass.config_entries.async_setup(cold.entry_id)
    await ready_by(hass, source="nordpool", source_entry=ENTRY)
    await hass.async_start()
    check_cheap(cold, ORDINARY)
    async with until_status(hass):
        await simulator.fault("mqtt_up")
    await wall_clock.pass_by(timedelta(minutes=2))
    await until_done(hass)
    check_cheap(cold, ORDINARY)


async def test_hot_water_needs_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock
) -> None:
    await tank(hass, simulator, 52, 51)
    offer(hass, "nordpool", lambda: midnight(ORDINARY, 1))
    await ready_by(hass, source="nordpool", source_entry=ENTRY)
    await at(hass, wall_clock, "2027-01-19", "19:55:00")
    assert planned(cold) == []


async def test_too_late_for_the_heat_pump_starts_at_once(
    hass: HomeAssistant, simulator: SimulatorProcess, cold: MockConfigEntry, wall_clock: WallClock
) -> None:
    await tank(hass, simulator, 40, 20)
    offer(hass, "nordpool", lambda: midnight(ORDINARY, 1))
    await ready_by(hass, source="nordpool", source_entry=ENTRY)
    await at(hass, wall_clock, ORDINARY, "03:55:00")
    await wait_for_value(hass, BOOST, "on")
    running: Any = cold.runtime_data.boosts.of(MAC).running
    assert running.boost.end > midnight(ORDINARY) + timedelta(hours=6)
    await cold.runtime_data.boosts.async_finish()
