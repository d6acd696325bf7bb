"""What a heater does with each request and what it answers (protocol.md 4.1, 5, 7, 10.1, 10.3 and 10.6).

One row for each request in `ANSWERS`; a reply goes where the request asked for it, a refusal to the heater's own topic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
import time

from ..common.reading import BadRequestError, Members, number, numbers
from ..heater import report
from ..heater.controls import CONTROLS
from ..heater.energy import Usage
from ..heater.heater import Heater
from ..heater.members import ON
from ..heater.records import FIRMWARE_PARTS
from ..heater.schedules import WeeklySchedule, read_periods, read_use
from .diagnostics import send_diagnostics
from .messages import Answer, Reply, Request, raw_reply, refusal, reply

FAIL_TOO_SOON = 2
"""The only known fail code: DHW controls too close together."""

_YEARS = range(2000, 2100)
_MONTHS = range(1, 13)
_TYPE_OF_USAGE = 1
_FETCHED = 1  # plausible: no values of `otaMode` and `status` are known but those of nothing

type ScheduleWrite = tuple[Callable[[], None], Members]
"""What replaces a schedule, and its echo."""

_MAX_RECIRCULATION_ENTRIES = 20
_MAX_RESERVATIONS = 32  # so many are known to fit (protocol.md 7.1)
_GATES = {"recirculation": "recircReservationUse", "tou": "programReservationUse"}

_EMPTY_SLOTS = {"reservations": 2}
"""Follow the entries in the hex form, as in the recorded message."""


def answer(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Do what the request says and return the replies to it; `BadRequestError` when the heater ignores it."""
    handler = ANSWERS.get((request.suffix, request.command))
    if handler is None:
        raise BadRequestError(f"no command {request.command} on {request.suffix}")
    replies = handler(heater, request)
    return () if heater.faults.upcoming.due(request.suffix) else replies


def send_status(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the status message as an answer to `request`."""
    return (reply(heater, request, {"status": report.status(heater)}),)


def _control(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Refuse a control, ignore it, or acknowledge it with the whole status."""
    control, param, faults = CONTROLS[request.command], request.param, heater.faults
    if faults.upcoming.due("ctrl_fail"):
        return (refusal(heater, request, faults.refusal_code),)
    if control.paced and time.monotonic() - faults.paced_at < faults.minimum_control_interval:
        return (refusal(heater, request, FAIL_TOO_SOON),)
    objection = control.objection(heater, param)
    if objection is not None:
        raise BadRequestError(objection)
    if control.paced:
        faults.paced_at = time.monotonic()
    if not faults.upcoming.due("ignore_write"):
        control.effect(heater, param)
        heater.applied.append(request.applied(control.mode, param))
    return send_status(heater, request)


def _send_daily_energy(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the days of each month asked for, or nothing when one of them is not answered."""
    year = number(request.members, "year", _YEARS)
    months = numbers(request.members, "month", _MONTHS)
    if not heater.energy.unanswered.isdisjoint((year, month) for month in months):
        return ()
    periods = [({"year": year, "month": month}, heater.energy.month(year, month)) for month in months]
    return _usage_reply(heater, request, periods)


def _send_monthly_energy(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the months of each year asked for."""
    years = numbers(request.members, "year", _YEARS)
    return _usage_reply(heater, request, [({"year": year}, heater.energy.year(year)) for year in years])


def _usage_reply(
    heater: Heater, request: Request, periods: Sequence[tuple[dict[str, int], list[Usage]]]
) -> tuple[Reply, ...]:
    """Give the parts of each period; the total is that of the heater's whole life, whatever was asked."""
    if not periods:
        raise BadRequestError("no month or year is asked for")
    times = heater.faults.energy_times
    usage = [{**period, "data": [each.as_wire(times=times) for each in usages]} for period, usages in periods]
    members = {"typeOfUsage": _TYPE_OF_USAGE, "total": heater.energy.total().as_wire(), "usage": usage}
    return (reply(heater, request, members),)


def _send_firmware_download(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give what waits to be installed, always on the heater's own topic."""
    entries = [
        {"swCode": part, "otaMode": _FETCHED, "swVersion": version, "status": _FETCHED}
        for part, version in heater.fetched_firmware.items()
    ]
    nothing = {"swCode": 0, "otaMode": 0, "swVersion": 0, "status": 0}
    topic = f"{heater.identity.topic}/res/dl-sw-info"
    return (reply(heater, request, {"downloadSwInfo": entries or [nothing]}, topic=topic),)


def _commit_firmware(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Install what was fetched, if that is what the request names. No reply was ever seen; this one has no content."""
    wanted, fetched = request.members.get("commitOta"), heater.fetched_firmware
    if wanted not in [{"swCode": part, "swVersion": version} for part, version in fetched.items()]:
        raise BadRequestError("this firmware was not fetched")
    heater.feature |= {f"{FIRMWARE_PARTS[part]}SwVersion": version for part, version in fetched.items()}
    fetched.clear()
    return (reply(heater, request, {}),)


def _send_schedule(heater: Heater, request: Request, *, name: str) -> tuple[Reply, ...]:
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


def _take_schedule(heater: Heater, request: Request, *, name: str) -> tuple[Reply, ...]:
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
    heater.applied.append(request.applied(request.suffix))
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

ANSWERS: Mapping[tuple[str, int], Answer] = {
    ("st", 16777219): send_status,
    ("st/did", 16777217): lambda heater, request: (reply(heater, request, {"feature": report.feature(heater)}),),
    ("st/end", 16777218): lambda _heater, _request: (),  # never answered, nor is energy by the hour
    ("st/rsv/rd", 16777222): partial(_send_schedule, name="reservations"),
    ("st/energy-usage-hourly-query/rd", 16777224): lambda _heater, _request: (),
    ("st/energy-usage-daily-query/rd", 16777225): _send_daily_energy,
    ("st/energy-usage-monthly-query/rd", 16777226): _send_monthly_energy,
    ("st/dl-sw-info", 16777227): _send_firmware_download,
    ("st/td/rd", 16777228): send_diagnostics,
    ("st/recirc-rsv/rd", 16777231): partial(_send_schedule, name="recirculation"),
    ("ctrl/rsv/rd", 16777226): partial(_take_schedule, name="reservations"),
    ("ctrl/tou/rd", 33554439): partial(_take_schedule, name="tou"),
    ("ctrl/recirc-rsv/rd", 33554440): partial(_take_schedule, name="recirculation"),
    ("ctrl/commit-ota", 33554442): _commit_firmware,
    **{("ctrl", command): _control for command in CONTROLS},
}
"""By topic suffix and command code: the same code can mean two things, the topic decides (protocol.md 4.1)."""
