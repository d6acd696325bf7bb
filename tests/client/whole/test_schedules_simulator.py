"""Queries and schedule writes over real connections to simulated heaters, which were made without this client."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from nwp500 import NavienMqttClient, WriteOutcome
from nwp500.enums import FirmwarePart, ReservationMode
from nwp500.exceptions import ScheduleReadError, UnsupportedCommandError
from nwp500.heaters.schedule_editor import ScheduleWrite
from nwp500.models import RecirculationEntry, ReservationEntry, TouPeriod, Weekday
from simulator.state import ScheduleState
from tests.client.support.days import EVERY_DAY, WORKING_DAYS
from tests.client.support.stage import MAC, Stage
from tests.client.support.steps import reported, requests

OTHER_MAC = "0478630a1b2d"
pytestmark = pytest.mark.asyncio(loop_scope="module")

MORNING = ReservationEntry.of(WORKING_DAYS, 6, 30, ReservationMode.HIGH_DEMAND, 120)
NIGHT = ReservationEntry.of(EVERY_DAY, 22, 15, ReservationMode.POWER_OFF, 98)
PERIOD = TouPeriod(
    season=4095,
    week=254,
    start_hour=15,
    start_minute=0,
    end_hour=20,
    end_minute=59,
    price_min_raw=38967,
    price_max_raw=38967,
)


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2", "--reply-delay", "0.01")


async def schedule(stage: Stage, mac_address: str = MAC) -> ScheduleState:
    """Return the weekly schedule that a heater has stored."""
    return (await stage.heater(mac_address))["schedules"]["reservations"]


def written[ContentT](write: ScheduleWrite[ContentT], attempts: int = 1) -> None:
    """Check that a write landed, and after how many attempts."""
    assert (write.outcome, write.attempts) == (WriteOutcome.WRITTEN, attempts)


async def connected(stage: Stage) -> NavienMqttClient:
    """Connect a client whose first heater has reported what it has."""
    client = await stage.connected()
    await reported(client, stage.device)
    return client


@pytest.mark.parametrize("form", ["both", "json", "hex"])
async def test_a_schedule_entry_by_entry(stage: Stage, form: str) -> None:
    client = await connected(stage)
    await stage.simulator.fault("schedule_form", form=form)
    schedules = client.schedules
    await schedules.clear_reservations(stage.device)
    written(await schedules.put_reservation(stage.device, MORNING))
    written(await schedules.set_reservation_use(stage.device, on=True))
    written(await schedules.put_reservation(stage.device, NIGHT))
    assert await schedule(stage) == {"reservationUse": 2, "reservation": [MORNING.raw, NIGHT.raw]}
    written(await schedules.remove_reservation(stage.device, MORNING))
    assert await schedule(stage) == {"reservationUse": 2, "reservation": [NIGHT.raw]}
    read = await client.queries.request_reservations(stage.device)
    assert (read.is_on, read.entries) == (True, (NIGHT,))


async def test_the_schedules_of_two_heaters_are_apart(stage: Stage) -> None:
    client = await connected(stage)
    other = next(device for device in stage.devices if device.mac_address == OTHER_MAC)
    await asyncio.gather(
        client.schedules.replace_reservations(stage.device, [MORNING], on=True),
        client.schedules.replace_reservations(other, [NIGHT], on=True),
    )
    assert (await schedule(stage))["reservation"] == [MORNING.raw]
    assert (await schedule(stage, OTHER_MAC))["reservation"] == [NIGHT.raw]


async def test_a_write_that_is_lost_is_repeated(stage: Stage) -> None:
    client = await connected(stage)
    await stage.simulator.fault("lose_write")
    written(await client.schedules.replace_reservations(stage.device, [MORNING], on=True), attempts=2)
    assert len(await requests(stage, "ctrl/rsv/rd")) == 2
    assert await schedule(stage) == {"reservationUse": 2, "reservation": [MORNING.raw]}


async def test_a_write_that_takes_its_time(stage: Stage) -> None:
    client = await connected(stage)
    await stage.simulator.fault("slow_write", seconds=3)
    written(await client.schedules.replace_reservations(stage.device, [MORNING], on=True))
    assert len(await requests(stage, "ctrl/rsv/rd")) == 1


async def test_nothing_is_written_when_the_heater_does_not_answer(stage: Stage) -> None:
    client = await connected(stage)
    before = await schedule(stage)
    await stage.simulator.fault("silent", suffix="st/rsv/rd")
    with pytest.raises(ScheduleReadError):
        await client.schedules.put_reservation(stage.device, MORNING)
    assert await requests(stage, "ctrl/rsv/rd") == []
    assert await schedule(stage) == before


async def test_a_recirculation_schedule(stage: Stage) -> None:
    client = await connected(stage)
    entry = RecirculationEntry.of([Weekday.SUNDAY], 9, 0, pump_on=True)
    await stage.simulator.device(MAC, feature={"recircReservationUse": 1})
    await reported(client, stage.device)
    with pytest.raises(UnsupportedCommandError):
        await client.schedules.put_recirculation(stage.device, entry)
    await stage.simulator.device(MAC, feature={"recircReservationUse": 2})
    await reported(client, stage.device)
    written(await client.schedules.put_recirculation(stage.device, entry))
    assert (await stage.heater())["schedules"]["recirculation"]["reservation"] == [entry.raw]
    assert (await client.queries.request_recirculation_schedule(stage.device)).entries == (entry,)


async def test_a_time_of_use_plan(stage: Stage) -> None:
    client = await connected(stage)
    written(await client.schedules.write_tou(stage.device, [PERIOD], on=True))
    assert (await stage.heater())["schedules"]["tou"] == {"reservationUse": 2, "reservation": [PERIOD.as_message()]}


async def test_energy(stage: Stage) -> None:
    client = await connected(stage)
    today = datetime.fromisoformat((await stage.heater())["local_time"])
    last_month = today.replace(day=1) - timedelta(days=1)
    days = await client.queries.request_energy_daily(stage.device, last_month.year, [last_month.month])
    months = await client.queries.request_energy_monthly(stage.device, [last_month.year])
    (period,) = days.periods
    assert len(period.amounts) == last_month.day
    whole = months.of_month(last_month.year, last_month.month)
    assert whole is not None
    assert whole.energy is not None
    # Each figure is a whole number, so the days may lack up to 1 Wh each of heat pump and elements.
    assert 0 <= whole.energy - sum(amount.energy or 0 for amount in period.amounts) <= 2 * last_month.day
    assert days.total == months.total
    assert (days.total.energy or 0) >= whole.energy > 0


async def test_diagnostics_are_those_of_the_energy_query(stage: Stage) -> None:
    client = await connected(stage)
    counters = await client.queries.request_diagnostics(stage.device)
    total = (await client.queries.request_energy_monthly(stage.device, [datetime.now(UTC).year])).total
    assert (counters.system.heat_pump_energy, counters.system.element_energy) == (total.heat_pump, total.elements)
    assert None not in counters.parts.decoded().values()


async def test_firmware_that_was_downloaded(stage: Stage) -> None:
    client = await connected(stage)
    assert await client.queries.request_firmware_download(stage.device) == ()
    await stage.simulator.fault("firmware_download", version=184877057)
    (download,) = await client.queries.request_firmware_download(stage.device)
    assert (download.part, download.version) == (FirmwarePart.CONTROLLER, "11.5.0.1")
