"""Commands as they enter the queue, made from the tables of controls and queries."""

from collections.abc import Mapping
import os

from ..json_types import JsonValue
from ..models import Device
from ..protocol.codec import encoded, request_message
from ..protocol.controls import Control
from ..protocol.queries import Request
from ..protocol.topics import check_topic
from .command import QueuedCommand

_MESSAGE = QueuedCommand(kind="message", wanted="message", topic="", body=b"")


def plain_message(topic: str, payload: object, qos: int) -> QueuedCommand:
    """Return a message of the caller's own; `InvalidParameterError` or `PayloadError` when it can never be sent."""
    check_topic(topic)
    return _MESSAGE.another(topic=topic, body=encoded(payload), qos=qos)


def query_request(
    query: Request, device: Device, client_id: str, content: Mapping[str, JsonValue] | None = None
) -> QueuedCommand:
    """Return a query or write for a device, with a `sessionID` of its own; its content has been checked."""
    session_id = os.urandom(16).hex()
    topic, body = request_message(query, content or {}, device, client_id, session_id)
    return QueuedCommand(
        id=session_id, kind=query.name, wanted=query.words, mac_address=device.mac_address, topic=topic, body=body
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
    session_id = session_id or os.urandom(16).hex()
    content: dict[str, JsonValue] = {"mode": control.name, "param": [*parameters], "paramStr": ""}
    topic, body = request_message(control, content, device, client_id, session_id)
    return QueuedCommand(
        id=session_id,
        kind=control.name,
        wanted=wanted or control.wanted(parameters),
        mac_address=device.mac_address,
        topic=topic,
        body=body,
        setting=control.setting,
        overwrites=control.overwrites,
        parameters=parameters,
        is_control=True,
        repeatable=control.repeatable,
        expected=control.effect(*parameters),
    )
