"""A request as a client sends it to a heater, read strictly (protocol.md 4.1 and 4.2)."""

from dataclasses import dataclass
import re
import time

from ..common.reading import BadRequestError, Members, json_object, part, sequence, text
from ..state import AppliedState
from .registration import DEVICE_TYPE, Identity

PROTOCOL_VERSION = 2

_REQUEST_TOPIC = re.compile(rf"cmd/{DEVICE_TYPE}/navilink-(?P<mac>[^/]+)/(?P<suffix>(?:st|ctrl)(?:/.+)?)")
_HEATER_TOPIC = re.compile(rf"(?:cmd|evt)/{DEVICE_TYPE}/navilink-(?P<mac>[^/]+)(?:/.*)?")
_RESPONSE_TOPIC = re.compile(rf"cmd/{DEVICE_TYPE}(?:/[^/+#]+){{1,6}}")
_TOPIC_BYTES = 256


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
    members: Members

    @property
    def param(self) -> tuple[int, ...]:
        """The numbers of a control."""
        values = sequence(self.members, "param")
        numbers = tuple(value for value in values if type(value) is int)
        if len(numbers) < len(values):
            raise BadRequestError("param is not a list of whole numbers")
        return numbers


def applied(request: Request, control: str, param: tuple[int, ...] = ()) -> AppliedState:
    """Note that a control, by its mode text, or a schedule write takes effect now."""
    return {
        "time": time.time(),
        "command": request.command,
        "control": control,
        "param": list(param),
        "client_id": request.client_id,
        "session_id": request.session_id,
    }


def parse(address: Address, payload: bytes, heater: Identity) -> Request:
    """Read the payload of a request to `heater`."""
    envelope = json_object(payload, "the payload")
    request = part(envelope, "request")
    _require(envelope, "protocolVersion", PROTOCOL_VERSION)
    _require(envelope, "requestTopic", address.topic)
    for name, expected in heater.as_wire().items():
        _require(request, name, expected)
    command = request.get("command")
    if type(command) is not int:
        raise BadRequestError("command is not a whole number")
    return Request(
        address=address,
        client_id=text(envelope, "clientID"),
        session_id=text(envelope, "sessionID"),
        response_topic=_response_topic(envelope),
        command=command,
        members=request,
    )


def _require(message: Members, name: str, expected: object) -> None:
    if message.get(name) != expected:
        raise BadRequestError(f"{name} is not {expected!r}")


def _response_topic(envelope: Members) -> str:
    topic = text(envelope, "responseTopic")
    if not (_RESPONSE_TOPIC.fullmatch(topic) and topic.isprintable() and len(topic.encode()) <= _TOPIC_BYTES):
        raise BadRequestError("responseTopic is not a topic to answer on")
    return topic
