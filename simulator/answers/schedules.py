"""What a heater answers to reads and writes of its schedules (protocol.md 4.1, 7 and 10.6)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ..common.reading import BadRequestError, Members
from ..heater.heater import Heater
from ..heater.members import ON
from ..heater.requests import Request, applied
from ..heater.schedules import WeeklySchedule, read_periods, read_use
from .replies import Reply, raw_reply, reply

type ScheduleWrite = tuple[Callable[[], None], Members]
"""What replaces a schedule, and its echo."""

_MAX_RECIRCULATION_ENTRIES = 20
_MAX_RESERVATIONS = 32  # so many are known to fit (protocol.md 7.1)
_GATES = {"recirculation": "recircReservationUse", "tou": "programReservationUse"}

_EMPTY_SLOTS = 2
"""Follow the reservations in the hex form, as in the recorded message."""


def send_reservations(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the weekly schedule in both forms."""
    return _both_forms(heater, request, heater.schedules.reservations, empty_slots=_EMPTY_SLOTS)


def send_recirculation(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the schedule of the recirculation pump in both forms."""
    _require_feature(heater, _GATES["recirculation"])
    return _both_forms(heater, request, heater.schedules.recirculation)


def take(heater: Heater, request: Request, *, name: str) -> tuple[Reply, ...]:
    """Replace a schedule and echo it, or silently lose it; without periods of a plan there is no answer."""
    if name in _GATES:
        _require_feature(heater, _GATES[name])
    if name == "tou" and request.members.get("controllerSerialNumber") != heater.identity.serial_number:
        raise BadRequestError("controllerSerialNumber belongs to another heater")
    write, echo = READERS[name](heater, request.members)
    faults = heater.faults
    if faults.upcoming.due("lose_write"):
        return (reply(heater, request, echo),) if faults.lost_writes_answered else ()
    if faults.write_delay:
        heater.schedules.apply_later(write, heater.now + faults.write_delay)
    else:
        write()
    heater.applied.append(applied(request, request.address.suffix))
    return (reply(heater, request, echo),)


def _read_weekly(heater: Heater, members: Members, *, name: str, max_entries: int) -> ScheduleWrite:
    schedule = WeeklySchedule.of_wire(members, max_entries=max_entries)
    return partial(setattr, heater.schedules, name, schedule), schedule.as_wire()


def _read_tou(heater: Heater, members: Members) -> ScheduleWrite:
    plan, use = replace(heater.schedules.tou, periods=read_periods(members)), read_use(members)
    return partial(heater.take_tou, plan, is_on=use == ON), {"reservationUse": use, "reservation": plan.as_list()}


def _both_forms(
    heater: Heater, request: Request, schedule: WeeklySchedule, *, empty_slots: int = 0
) -> tuple[Reply, ...]:
    forms = {
        "json": reply(heater, request, schedule.as_wire()),
        "hex": raw_reply(
            heater, request, {"reservationUse": schedule.use, "reservation": schedule.as_hex(empty_slots=empty_slots)}
        ),
    }
    wanted = heater.faults.schedule_form
    return tuple(message for form, message in forms.items() if wanted in ("both", form))


def _require_feature(heater: Heater, name: str) -> None:
    if heater.feature[name] != ON:
        raise BadRequestError(f"the heater has no {name}")


READERS: Mapping[str, Callable[[Heater, Members], ScheduleWrite]] = {
    "reservations": partial(_read_weekly, name="reservations", max_entries=_MAX_RESERVATIONS),
    "recirculation": partial(_read_weekly, name="recirculation", max_entries=_MAX_RECIRCULATION_ENTRIES),
    "tou": _read_tou,
}
"""What reads each kind of schedule in its wire form."""
