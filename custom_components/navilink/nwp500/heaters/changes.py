"""What has changed since the last message of a heater, as the names and values of the change events."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..models import DeviceFeature, DeviceStatus


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a heater: the event's name, the attribute that changed, and its values before and after."""

    name: str
    attribute: str
    old: float | str
    new: float | str


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """What an attribute's change to a value is called: to something (true, not 0), and to nothing (false, 0)."""

    to_something: str
    to_nothing: str


def _always(name: str) -> _Names:
    return _Names(name, name)


_OF_STATUS: Mapping[str, _Names] = {
    "dhw_temperature": _always("temperature_changed"),
    "tank_upper_temperature": _always("temperature_changed"),
    "tank_lower_temperature": _always("temperature_changed"),
    "dhw_temperature_setting": _always("setpoint_changed"),
    "dhw_mode": _always("mode_changed"),
    "current_power": _always("power_changed"),
    "error_code": _Names("error_detected", "error_cleared"),
    "is_heating": _Names("heating_started", "heating_stopped"),
    "dhw_in_use": _Names("hot_water_use_started", "hot_water_use_stopped"),
    "is_in_tou_window": _Names("tou_window_entered", "tou_window_left"),
    "is_on_vacation": _Names("vacation_started", "vacation_ended"),
}
_OF_FEATURE: Mapping[str, _Names] = {
    "controller_version": _always("firmware_changed"),
    "panel_version": _always("firmware_changed"),
    "wifi_version": _always("firmware_changed"),
    "recirculation_version": _always("firmware_changed"),
}


class ChangeWatch:
    """Compares what one heater reports with what it is known to have reported last.

    A value that is unknown for a moment, as some are around a reconnection (protocol.md 13.1), is no change, and what
    comes after it is compared with what was known before. A first value is no change either.
    """

    def __init__(self) -> None:
        self._known: dict[str, float | str] = {}

    def changes(self, message: DeviceStatus | DeviceFeature) -> tuple[Change, ...]:
        """Return what changed with a message, in the order of the tables, and remember it."""
        found: list[Change] = []
        for attribute, names in (_OF_STATUS if isinstance(message, DeviceStatus) else _OF_FEATURE).items():
            new: float | str | None = getattr(message, attribute)
            if new is None:
                continue
            old = self._known.get(attribute)
            self._known[attribute] = new
            if old is not None and old != new:
                found.append(Change(names.to_something if new else names.to_nothing, attribute, old, new))
        return tuple(found)
