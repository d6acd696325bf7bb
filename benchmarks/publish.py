"""What the client adds to the bare AWS runtime while connected: `python -m benchmarks.publish`.

Both ways share one mosquitto (which has to be installed) in one run and take turns, so that whatever else the machine
does meets them alike. Latency: from `publish()` to its PUBACK on the event loop, one message at a time. Processor time:
of this process with the runtime's threads, in each message. Throughput: many calls at once, with the same number of
messages in flight.
"""

import asyncio
from collections.abc import Awaitable, Callable
import gc
from itertools import batched
from statistics import median
import time

from awscrt import mqtt
import orjson

from nwp500 import NavienMqttClient
from tests.client.support.credentials import InventedCredentials
from tests.client.support.mosquitto import Mosquitto

from .figures import Figure, ratio_at_most
from .report import run_alone
from .support import bare
from .support.brokers import broker_process, config_of
from .support.noting import NotingRuntime
from .support.sampling import percentile

MESSAGES = 4000
BLOCK = 200
"""Messages between two readings of the processor time."""
BURST = 2000
ROUNDS = 5
WINDOW = 100
P50_TARGET = 1.15
P99_TARGET = 1.3
TOPIC = "benchmark/publish"

type Publish = Callable[[int], Awaitable[object]]


async def latencies(ways: tuple[Publish, Publish]) -> tuple[list[float], list[float]]:
    """Return the seconds of each message, the ways taking turns message by message."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(MESSAGES):
        for way, seconds in zip(ways, taken, strict=True):
            began = time.perf_counter()
            await way(number)
            seconds.append(time.perf_counter() - began)
    return taken


async def processor_seconds(ways: tuple[Publish, Publish]) -> tuple[float, float]:
    """Return the median of the processor time of a message, the ways taking turns block by block."""
    taken: tuple[list[float], list[float]] = ([], [])
    for block in batched(range(MESSAGES), BLOCK, strict=True):
        for way, seconds in zip(ways, taken, strict=True):
            began = time.process_time()
            for number in block:
                await way(number)
            seconds.append((time.process_time() - began) / BLOCK)
    return median(taken[0]), median(taken[1])


async def many_at_once(broker: Mosquitto, native: mqtt.Connection) -> Figure:
    """Measure the throughput, round by round."""
    config = config_of(broker, max_publish_rate=None, max_in_flight=WINDOW, max_queued_commands=2 * BURST)
    runtime = NotingRuntime(config)
    client = NavienMqttClient(InventedCredentials(), config=config, make_transport=runtime.make_transport)
    await client.connect()
    window = bare.Window(native, TOPIC, WINDOW)
    bare_rates, our_rates = [], []
    for _ in range(ROUNDS):
        gc.collect()
        bare_rates.append(BURST / await window.seconds(orjson.dumps({"n": number}) for number in range(BURST)))
        gc.collect()
        everything = runtime.notes.expect(BURST)
        began = time.perf_counter()
        # The first waits for its PUBACK, the others line up behind it.
        await asyncio.gather(*(client.publish(TOPIC, {"n": number}) for number in range(BURST)))
        await everything.wait()
        our_rates.append(BURST / (time.perf_counter() - began))
    await client.disconnect()
    return Figure(
        name=f"throughput, {WINDOW} in flight", value=median(our_rates), beside=median(bare_rates), unit="messages/s"
    )


async def compared(broker: Mosquitto) -> list[Figure]:
    """Measure both on one broker."""
    native = await bare.connect(await asyncio.to_thread(bare.make_client, broker.ca_file), broker.port, "bare")
    client = NavienMqttClient(InventedCredentials(), config=config_of(broker, max_publish_rate=None))
    await client.connect()
    figures = [*await one_at_a_time(client, native), await many_at_once(broker, native)]
    await client.disconnect()
    await asyncio.wrap_future(native.disconnect())
    return figures


async def one_at_a_time(client: NavienMqttClient, native: mqtt.Connection) -> list[Figure]:
    """Measure latency and processor time."""

    async def publish_bare(number: int) -> None:
        future, _ = native.publish(TOPIC, orjson.dumps({"n": number}), mqtt.QoS.AT_LEAST_ONCE)
        await asyncio.wrap_future(future)

    ways: tuple[Publish, Publish] = (publish_bare, lambda number: client.publish(TOPIC, {"n": number}))
    # The first time only for warmth.
    await latencies(ways)
    gc.collect()
    bare_seconds, our_seconds = await latencies(ways)
    bare_processor, our_processor = await processor_seconds(ways)
    return [
        *(
            Figure(
                name=f"publish to PUBACK, {percent} % of the messages within",
                value=percentile(our_seconds, percent) * 1e6,
                beside=percentile(bare_seconds, percent) * 1e6,
                unit="µs",
                target=ratio_at_most(limit),
            )
            for percent, limit in ((50, P50_TARGET), (99, P99_TARGET))
        ),
        Figure(name="processor time of a message", value=our_processor * 1e6, beside=bare_processor * 1e6, unit="µs"),
    ]


async def measured() -> list[Figure]:
    """Measure latency, processor time and throughput."""
    async with broker_process() as broker:
        return await compared(broker)


if __name__ == "__main__":
    run_alone(measured)
