"""What a heater answers to reads and writes of its schedules (protocol.md 4.1, 7 and 10.6)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..heater.heater import Heater
from ..heater.members import ON
from ..heater.records import AppliedControl
from ..heater.requests import Message, Request, RequestError
from ..heater.schedules import WeeklySchedule, read_periods, read_use
from .replies import Reply, raw_reply, reply

MAX_RECIRCULATION_ENTRIES = 20
MAX_RESERVATIONS = 32
"""So many are known to fit (protocol.md 7.1)."""

_EMPTY_SLOTS = 2
"""Follow the reservations in the hex form, as in the recorded message."""


def send_reservations(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the weekly schedule in both forms."""
    return _both_forms(heater, request, heater.schedules.reservations, empty_slots=_EMPTY_SLOTS)


def send_recirculation(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the schedule of the recirculation pump in both forms."""
    _require_feature(heater, "recircReservationUse")
    return _both_forms(heater, request, heater.schedules.recirculation)


def take_reservations(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Replace the weekly schedule and echo it."""
    schedule = WeeklySchedule.of_wire(request.members, max_entries=MAX_RESERVATIONS)
    return _write(heater, request, partial(heater.schedules.take_reservations, schedule), schedule.as_wire())


def take_recirculation(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Replace the schedule of the recirculation pump and echo it."""
    _require_feature(heater, "recircReservationUse")
    schedule = WeeklySchedule.of_wire(request.members, max_entries=MAX_RECIRCULATION_ENTRIES)
    return _write(heater, request, partial(heater.schedules.take_recirculation, schedule), schedule.as_wire())


def take_tou(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Replace the periods of the time-of-use plan and echo them; without a schedule there is no answer."""
    _require_feature(heater, "programReservationUse")
    if request.members.get("controllerSerialNumber") != heater.identity.serial_number:
        raise RequestError("controllerSerialNumber belongs to another heater")
    plan, use = replace(heater.schedules.tou, periods=read_periods(request.members)), read_use(request.members)
    echo = {"reservationUse": use, "reservation": plan.as_list()}
    return _write(heater, request, partial(heater.take_tou, plan, is_on=use == ON), echo)


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


def _write(heater: Heater, request: Request, take: Callable[[], None], echo: Message) -> tuple[Reply, ...]:
    """Store a schedule, or silently lose it, and echo it."""
    faults = heater.faults
    if faults.lost_writes:
        faults.lost_writes -= 1
        return (reply(heater, request, echo),) if faults.lost_writes_answered else ()
    if faults.write_delay:
        heater.schedules.apply_later(take, heater.now + faults.write_delay)
    else:
        take()
    heater.applied.append(AppliedControl.of(request, control=request.address.suffix))
    return (reply(heater, request, echo),)


def _require_feature(heater: Heater, name: str) -> None:
    if heater.feature[name] != ON:
        raise RequestError(f"the heater has no {name}")
