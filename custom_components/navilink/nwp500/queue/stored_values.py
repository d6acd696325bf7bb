"""What may be read of a store: values of the right kind and size, whatever the file holds.

A file can be damaged, and anybody can have written it. What is refused here is named by its kind only, never by its
value, which may be large or private.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
import math
from typing import TypeIs

from ..common.text import SHORT, one_line

MAX_ENTRIES = 50_000
"""Of any list or object: more than any queue that makes sense."""
_MAX_SENTENCE = 256
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
"""Every JSON writer takes these numbers, and no member of the protocol has a larger one."""

REFUSALS = (KeyError, TypeError, ValueError, OverflowError)
"""What reading raises for anything that is not as it should be; `InvalidParameterError` is a `ValueError`."""


def as_object(value: object) -> Mapping[str, object]:
    """Return a JSON object."""
    if not isinstance(value, Mapping) or len(value) > MAX_ENTRIES:
        raise TypeError("no object, or too large a one")
    return value


def as_list(value: object) -> Sequence[object]:
    """Return a JSON list."""
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise TypeError("no list, or too long a one")
    return value


def as_text(value: object) -> str:
    """Return a text that is short and printable already."""
    if not isinstance(value, str) or not value or len(value) > SHORT or not value.isprintable():
        raise TypeError("no text, or not a short printable one")
    return value


def as_sentence(value: object) -> str:
    """Return a text for people, cut to one printable line."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return one_line(value, _MAX_SENTENCE)


def as_whole(value: object, low: int = _LOWEST, high: int = _HIGHEST) -> int:
    """Return a whole number within limits."""
    if not is_whole(value) or not low <= value <= high:
        raise TypeError("no whole number, or one outside its range")
    return value


def is_whole(value: object) -> TypeIs[int]:
    """Return whether a value is a whole number of at most 64 bits; `True` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and _LOWEST <= value <= _HIGHEST


def as_seconds(value: object) -> float:
    """Return a number of seconds, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise TypeError("no number of seconds")
    return float(value)


def as_time(value: object) -> datetime:
    """Return a time with its zone, from ISO 8601."""
    time = datetime.fromisoformat(as_text(value))
    if time.tzinfo is None:
        raise ValueError("a time without a time zone")
    return time
