"""What a status of one heater costs the event loop, with 1 heater and with 40: `python -m benchmarks.status_cost`.

Two Home Assistants in one process take turns, so that whatever else the machine does meets both alike; medians are
compared. Measured is the time from the bytes of a status to the states of its entities, and how many of them were
written, for a status that repeats the last one and for one with another temperature.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
import gc
from statistics import median
import tempfile
from time import perf_counter
from unittest.mock import patch

from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import orjson
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from simulator.process import SimulatorProcess

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


async def set_up(stack: AsyncExitStack, heaters: int) -> Account:
    """Set the integration up and wait until every heater has reported."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    simulator = await stack.enter_async_context(SimulatorProcess("--heaters", str(heaters)))
    hass = await stack.enter_async_context(async_test_home_assistant(config_dir=folder))
    hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
    addresses = simulator.addresses
    server = {key: addresses[key] for key in ("api_url", "mqtt_endpoint", "mqtt_port", "ca_file")}
    data = {"email": addresses["email"], "password": addresses["password"], "private_server": server}
    entry = MockConfigEntry(domain=DOMAIN, data=data, unique_id="20002", minor_version=2)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    stack.push_async_callback(hass.config_entries.async_unload, entry.entry_id)
    coordinator: NavilinkCoordinator = entry.runtime_data
    async with asyncio.timeout(60):
        while any(heater.status is None or heater.feature is None for heater in coordinator.data.values()):  # noqa: ASYNC110 - only at the start
            await asyncio.sleep(0.1)
    await hass.async_block_till_done()
    return Account(hass, coordinator)


async def main() -> None:
    """Measure and print."""
    async with AsyncExitStack() as stack:
        # Home Assistant's own resolver would look for devices on the network.
        resolver = "homeassistant.helpers.aiohttp_client._async_get_or_create_resolver"
        stack.enter_context(patch(resolver, lambda _: ThreadedResolver()))
        stack.enter_context(patch.object(Entity, "async_write_ha_state", counting(Entity.async_write_ha_state)))
        accounts = {heaters: await set_up(stack, heaters) for heaters in HEATERS}
        gc.freeze()
        for name, temperatures in (("unchanged", (500, 500)), ("changed", (500, 501))):
            times: dict[int, list[float]] = {heaters: [] for heaters in HEATERS}
            for account in accounts.values():
                # Whatever the start has left to be shown.
                await account.milliseconds(tankUpperTemperature=temperatures[-1])
            WRITES.clear()
            for round_number in range(ROUNDS):
                for heaters, account in accounts.items():
                    temperature = temperatures[round_number % len(temperatures)]
                    times[heaters].append(await account.milliseconds(tankUpperTemperature=temperature))
            for heaters, account in accounts.items():
                writes = WRITES[account.hass] / ROUNDS
                print(f"{name} status, {heaters} heaters: {median(times[heaters]):.3f} ms, {writes:g} states written")
            few, many = (median(times[heaters]) for heaters in HEATERS)
            print(f"{name} status, {HEATERS[1]} heaters / {HEATERS[0]}: {many / few:.2f} (target {TARGET})")


if __name__ == "__main__":
    asyncio.run(main())
