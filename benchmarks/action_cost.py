"""What queue, store, pacing and guard cost while connected: `python -m benchmarks.action_cost`.

The time from giving a target temperature to its bytes being written, by turns in one run against one simulator. A
client or entity is called bare when it has none of the integration: the bare client is one with its defaults, and the
bare entity a water heater in the same Home Assistant that does nothing but publish through that client. The bare
action calls that entity, so that both sides of the comparison pay for Home Assistant's own part.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
import gc
from statistics import median
from time import perf_counter
from typing import Any, override
from unittest.mock import patch

from homeassistant.components.water_heater import WaterHeaterEntity
from homeassistant.components.water_heater.const import DATA_COMPONENT, WaterHeaterEntityFeature
from homeassistant.const import ATTR_TEMPERATURE, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from custom_components.navilink.config import queue_settings
from custom_components.navilink.nwp500 import (
    Device,
    MqttConnectionConfig,
    NavienAPIClient,
    NavienAuthClient,
    NavienMqttClient,
)
from custom_components.navilink.nwp500.protocol.queries import STATUS
from custom_components.navilink.nwp500.transport.aws import AwsTransport
from simulator.process import SimulatorProcess

from .figures import Figure
from .report import run_alone
from .support.home import home_assistant, make_entry, set_up

ROUNDS = 16
MIN_SHARE = 0.8
# A heater takes the next control only after a pause of two seconds, so each way has a heater of its own.
HEATERS = 6
PAUSE = 0.43

COMPARISONS = (
    ("integration's client", "bare client"),
    ("entity method", "bare client"),
    ("entity method", "bare entity method"),
    ("action", "bare action"),
    ("action", "bare client"),
)

type Give = Callable[[int], Awaitable[object]]


class BareWaterHeater(WaterHeaterEntity):
    """A water heater that publishes its target temperature and knows nothing else."""

    _attr_should_poll = False
    _attr_supported_features = WaterHeaterEntityFeature.TARGET_TEMPERATURE
    _attr_temperature_unit = UnitOfTemperature.FAHRENHEIT
    _attr_current_operation = "eco"

    def __init__(self, client: NavienMqttClient, device: Device) -> None:
        self._client = client
        self._device = device
        self.entity_id = f"water_heater.bare_{device.mac_address}"

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        await self._client.set_dhw_temperature(self._device, kwargs[ATTR_TEMPERATURE])


class WrittenAt:
    """Notes when a control is written to the connection."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def noting(self, publish: Callable[..., int]) -> Callable[..., int]:
        """Wrap the transport's publish."""

        def noting_publish(transport: AwsTransport, topic: str, body: bytes, qos: int, on_done: object) -> int:
            if topic.endswith("/ctrl"):
                self.moments.append(perf_counter())
            return publish(transport, topic, body, qos, on_done)

        return noting_publish


async def milliseconds(written: WrittenAt, give: Give, temperature: int) -> float | None:
    """Give one target temperature; return the time from the call to the writing, if that was not put off."""
    written.moments.clear()
    # What is thrown away between two measurements is not a cost of the next one.
    gc.collect()
    since = perf_counter()
    await give(temperature)
    return (written.moments[0] - since) * 1000 if written.moments else None


def call_action(hass: HomeAssistant, entity_id: str) -> Give:
    """Return the action that sets a temperature, as an automation calls it."""

    async def call(temperature: int) -> None:
        data = {"entity_id": entity_id, ATTR_TEMPERATURE: temperature}
        await hass.services.async_call("water_heater", "set_temperature", data, blocking=True)

    return call


async def measure(hass: HomeAssistant, simulator: SimulatorProcess, written: WrittenAt) -> dict[str, float]:
    """Take all ways by turns, so that whatever else the machine does hits them alike."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    entry = make_entry(hass, simulator)
    await set_up(hass, entry)
    addresses = simulator.addresses
    async with NavienAuthClient(addresses["email"], addresses["password"], base_url=addresses["api_url"]) as auth:
        devices = await NavienAPIClient(auth).list_devices()
        config = MqttConnectionConfig(
            endpoint=addresses["mqtt_endpoint"], port=addresses["mqtt_port"], ca_file=addresses["ca_file"]
        )
        bare = NavienMqttClient(auth, config=config)
        integrated = NavienMqttClient(auth, config=replace(config, client_id="integrated", **queue_settings({})))
        for client in (bare, integrated):
            await client.connect()
            for device in devices:
                await client.queries.request(device, STATUS)
        # What is there by now does not have to be looked through again and again.
        gc.freeze()
        times = await take_times(await ways_to_give(hass, bare, integrated, devices), written)
        await bare.disconnect()
        await integrated.disconnect()
    await hass.config_entries.async_unload(entry.entry_id)
    return {name: median(taken) for name, taken in times.items()}


async def ways_to_give(
    hass: HomeAssistant, bare: NavienMqttClient, integrated: NavienMqttClient, devices: Sequence[Device]
) -> dict[str, Give]:
    """Return the ways to give a target temperature, each to a heater of its own."""
    water_heaters = hass.data[DATA_COMPONENT]
    entity, acted_on = list(water_heaters.entities)[:2]
    own = {entity.unique_id, acted_on.unique_id}
    free = [device for device in devices if not any((id_ or "").startswith(device.mac_address) for id_ in own)]
    bare_entity, bare_acted_on = BareWaterHeater(bare, free[0]), BareWaterHeater(bare, free[1])
    await water_heaters.async_add_entities([bare_entity, bare_acted_on])
    return {
        "bare client": lambda temperature: bare.set_dhw_temperature(free[2], temperature),
        "integration's client": lambda temperature: integrated.set_dhw_temperature(free[3], temperature),
        "bare entity method": lambda temperature: bare_entity.async_set_temperature(temperature=temperature),
        "entity method": lambda temperature: entity.async_set_temperature(temperature=temperature),
        "bare action": call_action(hass, bare_acted_on.entity_id),
        "action": call_action(hass, acted_on.entity_id),
    }


async def take_times(ways: Mapping[str, Give], written: WrittenAt) -> dict[str, list[float]]:
    """Return the milliseconds that each way took in each round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(ROUNDS):
        # The one that comes first is another one each time.
        first = round_number % len(ways)
        for index, name in enumerate([*ways][first:] + [*ways][:first]):
            temperature = 110 + (round_number * len(ways) + index) % 35
            taken = await milliseconds(written, ways[name], temperature)
            # On a busy machine the heater's pause may not be over yet; that it is kept is not what is measured here.
            if taken is not None:
                times[name].append(taken)
            await asyncio.sleep(PAUSE)
    if any(len(taken) < ROUNDS * MIN_SHARE for taken in times.values()):
        raise SystemExit("too many commands had to wait for their heater's pause")
    return times


async def measured() -> list[Figure]:
    """Measure every way, and put those beside each other that differ by one part."""
    written = WrittenAt()
    with patch.object(AwsTransport, "publish", written.noting(AwsTransport.publish)):
        async with SimulatorProcess("--heaters", str(HEATERS)) as simulator, home_assistant() as hass:
            medians = await measure(hass, simulator, written)
    return [
        Figure(
            name=f"action to bytes: {name}, beside {baseline}",
            value=medians[name],
            beside=medians[baseline],
            unit="ms",
        )
        for name, baseline in COMPARISONS
    ]


if __name__ == "__main__":
    run_alone(measured)
