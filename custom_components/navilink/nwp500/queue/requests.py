"""Requests as they go over the wire (protocol.md 4.2), made from the command tables."""

from collections.abc import Mapping
import uuid

from ..json_types import JsonValue
from ..models import Device
from ..protocol.codec import encoded
from ..protocol.controls import Control
from ..protocol.queries import Request
from ..protocol.topics import ReplyForm, check_topic, reply_topic, request_topic
from .command import QueuedCommand

_PROTOCOL_VERSION = 2


def plain_message(topic: str, payload: object, qos: int) -> QueuedCommand:
    """Return a message of the caller's own; `InvalidParameterError` or `PayloadError` when it can never be sent."""
    check_topic(topic)
    return QueuedCommand(kind="message", wanted="message", topic=topic, body=encoded(payload), qos=qos)


def query_request(
    query: Request, device: Device, client_id: str, content: Mapping[str, JsonValue] | None = None
) -> QueuedCommand:
    """Return a query or write for a device, with a `sessionID` of its own; its content has been checked."""
    session_id = uuid.uuid4().hex
    topic = request_topic(device, query.suffix)
    answered_on = reply_topic(query.reply, device, client_id, query.reply_suffix)
    return QueuedCommand(
        id=session_id,
        kind=query.name,
        wanted=query.words,
        mac_address=device.mac_address,
        topic=topic,
        body=_envelope(device, client_id, session_id, query.code, content or {}, (topic, answered_on)),
    )


def control_request(
    control: Control,
    parameters: tuple[int, ...],
    device: Device,
    client_id: str,
    *,
    wanted: str | None = None,
    session_id: str | None = None,
) -> QueuedCommand:
    """Return a control for a device without an expiry; the parameters have been checked.

    It has a `sessionID` of its own, or that of the command which it continues.
    """
    session_id = session_id or uuid.uuid4().hex
    topic = request_topic(device, "ctrl")
    content: dict[str, JsonValue] = {"mode": control.name, "param": [*parameters], "paramStr": ""}
    answered_on = reply_topic(ReplyForm.ACKNOWLEDGEMENT, device, client_id, "")
    return QueuedCommand(
        id=session_id,
        kind=control.name,
        wanted=wanted or control.wanted(parameters),
        mac_address=device.mac_address,
        topic=topic,
        body=_envelope(device, client_id, session_id, control.code, content, (topic, answered_on)),
        setting=control.setting,
        overwrites=control.overwrites,
        parameters=parameters,
        is_control=True,
        repeatable=control.repeatable,
        expected=control.effect(*parameters),
    )


def _envelope(
    device: Device,
    client_id: str,
    session_id: str,
    code: int,
    content: Mapping[str, JsonValue],
    topics: tuple[str, str],
) -> bytes:
    asked_on, answered_on = topics
    return encoded(
        {
            "clientID": client_id,
            "sessionID": session_id,
            "protocolVersion": _PROTOCOL_VERSION,
            "request": {
                "command": code,
                "deviceType": device.device_type,
                "macAddress": device.mac_address,
                "additionalValue": device.additional_value,
                **content,
            },
            "requestTopic": asked_on,
            "responseTopic": answered_on,
        }
    )
