"""What is on its way between Home Assistant and the simulator, so that time does not jump meanwhile.

The service's limits are real: 100 messages a second, and one CONNECT a second of a client. At a thousand times real
time the integration would break both without doing anything wrong, so they are kept for it.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
import os
from pathlib import Path
import re
import socket
import stat
import time
from types import SimpleNamespace
from typing import Any, override
from unittest.mock import patch

import aiohttp
from awscrt import mqtt
import orjson

from .fast_time import FastClock

_PUBLISHES_A_SECOND = 80
"""The service grants 100."""
_CONNECT_SECONDS = 1.1
"""From one accepted CONNECT of a client to the next one."""
_REPLY_SECONDS = 1.5
"""Real time in which a heater's reply arrives, however slow the machine is."""
_REQUEST = re.compile(r"cmd/.*navilink-([0-9a-f]{12})/")

_monotonic, _sleep = time.monotonic, time.sleep


class Traffic:
    """Watches the AWS runtime's connections and every HTTP request of this process."""

    def __init__(self, clock: FastClock) -> None:
        self.clock = clock
        self.silent: Counter[str] = Counter()
        """MAC addresses from which no replies are to be expected, with the number of reasons."""
        self.sent: Counter[str] = Counter()
        """Requests to each heater by its MAC address."""
        self.ports: set[int] = set()
        """Of the brokers."""
        self.connects = 0
        """Accepted."""
        self._published_at: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_PUBLISHES_A_SECOND))
        self._connected_at: dict[str, float] = {}

    @contextmanager
    def watched(self) -> Generator[None]:
        """Watch while the context lasts."""
        traffic = self

        class Connection(mqtt.Connection):  # type: ignore[misc]  # awscrt has no types
            @override
            def __init__(self, **members: Any) -> None:
                super().__init__(**members)
                self._watched_id = str(members["client_id"])

            @override
            def connect(self) -> Future[Any]:
                traffic.wait_to_connect(self._watched_id)
                native = traffic.watch(super().connect())
                native.add_done_callback(lambda done: traffic.connected(self._watched_id, done))
                return native

            @override
            def disconnect(self) -> Future[Any]:
                return traffic.watch(super().disconnect())

            @override
            def on_message(self, callback: Callable[..., None]) -> None:
                def heard(topic: str, payload: bytes, **members: object) -> None:
                    callback(topic=topic, payload=payload, **members)
                    traffic.received(payload)

                super().on_message(heard)

            @override
            def subscribe(self, topic: str, qos: mqtt.QoS, callback: Any = None) -> tuple[Future[Any], int]:
                native, packet_id = super().subscribe(topic, qos, callback)
                return traffic.watch(native), packet_id

            @override
            def publish(self, topic: str, payload: Any, qos: mqtt.QoS, retain: bool = False) -> tuple[Future[Any], int]:
                traffic.publishing(self._watched_id, topic, payload)
                native, packet_id = super().publish(topic, payload, qos, retain)
                return traffic.watch(native), packet_id

        with ExitStack() as stack:
            stack.enter_context(patch.object(mqtt, "Connection", Connection))
            stack.enter_context(self._requests_watched())
            yield

    def watch[T](self, native: Future[T]) -> Future[T]:
        """Count an operation of the runtime as on its way until it is done."""
        if not native.done():
            self.clock.begin(native)
            native.add_done_callback(self.clock.end)
        return native

    def publishing(self, client_id: str, topic: str, payload: bytes) -> None:
        """Keep to the service's rate, and expect the reply to a request."""
        recent = self._published_at[client_id]
        now = _monotonic()
        if len(recent) == recent.maxlen and (wait := recent[0] + 1.0 - now) > 0:
            _sleep(wait)
        recent.append(_monotonic())
        if (found := _REQUEST.match(topic)) is None:
            return
        self.sent[found[1]] += 1
        if not self.silent[found[1]] and (session := _session_of(payload)) is not None:
            self.clock.begin(session, _REPLY_SECONDS)

    def received(self, payload: bytes) -> None:
        """Expect the reply that this is no longer."""
        if (session := _session_of(payload)) is not None:
            self.clock.end(session)

    def wait_to_connect(self, client_id: str) -> None:
        """Keep to the service's rate of CONNECTs, and forget clients that are gone."""
        for known in [known for known, then in self._published_at.items() if _monotonic() - then[-1] > 1.0]:
            del self._published_at[known]
        if (wait := self._connected_at.get(client_id, -_CONNECT_SECONDS) + _CONNECT_SECONDS - _monotonic()) > 0:
            _sleep(wait)

    def connected(self, client_id: str, done: Future[object]) -> None:
        """Note how an attempt to connect has ended."""
        if not done.cancelled() and done.exception() is None:
            self.connects += 1
            _send_at_once(self.ports)
            self._connected_at = {client_id: _monotonic()} | {
                known: then for known, then in self._connected_at.items() if _monotonic() - then < _CONNECT_SECONDS
            }

    @contextmanager
    def _requests_watched(self) -> Generator[None]:
        trace = aiohttp.TraceConfig()

        async def begin(_session: object, context: SimpleNamespace, _parameters: object) -> None:
            self.clock.begin(id(context))

        async def end(_session: object, context: SimpleNamespace, _parameters: object) -> None:
            self.clock.end(id(context))

        trace.on_request_start.append(begin)
        trace.on_request_end.append(end)
        trace.on_request_exception.append(end)
        make = aiohttp.ClientSession.__init__

        def watched(session: aiohttp.ClientSession, *arguments: Any, **members: Any) -> None:  # noqa: ANN401 - those of the class
            make(session, *arguments, **members, trace_configs=[trace])

        with patch.object(aiohttp.ClientSession, "__init__", watched):
            yield


def _send_at_once(ports: AbstractSet[int]) -> None:
    """Have the runtime's connections to these ports send small packets at once.

    In real time nobody notices that one which follows another one soon waits up to 40 ms for the other's TCP
    acknowledgement. When 30 s are a few milliseconds, it does so every time.
    """
    for link in Path("/proc/self/fd").iterdir():
        try:
            if not stat.S_ISSOCK(link.stat().st_mode):
                continue
            with socket.socket(fileno=os.dup(int(link.name))) as connection:
                if connection.family == socket.AF_INET and connection.getpeername()[1] in ports:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            # Closed by now, or not connected.
            continue


def _session_of(payload: bytes | str) -> str | None:
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    session = message.get("sessionID") if isinstance(message, dict) else None
    return session if isinstance(session, str) else None
