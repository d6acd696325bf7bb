"""What a person does at the panel of a heater, or a test to its probes: raw members written from outside.

A member that the heater acts by is acted on, a setting or counter is stored, and any other member of the
message is pinned to the value written, whatever the heater does, until it is written as `None`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ..answers.schedules import MAX_RECIRCULATION_ENTRIES, MAX_RESERVATIONS
from ..heater.heater import Heater
from ..heater.members import FACTORY_FEATURE, FACTORY_STATUS, MIRRORED, ON
from ..heater.report import derived_members, idle_ambient_error
from ..heater.schedules import ScheduleError, WeeklySchedule, read_periods, read_use
from ..heater.tank import RATED_GALLONS
from ..heater.thermostat import DhwMode

_PROBE_RANGE = range(-200, 1001)
_COUNTER_RANGE = range(2**31)
_DEFAULT_VACATION_DAYS = 7


class PanelError(Exception):
    """A member that does not exist or cannot take the value; nothing was changed."""


def write(heater: Heater, members: Mapping[str, object], feature: Mapping[str, object]) -> None:
    """Write raw members of status and of device info, all or none."""
    writes = [_status_write(heater, name, value) for name, value in members.items()]
    writes += [_feature_write(heater, name, value) for name, value in feature.items()]
    for apply in writes:
        apply()


def write_schedules(heater: Heater, schedules: Mapping[str, object]) -> None:
    """Write schedules in their wire form, each a whole, all or none."""
    writes = []
    for name, members in schedules.items():
        if name not in _SCHEDULES or not isinstance(members, Mapping):
            raise PanelError(f"schedules are objects under {', '.join(_SCHEDULES)}, not {name}: {members!r}")
        try:
            writes.append(_SCHEDULES[name](heater, members))
        except ScheduleError as err:
            raise PanelError(f"{name}: {err}") from err
    for apply in writes:
        apply()


def _status_write(heater: Heater, name: str, value: object) -> Callable[[], object]:
    if name not in FACTORY_STATUS:
        raise PanelError(f"status has no member {name}")
    if value is None:
        return partial(heater.pinned.pop, name, None)
    number = _whole_number(name, value)
    if name in _PANEL:
        check, apply = _PANEL[name]
        if number not in check(heater):
            raise PanelError(f"{name} cannot be {number}")
        return partial(apply, heater, number)
    if name in derived_members(heater):
        return partial(heater.pinned.__setitem__, name, number)
    return partial(_store, heater, name, number)


def _feature_write(heater: Heater, name: str, value: object) -> Callable[[], object]:
    if name not in FACTORY_FEATURE:
        raise PanelError(f"device info has no member {name}")
    number = _whole_number(name, value)
    if name == "volumeCode":
        if number not in RATED_GALLONS:
            raise PanelError(f"volumeCode must be one of {sorted(RATED_GALLONS)}, not {number}")
        return partial(_fit_tank, heater, number)
    return partial(_store if name in MIRRORED else _store_feature, heater, name, number)


def _whole_number(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise PanelError(f"{name} must be a whole number, not {value!r}")
    return value


def _store(heater: Heater, name: str, value: int) -> None:
    heater.members[name] = value
    if name in MIRRORED:
        heater.feature[name] = value


def _store_feature(heater: Heater, name: str, value: int) -> None:
    heater.feature[name] = value


def _fit_tank(heater: Heater, code: int) -> None:
    heater.feature["volumeCode"] = code
    heater.tank.rated_gallons = RATED_GALLONS[code]


def _write_mode(heater: Heater, value: int) -> None:
    days = heater.members["vacationDaySetting"] or _DEFAULT_VACATION_DAYS
    heater.write_mode(DhwMode(value), days)


def _write_upper(heater: Heater, value: int) -> None:
    heater.tank.upper = value / 10


def _write_lower(heater: Heater, value: int) -> None:
    heater.tank.lower = value / 10


def _write_ambient(heater: Heater, value: int) -> None:
    heater.tank.ambient = value / 10 - idle_ambient_error(heater)


def _write_fan_hours(heater: Heater, value: int) -> None:
    heater.fan_seconds = value * 3600.0


def _write_drawn(heater: Heater, value: int) -> None:
    heater.drawn_liters = float(value)


def _setpoints(heater: Heater) -> range:
    lowest, highest = heater.setpoint_limits
    return range(lowest, highest + 1)


def _reservations_write(heater: Heater, members: Mapping[str, object]) -> Callable[[], object]:
    schedule = WeeklySchedule.of_wire(members, max_entries=MAX_RESERVATIONS)
    return partial(heater.schedules.take_reservations, schedule)


def _recirculation_write(heater: Heater, members: Mapping[str, object]) -> Callable[[], object]:
    schedule = WeeklySchedule.of_wire(members, max_entries=MAX_RECIRCULATION_ENTRIES)
    return partial(heater.schedules.take_recirculation, schedule)


def _tou_write(heater: Heater, members: Mapping[str, object]) -> Callable[[], object]:
    plan = replace(heater.schedules.tou, periods=read_periods(members))
    return partial(heater.take_tou, plan, is_on=read_use(members) == ON)


_SCHEDULES: Mapping[str, Callable[[Heater, Mapping[str, object]], Callable[[], object]]] = {
    "reservations": _reservations_write,
    "recirculation": _recirculation_write,
    "tou": _tou_write,
}

_PANEL: Mapping[str, tuple[Callable[[Heater], range], Callable[[Heater, int], None]]] = {
    "dhwOperationSetting": (lambda _: range(7), _write_mode),
    "dhwTemperatureSetting": (_setpoints, Heater.write_setpoint),
    "tankUpperTemperature": (lambda _: _PROBE_RANGE, _write_upper),
    "tankLowerTemperature": (lambda _: _PROBE_RANGE, _write_lower),
    "ambientTemperature": (lambda _: _PROBE_RANGE, _write_ambient),
    "cumulatedOpTimeEvaFan": (lambda _: _COUNTER_RANGE, _write_fan_hours),
    "cumulatedDhwFlowRate": (lambda _: _COUNTER_RANGE, _write_drawn),
}
