"""Messages from a heater: their envelope, and where they go (protocol.md 4.1, 4.3 and 10.4)."""

from collections.abc import Callable
from dataclasses import dataclass

from ..common.identity import DEVICE_TYPE
from ..heater.heater import Heater
from ..heater.requests import PROTOCOL_VERSION, Message, Request

_CLOUD_MADE = "/rd"
"""Ends the topic of a form that the cloud decodes; the heater's own goes to the topic without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message of a heater, or of an app beside it, not yet on its way."""

    topic: str
    message: Message


type Answer = Callable[[Heater, Request], tuple[Reply, ...]]


def reply(heater: Heater, request: Request, members: Message) -> Reply:
    """Answer where the request asked for it."""
    return _reply(heater, request, members, request.response_topic)


def raw_reply(heater: Heater, request: Request, members: Message) -> Reply:
    """Answer in the heater's own form, beside the topic where the cloud's form goes."""
    return _reply(heater, request, members, request.response_topic.removesuffix(_CLOUD_MADE))


def own_reply(heater: Heater, request: Request, name: str, members: Message) -> Reply:
    """Answer on the heater's own topic, whatever the request asked for."""
    return _reply(heater, request, members, _own_topic(heater, name))


def refusal(heater: Heater, request: Request, code: int) -> Reply:
    """Refuse a control; such a message has no `responseTopic`."""
    members = {"failCode": code, "swVersion": heater.feature["controllerSwVersion"]}
    return Reply(topic=_own_topic(heater, "ctrl-fail"), message=_envelope(heater, request, members))


def _reply(heater: Heater, request: Request, members: Message, topic: str) -> Reply:
    return Reply(topic=topic, message=_envelope(heater, request, members) | {"responseTopic": request.response_topic})


def _own_topic(heater: Heater, name: str) -> str:
    return f"cmd/{DEVICE_TYPE}/navilink-{heater.identity.mac_address}/res/{name}"


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
