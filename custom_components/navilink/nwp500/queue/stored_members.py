"""Which members of a heater's messages are stored: those that are needed to show it, and to judge its commands."""

from collections.abc import Iterable, Mapping

from ..common.text import SHORT
from ..models import DeviceFeature
from ..protocol import controls
from ..protocol.controls import Control
from .stored_values import as_object, is_whole

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
        "dhwOperationSetting",
        "dhwTemperatureSetting",
        "vacationDaySetting",
        "vacationDayElapsed",
        "temperatureType",
        # Whether a time-of-use window is in force (protocol.md 13.5).
        "touStatus",
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
