"""What the MQTT service does with each packet: its rules and limits, sessions, wills and the routing of messages.

The rules are those of AWS IoT Core as protocol.md 3 lists them. Retained messages are no part of it: nobody uses them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
import logging
from math import inf
import time

from ..common.reading import BadRequestError
from ..state import ConnectionState, EndedState
from .codec import ProtocolViolationError, require
from .connection import Connection
from .packets import (
    REFUSED,
    ConnAck,
    Connect,
    ConnectReturnCode,
    Disconnect,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)
from .session import LEVEL_SEPARATOR, ReceivedMessage, Session, is_topic_filter, is_topic_name

_LOGGER = logging.getLogger(__name__)
_QOS_2 = 2
_SILENCE_PER_KEEP_ALIVE = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the service grants one client; a test that cannot wait for a day sets others. All times in seconds."""

    subscriptions_per_connection: int = 50
    filters_per_subscribe: int = 8
    message_bytes: int = 128 * 1024
    topic_slashes: int = 7
    topic_bytes: int = 256
    client_id_bytes: int = 128
    publishes_per_second: int = 100
    unacknowledged_deliveries: int = 100
    """QoS 1 messages on their way to one client; further ones wait for its PUBACKs."""

    keep_alive_min: float = 30
    keep_alive_max: float = 1200
    connect_wait: float = 30
    """From the upgrade to the CONNECT."""
    connect_interval: float = 1
    """Minimum time between two accepted CONNECTs of one client id."""
    connection_lifetime: float = 24 * 3600
    session_expiry: float = 3600
    """How long a persistent session outlives its connection."""

    def granted_keep_alive(self, asked: float) -> float:
        """Seconds of keep-alive for a client that asks for so many, 0 meaning none."""
        return min(max(asked, self.keep_alive_min), self.keep_alive_max) if asked else self.keep_alive_max


@dataclass(eq=False, slots=True, kw_only=True)
class _Client:
    """What belongs to a connected client and ends with its connection."""

    client_id: str
    connection: Connection
    session: Session
    will: Publish | None
    connected_at: float = field(default_factory=time.time)
    pings: int = 0
    published_at: deque[float]


class MqttService:
    """Serves connections packet by packet; knows nothing of sockets or of simulated faults.

    ``permits`` is the policy of the clients: publishing to a topic that it denies ends the connection, and a
    subscription to such a filter is refused.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        on_publish: Callable[[ReceivedMessage], None],
        permits: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.received: list[ReceivedMessage] = []
        self.throttled: list[ReceivedMessage] = []
        self.ended: list[EndedState] = []
        self.deliveries = 1
        """How often each message of QoS 1 is delivered."""
        self._limits = limits
        self._on_publish = on_publish
        self._permits = permits
        self._sequence = count(1)
        self._clients: dict[Connection, _Client] = {}
        self._sessions: dict[str, Session] = {}
        self._recent_connects: dict[str, float] = {}

    @property
    def connections(self) -> list[ConnectionState]:
        """The connected clients, in the order in which they came."""
        return [
            {
                "client_id": client.client_id,
                "connected_at": client.connected_at,
                "subscriptions": list(client.session.subscriptions),
                "pings": client.pings,
                "unacknowledged": client.session.unacknowledged,
            }
            for client in self._clients.values()
        ]

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Deliver a message to whoever subscribes to its topic, or raise BadRequestError if none can."""
        if not is_topic_name(topic):
            raise BadRequestError(f"not a topic name: {topic!r}")
        self.forget_sessions(time.monotonic())
        for session in self._sessions.values():
            session.deliver(topic, payload, qos, times=self.deliveries)

    def forget_sessions(self, by: float = inf) -> None:
        """Forget sessions that wait for their client: all, or those that expire by a time on the monotonic clock."""
        self._sessions = {
            client_id: session
            for client_id, session in self._sessions.items()
            if session.expires_at is None or session.expires_at > by
        }

    def connection_opened(self, connection: Connection) -> None:
        """Give a new connection its time limits."""
        connection.limit_silence(self._limits.connect_wait)
        connection.limit_lifetime(self._limits.connection_lifetime)

    def connection_ended(self, connection: Connection, reason: str) -> None:
        """Detach the session, publish the will."""
        client = self._clients.pop(connection, None)
        _LOGGER.debug("Connection of %s ended: %s", client.client_id if client else "an unknown client", reason)
        self.ended.append({"client_id": client.client_id if client else "", "reason": reason})
        if client is None:
            return
        client.session.detach()
        if client.session.persistent:
            client.session.expires_at = time.monotonic() + self._limits.session_expiry
        else:
            self._sessions.pop(client.client_id, None)
        if client.will is not None and self._permits(client.will.topic):
            self.publish(client.will.topic, client.will.payload, client.will.qos)

    def packet_received(self, connection: Connection, packet: Packet) -> None:
        """Do what the packet asks for, or raise ProtocolViolationError."""
        client = self._clients.get(connection)
        if client is None:
            if not isinstance(packet, Connect):
                raise ProtocolViolationError("first packet is not CONNECT")
            self._connect(connection, packet)
            return
        match packet:
            case Publish():
                self._receive_publish(client, packet)
            case PubAck():
                client.session.acknowledge(packet.packet_id)
            case Subscribe():
                self._subscribe(client, packet)
            case Unsubscribe():
                self._unsubscribe(client, packet)
            case PingReq():
                client.pings += 1
                connection.send(PingResp())
            case Disconnect():
                client.will = None
                connection.hang_up("disconnected by the client", flush=True)
            case _:
                raise ProtocolViolationError(f"{type(packet).__name__} from a client")

    def _connect(self, connection: Connection, packet: Connect) -> None:
        limits = self._limits
        if not 0 < len(packet.client_id.encode()) <= limits.client_id_bytes:
            connection.send(ConnAck(session_present=False, return_code=ConnectReturnCode.IDENTIFIER_REJECTED))
            connection.hang_up("client id is empty or too long", flush=True)
            return
        if packet.will is not None:
            self._check_message(packet.will)
        self._check_connect_rate(packet.client_id)
        for client in tuple(self._clients.values()):
            if client.client_id == packet.client_id:
                client.connection.hang_up("client id taken over by a newer connection")
        session_present, session = self._open_session(packet)
        connection.limit_silence(_SILENCE_PER_KEEP_ALIVE * limits.granted_keep_alive(packet.keep_alive))
        self._clients[connection] = _Client(
            client_id=packet.client_id,
            connection=connection,
            session=session,
            will=packet.will,
            published_at=deque(maxlen=limits.publishes_per_second),
        )
        connection.send(ConnAck(session_present=session_present, return_code=ConnectReturnCode.ACCEPTED))
        session.attach(connection.send)

    def _check_connect_rate(self, client_id: str) -> None:
        now, interval = time.monotonic(), self._limits.connect_interval
        self._recent_connects = {known: then for known, then in self._recent_connects.items() if now - then < interval}
        require(client_id not in self._recent_connects, "too many CONNECTs of one client id")
        self._recent_connects[client_id] = now

    def _open_session(self, packet: Connect) -> tuple[bool, Session]:
        self.forget_sessions(time.monotonic())
        present = packet.client_id in self._sessions and not packet.clean_session
        if not present:
            self._sessions[packet.client_id] = Session(
                persistent=not packet.clean_session, window=self._limits.unacknowledged_deliveries
            )
        session = self._sessions[packet.client_id]
        session.expires_at = None
        return present, session

    def _receive_publish(self, client: _Client, packet: Publish) -> None:
        self._check_message(packet)
        require(self._permits(packet.topic), "the policy forbids to publish to a topic")
        message = ReceivedMessage(
            client_id=client.client_id,
            topic=packet.topic,
            payload=packet.payload,
            qos=packet.qos,
            time=time.time(),
            sequence=next(self._sequence),
        )
        if _is_too_fast(client.published_at):
            self.throttled.append(message)
            return
        if packet.packet_id is not None:
            client.connection.send(PubAck(packet.packet_id), partial(setattr, message, "acknowledged", True))
        self.received.append(message)
        self.publish(packet.topic, packet.payload, packet.qos)
        self._on_publish(message)

    def _check_message(self, message: Publish) -> None:
        require(message.qos < _QOS_2, "QoS 2")
        require(len(message.payload) <= self._limits.message_bytes, "message too large")
        require(is_topic_name(message.topic), "not a topic name")
        self._check_topic_size(message.topic)

    def _check_topic_size(self, topic: str) -> None:
        require(len(topic.encode()) <= self._limits.topic_bytes, "topic too long")
        require(topic.count(LEVEL_SEPARATOR) <= self._limits.topic_slashes, "too many slashes in a topic")

    def _subscribe(self, client: _Client, packet: Subscribe) -> None:
        require(len(packet.requests) <= self._limits.filters_per_subscribe, "too many topic filters in one SUBSCRIBE")
        for topic_filter, qos in packet.requests:
            require(qos < _QOS_2, "QoS 2")
            require(is_topic_filter(topic_filter), "not a topic filter")
            self._check_topic_size(topic_filter)
        permitted = {topic_filter: qos for topic_filter, qos in packet.requests if self._permits(topic_filter)}
        subscriptions = client.session.subscriptions | permitted
        require(len(subscriptions) <= self._limits.subscriptions_per_connection, "too many subscriptions")
        client.session.subscriptions = subscriptions
        codes = tuple(permitted.get(topic_filter, REFUSED) for topic_filter, _ in packet.requests)
        client.connection.send(SubAck(packet.packet_id, codes))

    def _unsubscribe(self, client: _Client, packet: Unsubscribe) -> None:
        for topic_filter in packet.topic_filters:
            client.session.subscriptions.pop(topic_filter, None)
        client.connection.send(UnsubAck(packet.packet_id))


def _is_too_fast(published_at: deque[float]) -> bool:
    """Whether as many messages as the deque holds were accepted within the last second; if not, accept one more."""
    now = time.monotonic()
    if len(published_at) == published_at.maxlen and now - published_at[0] < 1:
        return True
    published_at.append(now)
    return False
