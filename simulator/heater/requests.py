"""A request as a client sends it to a heater, read strictly (protocol.md 4.1 and 4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
import re

from .registration import DEVICE_TYPE, Identity

PROTOCOL_VERSION = 2

type Message = Mapping[str, object]
"""A JSON object."""

_REQUEST_TOPIC = re.compile(rf"cmd/{DEVICE_TYPE}/navilink-(?P<mac>[^/]+)/(?P<suffix>(?:st|ctrl)(?:/.+)?)")
_HEATER_TOPIC = re.compile(rf"(?:cmd|evt)/{DEVICE_TYPE}/navilink-(?P<mac>[^/]+)(?:/.*)?")
_RESPONSE_TOPIC = re.compile(rf"cmd/{DEVICE_TYPE}(?:/[^/+#]+){{1,6}}")
_TOPIC_BYTES = 256


class RequestError(Exception):
    """Why a heater would not understand the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a request goes: to a heater's MAC address, with the suffix that belongs to the command."""

    topic: str
    mac_address: str
    suffix: str

    @classmethod
    def of(cls, topic: str) -> Address | None:
        """Read a topic; `None` when it is not one of a request."""
        match = _REQUEST_TOPIC.fullmatch(topic)
        return None if match is None else cls(topic=topic, mac_address=match["mac"], suffix=match["suffix"])


def heater_of(topic: str) -> str | None:
    """Give the MAC address of the heater to which a topic or a topic filter belongs; `None` when it belongs to none."""
    match = _HEATER_TOPIC.fullmatch(topic)
    return None if match is None else match["mac"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that a heater understands; `members` are those of its own, such as `param`."""

    address: Address
    client_id: str
    session_id: str
    response_topic: str
    command: int
    members: Message

    @property
    def param(self) -> tuple[int, ...]:
        """The numbers of a control; `RequestError` when they are not whole numbers."""
        values = self.members.get("param")
        if not isinstance(values, list) or not all(type(value) is int for value in values):
            raise RequestError("param is not a list of whole numbers")
        return tuple(values)


def whole_number(value: object, name: str, allowed: range) -> int:
    """Read a whole number of a query; `RequestError` when it is none or out of range."""
    if type(value) is not int or value not in allowed:
        raise RequestError(f"{name} is not a whole number of {allowed.start} to {allowed.stop - 1}")
    return value


def whole_numbers(request: Request, name: str, allowed: range) -> tuple[int, ...]:
    """Read a list of whole numbers, which must not be empty."""
    values = request.members.get(name)
    if not isinstance(values, list) or not values:
        raise RequestError(f"{name} is not a list")
    return tuple(whole_number(value, name, allowed) for value in values)


def parse(address: Address, payload: bytes, heater: Identity) -> Request:
    """Read the payload of a request to `heater`; `RequestError` has the reason."""
    envelope = _object(_decode(payload), "the payload")
    request = _object(envelope.get("request"), "request")
    _require(envelope, "protocolVersion", PROTOCOL_VERSION)
    _require(envelope, "requestTopic", address.topic)
    _require(request, "deviceType", DEVICE_TYPE)
    _require(request, "macAddress", heater.mac_address)
    _require(request, "additionalValue", heater.additional_value)
    command = request.get("command")
    if type(command) is not int:
        raise RequestError("command is not a whole number")
    return Request(
        address=address,
        client_id=_text(envelope, "clientID"),
        session_id=_text(envelope, "sessionID"),
        response_topic=_response_topic(envelope),
        command=command,
        members=request,
    )


def _decode(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as err:
        raise RequestError("the payload is not JSON") from err


def _object(value: object, name: str) -> Message:
    if not isinstance(value, dict):
        raise RequestError(f"{name} is not an object")
    return value


def _require(message: Message, name: str, expected: object) -> None:
    if message.get(name) != expected:
        raise RequestError(f"{name} is not {expected!r}")


def _text(message: Message, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise RequestError(f"{name} is not a text")
    return value


def _response_topic(envelope: Message) -> str:
    topic = _text(envelope, "responseTopic")
    if not (_RESPONSE_TOPIC.fullmatch(topic) and topic.isprintable() and len(topic.encode()) <= _TOPIC_BYTES):
        raise RequestError("responseTopic is not a topic to answer on")
    return topic
