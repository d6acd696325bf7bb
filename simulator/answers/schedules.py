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

_EMPTY_SLOTS = {"reservations": 2}
"""Follow the entries in the hex form, as in the recorded message."""


def send(heater: Heater, request: Request, *, name: str) -> tuple[Reply, ...]:
    """Give a weekly schedule in both forms."""
    _check_gate(heater, name)
    schedule: WeeklySchedule = getattr(heater.schedules, name)
    slots = schedule.as_hex(empty_slots=_EMPTY_SLOTS.get(name, 0))
    forms = {
        "json": reply(heater, request, schedule.as_wire()),
        "hex": raw_reply(heater, request, {"reservationUse": schedule.use, "reservation": slots}),
    }
    wanted = heater.faults.schedule_form
    return tuple(message for form, message in forms.items() if wanted in ("both", form))


def take(heater: Heater, request: Request, *, name: str) -> tuple[Reply, ...]:
    """Replace a schedule and echo it, or silently lose it; without periods of a plan there is no answer."""
    _check_gate(heater, name)
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


def _check_gate(heater: Heater, name: str) -> None:
    gate = _GATES.get(name)
    if gate is not None and heater.feature[gate] != ON:
        raise BadRequestError(f"the heater has no {gate}")


READERS: Mapping[str, Callable[[Heater, Members], ScheduleWrite]] = {
    "reservations": partial(_read_weekly, name="reservations", max_entries=_MAX_RESERVATIONS),
    "recirculation": partial(_read_weekly, name="recirculation", max_entries=_MAX_RECIRCULATION_ENTRIES),
    "tou": _read_tou,
}
"""What reads each kind of schedule in its wire form."""
