"""What is asked for now and then: only while it is shown, at its own interval, and without harm when nobody answers."""

import asyncio
from datetime import timedelta
import logging

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.coordinator import STATUS_INTERVAL
from custom_components.navilink.nwp500 import models
from custom_components.navilink.readings.heater_facts import ENERGY, FIRMWARE
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, cut, shown
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

ENERGY_TOPIC = "st/energy-usage-monthly-query/rd"
DIAGNOSTICS_TOPIC = "st/td/rd"
DOWNLOADS_TOPIC = "st/dl-sw-info"
TOTAL_ENERGY = "sensor.nwp500_total_energy"
STARTS = "sensor.nwp500_compressor_starts"
CONTROLLER = "update.nwp500_controller_firmware"
LAST_FAULT = "sensor.nwp500_last_fault"
MAX_REQUESTS_AN_HOUR = 150
A_MINUTE = timedelta(minutes=1)


def is_known(state: State) -> bool:
    return state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


async def asked(simulator: SimulatorProcess, topic_suffix: str = "") -> int:
    """Return how often a heater was asked for something, or for anything."""
    received = (await simulator.state())["received"]
    return sum(each["topic"].startswith("cmd/") and each["topic"].endswith(topic_suffix) for each in received)


async def until_all_is_read(hass: HomeAssistant) -> None:
    await wait_for(hass, TOTAL_ENERGY, is_known)
    await wait_for(hass, CONTROLLER, is_known)
    await hass.async_block_till_done(wait_background_tasks=True)


async def look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let the heater report, as it does every 30 seconds, and be asked for what is due."""
    coordinator = entry.runtime_data
    reported = asyncio.create_task(next_event(coordinator.client, "status_received"))
    await asyncio.sleep(0)
    assert coordinator.client.poll(coordinator.data[MAC].device)
    await reported
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("every_entity")
async def test_energy_is_the_heaters_own_count(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await until_all_is_read(hass)
    used: models.EnergyAmount = running.runtime_data.facts.get(MAC, ENERGY)
    assert used.heat_pump is not None
    assert used.elements is not None
    assert used.heat_pump > 100_000
    assert float(shown(hass, "sensor.nwp500_heat_pump_energy").state) == pytest.approx(used.heat_pump / 1000)
    assert float(shown(hass, "sensor.nwp500_element_energy").state) == pytest.approx(used.elements / 1000)
    total = shown(hass, TOTAL_ENERGY)
    assert float(total.state) == pytest.approx((used.heat_pump + used.elements) / 1000)
    assert total.attributes["unit_of_measurement"] == "kWh"
    assert total.attributes["device_class"] == "energy"
    assert total.attributes["state_class"] == "total_increasing"


@pytest.mark.usefixtures("every_entity")
async def test_total_that_is_not_reported_is_unknown(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await until_all_is_read(hass)
    running.runtime_data.facts.take(MAC, ENERGY, models.EnergyAmount({"hpUsage": 1_301_880, "hpTime": 3211}))
    assert shown(hass, "sensor.nwp500_heat_pump_energy").state == "1301.88"
    assert shown(hass, "sensor.nwp500_heat_pump_running_time").state == "3211"
    for name in ("element_energy", "total_energy", "element_running_time"):
        assert shown(hass, f"sensor.nwp500_{name}").state == STATE_UNKNOWN


@pytest.mark.usefixtures("running")
async def test_what_nobody_shows_is_not_asked_for(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await until_all_is_read(hass)
    assert await asked(simulator, ENERGY_TOPIC) == 1
    assert await asked(simulator, DOWNLOADS_TOPIC) == 1
    assert await asked(simulator, DIAGNOSTICS_TOPIC) == 0


async def test_counters_are_asked_for_once_one_is_enabled(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await until_all_is_read(hass)
    er.async_get(hass).async_update_entity(STARTS, disabled_by=None)
    assert await hass.config_entries.async_reload(running.entry_id)
    state = await wait_for(hass, STARTS, is_known)
    assert int(state.state) > 0
    assert await asked(simulator, DIAGNOSTICS_TOPIC) == 1


async def test_without_polling_nothing_is_asked_for(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    await look(hass, entry)
    assert await asked(simulator, ENERGY_TOPIC) == 0
    assert shown(hass, TOTAL_ENERGY).state == STATE_UNAVAILABLE
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("every_entity")
@pytest.mark.parametrize("simulator_options", [("--reply-delay", "0")])
async def test_an_hour_with_every_entity_stays_within_the_budget(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    wall_clock: WallClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.navilink")
    await until_all_is_read(hass)
    await wait_for(hass, STARTS, is_known)
    before = await asked(simulator)
    for _ in range(int(timedelta(hours=1) / STATUS_INTERVAL)):
        reported = asyncio.create_task(next_event(running.runtime_data.client, "status_received"))
        await wall_clock.pass_by(STATUS_INTERVAL)
        await reported
    await hass.async_block_till_done(wait_background_tasks=True)
    assert 120 < await asked(simulator) - before <= MAX_REQUESTS_AN_HOUR
    # A question that a busy machine lost is asked again sooner; those with an answer come at the interval.
    lost = sum(record.getMessage().startswith("Could not read the energy") for record in caplog.records)
    expected = 1 + timedelta(hours=1) // ENERGY.interval
    assert expected <= await asked(simulator, ENERGY_TOPIC) <= expected + lost


async def test_a_fact_is_asked_for_again_at_its_interval(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await until_all_is_read(hass)
    wall_clock.pass_unseen(ENERGY.interval - A_MINUTE)
    await look(hass, running)
    assert await asked(simulator, ENERGY_TOPIC) == 1
    wall_clock.pass_unseen(2 * A_MINUTE)
    await look(hass, running)
    assert await asked(simulator, ENERGY_TOPIC) == 2
    # A clock that is put back does not stop it for as long.
    wall_clock.pass_unseen(-timedelta(hours=3))
    await look(hass, running)
    assert await asked(simulator, ENERGY_TOPIC) == 3


async def test_a_heater_that_does_not_answer_is_asked_again_later(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    wall_clock: WallClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await simulator.fault("silent", suffix=ENERGY_TOPIC)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for(hass, CONTROLLER, is_known)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert shown(hass, TOTAL_ENERGY).state == STATE_UNAVAILABLE
    await look(hass, entry)
    assert await asked(simulator, ENERGY_TOPIC) == 1
    wall_clock.pass_unseen(ENERGY.retry_after + A_MINUTE)
    await look(hass, entry)
    await wait_for(hass, TOTAL_ENERGY, is_known)
    assert [record for record in caplog.records if record.levelno > logging.INFO and "navilink" in record.name] == []
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_service_that_fails_is_asked_again_later_and_harms_nothing(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    wall_clock: WallClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await simulator.fault("refuse_request", path="/device/firmware/info", code=500, count=1)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for(hass, TOTAL_ENERGY, is_known)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert shown(hass, CONTROLLER).state == STATE_UNKNOWN
    assert shown(hass, CONNECTION).state == "on"
    tried = await firmware_calls(simulator)
    await look(hass, entry)
    assert await firmware_calls(simulator) == tried
    wall_clock.pass_unseen(FIRMWARE.retry_after + A_MINUTE)
    await look(hass, entry)
    await wait_for_value(hass, CONTROLLER, "off")
    assert [record for record in caplog.records if record.levelno > logging.INFO and "navilink" in record.name] == []
    assert await hass.config_entries.async_unload(entry.entry_id)


async def firmware_calls(simulator: SimulatorProcess) -> int:
    requests = (await simulator.state())["rest_requests"]
    return sum(request["path"].endswith("/device/firmware/info") for request in requests)


async def test_what_was_read_too_long_ago_is_not_shown(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await until_all_is_read(hass)
    await cut(hass, simulator)
    await wall_clock.pass_by(3 * ENERGY.interval - A_MINUTE)
    assert is_known(shown(hass, TOTAL_ENERGY))
    await wall_clock.pass_by(2 * A_MINUTE)
    await wait_for_value(hass, TOTAL_ENERGY, STATE_UNAVAILABLE)
    assert running.runtime_data.facts.get(MAC, FIRMWARE) is not None


async def test_unloading_ends_a_question_without_an_answer(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("silent", suffix=ENERGY_TOPIC, count=9)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await simulator.wait(received=1, topic_suffix=ENERGY_TOPIC)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "navilink facts"] == []


@pytest.mark.usefixtures("every_entity", "running")
async def test_last_fault_is_known_while_the_heater_is_offline(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, LAST_FAULT, "none")
    await simulator.fault("error", code=799)
    await simulator.fault("device_offline")
    await running.runtime_data.async_refresh()
    state = await wait_for_value(hass, LAST_FAULT, "E799")
    assert state.attributes["meaning"] == "water leak"
    assert len(state.attributes["occurred"]) == len("2026-03-04T05:06:07")
    await simulator.fault("listed_error", code=None)
    await running.runtime_data.async_refresh()
    await wait_for_value(hass, LAST_FAULT, STATE_UNKNOWN)
