"""What may be read of a store, values of the right kind and size, and what of the messages of heaters is written to it.

A file can be damaged, and anybody can have written it. What is refused here is named by its kind only, never by its
value, which may be large or private.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
import math
from typing import TypeIs

from ..common.text import SHORT, one_line
from ..models import DeviceFeature
from ..protocol import controls
from ..protocol.controls import Control

_MAX_ENTRIES = 50_000
"""Of any list or object: more than any queue that makes sense."""
_MAX_SENTENCE = 256
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
"""Every JSON writer takes these numbers, and no member of the protocol has a larger one."""

REFUSALS = (KeyError, TypeError, ValueError, OverflowError)
"""What reading raises for anything that is not as it should be; `InvalidParameterError` is a `ValueError`."""


def as_object(value: object) -> Mapping[str, object]:
    """Return a JSON object."""
    if not isinstance(value, Mapping) or len(value) > _MAX_ENTRIES:
        raise TypeError("no object, or too large a one")
    return value


def as_list(value: object) -> Sequence[object]:
    """Return a JSON list."""
    if not isinstance(value, list) or len(value) > _MAX_ENTRIES:
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


# The members of a message that are needed to show a heater, and to judge its commands

type Members = dict[str, int | str]
"""Members of a message as they came off the wire, without texts that are long or cannot be printed."""

CONTROLS = tuple(control for control in vars(controls).values() if isinstance(control, Control))

_FEATURE = sorted(member.wire_name for member in DeviceFeature.members().values())
_SHOWN_BY_CONTROLS = {
    name for control in CONTROLS for name in control.effect(*(parameter.low for parameter in control.parameters))
}
_SETTINGS = sorted(
    _SHOWN_BY_CONTROLS
    | {
        "vacationDayElapsed",
        "temperatureType",
        # With `touStatus`, whether a time-of-use window is in force (protocol.md 13.5).
        "hpUpperOnDiffTempSetting",
        "hpUpperOffDiffTempSetting",
        "hpLowerOnDiffTempSetting",
        "hpLowerOffDiffTempSetting",
    }
)
_MEASURED = ["dhwTemperature", "tankLowerTemperature", "tankUpperTemperature"]

FEATURE_DELAY = 60.0
"""Seconds that a store may take to write what a heater has, which hardly ever changes."""
_MEASURED_DELAY = 15 * 60.0
"""The same for temperatures, which always change."""


def feature_to_store(raw: Mapping[str, object]) -> Members:
    """Return what is stored of a device-info message."""
    return _chosen(raw, _FEATURE)


def status_to_store(raw: Mapping[str, object]) -> Members:
    """Return what is stored of a status."""
    return _chosen(raw, (*_SETTINGS, *_MEASURED))


def read_members(stored: object) -> Members:
    """Return stored members; what is none is left out, and the message has one member less."""
    return _chosen(as_object(stored), as_object(stored))


def status_delay(before: Mapping[str, object], now: Mapping[str, object]) -> float | None:
    """Return the seconds that a store may take to write a status after another; `None`: it has nothing new."""
    if before == now:
        return None
    if _differ(before, now, _SETTINGS):
        return 0.0
    return _MEASURED_DELAY if _differ(before, now, _MEASURED) else None


def _differ(before: Mapping[str, object], now: Mapping[str, object], names: Iterable[str]) -> bool:
    return any(before.get(name) != now.get(name) for name in names)


def _chosen(raw: Mapping[str, object], names: Iterable[str]) -> Members:
    members: Members = {}
    for name in names:
        value = raw.get(name)
        if isinstance(value, str):
            # A key that was cut would be another key.
            if len(value) <= SHORT and value.isprintable():
                members[name] = value
        elif value is not None and is_whole(value):
            members[name] = value
    return members
