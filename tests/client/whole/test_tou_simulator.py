"""Costly time-of-use windows from end to end: the plan, what is held back in a window, and what lands after it."""

from datetime import time
from decimal import Decimal

import pytest

from nwp500 import CommandOutcome, DeviceStatus, NavienAPIClient, NavienMqttClient, WriteOutcome, heater_commands
from nwp500.enums import DhwMode, ReservationMode
from nwp500.models import ReservationEntry, TouPeriod
from nwp500.protocol.queries import DEVICE_INFO, STATUS
from tests.client.support.days import EVERY_DAY
from tests.client.support.heater_clock import lived, stopped_at
from tests.client.support.stage import MAC, PATIENCE, Stage
from tests.client.support.steps import setpoint_command
from tests.client.whole.test_outcomes import CAREFUL

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL_YEAR = range(1, 13)
PLAN = (
    TouPeriod.of(ALL_YEAR, EVERY_DAY, time(0), time(14, 59), Decimal("0.12345")),
    TouPeriod.of(ALL_YEAR, EVERY_DAY, time(15), time(20, 59), Decimal("0.38967")),
    TouPeriod.of(ALL_YEAR, EVERY_DAY, time(21), time(23, 59), Decimal("0.12345")),
)
HOUR = 60


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--reply-delay", "0.01")


async def status_of(client: NavienMqttClient, stage: Stage) -> DeviceStatus:
    """Ask the heater for its status."""
    return DeviceStatus.from_message(await client.queries.request(stage.device, STATUS))


async def with_plan(stage: Stage, **settings: object) -> NavienMqttClient:
    """Connect a client and have it write the plan; it is half past two in the afternoon, the heat pump is chosen."""
    await stopped_at(stage, 14)
    await lived(stage, minutes=30)
    await stage.simulator.device(MAC, dhwOperationSetting=DhwMode.HEAT_PUMP)
    client = await stage.connected(**settings)
    await client.queries.request(stage.device, STATUS)
    await client.queries.request(stage.device, DEVICE_INFO)
    assert (await client.schedules.write_tou(stage.device, PLAN, on=True)).outcome is WriteOutcome.WRITTEN
    return client


async def outcome_of(client: NavienMqttClient, stage: Stage, mode: DhwMode) -> CommandOutcome:
    """Write a mode and return its outcome."""
    handle = await client.submit(heater_commands.dhw_mode(stage.device, mode))
    return (await handle.outcome(timeout=PATIENCE)).outcome


async def test_a_plan_written_over_the_connection_is_read_from_the_service(stage: Stage) -> None:
    client = await with_plan(stage)
    feature = client.feature(stage.device)
    assert feature is not None
    assert feature.serial_number is not None
    registered = await NavienAPIClient(stage.auth_client).tou.read(stage.device, feature.serial_number)
    assert registered is not None
    assert registered.plan.periods == PLAN
    assert registered.controller_id == feature.serial_number


async def test_the_window_opens_and_closes_with_the_plan(stage: Stage) -> None:
    client = await with_plan(stage)
    windows = []
    # It is 14:30; then 14:59, 15:00, 20:59, the last costly minute, and 21:00.
    for minutes in (0, 29, 1, 359, 1):
        await lived(stage, minutes=minutes)
        status = await status_of(client, stage)
        windows.append((status.tou_enabled, status.is_in_tou_window))
    assert windows == [(True, False), (True, False), (True, True), (True, True), (True, False)]


async def test_a_mode_written_in_a_window_is_held_and_lands_when_it_closes(stage: Stage) -> None:
    client = await with_plan(stage, **CAREFUL)
    await lived(stage, minutes=HOUR)
    assert await outcome_of(client, stage, DhwMode.HIGH_DEMAND) is CommandOutcome.HELD
    for _ in range(5):
        assert (await status_of(client, stage)).dhw_mode is DhwMode.HEAT_PUMP
        await lived(stage, minutes=HOUR)
    await lived(stage, minutes=HOUR)
    status = await status_of(client, stage)
    assert (status.is_in_tou_window, status.dhw_mode) == (False, DhwMode.HIGH_DEMAND)
    assert await stage.applied() == [("ctrl/tou/rd", []), ("dhw-mode", [4])]


async def test_a_held_mode_lands_when_time_of_use_is_switched_off(stage: Stage) -> None:
    client = await with_plan(stage)
    await lived(stage, minutes=HOUR)
    assert await outcome_of(client, stage, DhwMode.ENERGY_SAVER) is CommandOutcome.HELD
    await client.schedules.write_tou(stage.device, PLAN, on=False)
    await lived(stage, minutes=1)
    status = await status_of(client, stage)
    assert (status.tou_enabled, status.is_in_tou_window, status.dhw_mode) == (False, False, DhwMode.ENERGY_SAVER)


@pytest.mark.parametrize("settings", [{}, CAREFUL])
async def test_heat_pump_over_a_held_mode_cancels_it(stage: Stage, settings: dict[str, object]) -> None:
    client = await with_plan(stage, **settings)
    await lived(stage, minutes=HOUR)
    assert await outcome_of(client, stage, DhwMode.ELECTRIC) is CommandOutcome.HELD
    assert await outcome_of(client, stage, DhwMode.HEAT_PUMP) is CommandOutcome.CONFIRMED
    await lived(stage, minutes=7 * HOUR)
    assert (await status_of(client, stage)).dhw_mode is DhwMode.HEAT_PUMP
    assert await stage.applied() == [("ctrl/tou/rd", []), ("dhw-mode", [2]), ("dhw-mode", [1])]


async def test_heat_pump_cancels_also_what_somebody_else_has_held(stage: Stage) -> None:
    client = await with_plan(stage, **CAREFUL)
    await lived(stage, minutes=HOUR)
    await stage.simulator.fault("app_control", command=33554437, value=DhwMode.HIGH_DEMAND, mac=MAC)
    assert (await status_of(client, stage)).dhw_mode is DhwMode.HEAT_PUMP
    assert await outcome_of(client, stage, DhwMode.HEAT_PUMP) is CommandOutcome.CONFIRMED
    await lived(stage, minutes=7 * HOUR)
    assert (await status_of(client, stage)).dhw_mode is DhwMode.HEAT_PUMP


async def test_now_and_then_a_mode_is_taken_at_once(stage: Stage) -> None:
    client = await with_plan(stage)
    await lived(stage, minutes=HOUR)
    await stage.simulator.fault("mode_let_through")
    assert await outcome_of(client, stage, DhwMode.HIGH_DEMAND) is CommandOutcome.CONFIRMED


async def test_setpoint_power_and_vacation_are_not_held(stage: Stage) -> None:
    client = await with_plan(stage)
    await lived(stage, minutes=HOUR)
    device = stage.device
    for command in (
        setpoint_command(device, 130),
        heater_commands.dhw_mode(device, 5, 7),
        heater_commands.power(device, on=False),
        heater_commands.power(device, on=True),
    ):
        handle = await client.submit(command)
        assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED


async def test_an_element_mode_ends_when_a_window_opens(stage: Stage) -> None:
    client = await with_plan(stage)
    assert await outcome_of(client, stage, DhwMode.HIGH_DEMAND) is CommandOutcome.CONFIRMED
    await lived(stage, minutes=31)
    status = await status_of(client, stage)
    assert (status.is_in_tou_window, status.dhw_mode) == (True, DhwMode.HEAT_PUMP)


async def test_of_an_entry_that_fires_in_a_window_the_setpoint_applies_and_the_mode_waits(stage: Stage) -> None:
    client = await with_plan(stage)
    entry = ReservationEntry.of(EVERY_DAY, 16, 0, ReservationMode.HIGH_DEMAND, 110)
    await client.schedules.replace_reservations(stage.device, [entry], on=True)
    await lived(stage, minutes=2 * HOUR)
    status = await status_of(client, stage)
    assert (status.is_in_tou_window, status.dhw_mode) == (True, DhwMode.HEAT_PUMP)
    assert status.dhw_temperature_setting_raw == 110
    await lived(stage, minutes=5 * HOUR)
    status = await status_of(client, stage)
    assert (status.is_in_tou_window, status.dhw_mode) == (False, DhwMode.HIGH_DEMAND)
