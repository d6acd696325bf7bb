"""What a heater does with each request and what it answers (protocol.md 4.1 and 5).

One row for each request in `ANSWERS`; a reply goes where the request asked for it, a refusal to the heater's own topic.
"""

from collections.abc import Mapping
import time

from ..heater import report
from ..heater.controls import CONTROLS, Control
from ..heater.heater import Heater
from ..heater.records import AppliedControl
from ..heater.requests import Request, RequestError
from ..heater.schedules import ScheduleError
from . import energy as energy_answers
from . import firmware as firmware_answers
from . import schedules as schedule_answers
from .diagnostics import send_diagnostics
from .replies import Answer, Reply, refusal, reply

FAIL_TOO_SOON = 2
"""The only known fail code: DHW controls too close together."""


def answer(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Do what the request says and return the replies to it; `RequestError` when the heater ignores it."""
    suffix, silences = request.address.suffix, heater.faults.silences
    handler = ANSWERS.get((suffix, request.command))
    if handler is None:
        raise RequestError(f"no command {request.command} on {suffix}")
    try:
        replies = handler(heater, request)
    except ScheduleError as err:
        raise RequestError(str(err)) from err
    if not silences[suffix]:
        return replies
    silences[suffix] -= 1
    return ()


def status_reply(heater: Heater, request: Request) -> Reply:
    """Give the status message as an answer to `request`."""
    return reply(heater, request, {"status": report.status(heater)})


def _send_status(heater: Heater, request: Request) -> tuple[Reply, ...]:
    return (status_reply(heater, request),)


def _send_feature(heater: Heater, request: Request) -> tuple[Reply, ...]:
    return (reply(heater, request, {"feature": report.feature(heater)}),)


def _say_nothing(_heater: Heater, _request: Request) -> tuple[Reply, ...]:
    """Heard, never answered: the end of a session, and energy by the hour."""
    return ()


def _control(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Refuse a control, ignore it, or acknowledge it with the whole status."""
    control, param, faults = CONTROLS[request.command], request.param, heater.faults
    if faults.refusals:
        faults.refusals -= 1
        return (refusal(heater, request, faults.refusal_code),)
    if _too_soon(heater, control):
        return (refusal(heater, request, FAIL_TOO_SOON),)
    objection = control.objection(heater, param)
    if objection is not None:
        raise RequestError(objection)
    if control.paced:
        faults.paced_at = time.monotonic()
    if faults.ignored_writes:
        faults.ignored_writes -= 1
    else:
        control.effect(heater, param)
        heater.applied.append(AppliedControl.of(request, control=control.mode, param=param))
    return _send_status(heater, request)


def _too_soon(heater: Heater, control: Control) -> bool:
    faults = heater.faults
    return (
        control.paced
        and faults.paced_at is not None
        and time.monotonic() - faults.paced_at < faults.least_control_interval
    )


ANSWERS: Mapping[tuple[str, int], Answer] = {
    ("st", 16777219): _send_status,
    ("st/did", 16777217): _send_feature,
    ("st/end", 16777218): _say_nothing,
    ("st/rsv/rd", 16777222): schedule_answers.send_reservations,
    ("st/energy-usage-hourly-query/rd", 16777224): _say_nothing,
    ("st/energy-usage-daily-query/rd", 16777225): energy_answers.send_daily,
    ("st/energy-usage-monthly-query/rd", 16777226): energy_answers.send_monthly,
    ("st/dl-sw-info", 16777227): firmware_answers.send_download,
    ("st/td/rd", 16777228): send_diagnostics,
    ("st/recirc-rsv/rd", 16777231): schedule_answers.send_recirculation,
    ("ctrl/rsv/rd", 16777226): schedule_answers.take_reservations,
    ("ctrl/tou/rd", 33554439): schedule_answers.take_tou,
    ("ctrl/recirc-rsv/rd", 33554440): schedule_answers.take_recirculation,
    ("ctrl/commit-ota", 33554442): firmware_answers.commit,
    **{("ctrl", command): _control for command in CONTROLS},
}
"""By topic suffix and command code: the same code can mean two things, the topic decides (protocol.md 4.1)."""
