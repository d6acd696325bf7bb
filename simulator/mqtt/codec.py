"""MQTT 3.1.1 packets to bytes and back.

Decoding is incremental, since a WebSocket frame need not end where a packet does.
"""

from collections.abc import Iterator

from .fields import (
    MAX_REMAINING_LENGTH,
    MalformedPacketError,
    PacketBody,
    decode_remaining_length,
    encode_remaining_length,
    require,
)
from .packets import (
    ConnAck,
    Connect,
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

# The three packets of QoS 2 (5, 6 and 7) are missing: the service does not support QoS 2.
_CLASSES: dict[int, type[Packet]] = {
    packet_class.packet_type: packet_class
    for packet_class in (
        Connect, ConnAck, Publish, PubAck, Subscribe, SubAck, Unsubscribe, UnsubAck, PingReq, PingResp, Disconnect,
    )
}  # fmt: skip


def encode(packet: Packet) -> bytes:
    """Return the packet's bytes; OverflowError for a field too long for MQTT."""
    body = packet.body()
    return bytes((packet.packet_type << 4 | packet.flags,)) + encode_remaining_length(len(body)) + body


class PacketDecoder:
    """Turns a byte stream, in pieces of any size, into packets.

    A packet whose remaining length exceeds ``max_remaining_length`` is refused as soon as its header is read.
    """

    def __init__(self, max_remaining_length: int = MAX_REMAINING_LENGTH) -> None:
        self._max_remaining_length = max_remaining_length
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield every packet that is complete with ``data``; MalformedPacketError at the first that is none."""
        self._buffer += data
        while (packet := self._next_packet()) is not None:
            yield packet

    def _next_packet(self) -> Packet | None:
        if (header := decode_remaining_length(self._buffer, 1)) is None:
            return None
        length, start = header
        require(length <= self._max_remaining_length, "packet too large")
        if len(self._buffer) < start + length:
            return None
        first_byte, body = self._buffer[0], PacketBody(bytes(self._buffer[start : start + length]))
        del self._buffer[: start + length]
        return _parse(first_byte, body)


def _parse(first_byte: int, body: PacketBody) -> Packet:
    packet_type, flags = first_byte >> 4, first_byte & 0b1111
    packet_class = _CLASSES.get(packet_type)
    if packet_class is None:
        message = f"packet type {packet_type} is not supported"
        raise MalformedPacketError(message)
    require(packet_class.fixed_flags in (None, flags), "reserved flags in the fixed header")
    packet = packet_class.parse(flags, body)
    require(not body, "packet longer than its fields")
    return packet
