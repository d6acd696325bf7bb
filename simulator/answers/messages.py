"""Messages to and from a heater, and from apps beside it (protocol.md 4.1 to 4.3, 10.4 and 10.5).

Requests are read strictly. Replies and events are made with their envelope and topic.
"""

from collections.abc import Callable
from dataclasses import dataclass
import json
import re
import time

from ..common.reading import BadRequestError, Members, json_object, number, numbers, part, text
from ..heater.heater import Heater
from ..heater.registration import DEVICE_TYPE, Identity
from ..state import AppliedState

REQUEST_TOPIC = re.compile(rf"cmd/{DEVICE_TYPE}/navilink-(?P<mac>[^/]+)/(?:st|ctrl)(?:/.+)?")
HEATER_TOPIC = re.compile(rf"(?:cmd|evt)/{DEVICE_TYPE}/navilink-(?P<mac>[^/]+)(?:/.*)?")
"""Topics and topic filters that belong to one heater."""

_RESPONSE_TOPIC = re.compile(rf"cmd/{DEVICE_TYPE}(?:/[^/+#]+){{1,6}}")
_TOPIC_BYTES = 256
_COMMANDS, _PARAMS = range(2**31), range(-(2**31), 2**31)
_PROTOCOL_VERSION, _EVENT_VERSION = 2, 1

_CLOUD_MADE = "/rd"
"""Ends the topic of a form that the cloud decodes; the heater's own goes to the topic without it."""

_APP_MODEL_TYPE = 49
_CONNECTED, _GONE = 1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that a heater understands; `members` are those of its own, such as `param`."""

    topic: str
    suffix: str
    """Of the topic, behind the heater's address; it belongs to the command."""
    client_id: str
    session_id: str
    response_topic: str
    command: int
    members: Members

    @property
    def param(self) -> tuple[int, ...]:
        """The numbers of a control."""
        return numbers(self.members, "param", _PARAMS)

    def applied(self, control: str, param: tuple[int, ...] = ()) -> AppliedState:
        """Note that a control, by its mode text, or a schedule write takes effect now."""
        return {
            "time": time.time(),
            "command": self.command,
            "control": control,
            "param": list(param),
            "client_id": self.client_id,
            "session_id": self.session_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message of a heater, or of an app beside it, not yet on its way."""

    topic: str
    message: Members

    @property
    def payload(self) -> bytes:
        """The message as JSON."""
        return json.dumps(self.message).encode()


type Answer = Callable[[Heater, Request], tuple[Reply, ...]]


def parse(topic: str, payload: bytes, heater: Identity) -> Request:
    """Read the payload of a request to `heater`."""
    message = json_object(payload, "the payload")
    request = part(message, "request")
    _require(message, "protocolVersion", _PROTOCOL_VERSION)
    _require(message, "requestTopic", topic)
    for name, expected in heater.as_wire().items():
        _require(request, name, expected)
    response_topic = text(message, "responseTopic")
    is_topic = _RESPONSE_TOPIC.fullmatch(response_topic) and response_topic.isprintable()
    if not is_topic or len(response_topic.encode()) > _TOPIC_BYTES:
        raise BadRequestError("responseTopic is not a topic to answer on")
    return Request(
        topic=topic,
        suffix=topic.removeprefix(f"{heater.topic}/"),
        client_id=text(message, "clientID"),
        session_id=text(message, "sessionID"),
        response_topic=response_topic,
        command=number(request, "command", _COMMANDS),
        members=request,
    )


def _require(message: Members, name: str, expected: object) -> None:
    if message.get(name) != expected:
        raise BadRequestError(f"{name} is not {expected!r}")


def reply(heater: Heater, request: Request, members: Members, *, topic: str | None = None) -> Reply:
    """Answer where the request asked for it, or on another topic."""
    message = _response(heater, request, members) | {"responseTopic": request.response_topic}
    return Reply(topic=topic or request.response_topic, message=message)


def raw_reply(heater: Heater, request: Request, members: Members) -> Reply:
    """Answer in the heater's own form, beside the topic where the cloud's form goes."""
    return reply(heater, request, members, topic=request.response_topic.removesuffix(_CLOUD_MADE))


def refusal(heater: Heater, request: Request, code: int) -> Reply:
    """Refuse a control; such a message has no `responseTopic`."""
    members = {"failCode": code, "swVersion": heater.feature["controllerSwVersion"]}
    return Reply(topic=f"{heater.identity.topic}/res/ctrl-fail", message=_response(heater, request, members))


def envelope(client_id: str, session_id: str, topic: str, version: int = _PROTOCOL_VERSION) -> dict[str, object]:
    """Give the members that every message has beside what it says."""
    return {"clientID": client_id, "sessionID": session_id, "protocolVersion": version, "requestTopic": topic}


def _response(heater: Heater, request: Request, members: Members) -> dict[str, object]:
    about = envelope(request.client_id, request.session_id, request.topic)
    return {**about, "response": {**heater.identity.as_wire(), **members}}


def device_connection(heater: Heater) -> Reply:
    """Announce whether a heater is connected to the cloud; only two members of this message are attested."""
    connection = {"sessionNumber": heater.session_number, "status": _CONNECTED if heater.online else _GONE}
    return _event(heater, "connection", f"navilink-{heater.identity.mac_address}", "", {"connection": connection})


def app_connection(heater: Heater, client_id: str, session_id: str, *, connected: bool) -> Reply:
    """Announce that an app has connected or disconnected."""
    members = {
        "modelTypeCode": _APP_MODEL_TYPE,
        "connection": {"os": "A", "status": _CONNECTED if connected else _GONE},
    }
    return _event(heater, "app-connection", client_id, session_id, members)


def _event(heater: Heater, name: str, client_id: str, session_id: str, members: dict[str, object]) -> Reply:
    topic = f"evt/{DEVICE_TYPE}/navilink-{heater.identity.mac_address}/{name}"
    about = envelope(client_id, session_id, topic, _EVENT_VERSION)
    return Reply(topic=topic, message={**about, "event": {**heater.identity.as_wire(), **members}})
