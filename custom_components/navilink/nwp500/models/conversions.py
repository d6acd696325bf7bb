"""Between raw numbers and their meaning (protocol.md 6): pure functions, each the only place of its rule.

Raw values are signed integers; a decimal, which the device has not been seen to send, is decoded all the same.
"""

import re

from ..exceptions import ResponseFormatError

WATT_HOURS_PER_COUNT = 4
"""Of the tank energy counts; software that took it for 10 was wrong (protocol.md 14, trap 31)."""

_ON = 2
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")

_TRI_STATES: dict[float, bool] = {1: False, 2: True}
_CAPABILITIES: dict[float, bool] = {0: False, 1: False, 2: True}
_TOU_STATES: dict[float, bool] = {0: False, 1: True}
_REVERSED_FLAGS: dict[float, bool] = {1: True, 2: False}


def celsius_from_half(raw: float) -> float:
    """Decode half-degrees (setpoints, limits, DHW and recirculation temperatures) to °C."""
    return raw / 2


def celsius_from_deci(raw: float) -> float:
    """Decode tenths of a degree (tank, refrigerant and ambient probes) to °C."""
    return raw / 10


def celsius_from_delta(raw: float) -> float:
    """Decode a temperature difference (superheat, differential settings) to Celsius degrees."""
    return raw / 10


def liters_per_minute(raw: float) -> float:
    """Decode a flow rate; the wire has tenths in both unit settings (protocol.md 6.3)."""
    return raw / 10


def watt_hours(counts: float) -> float:
    """Decode a tank energy count."""
    return counts * WATT_HOURS_PER_COUNT


def flag(raw: float) -> bool:
    """Decode a two-state flag (kind b): 2 is true, any other number is false."""
    return raw == _ON


def tri_state(raw: float) -> bool | None:
    """Decode a flag that can be unknown (kind t): 0, or a number outside the list, must not be shown as off."""
    return _TRI_STATES.get(raw)


def capability(raw: float) -> bool | None:
    """Decode a flag of the feature message: 2 supported; 1 not supported and 0 not fitted are both false."""
    return _CAPABILITIES.get(raw)


def tou_enabled(raw: float) -> bool | None:
    """Decode `touStatus`, the one flag on the wire that is 0 or 1."""
    return _TOU_STATES.get(raw)


def tou_overridden(raw: float) -> bool | None:
    """Decode `touOverrideStatus`: 1 is an active override, 2 is normal."""
    return _REVERSED_FLAGS.get(raw)


def push_flag(raw: float) -> bool | None:
    """Decode an alarm flag of the REST service: 1 on, 2 off, the reverse of every flag of the device."""
    return _REVERSED_FLAGS.get(raw)


def bytes_from_hex(text: str) -> bytes:
    """Decode a hexadecimal text, which is exact or no list at all (protocol.md 14.1): two digits a byte, nothing else.

    `bytes.fromhex` would pass over blanks, and so make a shorter list of it.

    Raises `ResponseFormatError` if the text has an odd count of digits, or a character that is none.
    """
    if _HEX.fullmatch(text) is None:
        raise ResponseFormatError(lacking="hexadecimal digits in pairs")
    return bytes.fromhex(text)


def version_text(raw: int) -> str | None:
    """Write a software version: one byte a part, most significant first (184877056 is 11.5.0.0, protocol.md 2.6).

    0 is what a part that is not there reports, and more than four bytes are no version: None.
    """
    if not 0 < raw < 1 << 32:
        return None
    return "{}.{}.{}.{}".format(*raw.to_bytes(4))
