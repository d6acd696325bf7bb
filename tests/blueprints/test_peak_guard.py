"""The peak guard: nothing is heated during a peak, whatever says that there is one, and afterwards all is as before."""

from datetime import datetime, timedelta

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, press
from tests.integration.boosts import BOOST, BOOST_ENDS, boost, target
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import until_status, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

from .automations import AUTOMATION, automate

PEAK = "binary_sensor.peak"
CALENDAR = "calendar.peaks"
SCHEDULE = "schedule.peaks"
BEGIN, END = "sensor.peak_begin", "sensor.peak_end"
HOUR = timedelta(hours=1)
# The limits of the heater: 41 °C is above the lower one.
LOWERED, RAISED, USUAL = ("dhw-temperature", [82]), ("dhw-temperature", [120]), ("dhw-temperature", [98])


async def guard(hass: HomeAssistant, **inputs: object) -> None:
    await automate(
        hass,
        "peak_guard",
        **{"heater": HEATER, "peak": PEAK, "peak_temperature": 41, "preheat_temperature": 60} | inputs,
    )


async def confirmed(hass: HomeAssistant, celsius: int) -> None:
    """Wait until the heater has confirmed a target temperature."""
    await wait_for(
        hass,
        OUTCOME,
        lambda state: (
            state.attributes.get("event_type") == "confirmed"
            and state.attributes["command"] == f"target temperature {celsius} °C"
        ),
    )


async def until_done(hass: HomeAssistant) -> None:
    await hass.async_block_till_done()
    await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)


def in_calendar(begin: datetime, end: datetime) -> dict[str, object]:
    """Return the attributes of a calendar with a peak; they are local and have no zone."""
    return {
        "message": "Peak",
        "all_day": False,
        "start_time": dt_util.as_local(begin).strftime("%Y-%m-%d %H:%M:%S"),
        "end_time": dt_util.as_local(end).strftime("%Y-%m-%d %H:%M:%S"),
    }


async def ends(hass: HomeAssistant, at: datetime) -> None:
    """Wait until the boost shows an end, to the second."""
    await wait_for(
        hass,
        BOOST_ENDS,
        lambda state: (
            state.state not in {"unknown", "unavailable"}
            and abs(datetime.fromisoformat(state.state) - at) < timedelta(seconds=2)
        ),
    )


@pytest.mark.usefixtures("running")
async def test_target_is_lowered_for_a_peak_and_restored(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(PEAK, "off")
    await guard(hass)
    hass.states.async_set(PEAK, "on")
    await simulator.wait(applied=1)
    await target(hass, 41)
    await ends(hass, dt_util.utcnow() + 6 * HOUR)
    hass.states.async_set(PEAK, "off")
    await simulator.wait(applied=2)
    await target(hass, 49)
    assert await applied(simulator) == [LOWERED, USUAL]


@pytest.mark.usefixtures("running")
async def test_only_the_heat_pump_is_used(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.states.async_set(PEAK, "off")
    await guard(hass, peak_action="heat_pump")
    hass.states.async_set(PEAK, "on")
    await wait_for_value(hass, HEATER, "heat_pump")
    await simulator.wait(applied=1)
    hass.states.async_set(PEAK, "off")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-mode", [1]), ("dhw-mode", [3])]


@pytest.mark.parametrize("source", ["calendar", "schedule", "binary sensor"])
async def test_water_is_heated_before_the_peak_which_takes_over(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock, source: str
) -> None:
    begin = dt_util.utcnow().replace(microsecond=0) + 3 * HOUR
    end = begin + 4 * HOUR
    peak = {"calendar": CALENDAR, "schedule": SCHEDULE, "binary sensor": PEAK}[source]

    def show(state: str) -> None:
        attributes: dict[str, dict[str, object]] = {
            "calendar": in_calendar(begin, end),
            "schedule": {"next_event": end if state == "on" else begin},
        }
        hass.states.async_set(BEGIN, begin.isoformat())
        hass.states.async_set(END, end.isoformat())
        hass.states.async_set(peak, state, attributes.get(source, {}))

    show("off")
    await guard(hass, peak=peak, peak_begin=BEGIN, peak_end=END, preheat=120)
    wall_clock.pass_unseen(timedelta(minutes=59))
    async with until_status(hass):
        await press(hass, "button.nwp500_refresh")
    assert await applied(simulator) == []
    await wall_clock.pass_by(timedelta(minutes=2))
    await simulator.wait(applied=1)
    await target(hass, 60)
    await ends(hass, begin)
    await confirmed(hass, 60)
    await wall_clock.pass_by(2 * HOUR)
    show("on")
    await ends(hass, end)
    await confirmed(hass, 41)
    await wall_clock.pass_by(4 * HOUR)
    show("off")
    await confirmed(hass, 49)
    await wait_for_value(hass, BOOST, "off")
    await running.runtime_data.boosts.async_finish()
    assert (await simulator.state())["heaters"][MAC]["status"]["dhwTemperatureSetting"] == 98
    sent = await applied(simulator)
    assert (sent[0], sent[-1]) == (RAISED, USUAL)
    assert LOWERED in sent


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        pytest.param("2026-12-01T22:00:00-08:00", "2026-12-02T02:00:00-08:00", id="across midnight"),
        pytest.param("2027-03-14T01:00:00-08:00", "2027-03-14T05:00:00-07:00", id="a day of 23 hours"),
        pytest.param("2027-11-07T00:30:00-07:00", "2027-11-07T05:00:00-08:00", id="a day of 25 hours"),
    ],
)
async def test_peak_ends_when_the_clock_says(
    hass: HomeAssistant,
    running: MockConfigEntry,
    wall_clock: WallClock,
    begin: str,
    end: str,
) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    begins, over = datetime.fromisoformat(begin), datetime.fromisoformat(end)
    hass.states.async_set(CALENDAR, "off", in_calendar(begins, over))
    await guard(hass, peak=CALENDAR, preheat=60)
    await wall_clock.pass_by(begins - timedelta(minutes=58) - dt_util.utcnow())
    await ends(hass, begins)
    await wall_clock.pass_by(timedelta(minutes=59))
    hass.states.async_set(CALENDAR, "on", in_calendar(begins, over))
    await ends(hass, over)
    await running.runtime_data.boosts.async_finish()


@pytest.mark.usefixtures("running")
async def test_peak_without_the_connection_is_dropped_when_it_is_over(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    hass.states.async_set(PEAK, "off")
    await guard(hass)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    hass.states.async_set(PEAK, "on")
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "1")
    hass.states.async_set(PEAK, "off")
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "0")
    await until_done(hass)
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    await wait_for_value(hass, BOOST, "off")
    assert await applied(simulator) == []


@pytest.mark.usefixtures("running")
async def test_peak_without_the_connection_is_guarded_once_it_is_back(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    hass.states.async_set(PEAK, "off")
    await guard(hass)
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    hass.states.async_set(PEAK, "on")
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "1")
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [LOWERED]


@pytest.mark.parametrize("is_on", [True, False], ids=["goes on", "ended while off"])
async def test_restart_during_a_peak(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, is_on: bool
) -> None:
    # What the automation does: see test_target_is_lowered_for_a_peak_and_restored.
    await boost(hass, temperature=41, duration="05:00:00", name="Under test")
    await simulator.wait(applied=1)
    await target(hass, 41)
    assert await hass.config_entries.async_unload(running.entry_id)
    hass.set_state(CoreState.not_running)
    hass.states.async_set(PEAK, "on" if is_on else "off")
    assert await hass.config_entries.async_setup(running.entry_id)
    await target(hass, 41)
    await guard(hass)
    await hass.async_start()
    await until_done(hass)
    await target(hass, 41 if is_on else 49)
    await simulator.wait(applied=1 if is_on else 2)
    await wait_for_value(hass, BOOST, "on" if is_on else "off")
    assert await applied(simulator) == ([LOWERED] if is_on else [LOWERED, USUAL])


@pytest.mark.usefixtures("running")
async def test_boost_that_is_started_during_the_peak_is_left_alone(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    hass.states.async_set(PEAK, "off")
    await guard(hass)
    hass.states.async_set(PEAK, "on")
    await target(hass, 41)
    await simulator.wait(applied=1)
    await boost(hass, temperature=63, name="Guests")
    await simulator.wait(applied=2)
    hass.states.async_set(PEAK, "off")
    await until_done(hass)
    await wait_for_value(hass, BOOST, "on")
    assert await applied(simulator) == [LOWERED, ("dhw-temperature", [126])]


@pytest.mark.usefixtures("running")
async def test_heater_that_is_off_is_left_alone(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await hass.services.async_call("water_heater", "turn_off", {"entity_id": HEATER}, blocking=True)
    await simulator.wait(applied=1)
    hass.states.async_set(PEAK, "off")
    await guard(hass)
    for peak in ("on", "off"):
        hass.states.async_set(PEAK, peak)
        await until_done(hass)
    assert len(await applied(simulator)) == 1
