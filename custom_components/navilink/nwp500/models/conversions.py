"""From what the wire carries to what it means (protocol.md 6): every rule once, as a kind of member.

Raw values are signed integers; a decimal, which the device has not been seen to send, is decoded all the same. What
comes is not trusted: a value that its kind cannot mean is unknown, None. The way back, and degrees Fahrenheit, are in
`protocol/setpoint.py`.
"""

from binascii import unhexlify
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, unique

from ..common.text import LONG, SHORT, one_line
from ..exceptions import ResponseFormatError
from .members import WHOLE, Kind, Number, coded, numeric

WATT_HOURS_PER_COUNT = 4
"""Of the tank energy counts; software that took it for 10 was wrong (protocol.md 14, trap 31)."""

_ON = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@unique
class Weekday(IntEnum):
    """A day of the week; its number is its bit in a day mask (protocol.md 7.1)."""

    SUNDAY = 128
    MONDAY = 64
    TUESDAY = 32
    WEDNESDAY = 16
    THURSDAY = 8
    FRIDAY = 4
    SATURDAY = 2


def celsius_from_half(raw: float) -> float:
    """Decode half-degrees: setpoints, limits, DHW and recirculation temperatures."""
    return raw / 2


def _tenth(raw: float) -> float:
    return raw / 10


def _whole_or_zero(value: object) -> int | None:
    return 0 if value is None else WHOLE.read(value)


def _version(value: object) -> str | None:
    """Read a software version: one byte a part, most significant first (184877056 is 11.5.0.0, protocol.md 2.6).

    0 is what a part that is not there reports, and more than four bytes are no version.
    """
    number = WHOLE.read(value)
    return "{}.{}.{}.{}".format(*number.to_bytes(4)) if number is not None and 0 < number < 1 << 32 else None


def _line(limit: int) -> Kind[str]:
    return Kind(lambda value: one_line(value, limit) if isinstance(value, str) else None, name="text")


def _key(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= SHORT and value.isprintable() else None


def _from_epoch_milliseconds(raw: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=raw)
    except OverflowError:
        return None


def _date(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        year, month, day = (int(part) for part in value.split("-"))
        return date(year, month, day)
    except ValueError, OverflowError:
        return None


TEXT = _line(SHORT)
"""A text that is shown to people: one printable line of at most 64 characters."""
LONG_TEXT = _line(LONG)
"""The same with at most 500 characters, for descriptions and addresses."""
KEY = Kind(_key, name="text")
"""A text that is sent back as it came: cut or mended it would name something else, so it is exact or unknown."""
WHOLE_OR_ZERO = Kind(_whole_or_zero)
"""A whole number that is left out where it is 0."""
HOURS_OR_ZERO = Kind(_whole_or_zero, "h")
VERSION = Kind(_version, name="version")
DAYS = Kind(WHOLE.read, "d", "days")
HALF = numeric(celsius_from_half, "°C", name="half")
DECI = numeric(_tenth, "°C", name="deci")
"""Tank, refrigerant and ambient probes."""
DELTA = numeric(_tenth, "Celsius degrees of difference", name="delta")
"""Superheat and differential settings."""
OUTSIDE = numeric(celsius_from_half, "°C", name="outside")
FLOW = numeric(_tenth, "L/min", name="0.1 L/min")
"""In both unit settings (protocol.md 6.3)."""
TANK_ENERGY = numeric(lambda counts: counts * WATT_HOURS_PER_COUNT, "Wh", name="4 Wh")
FLAG = numeric(lambda raw: raw == _ON, name="b")
"""A flag with two states: 2 is true, any other number is false."""
TRI_STATE = coded({1: False, 2: True}, name="t")
"""A flag that can be unknown: 0, or a number outside the list, must not be shown as off."""
CAPABILITY = coded({0: False, 1: False, 2: True}, name="capability")
"""A flag of the feature message: 2 supported; 1 not supported and 0 not fitted are both false."""
TOU_STATUS = coded({0: False, 1: True}, name="TOU status")
"""The one flag on the wire that is 0 or 1."""
TOU_OVERRIDE = coded({1: True, 2: False}, name="TOU override")
"""1 is an active override, 2 is normal."""
PUSH_FLAG = coded({1: True, 2: False})
"""An alarm flag of the REST service: 1 on, 2 off, the reverse of every flag of the device."""
EPOCH_MILLISECONDS = numeric(_from_epoch_milliseconds)
DAY_MASK = Number("week", 2, 254, step=2)
"""The days of every kind of schedule: one bit each, at least one, and never bit 0, which stands for none."""
DATE = Kind(_date)
"""A date, with or without leading zeros (protocol.md 2.8)."""


def day_mask(days: Iterable[Weekday]) -> int:
    """Encode days, at least one of them; raises `InvalidParameterError` if there is none."""
    return DAY_MASK.check(sum(frozenset(days)))


def days_in(mask: int) -> frozenset[Weekday]:
    """Decode a day mask; bits that stand for no day are ignored."""
    return frozenset(day for day in Weekday if mask & day)


def bytes_from_hex(text: str) -> bytes:
    """Decode a hexadecimal text, two digits a byte and no more (protocol.md 14.1); raises `ResponseFormatError`."""
    try:
        # `bytes.fromhex` would pass over blanks, and so make a shorter list of it.
        return unhexlify(text)
    except ValueError:
        raise ResponseFormatError(lacking="hexadecimal digits in pairs") from None
