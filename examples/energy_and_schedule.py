"""Reads the energy usage and the schedule of a heater, changes one entry of the schedule, and restores it.

    python examples/energy_and_schedule.py                          with a simulated heater, nothing else needed
    python examples/energy_and_schedule.py --email you@example.com  with your own; it is only read

The password is prompted for. Nothing is written to your heater.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
import getpass
from pathlib import Path
import sys
from typing import TYPE_CHECKING

from nwp500 import (
    Device,
    MqttConnectionConfig,
    NavienAPIClient,
    NavienAuthClient,
    NavienError,
    NavienMqttClient,
    WriteOutcome,
)
from nwp500.models import EnergyAmount, ReservationEntry, ReservationSchedule, Weekday
from nwp500.protocol.queries import DEVICE_INFO

if TYPE_CHECKING:
    from simulator.process import SimulatorProcess

_REPOSITORY = Path(__file__).resolve().parent.parent
_WARMER = 4
"""Half-degrees Celsius."""

# As if somebody had entered it at the panel of the simulated heater: working days at 6:30, every day at 22:15.
_SCHEDULE: Mapping[str, object] = {
    "reservationUse": 2,
    "reservation": [
        {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": 3, "param": 110},
        {"enable": 2, "week": 254, "hour": 22, "min": 15, "mode": 1, "param": 98},
    ],
}


class EntryError(Exception):
    """The entry could not be changed or restored."""


def step(text: str) -> None:
    """Print the heading of a step."""
    print(f"\n== {text}", flush=True)


@asynccontextmanager
async def connected(auth_client: NavienAuthClient, config: MqttConnectionConfig) -> AsyncIterator[NavienMqttClient]:
    """Connect, and disconnect at the end."""
    client = NavienMqttClient(auth_client, config=config)
    try:
        await client.connect()
        yield client
    finally:
        await client.disconnect()


async def read(client: NavienMqttClient, device: Device) -> None:
    """Show energy and schedule."""
    await show_energy(client, device)
    step("The schedule")
    show_schedule(await client.queries.request_reservations(device))


async def show_energy(client: NavienMqttClient, device: Device) -> None:
    """Request this year by month and this month by day."""
    today = datetime.now().astimezone().date()
    step(f"Energy in {today.year}")
    year = await client.queries.request_energy_monthly(device, [today.year])
    for month in range(1, today.month + 1):
        show_amount(f"{today.year}-{month:02}", year.of_month(today.year, month))
    show_amount("since the installation", year.total)
    step("Energy in this month")
    days = await client.queries.request_energy_daily(device, today.year, [today.month])
    for day in range(1, today.day + 1):
        show_amount(f"{today.replace(day=day)}", days.of_day(today.year, today.month, day))


def show_amount(span: str, amount: EnergyAmount | None) -> None:
    """Print what was used; the heater counts in Wh, and what it does not report is None."""
    if amount is None or amount.energy is None or amount.elements is None:
        print(f"   {span}: not known", flush=True)
    else:
        print(f"   {span}: {amount.energy / 1000:.1f} kWh, elements {amount.elements / 1000:.1f} kWh", flush=True)


def show_schedule(schedule: ReservationSchedule) -> None:
    """List the entries, in the heater's local time."""
    print(f"   {'on' if schedule.is_on else 'off'}, entries: {len(schedule.entries)}", flush=True)
    for entry in schedule.entries:
        print(f"   {in_words(entry)}", flush=True)


def in_words(entry: ReservationEntry) -> str:
    """Describe an entry."""
    days = " ".join(day.name.capitalize()[:3] for day in Weekday if day in (entry.days or ()))
    mode = "unknown mode" if entry.mode is None else entry.mode.name.lower().replace("_", " ")
    active = "" if entry.is_enabled else " (switched off)"
    return f"{days} at {entry.hour:02}:{entry.minute:02}: {mode}, {entry.setpoint} °C{active}"


def warmer(entry: ReservationEntry) -> ReservationEntry:
    """Return an entry with a higher setpoint; everything else in it stays exactly as the heater has it."""
    if entry.setpoint_raw is None:
        raise EntryError("the setpoint of the entry is not known")
    return replace(entry, raw={**entry.raw, "param": entry.setpoint_raw + _WARMER})


async def put(client: NavienMqttClient, device: Device, entry: ReservationEntry) -> None:
    """Write an entry, and print the outcome."""
    write = await client.schedules.put_reservation(device, entry)
    print(f"   {write.outcome}, sent {write.attempts} time(s)", flush=True)
    if write.outcome not in (WriteOutcome.WRITTEN, WriteOutcome.ALREADY_SO):
        raise EntryError(f"the write ended as {write.outcome}")


async def with_simulator() -> None:
    """Read, change and restore, with a simulated heater that loses a write."""
    # The simulator is part of the repository and not of the installed package.
    sys.path.insert(0, str(_REPOSITORY))
    from simulator.process import SimulatorProcess

    step("Start a simulated heater and its cloud, and sign in")
    async with SimulatorProcess() as simulator:
        addresses = simulator.addresses
        config = MqttConnectionConfig(
            endpoint=addresses["mqtt_endpoint"], port=addresses["mqtt_port"], ca_file=addresses["ca_file"]
        )
        async with NavienAuthClient(
            addresses["email"], addresses["password"], base_url=addresses["api_url"]
        ) as auth_client:
            device = (await NavienAPIClient(auth_client).list_devices())[0]
            await simulator.schedules(device.mac_address, reservations=_SCHEDULE)
            async with connected(auth_client, config) as client:
                await read(client, device)
                await change_and_restore(simulator, client, device)


async def change_and_restore(simulator: SimulatorProcess, client: NavienMqttClient, device: Device) -> None:
    """Make one entry warmer and restore it; each write returns its outcome."""
    # Once the limits of the heater are known, a new setpoint is validated against them.
    await client.queries.request(device, DEVICE_INFO)
    before = await client.queries.request_reservations(device)
    entry = before.entries[0]

    step(f"Make one entry warmer: {in_words(entry)}")
    await put(client, device, warmer(entry))
    show_schedule(await client.queries.request_reservations(device))

    step("Restore it; the heater loses the first write without an error, as happens")
    await simulator.fault("lose_write")
    await put(client, device, entry)
    after = await client.queries.request_reservations(device)
    show_schedule(after)
    if not after.is_same_as(before):
        raise EntryError("the schedule was not restored")


async def with_own_heater(email: str) -> None:
    """Read, and nothing else."""
    password = getpass.getpass(f"Password of {email}: ")
    async with NavienAuthClient(email, password) as auth_client:
        devices = await NavienAPIClient(auth_client).list_devices()
        print(f"   heaters in this account: {len(devices)}")
        if devices:
            async with connected(auth_client, MqttConnectionConfig()) as client:
                await read(client, devices[0])


def main() -> int:
    """Return 0 when everything worked."""
    parser = argparse.ArgumentParser(description="Reads energy and schedule; changes an entry and restores it.")
    parser.add_argument("--email", help="use your own account instead of the simulator; the password is prompted for")
    arguments = parser.parse_args()
    try:
        asyncio.run(with_own_heater(arguments.email) if arguments.email else with_simulator())
    except (NavienError, EntryError, TimeoutError) as error:
        print(f"ended early: {error or 'no response in time'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
