"""Queries and schedules against heaters of nothing but recorded messages; every value is worked out from those."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from nwp500 import Device, NavienMqttClient, WriteOutcome, queries
from nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from nwp500.heaters.schedule_editor import ScheduleWrite
from nwp500.models import Diagnostics, EnergyUsage, FirmwareDownload, RecirculationEntry, ReservationEntry, TouPeriod
from nwp500.protocol.queries import Query
from tests.client.support.days import EVERY_DAY, WEEKEND, WORKING_DAYS
from tests.client.support.fixture_client import connected
from tests.client.support.fixture_heater import (
    MAC,
    RECIRCULATION_MAC,
    REPLIES,
    FixtureService,
    Json,
    fixture_service,
    response_of,
)
from tests.client.support.mosquitto import MOSQUITTO
from tests.client.support.steps import reported

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed")

SCHEDULE: list[dict[str, int]] = response_of("reservations_json")["reservation"]
RECIRCULATION: list[dict[str, int]] = response_of("recirculation_schedule_json")["reservation"]
PLAN: list[dict[str, int]] = response_of("tou_write_echo")["reservation"]
PERIODS = tuple(TouPeriod.from_message(period) for period in PLAN)
EVENING = {"enable": 2, "week": 254, "hour": 20, "min": 0, "mode": 1, "param": 98}
SUNDAY = {"enable": 2, "week": 128, "hour": 9, "min": 0, "mode": 2, "param": -1}
DAYS = {124: WORKING_DAYS, 130: WEEKEND, 254: EVERY_DAY}


@asynccontextmanager
async def heaters(
    directory: Path, mac_address: str = MAC
) -> AsyncIterator[tuple[FixtureService, NavienMqttClient, Device]]:
    """Connect a client to the recorded heaters and have one of them report what it has."""
    async with fixture_service(directory, "status_idle") as service, connected(service) as (client, devices):
        await reported(client, devices[mac_address])
        yield service, client, devices[mac_address]


def writes(service: FixtureService) -> list[Json]:
    """Return what was written to the heaters, in order."""
    return [asked["request"] for asked in service.heaters.requests if "/ctrl/" in asked["requestTopic"]]


def assert_ended(write: ScheduleWrite[object], outcome: WriteOutcome, attempts: int) -> None:
    """Check what became of a write."""
    assert (write.outcome, write.attempts) == (outcome, attempts)


# --- Queries ----------------------------------------------------------------------------------------------------------


async def test_the_weekly_schedule(tmp_path: Path) -> None:
    async with heaters(tmp_path) as (_, client, device):
        schedule = await client.queries.request_reservations(device)
        assert schedule.use == response_of("reservations_json")["reservationUse"] == 2
        assert schedule.is_on is True
        for entry, raw in zip(schedule.entries, SCHEDULE, strict=True):
            assert (entry.is_enabled, entry.days) == (raw["enable"] == 2, DAYS[raw["week"]])
            assert (entry.hour, entry.minute, entry.mode) == (raw["hour"], raw["min"], raw["mode"])
            assert (entry.setpoint, entry.setpoint_raw) == (raw["param"] / 2, raw["param"])


async def test_the_recirculation_schedule(tmp_path: Path) -> None:
    async with heaters(tmp_path, RECIRCULATION_MAC) as (_, client, device):
        schedule = await client.queries.request_recirculation_schedule(device)
        assert schedule.is_on is (response_of("recirculation_schedule_json")["reservationUse"] == 2)
        for entry, raw in zip(schedule.entries, RECIRCULATION, strict=True):
            assert (entry.is_enabled, entry.pump_on) == (raw["enable"] == 2, raw["mode"] == 2)
            assert (entry.slot, entry.parameter) == ((raw["week"], raw["hour"], raw["min"]), -1)


async def test_a_heater_without_recirculation_is_not_asked_for_its_schedule(tmp_path: Path) -> None:
    async with heaters(tmp_path) as (service, client, device):
        asked = len(service.heaters.requests)
        with pytest.raises(UnsupportedCommandError):
            await client.queries.request_recirculation_schedule(device)
        assert len(service.heaters.requests) == asked


def assert_amounts(usage: EnergyUsage, recorded: Json) -> None:
    """Check every number of an energy reply, and that what is summed up is the sum."""
    assert usage.kind == recorded["typeOfUsage"]
    total = recorded["total"]
    assert usage.total.energy == total["hpUsage"] + total["heUsage"]
    assert (usage.total.heat_pump_hours, usage.total.element_hours) == (total["hpTime"], total["heTime"])
    for period, raw_period in zip(usage.periods, recorded["usage"], strict=True):
        assert (period.year, period.month) == (raw_period["year"], raw_period.get("month"))
        for amount, raw in zip(period.amounts, raw_period["data"], strict=True):
            assert (amount.heat_pump, amount.elements) == (raw["hpUsage"], raw["heUsage"])
            assert amount.energy == raw["hpUsage"] + raw["heUsage"]
            assert (amount.heat_pump_hours, amount.element_hours) == (raw["hpTime"], raw["heTime"])


async def test_energy_by_days_and_by_months(tmp_path: Path) -> None:
    async with heaters(tmp_path) as (_, client, device):
        daily, monthly = response_of("energy_daily"), response_of("energy_monthly")
        days = await client.queries.request_energy_daily(device, 2026, [9])
        assert_amounts(days, daily)
        last = daily["usage"][0]["data"][29]
        thirtieth = days.of_day(2026, 9, 30)
        assert thirtieth is not None
        assert thirtieth.raw == last
        months = await client.queries.request_energy_monthly(device, [2025, 2026])
        assert_amounts(months, monthly)
        september = months.of_month(2026, 9)
        assert september is not None
        assert september.raw == monthly["usage"][1]["data"][8]
        # One and the same month, asked for in both ways.
        assert september.heat_pump == sum(day["hpUsage"] for day in daily["usage"][0]["data"])


def values_of(counters: Diagnostics) -> Json:
    """Return every counter under its name on the wire."""
    blocks = (counters.system, counters.draws, counters.parts)
    return {
        member.wire_name: getattr(block, name) for block in blocks for name, member in type(block).members().items()
    }


@pytest.mark.parametrize("mac_address", [MAC, RECIRCULATION_MAC])
async def test_diagnostics(tmp_path: Path, mac_address: str) -> None:
    async with heaters(tmp_path, mac_address) as (_, client, device):
        counters = await client.queries.request_diagnostics(device)
        recorded = response_of("diagnostics")["data"]
        assert values_of(counters) == recorded["tsData"] | recorded["tdData"] | recorded["taData"]
        energy = await client.queries.request_energy_daily(device, 2026, [9])
        assert counters.system.heat_pump_energy == energy.total.heat_pump == 1301880


async def test_no_firmware_waits_and_none_is_installed(tmp_path: Path) -> None:
    async with heaters(tmp_path) as (service, client, device):
        assert await client.queries.request_firmware_download(device) == ()
        waiting = FirmwareDownload({"swCode": 1, "otaMode": 1, "swVersion": 184877056, "status": 1})
        with pytest.raises(InvalidParameterError, match="that the heater has downloaded"):
            await client.queries.install_firmware(device, waiting)
        assert writes(service) == []


async def test_every_recorded_reply_is_asked_for_by_a_query_or_a_write(tmp_path: Path) -> None:
    async with heaters(tmp_path, RECIRCULATION_MAC) as (service, client, device):
        await client.queries.request_energy_daily(device, 2026, [9])
        await client.queries.request_energy_monthly(device, [2025, 2026])
        for query in (queries.RESERVATIONS, queries.RECIRCULATION_SCHEDULE, queries.FIRMWARE_DOWNLOAD):
            await client.queries.request(device, query)
        await client.queries.request_diagnostics(device)
        await client.schedules.clear_reservations(device)
        await client.schedules.write_tou(device, PERIODS, on=True)
        assert service.heaters.reported == REPLIES
    asked = {message["requestTopic"].split("/", 3)[3] for message in service.heaters.requests}
    suffixes = {query.suffix for query in vars(queries).values() if isinstance(query, Query)}
    # No heater was seen to answer these.
    assert suffixes - asked <= {queries.ENERGY_HOURLY.suffix, queries.SESSION_END.suffix}


# --- Schedule writes --------------------------------------------------------------------------------------------------


async def test_a_schedule_is_cleared_and_written_back(tmp_path: Path) -> None:
    async with heaters(tmp_path) as (service, client, device):
        cleared = await client.schedules.clear_reservations(device)
        assert_ended(cleared, WriteOutcome.WRITTEN, 1)
        assert (await client.queries.request_reservations(device)).entries == ()
        entries = [ReservationEntry(raw) for raw in SCHEDULE]
        restored = await client.schedules.replace_reservations(device, entries, on=True)
        assert_ended(restored, WriteOutcome.WRITTEN, 1)
        assert restored.after == cleared.before
        assert [(write["reservationUse"], write["reservation"]) for write in writes(service)] == [
            (1, []),
            (2, SCHEDULE),
        ]


async def test_what_is_there_already_is_not_written(tmp_path: Path) -> None:
    async with heaters(tmp_path, RECIRCULATION_MAC) as (service, client, device):
        for raw in SCHEDULE:
            write = await client.schedules.put_reservation(device, ReservationEntry(raw))
            assert_ended(write, WriteOutcome.ALREADY_SO, 0)
        for raw in RECIRCULATION:
            entry = RecirculationEntry(raw)
            assert_ended(await client.schedules.put_recirculation(device, entry), WriteOutcome.ALREADY_SO, 0)
        schedule = await client.schedules.set_reservation_use(device, on=True)
        assert_ended(schedule, WriteOutcome.ALREADY_SO, 0)
        absent = await client.schedules.remove_reservation(device, ReservationEntry(EVENING))
        assert_ended(absent, WriteOutcome.ALREADY_SO, 0)
        assert writes(service) == []


async def test_the_time_of_use_plan_is_written_as_it_is_echoed(tmp_path: Path) -> None:
    async with heaters(tmp_path) as (service, client, device):
        write = await client.schedules.write_tou(device, PERIODS, on=True)
        assert_ended(write, WriteOutcome.WRITTEN, 1)
        (written,) = writes(service)
        assert (written["reservation"], written["reservationUse"]) == (PLAN, 2)
        assert written["controllerSerialNumber"] == "00000000BT00000001"
        assert write.after is not None
        for period, raw in zip(write.after, PLAN, strict=True):
            assert period.months is not None
            assert sorted(period.months) == [month for month in range(1, 13) if raw["season"] // 2 ** (month - 1) % 2]
            assert period.weekdays == DAYS[raw["week"]]
            assert period.start == time(raw["startHour"], raw["startMinute"])
            assert period.end == time(raw["endHour"], raw["endMinute"])
            assert period.price_max == Decimal(raw["priceMax"]) / 10 ** raw["decimalPoint"]


@pytest.mark.slow
async def test_a_write_that_a_heater_never_shows_is_reported_as_lost(tmp_path: Path) -> None:
    async with heaters(tmp_path, RECIRCULATION_MAC) as (service, client, device):
        schedule, recirculation, tou, hours = await asyncio.gather(
            client.schedules.put_reservation(device, ReservationEntry(EVENING)),
            client.schedules.put_recirculation(device, RecirculationEntry(SUNDAY)),
            client.schedules.write_tou(device, PERIODS[:1], on=True),
            client.queries.request_energy_hourly(device, 2026, 9, [11]),
        )
        assert_ended(schedule, WriteOutcome.LOST, 3)
        assert schedule.after == schedule.before
        assert_ended(recirculation, WriteOutcome.LOST, 3)
        assert_ended(tou, WriteOutcome.UNKNOWN, 1)
        assert hours is None
        lists = [write["reservation"] for write in writes(service)]
        assert lists.count([*SCHEDULE, EVENING]) == lists.count([*RECIRCULATION, SUNDAY]) == 3
