"""What has changed from one status to the next, as the names and values of the change events."""

from collections.abc import Callable
from dataclasses import dataclass
import operator

from .models.status import DeviceStatus


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a heater: the event's name, the status attribute that changed, and its values before and after."""

    name: str
    attribute: str
    old: float
    new: float


def _any_value(_new: float) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which change of a status attribute is the event: one to a value for which `applies` is true."""

    name: str
    attribute: str
    applies: Callable[[float], bool] = _any_value

    def change(self, old: DeviceStatus, new: DeviceStatus) -> Change | None:
        before: float | None = getattr(old, self.attribute)
        after: float | None = getattr(new, self.attribute)
        if before is None or after is None or before == after or not self.applies(after):
            return None
        return Change(self.name, self.attribute, before, after)


_RULES = (
    _Rule("temperature_changed", "dhw_temperature"),
    _Rule("temperature_changed", "tank_upper_temperature"),
    _Rule("temperature_changed", "tank_lower_temperature"),
    _Rule("set_point_changed", "dhw_temperature_setting"),
    _Rule("mode_changed", "dhw_mode"),
    _Rule("power_changed", "current_power"),
    _Rule("error_detected", "error_code", operator.truth),
    _Rule("error_cleared", "error_code", operator.not_),
    _Rule("heating_started", "is_heating", operator.truth),
    _Rule("heating_stopped", "is_heating", operator.not_),
)


def changes(old: DeviceStatus | None, new: DeviceStatus) -> tuple[Change, ...]:
    """Tell what changed, in the order of the rules; nothing when there was no status before.

    A value that is unknown before or after is no change: a member that drops out of a message for a moment would
    otherwise look like an event.
    """
    if old is None:
        return ()
    return tuple(change for rule in _RULES if (change := rule.change(old, new)))
