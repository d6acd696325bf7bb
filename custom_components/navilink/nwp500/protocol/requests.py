"""Requests as they go over the wire (protocol.md 4.1 and 4.2): topics, envelope and bytes."""

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

import orjson

from ..exceptions import PayloadError
from ..json_types import JsonValue
from .codec import MAX_MESSAGE_BYTES

_PROTOCOL_VERSION = 2


class ReplyForm(Enum):
    """The shapes of the topic that a request asks its reply on."""

    ACKNOWLEDGEMENT = "cmd/{type}/navilink-{mac}/{client}/res"
    """Status, device info and controls."""
    CLIENT_KEYED = "cmd/{type}/{client}/res/{suffix}"
    """Shared by all devices of a client."""
    FIVE_SEGMENT = "cmd/{type}/{home}/0/{client}/res/{suffix}"
    """The only form for which the cloud decodes some replies; nobody checks the numbers of home and user."""
    DEVICE_OWN = "cmd/{type}/navilink-{mac}/res/{suffix}"
    """Shared by all clients of a device."""


class Addressed(Protocol):
    """What a request needs to know of a device."""

    @property
    def mac_address(self) -> str:
        """Twelve hexadecimal digits, in lower case and without separators."""

    @property
    def additional_value(self) -> str:
        """The second half of its key."""

    @property
    def device_type(self) -> int:
        """52 for a heat-pump water heater."""

    @property
    def home_seq(self) -> int | None:
        """Number of the home; the service takes any value."""


class Sendable(Protocol):
    """What a request needs to know of a control or a query."""

    @property
    def code(self) -> int:
        """The number that the device acts on."""

    @property
    def suffix(self) -> str:
        """The end of the topic that it is published to."""

    @property
    def reply(self) -> ReplyForm:
        """The form of the topic that it asks its reply on."""


def request_message(
    described: Sendable, content: Mapping[str, JsonValue], device: Addressed, client_id: str, session_id: str
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
                raise PayloadError(f"the payload cannot be written as text or JSON: {error}") from error
    if len(body) > MAX_MESSAGE_BYTES:
        raise PayloadError(f"the message has {len(body)} bytes; the service allows {MAX_MESSAGE_BYTES}")
    return body
