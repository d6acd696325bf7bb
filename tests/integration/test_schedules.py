"""What the integration knows of the heaters' schedules: when it reads them, and whom it lets know."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.nwp500 import Device, ScheduleWrite, WriteOutcome, models
from custom_components.navilink.schedules import heater_schedules, kept_lists
from custom_components.navilink.schedules.kept_lists import KeptLists
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, press
from tests.integration.heaters import MAC, OTHER_MAC
from tests.integration.schedules import MORNING, NIGHT, PUMP_ON, asked, wait_for_weekly, wait_until, wire
from tests.integration.waiting import next_event, wait_for_value

READ = "st/rsv/rd"


@pytest.fixture
async def coordinator(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> NavilinkCoordinator:
    """The account set up, and the schedule of its first heater read."""
    coordinator: NavilinkCoordinator = running.runtime_data
    await wait_for_weekly(coordinator)
    await simulator.schedules(MAC, reservations=wire(MORNING))
    await coordinator.schedules.weekly_lists.async_read(coordinator.data[MAC].device)
    await hass.async_block_till_done()
    return coordinator


async def next_info(coordinator: NavilinkCoordinator) -> None:
    """Have the first heater report its device info, and wait for what that brings about."""
    reported = asyncio.create_task(next_event(coordinator.client, "feature_received"))
    await asyncio.sleep(0)
    assert coordinator.client.poll_info(coordinator.data[MAC].device)
    await reported


async def test_a_schedule_is_read_when_the_heater_is_there_and_on_demand(
    simulator: SimulatorProcess, coordinator: NavilinkCoordinator
) -> None:
    weekly = coordinator.schedules.weekly(MAC)
    assert weekly is not None
    assert (weekly.is_on, [dict(entry.raw) for entry in weekly.entries]) == (True, [MORNING])
    kept = coordinator.schedules.weekly_lists.get(MAC)
    assert kept is not None
    assert timedelta() <= dt_util.utcnow() - kept.read_at < timedelta(minutes=1)
    # What the heater reports later is no occasion as long as nothing is due.
    await next_info(coordinator)
    assert await asked(simulator, READ) == 2


@pytest.mark.parametrize("has_recirculation", [True, False])
async def test_recirculation_is_read_where_the_heater_has_it(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, has_recirculation: bool
) -> None:
    await simulator.device(MAC, feature={"recircReservationUse": 2 if has_recirculation else 1})
    if has_recirculation:
        await simulator.schedules(MAC, recirculation=wire(PUMP_ON, on=False))
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator: NavilinkCoordinator = entry.runtime_data
    kept = coordinator.schedules
    if has_recirculation:
        await wait_until(coordinator, lambda: kept.recirculation(MAC) is not None)
        recirculation = kept.recirculation(MAC)
        assert recirculation is not None
        assert (recirculation.is_on, [dict(entry.raw) for entry in recirculation.entries]) == (False, [PUMP_ON])
        assert kept.recirculation_lists.get(MAC) is not None
    else:
        await wait_until(coordinator, lambda: kept.weekly(MAC) is not None)
        assert (kept.recirculation(MAC), kept.recirculation_lists.get(MAC)) == (None, None)
        assert await asked(simulator, "st/recirc-rsv/rd") == 0
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_schedule_is_read_again_when_it_is_old(
    simulator: SimulatorProcess, coordinator: NavilinkCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    monkeypatch.setattr(kept_lists, "READ_INTERVAL", timedelta())
    await next_info(coordinator)
    await wait_for_weekly(coordinator, NIGHT)


async def test_refresh_reads_it_again(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator
) -> None:
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    await press(hass, "button.nwp500_refresh")
    await wait_for_weekly(coordinator, NIGHT)


async def test_it_is_read_again_after_an_outage_also_one_in_the_middle_of_a_read(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator, caplog: pytest.LogCaptureFixture
) -> None:
    await simulator.fault("silent", suffix=READ)
    reads = await asked(simulator, READ)
    await press(hass, "button.nwp500_refresh")
    await simulator.wait(received=reads + 1, topic_suffix=READ)
    await cut(hass, simulator)
    await simulator.schedules(MAC, reservations=wire(MORNING, NIGHT))
    await simulator.fault("mqtt_up")
    await wait_for_weekly(coordinator, MORNING, NIGHT)
    assert [record for record in caplog.records if "schedule" in record.message and record.levelname != "DEBUG"] == []


async def test_a_change_in_the_app_is_noticed(
    simulator: SimulatorProcess, coordinator: NavilinkCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heater_schedules, "SECONDS_TO_LAND", 0.1)
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    topic = f"cmd/52/navilink-{MAC}/ctrl/rsv/rd"
    request = {"command": 16777226, "deviceType": 52, "macAddress": MAC, "additionalValue": "5322", **wire(NIGHT)}
    await simulator.publish(topic, {"clientID": "app-5f0c1e7a", "request": request, "requestTopic": topic}, count=3)
    await wait_for_weekly(coordinator, NIGHT)
    # Once for all three.
    assert await asked(simulator, READ) == 3


async def test_a_look_that_is_due_is_called_off_by_the_end(
    hass: HomeAssistant, simulator: SimulatorProcess, coordinator: NavilinkCoordinator
) -> None:
    noticed = asyncio.create_task(next_event(coordinator.client, "schedule_written"))
    await asyncio.sleep(0)
    topic = f"cmd/52/navilink-{MAC}/ctrl/rsv/rd"
    await simulator.publish(topic, {"clientID": "app-5f0c1e7a", "request": {"macAddress": MAC, **wire(NIGHT)}})
    await noticed
    # A timer that is left behind fails the test.
    assert await hass.config_entries.async_unload(coordinator.config_entry.entry_id)


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_each_heater_has_its_own_and_one_that_leaves_is_forgotten(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.schedules(MAC, reservations=wire(MORNING))
    await simulator.schedules(OTHER_MAC, reservations=wire(NIGHT))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    coordinator: NavilinkCoordinator = entry.runtime_data
    await wait_for_weekly(coordinator, MORNING)
    await wait_for_weekly(coordinator, NIGHT, mac_address=OTHER_MAC)
    await coordinator.async_release({OTHER_MAC})
    assert coordinator.schedules.weekly(OTHER_MAC) is None
    assert coordinator.schedules.weekly(MAC) is not None
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_read_that_a_write_overtook_is_not_kept() -> None:
    device = Device(mac_address=MAC, additional_value="5322")
    old, new = (models.ReservationSchedule(2, (models.ReservationEntry(raw),)) for raw in (MORNING, NIGHT))
    answer: asyncio.Future[models.ReservationSchedule] = asyncio.get_running_loop().create_future()

    async def read(_device: Device) -> models.ReservationSchedule:
        return await answer

    type Entries = models.WeeklySchedule[models.ReservationEntry]

    async def edit(_device: Device, change: Callable[[Entries], Entries]) -> ScheduleWrite[Entries]:
        return ScheduleWrite(outcome=WriteOutcome.WRITTEN, before=old, after=change(old), attempts=1)

    lists = KeptLists(read, edit, lambda each: models.ReservationSchedule(each.use, each.entries), lambda _mac: None)
    reading = asyncio.create_task(lists.async_read(device))
    await asyncio.sleep(0)
    await lists.async_edit(device, lambda _old: new)
    answer.set_result(old)
    assert (await reading).schedule == old
    kept = lists.get(MAC)
    assert kept is not None
    assert kept.schedule == new
