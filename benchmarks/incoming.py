"""How many statuses are taken in each second: `python -m benchmarks.incoming`.

A heater's recorded status comes in bursts from another process by one mosquitto, to the client and to the bare runtime
by turns. Bare is `orjson.loads` on the runtime's thread and nothing else. The rate is that from the first to the last
message of a burst. How soon the system wakes a thread differs from one burst to the next, for both sides together: so
compared are bursts that follow each other, and reported is the pair whose ratio is in the middle. The processor time of
this process for a message, the runtime's threads included, does not depend on that.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import gc
from pathlib import Path
import sys
import time

from awscrt import mqtt
import orjson

from nwp500 import Device, NavienMqttClient
from tests.client.support.credentials import InventedCredentials
from tests.client.support.mosquitto import Mosquitto

from .figures import Figure, ratio_at_least
from .report import run_alone
from .support import bare
from .support.brokers import broker_process, config_of

STATUSES = 600
"""Fewer than mosquitto queues for a client."""
ROUNDS = 21
"""Pairs, an odd number, beside a first one for warmth."""
TARGET = 0.5

_STATUS = Path(__file__).parent.parent / "tests" / "fixtures" / "status_heat_pump_heating.json"
_DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")
_BARE_TOPIC = "bare/status"
_OUR_TOPIC = "cmd/52/navilink-0478630a1b2c/benchmark/res"

_FLOOD = """
import socket, struct, sys
port, topic, count = int(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
body = sys.stdin.buffer.read()
def packet(kind, content):
    length, rest = b"", len(content)
    while True:
        length += bytes((rest & 127 | (128 if rest > 127 else 0),))
        rest >>= 7
        if not rest:
            return bytes((kind,)) + length + content
name = b"flood"
with socket.create_connection(("127.0.0.1", port)) as plain:
    plain.sendall(packet(0x10, b"\\0\\4MQTT\\4\\2\\0\\x3c" + struct.pack("!H", len(name)) + name))
    plain.recv(4)
    head = struct.pack("!H", len(topic)) + topic
    plain.sendall(packet(0x30, head + body) * count)
    plain.shutdown(socket.SHUT_WR)
    plain.recv(1)
"""


class Arrivals:
    """Counts the messages of a burst, and notes when the first and the last arrived."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._count = 0
        self._first = self._last = 0.0
        self.done = asyncio.Event()

    def arrived(self) -> None:
        """Take note of one, on any thread."""
        self._count += 1
        if self._count == 1:
            self._first = time.perf_counter()
        if self._count == STATUSES:
            self._last = time.perf_counter()
            self._count = 0
            self._loop.call_soon_threadsafe(self.done.set)

    @property
    def rate(self) -> float:
        """Messages in each second."""
        return (STATUSES - 1) / (self._last - self._first)


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst gave."""

    rate: float
    """Messages taken in each second."""
    processor_seconds: float
    """Of this process, in each message."""


async def burst(broker: Mosquitto, topic: str, arrivals: Arrivals, body: bytes) -> Burst:
    """Have a burst published and taken."""
    gc.collect()
    arrivals.done.clear()
    flood = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _FLOOD, str(broker.plain_port), topic, str(STATUSES), stdin=asyncio.subprocess.PIPE
    )
    began = time.process_time()
    await flood.communicate(body)
    await arrivals.done.wait()
    return Burst(arrivals.rate, (time.process_time() - began) / STATUSES)


def middle(pairs: Sequence[tuple[Burst, Burst]], measure: Callable[[Burst], float]) -> tuple[float, float]:
    """Return both values of the pair whose ratio is in the middle of all."""
    values = [(measure(ours), measure(bare_burst)) for ours, bare_burst in pairs]
    return sorted(values, key=lambda pair: pair[0] / pair[1])[len(values) // 2]


async def compared(broker: Mosquitto) -> list[Figure]:
    """Measure both on one broker."""
    loop = asyncio.get_running_loop()
    bare_arrivals, our_arrivals = Arrivals(loop), Arrivals(loop)

    def take_bare(body: bytes) -> None:
        orjson.loads(body)
        bare_arrivals.arrived()

    native = await bare.connect(
        await asyncio.to_thread(bare.make_client, broker.ca_file), broker.port, "bare", take_bare
    )
    await asyncio.wrap_future(native.subscribe(_BARE_TOPIC, mqtt.QoS.AT_LEAST_ONCE)[0])
    client = NavienMqttClient(InventedCredentials(), config=config_of(broker, max_publish_rate=None))
    await client.connect()
    await client.subscribe_device(_DEVICE)
    client.on("status_received", lambda _: our_arrivals.arrived())
    body = orjson.dumps(orjson.loads(_STATUS.read_bytes()))
    pairs = []
    for _ in range(ROUNDS + 1):
        bare_burst = await burst(broker, _BARE_TOPIC, bare_arrivals, body)
        pairs.append((await burst(broker, _OUR_TOPIC, our_arrivals, body), bare_burst))
    await client.disconnect()
    await asyncio.wrap_future(native.disconnect())
    rate, bare_rate = middle(pairs[1:], lambda each: each.rate)
    processor, bare_processor = middle(pairs[1:], lambda each: each.processor_seconds)
    return [
        Figure(
            name="statuses taken in a second",
            value=rate,
            beside=bare_rate,
            unit="messages/s",
            target=ratio_at_least(TARGET),
        ),
        Figure(name="processor time of a status", value=processor * 1e6, beside=bare_processor * 1e6, unit="µs"),
    ]


async def measured() -> list[Figure]:
    """Measure the rate and the processor time."""
    async with broker_process() as broker:
        return await compared(broker)


if __name__ == "__main__":
    run_alone(measured)
