"""What a heater does with each request and what it answers (protocol.md 4.1, 4.3, 5 and 10.4).

One row for each request in `ANSWERS`; a reply goes where the request asked for it, a refusal to the heater's own topic.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time

from . import report
from .controls import CONTROLS, Control
from .heater import DEVICE_TYPE, AppliedControl, Heater
from .requests import PROTOCOL_VERSION, Message, Request, RequestError

FAIL_TOO_SOON = 2
"""The only known fail code: DHW controls too close together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message from the heater, not yet on its way."""

    topic: str
    message: Message


type Answer = Callable[[Heater, Request], tuple[Reply, ...]]


def answer(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Do what the request says and return the replies to it; `RequestError` when the heater ignores it."""
    handler = ANSWERS.get((request.address.suffix, request.command))
    if handler is None:
        raise RequestError(f"no command {request.command} on {request.address.suffix}")
    return handler(heater, request)


def status_reply(heater: Heater, request: Request) -> Reply:
    """Give the status message as an answer to `request`."""
    return _reply(heater, request, {"status": report.status(heater)})


def _send_status(heater: Heater, request: Request) -> tuple[Reply, ...]:
    return (status_reply(heater, request),)


def _send_feature(heater: Heater, request: Request) -> tuple[Reply, ...]:
    return (_reply(heater, request, {"feature": report.feature(heater)}),)


def _end_session(_heater: Heater, _request: Request) -> tuple[Reply, ...]:
    """Heard, never answered."""
    return ()


def _control(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Refuse a control, ignore it, or acknowledge it with the whole status."""
    control, param, faults = CONTROLS[request.command], request.param, heater.faults
    if faults.refusals:
        faults.refusals -= 1
        return (_refusal(heater, request, faults.refusal_code),)
    if _too_soon(heater, control):
        return (_refusal(heater, request, FAIL_TOO_SOON),)
    objection = control.objection(heater, param)
    if objection is not None:
        raise RequestError(objection)
    if control.paced:
        faults.paced_at = time.monotonic()
    if faults.ignored_writes:
        faults.ignored_writes -= 1
    else:
        control.effect(heater, param)
        heater.applied.append(
            AppliedControl(
                time=time.time(),
                command=request.command,
                control=control.mode,
                param=param,
                client_id=request.client_id,
                session_id=request.session_id,
            )
        )
    return _send_status(heater, request)


def _too_soon(heater: Heater, control: Control) -> bool:
    faults = heater.faults
    return (
        control.paced
        and faults.paced_at is not None
        and time.monotonic() - faults.paced_at < faults.least_control_interval
    )


def _reply(heater: Heater, request: Request, members: Message) -> Reply:
    message = _envelope(heater, request, members) | {"responseTopic": request.response_topic}
    return Reply(topic=request.response_topic, message=message)


def _refusal(heater: Heater, request: Request, code: int) -> Reply:
    members = {"failCode": code, "swVersion": heater.feature["controllerSwVersion"]}
    topic = f"cmd/{DEVICE_TYPE}/navilink-{heater.identity.mac_address}/res/ctrl-fail"
    return Reply(topic=topic, message=_envelope(heater, request, members))


def _envelope(heater: Heater, request: Request, members: Message) -> dict[str, object]:
    return {
        "clientID": request.client_id,
        "sessionID": request.session_id,
        "protocolVersion": PROTOCOL_VERSION,
        "requestTopic": request.address.topic,
        "response": {
            "deviceType": DEVICE_TYPE,
            "macAddress": heater.identity.mac_address,
            "additionalValue": heater.identity.additional_value,
            **members,
        },
    }


ANSWERS: Mapping[tuple[str, int], Answer] = {
    ("st", 16777219): _send_status,
    ("st/did", 16777217): _send_feature,
    ("st/end", 16777218): _end_session,
    **{("ctrl", command): _control for command in CONTROLS},
}
"""By topic suffix and command code: the same code can mean two things, the topic decides (protocol.md 4.1)."""
