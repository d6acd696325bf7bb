"""A broker and connections to it that do exactly what a test says, in the order in which it says so."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import override

import orjson

from nwp500.transport.base import MessageListener, PublishListener, SigningCredentials, Transport, TransportError


@dataclass(slots=True)
class Written:
    """A message on its way to the broker, and the way back for its PUBACK."""

    number: int
    """The message's own, the same when it is sent again."""
    on_done: PublishListener
    is_done: bool = False


@dataclass(slots=True)
class ScriptedBroker:
    """Everything that reached the broker, over all connections."""

    received: list[int] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    """Whose PUBACK reached the client."""
    repeated: list[int] = field(default_factory=list)
    """Received again although their PUBACK had reached the client."""
    transports: list[ScriptedTransport] = field(default_factory=list)
    acknowledges_at_once: bool = False
    refuses_connections: bool = False
    refusal: TransportError = field(default_factory=lambda: TransportError("AWS_IO_SOCKET_CONNECTION_REFUSED"))
    """What an attempt fails for while connections are refused."""
    hangs_up: bool = False
    """Whether each connection is ended before its first SUBACK."""

    async def make_transport(self, _: SigningCredentials, on_message: MessageListener) -> Transport:
        """Make the next connection; the client's seam for connections."""
        transport = ScriptedTransport(self, on_message)
        self.transports.append(transport)
        return transport

    @property
    def transport(self) -> ScriptedTransport:
        """The newest connection."""
        return self.transports[-1]

    def number(self, topic: str, body: bytes) -> int:  # noqa: ARG002 - other brokers number by the topic too
        """Return which message this is."""
        number: int = orjson.loads(body)["n"]
        return number

    def receive(self, number: int) -> None:
        """Take a message in."""
        if number in self.acknowledged:
            self.repeated.append(number)
        self.received.append(number)

    def puback_arrived(self, number: int) -> None:
        """The client is about to see the PUBACK of a message."""
        self.acknowledged.add(number)


class ScriptedTransport(Transport):
    """A connection to the scripted broker."""

    def __init__(self, broker: ScriptedBroker, on_message: MessageListener) -> None:
        self._broker = broker
        self.on_message = on_message
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.written: list[Written] = []
        self.is_closed = False
        self.swallows = False
        """Black-holed: what is written does not arrive."""

    @override
    async def open(self) -> None:
        if self._broker.refuses_connections:
            raise self._broker.refusal

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await asyncio.sleep(0)
        if self._broker.hangs_up:
            raise TransportError("AWS_IO_SOCKET_CLOSED")

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        await asyncio.sleep(0)

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        if self.is_closed or self.lost.done():
            raise TransportError("AWS_ERROR_MQTT_NOT_CONNECTED")
        message = Written(self._broker.number(topic, body), on_done)
        self.written.append(message)
        if not self.swallows:
            self._broker.receive(message.number)
            if self._broker.acknowledges_at_once:
                asyncio.get_running_loop().call_soon(self.acknowledge, message)
        return len(self.written)

    @override
    async def close(self) -> None:
        self.is_closed = True

    def pending(self) -> list[Written]:
        """Return what is not acknowledged yet."""
        return [message for message in self.written if not message.is_done]

    def acknowledge(self, message: Written) -> None:
        """Let a PUBACK arrive, unless the connection is black-holed."""
        if not self.swallows:
            self._done(message, lambda: self._broker.puback_arrived(message.number), None)

    def time_out(self, message: Written) -> None:
        """Let the runtime give up on a PUBACK."""
        self._done(message, lambda: None, TransportError("AWS_ERROR_MQTT_TIMEOUT"))

    def drop(self) -> None:
        """Lose the connection: as with the real runtime, everything in flight is cancelled first."""
        for message in self.pending():
            self._done(message, lambda: None, TransportError("AWS_ERROR_MQTT_CANCELLED_FOR_CLEAN_SESSION"))
        if not self.lost.done():
            self.lost.set_result("AWS_ERROR_MQTT_UNEXPECTED_HANGUP")

    def _done(self, message: Written, note: Callable[[], None], error: TransportError | None) -> None:
        # As with the real runtime, nothing arrives after the connection was closed.
        if message.is_done or self.is_closed:
            return
        message.is_done = True
        note()
        message.on_done(error)
