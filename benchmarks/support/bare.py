"""The bare AWS runtime: a connection made with `awscrt` alone, and no more around it than an asyncio program needs."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
import time

from awscrt import io, mqtt

# As the client sets them: what the runtime itself does for a message has to be the same on both sides.
_KEEP_ALIVE_SECONDS = 60
_PING_TIMEOUT_MS = 5000
_OPERATION_TIMEOUT_MS = 10_000


def make_client(ca_file: str) -> mqtt.Client:
    """Read the certificates and make what the connections of a process share; blocks, so not on the event loop."""
    options = io.TlsContextOptions()
    options.override_default_trust_store(Path(ca_file).read_bytes())
    return mqtt.Client(io.ClientBootstrap.get_or_create_static_default(), io.ClientTlsContext(options))


async def connect(
    client: mqtt.Client, port: int, client_id: str, on_message: Callable[[bytes], None] = lambda _: None
) -> mqtt.Connection:
    """Connect to a broker here that verifies no signature; `on_message` gets bodies on the runtime's thread."""
    connection = make_connection(client, port, client_id)
    connection.on_message(lambda payload, **_: on_message(payload))
    await asyncio.wrap_future(connection.connect())
    return connection


def make_connection(client: mqtt.Client, port: int, client_id: str) -> mqtt.Connection:
    """Return a connection that is not open yet."""
    return mqtt.Connection(
        client,
        "localhost",
        port,
        client_id,
        clean_session=True,
        keep_alive_secs=_KEEP_ALIVE_SECONDS,
        ping_timeout_ms=_PING_TIMEOUT_MS,
        protocol_operation_timeout_ms=_OPERATION_TIMEOUT_MS,
        use_websockets=True,
        disable_metrics=True,
    )


class Window:
    """Publishes bodies with no more than so many unacknowledged, each PUBACK taken in on the event loop."""

    def __init__(self, connection: mqtt.Connection, topic: str, size: int) -> None:
        self._connection = connection
        self._topic = topic
        self._size = size
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._in_flight = 0
        self._finished = asyncio.Event()

    async def seconds(self, bodies: Iterable[bytes]) -> float:
        """Return the seconds from the first write to the last PUBACK."""
        self._waiting.extend(bodies)
        self._finished.clear()
        began = time.perf_counter()
        self._fill()
        await self._finished.wait()
        return time.perf_counter() - began

    def _fill(self) -> None:
        while self._waiting and self._in_flight < self._size:
            self._in_flight += 1
            body = self._waiting.popleft()
            future, _ = self._connection.publish(self._topic, body, mqtt.QoS.AT_LEAST_ONCE)
            future.add_done_callback(self._native_acknowledged)

    def _native_acknowledged(self, done: Future[object]) -> None:
        self._loop.call_soon_threadsafe(self._acknowledged, done)

    def _acknowledged(self, done: Future[object]) -> None:
        done.result()
        self._in_flight -= 1
        self._fill()
        if not self._in_flight:
            self._finished.set()
