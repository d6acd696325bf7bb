"""MQTT 3.1.1 control packets: one immutable class per packet type.

Both directions of every packet are here, so that a test can act as a client. What a packet may *ask for* (topics,
limits, QoS 2) is judged elsewhere; here is only the wire format of the OASIS standard.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self, override

from .fields import MalformedPacketError, PacketBody, encode_binary, encode_text, encode_word, require

_MAX_QOS = 2
_PROTOCOL = ("MQTT", 4)
_FLAGS_OF_A_REQUEST = 0b0010

_USER_NAME = 0b1000_0000
_PASSWORD = 0b0100_0000
_WILL_RETAIN = 0b0010_0000
_WILL_QOS_SHIFT = 3
_WILL = 0b0000_0100
_CLEAN_SESSION = 0b0000_0010
_RESERVED = 0b0000_0001

_DUP = 0b1000
_QOS_SHIFT = 1
_RETAIN = 0b0001


class UnsupportedProtocolError(MalformedPacketError):
    """A CONNECT of another protocol or another version of it."""


class ConnectReturnCode(IntEnum):
    """The result in a CONNACK."""

    ACCEPTED = 0
    UNACCEPTABLE_PROTOCOL_VERSION = 1
    IDENTIFIER_REJECTED = 2
    SERVER_UNAVAILABLE = 3
    BAD_USER_NAME_OR_PASSWORD = 4
    NOT_AUTHORIZED = 5


class Packet(ABC):
    """One control packet."""

    __slots__ = ()

    packet_type: ClassVar[int]
    fixed_flags: ClassVar[int | None] = 0
    """The lower half of the first byte, None where it carries information."""

    @property
    def flags(self) -> int:
        """The lower half of the first byte."""
        return self.fixed_flags or 0

    @abstractmethod
    def body(self) -> bytes:
        """Encode what follows the fixed header."""

    @classmethod
    @abstractmethod
    def parse(cls, flags: int, body: PacketBody) -> Self:
        """Read the packet, or raise MalformedPacketError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """The message that the server publishes for a client whose connection ends without DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect(Packet):
    """A client opens its session; ``keep_alive`` in seconds, 0 for none."""

    packet_type: ClassVar[int] = 1

    client_id: str
    clean_session: bool = True
    keep_alive: int = 0
    will: Will | None = None
    user_name: str | None = None
    password: bytes | None = None

    @override
    def body(self) -> bytes:
        flags = _CLEAN_SESSION * self.clean_session
        fields = encode_text(self.client_id)
        if self.will is not None:
            flags |= _WILL | self.will.qos << _WILL_QOS_SHIFT | _WILL_RETAIN * self.will.retain
            fields += encode_text(self.will.topic) + encode_binary(self.will.payload)
        if self.user_name is not None:
            flags |= _USER_NAME
            fields += encode_text(self.user_name)
        if self.password is not None:
            flags |= _PASSWORD
            fields += encode_binary(self.password)
        name, level = _PROTOCOL
        return encode_text(name) + bytes((level, flags)) + encode_word(self.keep_alive) + fields

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        if (body.text(), body.byte()) != _PROTOCOL:
            message = "not MQTT 3.1.1"
            raise UnsupportedProtocolError(message)
        present = body.byte()
        require(not present & _RESERVED, "reserved connect flag")
        require(present & _USER_NAME or not present & _PASSWORD, "password without user name")
        return cls(
            clean_session=bool(present & _CLEAN_SESSION),
            keep_alive=body.word(),
            client_id=body.text(),
            will=_parse_will(present, body),
            user_name=body.text() if present & _USER_NAME else None,
            password=body.binary() if present & _PASSWORD else None,
        )


def _parse_will(connect_flags: int, body: PacketBody) -> Will | None:
    qos, retain = connect_flags >> _WILL_QOS_SHIFT & 0b11, bool(connect_flags & _WILL_RETAIN)
    if not connect_flags & _WILL:
        require(qos == 0 and not retain, "will flags without a will")
        return None
    require(qos <= _MAX_QOS, "QoS of the will is 3")
    return Will(topic=body.text(), payload=body.binary(), qos=qos, retain=retain)


@dataclass(frozen=True, slots=True)
class ConnAck(Packet):
    """The server's answer to CONNECT."""

    packet_type: ClassVar[int] = 2

    session_present: bool
    return_code: ConnectReturnCode

    @override
    def body(self) -> bytes:
        return bytes((self.session_present, self.return_code))

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        acknowledge_flags, return_code = body.byte(), body.byte()
        require(acknowledge_flags <= 1, "reserved CONNACK flags")
        require(return_code in ConnectReturnCode, "unknown CONNACK return code")
        return cls(bool(acknowledge_flags), ConnectReturnCode(return_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Packet):
    """An application message; ``packet_id`` belongs to QoS 1 and 2 alone."""

    packet_type: ClassVar[int] = 3
    fixed_flags: ClassVar[int | None] = None

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int | None = None
    dup: bool = False
    retain: bool = False

    @property
    @override
    def flags(self) -> int:
        return _DUP * self.dup | self.qos << _QOS_SHIFT | _RETAIN * self.retain

    @override
    def body(self) -> bytes:
        packet_id = b"" if self.packet_id is None else encode_word(self.packet_id)
        return encode_text(self.topic) + packet_id + self.payload

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        qos, dup = flags >> _QOS_SHIFT & 0b11, bool(flags & _DUP)
        require(qos <= _MAX_QOS, "QoS is 3")
        require(qos or not dup, "DUP with QoS 0")
        return cls(
            topic=body.text(),
            packet_id=body.packet_id() if qos else None,
            payload=body.rest(),
            qos=qos,
            dup=dup,
            retain=bool(flags & _RETAIN),
        )


@dataclass(frozen=True, slots=True)
class _Acknowledgement(Packet):
    """A packet that holds a packet id alone."""

    packet_id: int

    @override
    def body(self) -> bytes:
        return encode_word(self.packet_id)

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        return cls(body.packet_id())


class PubAck(_Acknowledgement):
    """A QoS 1 message has been taken over."""

    __slots__ = ()
    packet_type: ClassVar[int] = 4


@dataclass(frozen=True, slots=True)
class Subscribe(Packet):
    """Asks for the messages of ``requests``, pairs of a topic filter and the maximum QoS wanted."""

    packet_type: ClassVar[int] = 8
    fixed_flags: ClassVar[int | None] = _FLAGS_OF_A_REQUEST

    packet_id: int
    requests: tuple[tuple[str, int], ...]

    @override
    def body(self) -> bytes:
        requests = (encode_text(topic_filter) + bytes((qos,)) for topic_filter, qos in self.requests)
        return encode_word(self.packet_id) + b"".join(requests)

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        packet_id = body.packet_id()
        requests = []
        while body:
            topic_filter, qos = body.text(), body.byte()
            require(qos <= _MAX_QOS, "requested QoS is above 2")
            requests.append((topic_filter, qos))
        require(requests, "SUBSCRIBE without a topic filter")
        return cls(packet_id, tuple(requests))


@dataclass(frozen=True, slots=True)
class SubAck(Packet):
    """The QoS granted to each request of a SUBSCRIBE, ``REFUSED`` for one that was not."""

    packet_type: ClassVar[int] = 9
    REFUSED: ClassVar[int] = 0x80

    packet_id: int
    return_codes: tuple[int, ...]

    @override
    def body(self) -> bytes:
        return encode_word(self.packet_id) + bytes(self.return_codes)

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        packet_id, return_codes = body.packet_id(), tuple(body.rest())
        require(return_codes, "SUBACK without a return code")
        require(all(code <= _MAX_QOS or code == cls.REFUSED for code in return_codes), "unknown SUBACK return code")
        return cls(packet_id, return_codes)


@dataclass(frozen=True, slots=True)
class Unsubscribe(Packet):
    """Ends subscriptions."""

    packet_type: ClassVar[int] = 10
    fixed_flags: ClassVar[int | None] = _FLAGS_OF_A_REQUEST

    packet_id: int
    topic_filters: tuple[str, ...]

    @override
    def body(self) -> bytes:
        return encode_word(self.packet_id) + b"".join(map(encode_text, self.topic_filters))

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        packet_id = body.packet_id()
        topic_filters = []
        while body:
            topic_filters.append(body.text())
        require(topic_filters, "UNSUBSCRIBE without a topic filter")
        return cls(packet_id, tuple(topic_filters))


class UnsubAck(_Acknowledgement):
    """Subscriptions have ended."""

    __slots__ = ()
    packet_type: ClassVar[int] = 11


@dataclass(frozen=True, slots=True)
class _HeaderOnly(Packet):
    """A packet without a body."""

    @override
    def body(self) -> bytes:
        return b""

    @classmethod
    @override
    def parse(cls, flags: int, body: PacketBody) -> Self:
        return cls()


class PingReq(_HeaderOnly):
    """A client shows that it is alive."""

    __slots__ = ()
    packet_type: ClassVar[int] = 12


class PingResp(_HeaderOnly):
    """The server shows that it is alive."""

    __slots__ = ()
    packet_type: ClassVar[int] = 13


class Disconnect(_HeaderOnly):
    """A client takes its leave: its will is void."""

    __slots__ = ()
    packet_type: ClassVar[int] = 14
