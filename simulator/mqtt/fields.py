"""What MQTT 3.1.1 packets are made of: two-byte numbers, text and bytes behind their length, the remaining length."""

MAX_REMAINING_LENGTH = 268_435_455
_MAX_LENGTH_BYTES = 4


class ProtocolViolationError(Exception):
    """A client sent no MQTT 3.1.1 packet, or one against the rules, and is disconnected; the text is the reason."""


def require(condition: object, reason: str) -> None:
    """Raise ProtocolViolationError unless the condition holds."""
    if not condition:
        raise ProtocolViolationError(reason)


class PacketBody:
    """A cursor over the bytes of one packet after its fixed header; true while something is left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def __bool__(self) -> bool:
        return self._position < len(self._data)

    def take(self, length: int) -> bytes:
        """Read the next ``length`` bytes."""
        end = self._position + length
        require(end <= len(self._data), "packet shorter than its fields")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def rest(self) -> bytes:
        """Read all bytes that are left."""
        return self.take(len(self._data) - self._position)

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


def encode_binary(value: bytes) -> bytes:
    """Return bytes behind their length; OverflowError above 65535 bytes."""
    return len(value).to_bytes(2) + value


def encode_text(value: str) -> bytes:
    """Return UTF-8 text behind its length; OverflowError above 65535 bytes."""
    return encode_binary(value.encode())


def encode_remaining_length(length: int) -> bytes:
    """Return seven bits a byte, least significant first, the top bit set on all but the last."""
    if length > MAX_REMAINING_LENGTH:
        raise OverflowError(f"a packet of {length} bytes is above what MQTT can express")
    encoded = bytearray()
    while length > 0x7F:  # noqa: PLR2004 - the largest number that seven bits hold
        encoded.append(length & 0x7F | 0x80)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)


def decode_remaining_length(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return the length that begins at ``start`` and the position after it, or None while its bytes are incomplete."""
    length = 0
    for index, byte in enumerate(data[start : start + _MAX_LENGTH_BYTES]):
        length |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return length, start + index + 1
    require(len(data) - start < _MAX_LENGTH_BYTES, "remaining length of more than four bytes")
    return None
