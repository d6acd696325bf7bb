"""MQTT 3.1.1 control packets: one immutable class for each type, in both directions, so that a test can be a client.

How they stand on the wire is in `codec`; what a packet may ask for (topics, limits, QoS 2) is decided in `service`.
"""

from dataclasses import dataclass
from enum import IntEnum

REFUSED = 0x80
"""Return code of a SUBACK for a request that was not granted."""


class ConnectReturnCode(IntEnum):
    """The result in a CONNACK."""

    ACCEPTED = 0
    UNACCEPTABLE_PROTOCOL_VERSION = 1
    IDENTIFIER_REJECTED = 2
    SERVER_UNAVAILABLE = 3
    BAD_USER_NAME_OR_PASSWORD = 4
    NOT_AUTHORIZED = 5


@dataclass(frozen=True, slots=True)
class Packet:
    """One control packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect(Packet):
    """A client opens its session; ``keep_alive`` in seconds, 0 for none."""

    client_id: str
    clean_session: bool = True
    keep_alive: int = 0
    will: Publish | None = None
    """What the server publishes when the connection ends without DISCONNECT."""


@dataclass(frozen=True, slots=True)
class ConnAck(Packet):
    """The server's answer to CONNECT."""

    session_present: bool
    return_code: ConnectReturnCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Packet):
    """An application message; ``packet_id`` belongs to QoS 1 and 2 alone."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int | None = None
    dup: bool = False


@dataclass(frozen=True, slots=True)
class PubAck(Packet):
    """A QoS 1 message was received."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe(Packet):
    """Asks for the messages of ``requests``, pairs of a topic filter and the maximum QoS."""

    packet_id: int
    requests: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SubAck(Packet):
    """The QoS granted to each request of a SUBSCRIBE, ``REFUSED`` for one that was not."""

    packet_id: int
    return_codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe(Packet):
    """Ends subscriptions."""

    packet_id: int
    topic_filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnsubAck(Packet):
    """Subscriptions have ended."""

    packet_id: int


class PingReq(Packet):
    """A client shows that it is alive."""


class PingResp(Packet):
    """The server shows that it is alive."""


class Disconnect(Packet):
    """A client ends its connection: its will is void."""
