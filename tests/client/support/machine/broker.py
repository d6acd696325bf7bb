"""A broker with heaters behind it, over connections whose PUBACKs and replies come late, or never."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import override

import orjson

from nwp500.protocol.topics import matches
from nwp500.transport.base import MessageListener, PublishListener, SigningCredentials, Transport, TransportFactory
from tests.client.support.machine.heater import JsonObject, Manner, Reply, ScriptedHeater
from tests.client.support.scripted_transport import ScriptedBroker, ScriptedTransport

OPERATION_TIMEOUT = 10.0
"""Seconds after which the runtime gives a PUBACK up."""
TOO_SOON = 2
"""The code of a refusal after which a control may be sent again."""


@dataclass(slots=True)
class Delivery:
    """What the broker knows of one message of the client, however often it came."""

    command_id: str
    """For what is asked around the queue, its session."""
    mac_address: str | None
    body: JsonObject
    is_control: bool
    receipts: int = 0
    acknowledged_at: float | None = None
    """When its PUBACK last reached the client, on the loop's clock."""
    is_answered: bool = False
    """Whether an answer to its last sending reached the client."""
    may_return: bool = False
    """Refused for the moment: it may be sent again although it was acknowledged."""


@dataclass(slots=True)
class HeaterBroker(ScriptedBroker):
    """Hands what it receives to the heaters, and their answers to the newest connection."""

    heaters: dict[str, ScriptedHeater] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    by_command: dict[str, int] = field(default_factory=dict)
    command_of: Callable[[str], str] = str
    """Returns which command is being written with a session."""
    puback_seconds: float = 0.0
    reply_seconds: float = 0.0
    newest_reply_at: float = 0.0
    """When the last answer so far arrives, on the loop's clock."""
    loses_pubacks: bool = False
    loses_replies: bool = False
    is_client_gone: bool = False
    """It has been stored and is at its end: what it still sees makes no difference."""
    plain_ids: dict[int, str] = field(default_factory=dict)
    """The commands that are messages to no heater, by the number that each of them bears."""
    told_status: set[str] = field(default_factory=set)
    """The heaters whose status has come over the newest connection, and was made since that is up."""
    told_features: dict[str, JsonObject] = field(default_factory=dict)
    """What each heater last reported that it has."""
    asked: set[str] = field(default_factory=set)
    """The sessions of what the present client has written."""
    told_changes: dict[str, int] = field(default_factory=dict)
    """How many foreign changes a heater had seen when it made the newest status that answers the present client, or
    the one that is stored; of one that answers a client before it, nobody knows how old it is."""
    on_status: Callable[[str, int], None] | None = None
    on_receipt: Callable[[Delivery], None] | None = None

    def transport_factory(self, is_wanted: Callable[[], bool]) -> TransportFactory:
        """Return what makes connections for one client, until that client is no more."""

        async def make(_: SigningCredentials, on_message: MessageListener) -> Transport:
            if not is_wanted():
                await asyncio.Event().wait()
            transport = HeaterLink(self, on_message)
            self.transports.append(transport)
            self.told_status.clear()
            return transport

        return make

    @override
    def number(self, topic: str, body: bytes) -> int:
        content = orjson.loads(body)
        session_id = content["sessionID"] if "sessionID" in content else self.plain_ids[content["n"]]
        self.asked.add(session_id)
        command_id = self.command_of(session_id)
        if command_id not in self.by_command:
            self.by_command[command_id] = len(self.deliveries)
            request = content.get("request", {})
            is_control = "param" in request
            self.deliveries.append(Delivery(command_id, request.get("macAddress"), content, is_control))
        number = self.by_command[command_id]
        self.deliveries[number].body = content
        return number

    @override
    def receive(self, number: int) -> None:
        delivery = self.deliveries[number]
        if self.on_receipt is not None:
            self.on_receipt(delivery)
        if number in self.acknowledged and not delivery.may_return:
            self.repeated.append(number)
        self.received.append(number)
        self.acknowledged.discard(number)
        delivery.receipts += 1
        delivery.may_return = delivery.is_answered = False
        delivery.acknowledged_at = None
        if delivery.mac_address is None:
            return
        reply = self.heaters[delivery.mac_address].receive(delivery.body)
        if reply is not None and not self.loses_replies:
            # A later answer of a heater does not overtake an earlier one.
            loop = asyncio.get_running_loop()
            self.newest_reply_at = max(self.newest_reply_at + 1e-6, loop.time() + self.reply_seconds)
            loop.call_at(self.newest_reply_at, self._deliver, delivery, self.transport, reply)

    @override
    def puback_arrived(self, number: int) -> None:
        if self.is_client_gone:
            return
        self.acknowledged.add(number)
        self.deliveries[number].acknowledged_at = asyncio.get_running_loop().time()

    def has_reported_status(self, mac_address: str) -> bool:
        """Return whether a heater's status has come over the newest connection."""
        return mac_address in self.told_status

    def works_again(self) -> None:
        """End every trouble but that of the connection itself."""
        self.refuses_connections = self.loses_pubacks = self.loses_replies = False
        self.puback_seconds = self.reply_seconds = 0.0
        for heater in self.heaters.values():
            heater.manner, heater.refusals = Manner.OBEYS, 0
            heater.odd_members.clear()

    def _deliver(self, delivery: Delivery, asked_over: Transport, reply: Reply) -> None:
        transport, mac_address = self.transports[-1], delivery.mac_address or ""
        if self.is_client_gone or not isinstance(transport, HeaterLink) or not transport.hears(reply.topic):
            return
        delivery.is_answered = True
        # A refusal counts for the writing that it answers.
        is_of_last_writing = reply.session_id == delivery.body["sessionID"]
        if reply.is_refusal and reply.response["failCode"] == TOO_SOON and is_of_last_writing:
            delivery.may_return = True
        if "status" in reply.response:
            if asked_over is transport:
                self.told_status.add(mac_address)
            if reply.session_id in self.asked:
                self.told_changes[mac_address] = reply.foreign_changes
            if self.on_status is not None:
                self.on_status(mac_address, reply.foreign_changes)
        if isinstance(feature := reply.response.get("feature"), dict):
            self.told_features[mac_address] = feature
        message = {"sessionID": reply.session_id, "protocolVersion": 2, "response": reply.response}
        transport.on_message(reply.topic, orjson.dumps(message))


class HeaterLink(ScriptedTransport):
    """A connection to the broker; the runtime gives up on PUBACKs that are overdue."""

    @override
    def __init__(self, broker: HeaterBroker, on_message: MessageListener) -> None:
        super().__init__(broker, on_message)
        self._heaters_broker = broker
        self._filters: set[str] = set()

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        broker = self._heaters_broker
        acknowledges = not broker.loses_pubacks
        packet_id = super().publish(topic, body, qos, on_done)
        message = self.written[-1]
        loop = asyncio.get_running_loop()
        if acknowledges:
            loop.call_later(broker.puback_seconds, self.acknowledge, message)
        loop.call_later(OPERATION_TIMEOUT, self.time_out, message)
        return packet_id

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await super().subscribe(topic_filter)
        self._filters.add(topic_filter)

    def hears(self, topic: str) -> bool:
        """Return whether a message to a topic gets through."""
        is_alive = not (self.is_closed or self.swallows or self.lost.done())
        return is_alive and any(matches(topic_filter, topic) for topic_filter in self._filters)
