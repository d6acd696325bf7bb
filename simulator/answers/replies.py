"""Messages of a heater and of apps beside it: envelope and topic of each (protocol.md 4.1, 4.3, 10.4 and 10.5)."""

from collections.abc import Callable
from dataclasses import dataclass
import json

from ..common.reading import Members
from ..heater.heater import Heater
from ..heater.registration import DEVICE_TYPE
from ..heater.requests import PROTOCOL_VERSION, Request

_CLOUD_MADE = "/rd"
"""Ends the topic of a form that the cloud decodes; the heater's own goes to the topic without it."""

_EVENT_VERSION = 1
_APP_MODEL_TYPE = 49
_CONNECTED, _GONE = 1, 0


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


def envelope(client_id: str, session_id: str, topic: str, version: int = PROTOCOL_VERSION) -> dict[str, object]:
    """Give the members that every message has beside what it says."""
    return {"clientID": client_id, "sessionID": session_id, "protocolVersion": version, "requestTopic": topic}


def _response(heater: Heater, request: Request, members: Members) -> dict[str, object]:
    about = envelope(request.client_id, request.session_id, request.address.topic)
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
