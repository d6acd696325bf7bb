"""Requests as they go over the wire (protocol.md 4.2), made from the command tables."""

from collections.abc import Mapping
import uuid

import orjson

from .command_queue import QueuedCommand
from .commands import Control, Query
from .exceptions import PayloadError
from .models import Device
from .topics import check_topic, client_reply_topic, device_reply_topic, normalised_mac, request_topic

MAX_MESSAGE_BYTES = 128 * 1024
_PROTOCOL_VERSION = 2


def encoded(payload: object) -> bytes:
    """Return a message's bytes: JSON for anything but text and bytes.

    Raises `PayloadError` when it cannot be encoded or is larger than the 128 KB that the service allows.
    """
    match payload:
        case bytes() | bytearray():
            body = bytes(payload)
        case _:
            try:
                body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
            except (UnicodeEncodeError, orjson.JSONEncodeError) as error:
                raise PayloadError(f"the payload cannot be written as text or JSON: {error}") from error
    if len(body) > MAX_MESSAGE_BYTES:
        raise PayloadError(f"the message has {len(body)} bytes; the service allows {MAX_MESSAGE_BYTES}")
    return body


def plain_message(topic: str, payload: object, qos: int) -> QueuedCommand:
    """Return a message of the caller's own; `InvalidParameterError` or `PayloadError` when it can never be sent."""
    check_topic(topic)
    return QueuedCommand(kind="message", wanted="message", topic=topic, body=encoded(payload), qos=qos)


def query_request(query: Query, device: Device, client_id: str) -> QueuedCommand:
    """Return a query to a device, with a `sessionID` of its own."""
    session_id = uuid.uuid4().hex
    topic = request_topic(device, query.suffix)
    return QueuedCommand(
        id=session_id,
        kind=query.name,
        wanted=query.words,
        mac_address=normalised_mac(device.mac_address),
        topic=topic,
        body=_envelope(device, client_id, session_id, topic, {"command": query.code}, query.reply_suffix),
    )


def control_request(
    control: Control, parameters: tuple[int, ...], device: Device, client_id: str, *, wanted: str | None = None
) -> QueuedCommand:
    """Return a control for a device, with a `sessionID` of its own and no expiry; the parameters have been checked."""
    session_id = uuid.uuid4().hex
    topic = request_topic(device, "ctrl")
    code = {"command": control.code}
    content = {"mode": control.name, "param": list(parameters), "paramStr": ""}
    return QueuedCommand(
        id=session_id,
        kind=control.name,
        wanted=wanted or control.wanted(parameters),
        mac_address=normalised_mac(device.mac_address),
        topic=topic,
        body=_envelope(device, client_id, session_id, topic, code, None, content),
        setting=control.setting,
        is_control=True,
        repeatable=control.repeatable,
        expected=control.effect(*parameters),
    )


def _envelope(
    device: Device,
    client_id: str,
    session_id: str,
    topic: str,
    code: Mapping[str, int],
    reply_suffix: str | None,
    content: Mapping[str, object] | None = None,
) -> bytes:
    reply_topic = (
        device_reply_topic(device, client_id)
        if reply_suffix is None
        else client_reply_topic(device, client_id, reply_suffix)
    )
    return encoded(
        {
            "clientID": client_id,
            "sessionID": session_id,
            "protocolVersion": _PROTOCOL_VERSION,
            "request": {
                **code,
                "deviceType": device.device_type,
                "macAddress": device.mac_address,
                "additionalValue": device.additional_value,
                **(content or {}),
            },
            "requestTopic": topic,
            "responseTopic": reply_topic,
        }
    )
