"""What queue, store, pacing and guard cost while connected: `python -m benchmarks.action_cost` (about 150 s).

The time from giving a set point to its bytes being written, side by side against one simulator: with the bare client,
with the client as the integration configures it, through the entity, and as a whole action. The bare action does
nothing but publish through the bare client.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median
import tempfile
from time import perf_counter
from unittest.mock import patch

from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import MqttConnectionConfig, NavienAPIClient, NavienAuthClient, NavienMqttClient
from custom_components.navilink.nwp500.aws_link import AwsLink
from custom_components.navilink.nwp500.queries import STATUS
from simulator.process import SimulatorProcess

ROUNDS = 12
HEATER = "water_heater.nwp500"
# Longer than the integration's pause between two controls.
PAUSE = 2.3

type Give = Callable[[int], Awaitable[object]]


class WrittenAt:
    """Notes when a control is written to the link."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def noting(self, publish: Callable[..., int]) -> Callable[..., int]:
        """Wrap the link's publish."""

        def noting_publish(link: AwsLink, topic: str, body: bytes, qos: int, on_done: object) -> int:
            if topic.endswith("/ctrl"):
                self.moments.append(perf_counter())
            return publish(link, topic, body, qos, on_done)

        return noting_publish


async def milliseconds(written: WrittenAt, give: Give, temperature: int) -> float:
    """Give one set point; return the time from the call to the writing."""
    written.moments.clear()
    since = perf_counter()
    await give(temperature)
    return (written.moments[0] - since) * 1000


async def set_up(hass: HomeAssistant, simulator: SimulatorProcess) -> MockConfigEntry:
    """Set the integration up in a real Home Assistant and wait for its heater."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
    addresses = simulator.addresses
    server = {key: addresses[key] for key in ("api_url", "mqtt_endpoint", "mqtt_port", "ca_file")}
    data = {"email": addresses["email"], "password": addresses["password"], "private_server": server}
    entry = MockConfigEntry(domain=DOMAIN, data=data, unique_id="20002")
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    async with asyncio.timeout(30):
        while (state := hass.states.get(HEATER)) is None or state.state in ("unknown", "unavailable"):  # noqa: ASYNC110 - only at the start
            await asyncio.sleep(0.1)
    return entry


async def measure(hass: HomeAssistant, simulator: SimulatorProcess, written: WrittenAt) -> dict[str, float]:
    """Take all three ways in turn, so that whatever else the machine does hits them alike."""
    entry = await set_up(hass, simulator)
    entity = hass.data["entity_components"]["water_heater"].get_entity(HEATER)
    addresses = simulator.addresses
    auth = NavienAuthClient(addresses["email"], addresses["password"], base_url=addresses["api_url"])
    async with auth:
        (device,) = await NavienAPIClient(auth).list_devices()
        config = MqttConnectionConfig(
            endpoint=addresses["mqtt_endpoint"], port=addresses["mqtt_port"], ca_file=addresses["ca_file"]
        )
        client = NavienMqttClient(auth, config=config)
        await client.connect()
        await client.subscribe_device(device)
        as_integrated = replace(
            config,
            client_id="careful",
            coalesce_commands=True,
            guard_commands=True,
            skip_settled=True,
            expire_by_class=True,
        )
        careful = NavienMqttClient(auth, config=as_integrated)
        await careful.connect()
        await careful.request(device, STATUS)

        async def publish_only(call: ServiceCall) -> None:
            await client.set_dhw_temperature(device, call.data["temperature"])

        hass.services.async_register("bare", "set_temperature", publish_only)
        ways: dict[str, Give] = {
            "bare client": lambda temperature: client.set_dhw_temperature(device, temperature),
            "integration's client": lambda temperature: careful.set_dhw_temperature(device, temperature),
            "entity method": lambda temperature: entity.async_set_temperature(temperature=temperature),
            "bare action": lambda temperature: hass.services.async_call(
                "bare", "set_temperature", {"temperature": temperature}, blocking=True
            ),
            "whole action": lambda temperature: hass.services.async_call(
                "water_heater", "set_temperature", {"entity_id": HEATER, "temperature": temperature}, blocking=True
            ),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for round_number in range(ROUNDS):
            for index, (name, give) in enumerate(ways.items()):
                temperature = 110 + (round_number * len(ways) + index) % 35
                times[name].append(await milliseconds(written, give, temperature))
                await asyncio.sleep(PAUSE)
        await client.disconnect()
        await careful.disconnect()
    await hass.config_entries.async_unload(entry.entry_id)
    return {name: median(taken) for name, taken in times.items()}


async def main() -> None:
    """Measure and print."""
    written = WrittenAt()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(AwsLink, "publish", written.noting(AwsLink.publish)),
        # Home Assistant's own resolver would look for devices on the network.
        patch("homeassistant.helpers.aiohttp_client._async_get_or_create_resolver", lambda _: ThreadedResolver()),
    ):
        async with SimulatorProcess() as simulator, async_test_home_assistant(config_dir=folder) as hass:
            medians = await measure(hass, simulator, written)
    for name, taken in medians.items():
        print(f"{name}: {taken:.3f} ms to the writing, {taken / medians['bare client']:.2f} times the bare client")


if __name__ == "__main__":
    asyncio.run(main())
