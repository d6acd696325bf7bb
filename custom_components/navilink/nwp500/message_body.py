"""From the bytes of a message to its members."""

import json
import math

import orjson

from .command_queue import JsonValue
from .subscriptions import Message


def decoded(body: bytes) -> Message | None:
    """Decode a message; `None` for what is no JSON object."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = _decoded_leniently(body)
    return message if isinstance(message, dict) else None


def _decoded_leniently(body: bytes) -> JsonValue:
    """Decode what is no strict JSON, for the sake of the members that make sense; what does not becomes null.

    One NaN, one number beyond every range, or one character that is none would otherwise take a whole status along.
    """
    try:
        text = body.decode("utf-8-sig", "replace")
        loose = json.loads(text, parse_constant=_unknown, parse_int=_in_range, parse_float=_in_range)
        # Written and read again, so that half a character in an escape does not come back to whoever writes it on.
        strict: JsonValue = orjson.loads(json.dumps(loose, ensure_ascii=False).encode(errors="replace"))
    except ValueError, RecursionError:
        return None
    return strict


def _unknown(_: str) -> None:
    """Read NaN and Infinity."""


def _in_range(number: str) -> float | None:
    value = float(number)
    if not math.isfinite(value):
        return None
    return int(number) if number.removeprefix("-").isdecimal() else value
