"""What a status of one heater costs the event loop, with 1 heater and with 40: `python -m benchmarks.status_cost`.

Two Home Assistants in one process take turns, so that whatever else the machine does meets both alike; medians are
compared. Measured is the time from the bytes of a status to the states of its entities, and how many of them were
written, for a status that repeats the last one and for one with another temperature.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
import gc
from statistics import median
from time import perf_counter
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import orjson

from custom_components.navilink.coordinator import NavilinkCoordinator
from simulator.process import SimulatorProcess

from .figures import Figure, ratio_at_most
from .report import run_alone
from .support.home import home_assistant, make_entry, set_up

HEATERS = (1, 40)
ROUNDS = 200
TARGET = 1.5


WRITES: Counter[HomeAssistant] = Counter()
"""How many states were written, by Home Assistant."""


def counting(write: Callable[[Entity], None]) -> Callable[[Entity], None]:
    """Wrap what writes a state."""

    def counting_write(entity: Entity) -> None:
        WRITES[entity.hass] += 1
        write(entity)

    return counting_write


class Account:
    """An account in a Home Assistant of its own."""

    def __init__(self, hass: HomeAssistant, coordinator: NavilinkCoordinator) -> None:
        self.hass = hass
        self._coordinator = coordinator
        self._mac_address = next(iter(coordinator.data))

    async def milliseconds(self, **members: int) -> float:
        """Let the first heater report its last status, but for some members; return how long that kept the loop."""
        status = self._coordinator.data[self._mac_address].status
        last = {} if status is None else status.raw
        message = {"response": {"macAddress": self._mac_address, "status": {**last, **members}}}
        topic, body = f"cmd/52/navilink-{self._mac_address}/res/st", orjson.dumps(message)
        done = asyncio.Event()
        gc.collect()
        since = perf_counter()
        self._coordinator.client._deliver(topic, body)  # noqa: SLF001 - where the transport hands messages over
        # Called after the update that this has scheduled.
        self.hass.loop.call_soon(done.set)
        await done.wait()
        return (perf_counter() - since) * 1000


async def account_of(stack: AsyncExitStack, heaters: int) -> Account:
    """Set the integration up and wait until every heater has reported."""
    simulator = await stack.enter_async_context(SimulatorProcess("--heaters", str(heaters)))
    hass = await stack.enter_async_context(home_assistant())
    entry = make_entry(hass, simulator)
    coordinator = await set_up(hass, entry)
    stack.push_async_callback(hass.config_entries.async_unload, entry.entry_id)
    return Account(hass, coordinator)


async def figures_of(name: str, accounts: Mapping[int, Account], temperatures: tuple[int, int]) -> list[Figure]:
    """Measure one kind of status with both accounts by turns."""
    times: dict[int, list[float]] = {heaters: [] for heaters in accounts}
    for account in accounts.values():
        # Whatever the start has left to be shown.
        await account.milliseconds(tankUpperTemperature=temperatures[-1])
    WRITES.clear()
    for round_number in range(ROUNDS):
        for heaters, account in accounts.items():
            temperature = temperatures[round_number % len(temperatures)]
            times[heaters].append(await account.milliseconds(tankUpperTemperature=temperature))
    few, many = (median(times[heaters]) for heaters in HEATERS)
    return [
        Figure(
            name=f"message to state, {name}, {HEATERS[1]} heaters beside {HEATERS[0]}",
            value=many,
            beside=few,
            unit="ms",
            target=ratio_at_most(TARGET),
        ),
        Figure(
            name=f"states written, {name}, {HEATERS[1]} heaters beside {HEATERS[0]}",
            value=WRITES[accounts[HEATERS[1]].hass] / ROUNDS,
            beside=WRITES[accounts[HEATERS[0]].hass] / ROUNDS,
            unit="",
        ),
    ]


async def measured() -> list[Figure]:
    """Measure a status that repeats the last one, and one with another temperature."""
    async with AsyncExitStack() as stack:
        stack.enter_context(patch.object(Entity, "async_write_ha_state", counting(Entity.async_write_ha_state)))
        accounts = {heaters: await account_of(stack, heaters) for heaters in HEATERS}
        gc.freeze()
        return [
            *await figures_of("unchanged status", accounts, (500, 500)),
            *await figures_of("changed status", accounts, (500, 501)),
        ]


if __name__ == "__main__":
    run_alone(measured)
