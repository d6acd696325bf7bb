"""What a person does at the panel of a heater, or a test to its probes: raw members written from outside.

A member that the heater acts by is acted on, a setting or counter is stored, and any other member of the
message is pinned to the value written, whatever the heater does, until it is written as `None`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from operator import setitem

from ..answers.answers import READERS
from ..common.reading import BadRequestError, part, whole_number
from ..heater.heater import Heater
from ..heater.members import FACTORY_FEATURE, FACTORY_STATUS, MIRRORED
from ..heater.report import derived_members, idle_ambient_error
from ..heater.tank import RATED_GALLONS
from ..heater.thermostat import DhwMode

_PROBE_RANGE = range(-200, 1001)
_COUNTER_RANGE = range(2**31)
_STORABLE = range(-(2**63), 2**63)
_DEFAULT_VACATION_DAYS = 7


def write(heater: Heater, members: Mapping[str, object], feature: Mapping[str, object]) -> None:
    """Write raw members of status and of device info, all or none."""
    writes = [_status_write(heater, name, value) for name, value in members.items()]
    writes += [_feature_write(heater, name, value) for name, value in feature.items()]
    for apply in writes:
        apply()


def write_schedules(heater: Heater, schedules: Mapping[str, object]) -> None:
    """Write schedules in their wire form, each a whole, all or none."""
    unknown = schedules.keys() - READERS.keys()
    if unknown:
        raise BadRequestError(f"schedules are {', '.join(READERS)}, not {', '.join(sorted(unknown))}")
    for apply, _ in [READERS[name](heater, part(schedules, name)) for name in schedules]:
        apply()


def _status_write(heater: Heater, name: str, value: object) -> Callable[[], object]:
    if name not in FACTORY_STATUS:
        raise BadRequestError(f"status has no member {name}")
    if value is None:
        return partial(heater.pinned.pop, name, None)
    if name in _PANEL:
        allowed, apply = _PANEL[name]
        return partial(apply, heater, whole_number(value, name, allowed(heater)))
    number = whole_number(value, name, _STORABLE)
    if name in derived_members(heater):
        return partial(setitem, heater.pinned, name, number)
    return partial(_store, heater, name, number)


def _feature_write(heater: Heater, name: str, value: object) -> Callable[[], object]:
    if name not in FACTORY_FEATURE:
        raise BadRequestError(f"device info has no member {name}")
    number = whole_number(value, name, _STORABLE)
    if name == "volumeCode":
        if number not in RATED_GALLONS:
            raise BadRequestError(f"volumeCode must be one of {sorted(RATED_GALLONS)}, not {number}")
        return partial(_fit_tank, heater, number)
    return partial(_store, heater, name, number) if name in MIRRORED else partial(setitem, heater.feature, name, number)


def _store(heater: Heater, name: str, value: int) -> None:
    heater.members[name] = value
    if name in MIRRORED:
        heater.feature[name] = value


def _fit_tank(heater: Heater, code: int) -> None:
    heater.feature["volumeCode"] = code
    heater.tank.rated_gallons = RATED_GALLONS[code]


def _write_mode(heater: Heater, value: int) -> None:
    days = heater.members["vacationDaySetting"] or _DEFAULT_VACATION_DAYS
    heater.write_mode(DhwMode(value), days)


def _warm(heater: Heater, value: int, *, probe: str) -> None:
    """Warm or cool what a probe shows."""
    error = idle_ambient_error(heater) if probe == "ambient" else 0.0
    setattr(heater.tank, probe, value / 10 - error)


def _count(heater: Heater, value: int, *, name: str, unit: float) -> None:
    """Let a counter stand at so many units."""
    setattr(heater, name, value * unit)


_PANEL: Mapping[str, tuple[Callable[[Heater], range], Callable[[Heater, int], None]]] = {
    "dhwOperationSetting": (lambda _: range(7), _write_mode),
    "dhwTemperatureSetting": (lambda heater: heater.setpoints, Heater.write_setpoint),
    "tankUpperTemperature": (lambda _: _PROBE_RANGE, partial(_warm, probe="upper")),
    "tankLowerTemperature": (lambda _: _PROBE_RANGE, partial(_warm, probe="lower")),
    "ambientTemperature": (lambda _: _PROBE_RANGE, partial(_warm, probe="ambient")),
    "cumulatedOpTimeEvaFan": (lambda _: _COUNTER_RANGE, partial(_count, name="fan_seconds", unit=3600.0)),
    "cumulatedDhwFlowRate": (lambda _: _COUNTER_RANGE, partial(_count, name="drawn_liters", unit=1.0)),
}
