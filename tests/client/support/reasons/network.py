"""A service between a client and its heater that delays, doubles, reorders and loses, as a seed has it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
import random
from typing import Protocol, override

import orjson

from nwp500.transport.base import MessageListener, PublishListener, SigningCredentials, Transport, TransportError
from tests.client.support.machine.heater import JsonObject
from tests.client.support.reasons.heater import MAC, State, TrueHeater

_OPERATION_TIMEOUT = 10.0
_REFUSAL_SUFFIX = "/res/ctrl-fail"


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """Something that a heater says, on its way to the client."""

    topic: str
    session_id: str | None
    response: JsonObject
    made: int
    """The moment at which the heater said it."""
    state: State
    """What the heater was then."""

    @property
    def is_status(self) -> bool:
        """Whether it reports the status."""
        return "status" in self.response

    @property
    def is_refusal(self) -> bool:
        """Whether the heater refuses something."""
        return self.topic.endswith(_REFUSAL_SUFFIX)


class NetworkListener(Protocol):
    """Who sees everything that passes between client and service."""

    def command_of(self, session_id: str) -> str:
        """Return which command a session belongs to; of a question, the session itself."""

    def written(self, session_id: str, transport: RandomTransport) -> None:
        """The client writes a request, before it arrives or gets lost."""

    def received(self, session_id: str) -> None:
        """The service has received a request."""

    def acknowledged(self, session_id: str, transport: RandomTransport) -> None:
        """The client is about to see a PUBACK."""

    def deliver(self, message: Message, transport: RandomTransport) -> None:
        """Hand a message to the client."""


@dataclass(slots=True)
class Conditions:
    """How the network is at present."""

    up_seconds: float = 0.0
    puback_seconds: float = 0.1
    reply_seconds: tuple[float, ...] = (0.3,)
    doubles: float = 0.0
    """The chance of each message to come a second time."""
    double_seconds: tuple[float, ...] = (5.0,)
    loses_replies: float = 0.0
    loses_pubacks: float = 0.0
    refuses_connections: bool = False


@dataclass(slots=True)
class Network:
    """Everything between one client after the other and the heater."""

    heater: TrueHeater
    chance: random.Random
    listener: NetworkListener
    happened: Counter[str]
    conditions: Conditions = field(default_factory=Conditions)
    transport: RandomTransport | None = None
    """The newest."""
    _arrives_at: float = 0.0

    async def make_transport(self, _: SigningCredentials, on_message: MessageListener) -> Transport:
        """Make the next connection; the client's seam for connections."""
        self.transport = RandomTransport(self, on_message)
        return self.transport

    def take(self, transport: RandomTransport, body: bytes, on_done: PublishListener) -> None:
        """Take in what was written to a connection that works."""
        request = orjson.loads(body)
        session_id = request["sessionID"]
        loop = asyncio.get_running_loop()
        self.listener.received(session_id)
        if self.chance.random() >= self.conditions.loses_pubacks:
            loop.call_later(self.conditions.puback_seconds, transport.acknowledge, session_id, on_done)
        # One request to a heater does not overtake another.
        self._arrives_at = max(self._arrives_at + 1e-6, loop.time() + self.conditions.up_seconds)
        loop.call_at(self._arrives_at, self._reach_heater, session_id, request)

    def say(self, session_id: str | None) -> None:
        """Let the heater report its status, in answer to somebody else or to nobody."""
        topic = f"cmd/52/navilink-{MAC}/res/status/rd"
        status: JsonObject = {"status": dict(self.heater.scripted.status), "macAddress": MAC}
        self._send(Message(topic, session_id, status, next(self.heater.ticks), self.heater.now))

    def _reach_heater(self, session_id: str, request: JsonObject) -> None:
        reply = self.heater.receive(self.listener.command_of(session_id), request)
        if reply is not None:
            self._send(Message(reply.topic, reply.session_id, reply.response, next(self.heater.ticks), self.heater.now))

    def _send(self, message: Message) -> None:
        loop, conditions = asyncio.get_running_loop(), self.conditions
        if message.session_id is None:
            # Without a session nobody knows that it is late; after 30 s the client holds nothing to be late.
            loop.call_later(min(20.0, *conditions.reply_seconds), self._deliver, message)
            return
        delay = self.chance.choice(conditions.reply_seconds)
        if self.chance.random() >= conditions.loses_replies:
            loop.call_later(delay, self._deliver, message)
        if self.chance.random() < conditions.doubles:
            self.happened["sent twice"] += 1
            loop.call_later(delay + self.chance.choice(conditions.double_seconds), self._deliver, message)

    def _deliver(self, message: Message) -> None:
        if self.transport is not None and self.transport.hears:
            self.listener.deliver(message, self.transport)


class RandomTransport(Transport):
    """A connection to that service."""

    def __init__(self, network: Network, on_message: MessageListener) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on_message = on_message
        self.swallows = False
        """Black-holed: nothing passes either way."""
        self._network = network
        self._is_closed = False
        self._is_subscribed = False
        self._in_flight: dict[PublishListener, asyncio.TimerHandle] = {}

    @property
    def hears(self) -> bool:
        """Whether a message would get through to the client."""
        return self._is_subscribed and not self.swallows and not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether nothing passes any more."""
        return self._is_closed or self.lost.done()

    @override
    async def open(self) -> None:
        if self._network.conditions.refuses_connections:
            raise TransportError("AWS_IO_SOCKET_CONNECTION_REFUSED")

    @override
    async def subscribe(self, topic_filter: str) -> None:
        self._is_subscribed = True

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        """Succeed."""

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        if self.has_ended:
            raise TransportError("AWS_ERROR_MQTT_NOT_CONNECTED")
        loop = asyncio.get_running_loop()
        self._in_flight[on_done] = loop.call_later(_OPERATION_TIMEOUT, self._give_up, on_done)
        self._network.listener.written(orjson.loads(body)["sessionID"], self)
        if not self.swallows:
            self._network.take(self, body, on_done)
        return len(self._in_flight)

    @override
    async def close(self) -> None:
        self.die()

    def die(self) -> None:
        """End without a word to the client."""
        self._is_closed = True
        for timer in self._in_flight.values():
            timer.cancel()

    def acknowledge(self, session_id: str, on_done: PublishListener) -> None:
        """Let a PUBACK arrive, unless the connection has ended or is black-holed."""
        if not self.swallows and not self.has_ended and on_done in self._in_flight:
            self._in_flight.pop(on_done).cancel()
            self._network.listener.acknowledged(session_id, self)
            on_done(None)

    def drop(self) -> None:
        """Lose the connection; what is in flight is cancelled first, as with the real runtime."""
        if not self.has_ended:
            for on_done, timer in tuple(self._in_flight.items()):
                timer.cancel()
                on_done(TransportError("AWS_ERROR_MQTT_CANCELLED_FOR_CLEAN_SESSION"))
            self._in_flight.clear()
            if not self.lost.done():
                self.lost.set_result("AWS_ERROR_MQTT_UNEXPECTED_HANGUP")

    def _give_up(self, on_done: PublishListener) -> None:
        if not self._is_closed and self._in_flight.pop(on_done, None) is not None:
            on_done(TransportError("AWS_ERROR_MQTT_TIMEOUT"))
