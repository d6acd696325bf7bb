"""MQTT 3.1.1 packets to bytes and back.

Decoding is incremental, since a WebSocket frame need not end where a packet does. What the service does not look at is
read and left out: user name and password, and whether a message is to be retained.
"""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO

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

MAX_REMAINING_LENGTH = 268_435_455
_MAX_LENGTH_BYTES = 4

_MAX_QOS = 2
_PROTOCOL = ("MQTT", 4)
_FLAGS_OF_A_REQUEST = 0b0010

_USER_NAME = 0b1000_0000
_PASSWORD = 0b0100_0000
_WILL_RETAIN_AND_QOS = 0b0011_1000
_WILL_QOS_SHIFT = 3
_WILL = 0b0000_0100
_CLEAN_SESSION = 0b0000_0010
_RESERVED = 0b0000_0001

_DUP = 0b1000
_QOS_SHIFT = 1


class ProtocolViolationError(Exception):
    """A client sent no MQTT 3.1.1 packet, or one against the rules, and is disconnected; the text is the reason."""


class UnsupportedProtocolError(ProtocolViolationError):
    """A CONNECT of another protocol or another version of it."""


def require(condition: object, reason: str) -> None:
    """Raise ProtocolViolationError unless the condition holds."""
    if not condition:
        raise ProtocolViolationError(reason)


class _PacketBody(BytesIO):
    """The bytes of one packet after its fixed header; true while something is left to read."""

    def __bool__(self) -> bool:
        return self.tell() < len(self.getbuffer())

    def take(self, length: int) -> bytes:
        """Read so many bytes."""
        taken = self.read(length)
        require(len(taken) == length, "packet shorter than its fields")
        return taken

    def byte(self) -> int:
        """Read one byte as a number."""
        return self.take(1)[0]

    def word(self) -> int:
        """Read two bytes as a number, big-endian."""
        return int.from_bytes(self.take(2))

    def packet_id(self) -> int:
        """Read a packet id, 1 to 65535."""
        packet_id = self.word()
        require(packet_id, "packet id is 0")
        return packet_id

    def binary(self) -> bytes:
        """Read bytes behind their length."""
        return self.take(self.word())

    def text(self) -> str:
        """Read UTF-8 text behind its length, without U+0000."""
        try:
            text = self.binary().decode()
        except UnicodeDecodeError as err:
            raise ProtocolViolationError("text is not UTF-8") from err
        require("\0" not in text, "text holds U+0000")
        return text


def encode(packet: Packet) -> bytes:
    """Return the packet's bytes; OverflowError for a field too long for MQTT."""
    flags, body = 0, b""
    match packet:
        case Connect():
            body = _connect_body(packet)
        case Publish():
            packet_id = b"" if packet.packet_id is None else packet.packet_id.to_bytes(2)
            flags = _DUP * packet.dup | packet.qos << _QOS_SHIFT
            body = _encode_text(packet.topic) + packet_id + packet.payload
        case Subscribe():
            requests = (_encode_text(topic_filter) + bytes((qos,)) for topic_filter, qos in packet.requests)
            flags, body = _FLAGS_OF_A_REQUEST, packet.packet_id.to_bytes(2) + b"".join(requests)
        case Unsubscribe():
            filters = map(_encode_text, packet.topic_filters)
            flags, body = _FLAGS_OF_A_REQUEST, packet.packet_id.to_bytes(2) + b"".join(filters)
        case ConnAck():
            body = bytes((packet.session_present, packet.return_code))
        case SubAck():
            body = packet.packet_id.to_bytes(2) + bytes(packet.return_codes)
        case PubAck() | UnsubAck():
            body = packet.packet_id.to_bytes(2)
    return bytes((_TYPES[type(packet)] << 4 | flags,)) + _encode_remaining_length(len(body)) + body


def _connect_body(packet: Connect) -> bytes:
    flags = _CLEAN_SESSION * packet.clean_session
    fields = _encode_text(packet.client_id)
    if packet.will is not None:
        flags |= _WILL | packet.will.qos << _WILL_QOS_SHIFT
        fields += _encode_text(packet.will.topic) + _encode_binary(packet.will.payload)
    name, level = _PROTOCOL
    return _encode_text(name) + bytes((level, flags)) + packet.keep_alive.to_bytes(2) + fields


def _encode_binary(value: bytes) -> bytes:
    """Return bytes behind their length; OverflowError above 65535 bytes."""
    return len(value).to_bytes(2) + value


def _encode_text(value: str) -> bytes:
    """Return UTF-8 text behind its length; OverflowError above 65535 bytes."""
    return _encode_binary(value.encode())


def _encode_remaining_length(length: int) -> bytes:
    """Return seven bits a byte, least significant first, the top bit set on all but the last."""
    if length > MAX_REMAINING_LENGTH:
        raise OverflowError(f"a packet of {length} bytes is above what MQTT can express")
    encoded = bytearray()
    while length > 0x7F:  # noqa: PLR2004 - the largest number that seven bits hold
        encoded.append(length & 0x7F | 0x80)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)


class PacketDecoder:
    """Turns a byte stream, in pieces of any size, into packets.

    A packet whose remaining length exceeds ``max_remaining_length`` is refused as soon as its header is read.
    """

    def __init__(self, max_remaining_length: int = MAX_REMAINING_LENGTH) -> None:
        self._max_remaining_length = max_remaining_length
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield every packet that is complete with ``data``; ProtocolViolationError at the first that is none."""
        self._buffer += data
        while (packet := self._next_packet()) is not None:
            yield packet

    def _next_packet(self) -> Packet | None:
        if (header := _decode_remaining_length(self._buffer, 1)) is None:
            return None
        length, start = header
        require(length <= self._max_remaining_length, "packet too large")
        if len(self._buffer) < start + length:
            return None
        first_byte, body = self._buffer[0], _PacketBody(bytes(self._buffer[start : start + length]))
        del self._buffer[: start + length]
        return _parse(first_byte, body)


def _decode_remaining_length(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return the length that begins at ``start`` and the position after it, or None while its bytes are incomplete."""
    length = 0
    for index, byte in enumerate(data[start : start + _MAX_LENGTH_BYTES]):
        length |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return length, start + index + 1
    require(len(data) - start < _MAX_LENGTH_BYTES, "remaining length of more than four bytes")
    return None


def _parse(first_byte: int, body: _PacketBody) -> Packet:
    packet_type, flags = first_byte >> 4, first_byte & 0b1111
    require(packet_type in _PACKETS, f"packet type {packet_type} is not supported")
    kind, parse = _PACKETS[packet_type]
    if kind is Publish:
        return _parse_publish(flags, body)
    fixed_flags = _FLAGS_OF_A_REQUEST if kind in (Subscribe, Unsubscribe) else 0
    require(flags == fixed_flags, "reserved flags in the fixed header")
    packet = parse(body)
    require(not body, "packet longer than its fields")
    return packet


def _parse_publish(flags: int, body: _PacketBody) -> Publish:
    qos, dup = flags >> _QOS_SHIFT & 0b11, bool(flags & _DUP)
    require(qos <= _MAX_QOS, "QoS is 3")
    require(qos or not dup, "DUP with QoS 0")
    topic, packet_id = body.text(), body.packet_id() if qos else None
    return Publish(topic=topic, packet_id=packet_id, payload=body.read(), qos=qos, dup=dup)


def _parse_connect(body: _PacketBody) -> Connect:
    if (body.text(), body.byte()) != _PROTOCOL:
        raise UnsupportedProtocolError("not MQTT 3.1.1")
    present = body.byte()
    require(not present & _RESERVED, "reserved connect flag")
    require(present & _USER_NAME or not present & _PASSWORD, "password without user name")
    packet = Connect(
        clean_session=bool(present & _CLEAN_SESSION),
        keep_alive=body.word(),
        client_id=body.text(),
        will=_parse_will(present, body),
    )
    if present & _USER_NAME:
        body.text()
    if present & _PASSWORD:
        body.binary()
    return packet


def _parse_will(connect_flags: int, body: _PacketBody) -> Publish | None:
    if not connect_flags & _WILL:
        require(not connect_flags & _WILL_RETAIN_AND_QOS, "will flags without a will")
        return None
    qos = connect_flags >> _WILL_QOS_SHIFT & 0b11
    require(qos <= _MAX_QOS, "QoS of the will is 3")
    return Publish(topic=body.text(), payload=body.binary(), qos=qos)


def _parse_connack(body: _PacketBody) -> ConnAck:
    acknowledge_flags, return_code = body.byte(), body.byte()
    require(acknowledge_flags <= 1, "reserved CONNACK flags")
    require(return_code in ConnectReturnCode, "unknown CONNACK return code")
    return ConnAck(bool(acknowledge_flags), ConnectReturnCode(return_code))


def _parse_subscribe(body: _PacketBody) -> Subscribe:
    packet_id, requests = body.packet_id(), []
    while body:
        topic_filter, qos = body.text(), body.byte()
        require(qos <= _MAX_QOS, "requested QoS is above 2")
        requests.append((topic_filter, qos))
    require(requests, "SUBSCRIBE without a topic filter")
    return Subscribe(packet_id, tuple(requests))


def _parse_suback(body: _PacketBody) -> SubAck:
    packet_id, return_codes = body.packet_id(), tuple(body.read())
    require(return_codes, "SUBACK without a return code")
    require(all(code <= _MAX_QOS or code == REFUSED for code in return_codes), "unknown SUBACK return code")
    return SubAck(packet_id, return_codes)


def _parse_unsubscribe(body: _PacketBody) -> Unsubscribe:
    packet_id, topic_filters = body.packet_id(), []
    while body:
        topic_filters.append(body.text())
    require(topic_filters, "UNSUBSCRIBE without a topic filter")
    return Unsubscribe(packet_id, tuple(topic_filters))


# The three packets of QoS 2 (5, 6 and 7) are missing: the service does not support QoS 2.
_PACKETS: Mapping[int, tuple[type[Packet], Callable[[_PacketBody], Packet]]] = {
    1: (Connect, _parse_connect),
    2: (ConnAck, _parse_connack),
    3: (Publish, lambda body: _parse_publish(0, body)),
    4: (PubAck, lambda body: PubAck(body.packet_id())),
    8: (Subscribe, _parse_subscribe),
    9: (SubAck, _parse_suback),
    10: (Unsubscribe, _parse_unsubscribe),
    11: (UnsubAck, lambda body: UnsubAck(body.packet_id())),
    12: (PingReq, lambda _: PingReq()),
    13: (PingResp, lambda _: PingResp()),
    14: (Disconnect, lambda _: Disconnect()),
}
_TYPES = {kind: number for number, (kind, _) in _PACKETS.items()}
