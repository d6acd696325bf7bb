"""Between the members of a message and its bytes (protocol.md 4.2)."""

from collections.abc import Mapping
import json
import math

import orjson

from ..exceptions import PayloadError
from ..json_types import JsonMessage, JsonValue
from ..models import Device
from .controls import Control
from .queries import Request

_PROTOCOL_VERSION = 2

MAX_MESSAGE_BYTES = 128 * 1024
"""The service's own limit."""
_MAX_DEPTH = 32
"""Of objects and lists in each other; no message has more than eight. What goes deeper is made to do harm."""


def request_message(
    described: Control | Request, content: Mapping[str, JsonValue], device: Device, client_id: str, session_id: str
) -> tuple[str, bytes]:
    """Return topic and body of a request whose content has been checked."""
    topic = f"cmd/{device.device_type}/navilink-{device.mac_address}/{described.suffix}"
    body = encoded(
        {
            "clientID": client_id,
            "sessionID": session_id,
            "protocolVersion": _PROTOCOL_VERSION,
            "request": {
                "command": described.code,
                "deviceType": device.device_type,
                "macAddress": device.mac_address,
                "additionalValue": device.additional_value,
                **content,
            },
            "requestTopic": topic,
            "responseTopic": described.reply.value.format(
                type=device.device_type,
                mac=device.mac_address,
                home=device.home_seq or 0,
                client=client_id,
                suffix=described.suffix.partition("/")[2],
            ),
        }
    )
    return topic, body


def with_session(body: bytes, session_id: str, new: str) -> bytes:
    """Return the body of a request with another session; nothing else in it changes, whatever the sessions are."""
    return body.replace(_session_member(session_id), _session_member(new), 1)


def _session_member(session_id: str) -> bytes:
    return b'"sessionID":' + orjson.dumps(session_id)


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
                raise PayloadError from error
    if len(body) > MAX_MESSAGE_BYTES:
        raise PayloadError(size=len(body), maximum=MAX_MESSAGE_BYTES)
    return body


def decoded(body: bytes) -> JsonMessage | None:
    """Decode a message; `None` for what is no JSON object, or larger or deeper than the service's messages are."""
    if len(body) > MAX_MESSAGE_BYTES:
        return None
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = _decoded_leniently(body)
    if not isinstance(message, dict):
        return None
    # Nearly every message has so few objects and lists that it cannot be deep.
    is_flat = body.count(b"{") + body.count(b"[") <= _MAX_DEPTH
    return message if is_flat or _depth_is_within(_MAX_DEPTH, message) else None


def _depth_is_within(limit: int, message: JsonMessage) -> bool:
    """Return whether a message is not deeper than a limit, level by level, so that depth costs no stack."""
    level: list[JsonValue] = [message]
    for _ in range(limit):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [child for children in inner for child in children if isinstance(child, dict | list)]
        if not level:
            return True
    return False


def _decoded_leniently(body: bytes) -> JsonValue:
    """Decode what is no strict JSON, for the sake of the members that make sense; what does not becomes null.

    One NaN, one number beyond every range, or one character that is none would otherwise take a whole status along.
    """
    try:
        text = body.decode("utf-8-sig", "replace")
        loose = json.loads(text, parse_constant=lambda _: None, parse_int=_in_range, parse_float=_in_range)
        # Written and read again, so that half a character in an escape cannot fail when it is written later.
        strict: JsonValue = orjson.loads(json.dumps(loose, ensure_ascii=False).encode(errors="replace"))
    except ValueError, RecursionError:
        return None
    return strict


def _in_range(number: str) -> float | None:
    value = float(number)
    if not math.isfinite(value):
        return None
    return int(number) if number.removeprefix("-").isdecimal() else value
