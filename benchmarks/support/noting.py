"""A transport of the AWS runtime that notes when it was opened, and when its messages were acknowledged."""

import asyncio
from dataclasses import dataclass, field
import time
from typing import override

from nwp500 import MqttConnectionConfig
from nwp500.transport.aws import AwsRuntime
from nwp500.transport.base import MessageListener, PublishListener, SigningCredentials, Transport, TransportError


@dataclass(slots=True)
class Notes:
    """Moments of `time.perf_counter()`."""

    opening: list[float] = field(default_factory=list)
    """When each attempt began."""
    opened: list[float] = field(default_factory=list)
    """When each CONNACK was there."""
    acknowledged: list[float] = field(default_factory=list)
    """When each PUBACK was there."""

    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _expected: int = 0

    def note_acknowledged(self) -> None:
        """A PUBACK is there."""
        self.acknowledged.append(time.perf_counter())
        if len(self.acknowledged) == self._expected:
            self._reached.set()

    def expect(self, count: int) -> asyncio.Event:
        """Forget the PUBACKs so far; the event is set with so many further ones."""
        self.acknowledged.clear()
        self._expected = count
        self._reached.clear()
        return self._reached

    @property
    def drain_seconds(self) -> float:
        """From the last CONNACK to the last PUBACK."""
        return self.acknowledged[-1] - self.opened[-1]


class _NotingTransport(Transport):
    """Passes everything on to one of the AWS runtime."""

    def __init__(self, transport: Transport, notes: Notes) -> None:
        self._transport = transport
        self._notes = notes
        self.lost: asyncio.Future[str] = transport.lost

    @override
    async def open(self) -> None:
        self._notes.opening.append(time.perf_counter())
        await self._transport.open()
        self._notes.opened.append(time.perf_counter())

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await self._transport.subscribe(topic_filter)

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        await self._transport.unsubscribe(topic_filter)

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        def noted(error: TransportError | None) -> None:
            if error is None:
                self._notes.note_acknowledged()
            on_done(error)

        return self._transport.publish(topic, body, qos, noted)

    @override
    async def close(self) -> None:
        await self._transport.close()


class NotingRuntime:
    """Makes the transports of a client, as `make_transport` of `NavienMqttClient` takes them."""

    def __init__(self, config: MqttConnectionConfig) -> None:
        self._runtime = AwsRuntime(config)
        self.notes = Notes()

    async def make_transport(self, credentials: SigningCredentials, on_message: MessageListener) -> Transport:
        """Return a new one that is not open yet."""
        return _NotingTransport(await self._runtime.make_transport(credentials, on_message), self.notes)
