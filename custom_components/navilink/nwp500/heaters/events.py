"""What is reported of heaters, also what has changed since the last message of one: change events with their names."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..models import Device, DeviceFeature, DeviceStatus


@dataclass(frozen=True, slots=True)
class StatusReceived:
    """A heater reported its status."""

    device: Device
    status: DeviceStatus


@dataclass(frozen=True, slots=True)
class FeatureReceived:
    """A heater reported what it has."""

    device: Device
    feature: DeviceFeature


@dataclass(frozen=True, slots=True)
class ScheduleWritten:
    """Another client, such as the app, wrote a schedule of a heater; only a read shows what became of that."""

    device: Device


@dataclass(frozen=True, slots=True)
class Changed:
    """A value of a heater is another one than before; `old` is None when it was not known."""

    device: Device
    name: str
    old: object
    new: object


# What an attribute's change to a value is called: to something (true, not 0), and to nothing (false, 0).
_OF_STATUS: Mapping[str, tuple[str, str]] = {
    "dhw_temperature": ("temperature_changed",) * 2,
    "tank_upper_temperature": ("temperature_changed",) * 2,
    "tank_lower_temperature": ("temperature_changed",) * 2,
    "dhw_temperature_setting": ("setpoint_changed",) * 2,
    "dhw_mode": ("mode_changed",) * 2,
    "current_power": ("power_changed",) * 2,
    "error_code": ("error_detected", "error_cleared"),
    "is_heating": ("heating_started", "heating_stopped"),
    "dhw_in_use": ("hot_water_use_started", "hot_water_use_stopped"),
    "is_in_tou_window": ("tou_window_entered", "tou_window_left"),
    "is_on_vacation": ("vacation_started", "vacation_ended"),
}
_OF_FEATURE: Mapping[str, tuple[str, str]] = {
    "controller_version": ("firmware_changed",) * 2,
    "panel_version": ("firmware_changed",) * 2,
    "wifi_version": ("firmware_changed",) * 2,
    "recirculation_version": ("firmware_changed",) * 2,
}


class ChangeWatch:
    """Compares what one heater reports with what it is known to have reported last.

    A value that is unknown for a moment, as some are around a reconnection (protocol.md 13.1), is no change, and what
    comes after it is compared with what was known before. A first value is no change either.
    """

    def __init__(self) -> None:
        self._known: dict[str, float | str] = {}

    def changes(self, device: Device, message: DeviceStatus | DeviceFeature) -> list[tuple[str, Changed]]:
        """Return what changed with a message, each with the name of its event, in the order of the tables."""
        found: list[tuple[str, Changed]] = []
        table = _OF_STATUS if isinstance(message, DeviceStatus) else _OF_FEATURE
        for attribute, (to_something, to_nothing) in table.items():
            new: float | str | None = getattr(message, attribute)
            if new is None:
                continue
            old = self._known.get(attribute)
            self._known[attribute] = new
            if old is not None and old != new:
                found.append((to_something if new else to_nothing, Changed(device, attribute, old, new)))
        return found
