"""Schedules of simulated heaters: entries in wire form, and waiting for what the integration knows of them."""

import asyncio
from collections.abc import Callable, Mapping

from homeassistant.core import callback

from custom_components.navilink.coordinator import NavilinkCoordinator
from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC
from tests.integration.waiting import DEADLINE

# Monday to Friday at 6:30: high demand, 60 °C (140 °F). Every day at 22:15: off.
MORNING = {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": 4, "param": 120}
NIGHT = {"enable": 2, "week": 254, "hour": 22, "min": 15, "mode": 5, "param": 98}
# By older software: a mode that has no name.
STRANGE = {"enable": 2, "week": 2, "hour": 1, "min": 0, "mode": 6, "param": 200}
# Every day at 6:00: pump on.
PUMP_ON = {"enable": 2, "week": 254, "hour": 6, "min": 0, "mode": 2, "param": -1}


def wire(*entries: Mapping[str, int], on: bool = True) -> Mapping[str, object]:
    """Return a list as the heater has it."""
    return {"reservationUse": 2 if on else 1, "reservation": [dict(entry) for entry in entries]}


async def wait_until(coordinator: NavilinkCoordinator, holds: Callable[[], bool], mac_address: str = MAC) -> None:
    """Wait until something holds, looking with every update of a heater."""
    happened = asyncio.Event()

    @callback
    def look() -> None:
        if holds():
            happened.set()

    stop = coordinator.async_add_listener(look, mac_address)
    try:
        look()
        async with asyncio.timeout(DEADLINE):
            await happened.wait()
    finally:
        stop()


async def wait_for_weekly(
    coordinator: NavilinkCoordinator, *entries: Mapping[str, int], mac_address: str = MAC
) -> None:
    """Wait until these entries are known as the weekly schedule of a heater."""

    def is_known() -> bool:
        schedule = coordinator.schedules.weekly(mac_address)
        return schedule is not None and [dict(entry.raw) for entry in schedule.entries] == list(entries)

    await wait_until(coordinator, is_known, mac_address)


async def stored(simulator: SimulatorProcess, name: str = "reservations", mac_address: str = MAC) -> object:
    """Return what a heater has stored of a schedule, in wire form."""
    schedules: Mapping[str, object] = dict((await simulator.state())["heaters"][mac_address]["schedules"])
    return schedules[name]


async def asked(simulator: SimulatorProcess, suffix: str) -> int:
    """Return how many requests of the integration were received on topics with this end."""
    return sum(message["topic"].endswith(f"/{suffix}") for message in (await simulator.state())["received"])
