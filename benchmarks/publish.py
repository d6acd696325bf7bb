"""What the client adds to the bare AWS runtime, on loopback: `python -m benchmarks.publish` (about half a minute).

Both ways share one mosquitto (which has to be installed) in one run and take turns, so that whatever else the machine
does meets them alike. Bare is the runtime as `awscrt` has it, with nothing but `orjson.loads` for what arrives.

Publish: from `publish()` to its PUBACK on the event loop, the median. Statuses: how many of a heater's recorded status
are taken in each second, from the first to the last of a burst that another process publishes.
"""

import asyncio
from collections.abc import Callable
import gc
from pathlib import Path
from statistics import median
import sys
import tempfile
import time

from awscrt import mqtt
import orjson

from nwp500 import Device, MqttConnectionConfig, NavienMqttClient
from nwp500.transport.aws import AwsRuntime, AwsTransport
from nwp500.transport.base import MessageListener, SigningCredentials, Transport
from tests.client.support.credentials import InventedCredentials
from tests.client.support.mosquitto import MOSQUITTO, Mosquitto

MESSAGES = 300
STATUSES = 600
"""Fewer than mosquitto queues for a client."""
ROUNDS = 7
PUBLISH_TARGET = 1.15
STATUS_TARGET = 2.0

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
with socket.create_connection(("127.0.0.1", port)) as link:
    link.sendall(packet(0x10, b"\\0\\4MQTT\\4\\2\\0\\x3c" + struct.pack("!H", len(name)) + name))
    link.recv(4)
    head = struct.pack("!H", len(topic)) + topic
    link.sendall(packet(0x30, head + body) * count)
    link.shutdown(socket.SHUT_WR)
    link.recv(1)
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


class Transports:
    """Makes the transports of a client and keeps the last."""

    def __init__(self, config: MqttConnectionConfig) -> None:
        self._runtime = AwsRuntime(config)
        self.last: AwsTransport | None = None

    async def make(self, credentials: SigningCredentials, on_message: MessageListener) -> Transport:
        """Make one."""
        transport = await self._runtime.make_transport(credentials, on_message)
        assert isinstance(transport, AwsTransport)  # noqa: S101 - the one kind that the runtime makes
        self.last = transport
        return transport


def config_of(broker: Mosquitto) -> MqttConnectionConfig:
    """Return how to reach the broker, without a limit of the rate."""
    return MqttConnectionConfig(endpoint="localhost", port=broker.port, ca_file=broker.ca_file, max_publish_rate=None)


async def bare_connection(broker: Mosquitto, on_message: Callable[[], None]) -> mqtt.Connection:
    """Connect the runtime alone; what arrives on its topic is decoded on the runtime's thread."""
    transports = Transports(config_of(broker))
    transport = await transports.make(InventedCredentials().current_tokens, lambda _topic, _body: None)
    await transport.open()
    assert transports.last is not None  # noqa: S101 - made above
    native = transports.last._connection  # noqa: SLF001 - the bare one

    def arrived(payload: bytes, **_: object) -> None:
        orjson.loads(payload)
        on_message()

    subscribed, _ = native.subscribe(_BARE_TOPIC, mqtt.QoS.AT_LEAST_ONCE, arrived)
    await asyncio.wrap_future(subscribed)
    return native


async def publish_seconds(client: NavienMqttClient, native: mqtt.Connection) -> tuple[float, float]:
    """Return the medians of both ways, bare first."""
    bare, ours = [], []
    for number in range(MESSAGES):
        began = time.perf_counter()
        future, _ = native.publish("benchmark/publish", orjson.dumps({"n": number}), mqtt.QoS.AT_LEAST_ONCE)
        await asyncio.wrap_future(future)
        between = time.perf_counter()
        await client.publish("benchmark/publish", {"n": number})
        ours.append(time.perf_counter() - between)
        bare.append(between - began)
    return median(bare), median(ours)


async def rate_of(broker: Mosquitto, topic: str, arrivals: Arrivals, body: bytes) -> float:
    """Have a burst published, and return how many messages were taken in each second."""
    gc.collect()
    arrivals.done.clear()
    flood = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _FLOOD, str(broker.plain_port), topic, str(STATUSES), stdin=asyncio.subprocess.PIPE
    )
    await flood.communicate(body)
    await arrivals.done.wait()
    return arrivals.rate


async def measured(broker: Mosquitto) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return seconds and rates of both ways, bare first."""
    loop = asyncio.get_running_loop()
    bare_arrivals, our_arrivals = Arrivals(loop), Arrivals(loop)
    native = await bare_connection(broker, bare_arrivals.arrived)
    client = NavienMqttClient(InventedCredentials(), config=config_of(broker))
    await client.connect()
    await client.subscribe_device(_DEVICE)
    client.on("status_received", lambda _: our_arrivals.arrived())
    # The first time only for warmth.
    await publish_seconds(client, native)
    seconds = await publish_seconds(client, native)
    body = orjson.dumps(orjson.loads(_STATUS.read_bytes()))
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(await rate_of(broker, _BARE_TOPIC, bare_arrivals, body))
        ours.append(await rate_of(broker, _OUR_TOPIC, our_arrivals, body))
    await client.disconnect()
    await asyncio.wrap_future(native.disconnect())
    return seconds, (median(bare), median(ours))


async def main() -> None:
    """Measure and print."""
    if MOSQUITTO is None:
        raise SystemExit("mosquitto is not installed")
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder))
        await broker.start()
        try:
            (bare, ours), (bare_rate, our_rate) = await measured(broker)
        finally:
            await broker.stop()
    print(f"publish to PUBACK, bare runtime: {bare * 1e6:.0f} µs")
    print(f"publish to PUBACK, client: {ours * 1e6:.0f} µs, ratio {ours / bare:.2f} (target {PUBLISH_TARGET:g})")
    print(f"statuses a second, bare runtime: {bare_rate:.0f}")
    print(f"statuses a second, client: {our_rate:.0f}, ratio {bare_rate / our_rate:.2f} (target {STATUS_TARGET:g})")


if __name__ == "__main__":
    asyncio.run(main())
