"""The recorded requests and replies, and how a test sends one to a heater of its own."""

from collections.abc import Mapping
import json
from typing import Any

from simulator.answers.answers import answer
from simulator.answers.messages import Reply, Request, parse
from simulator.heater.energy import PAST_DAYS
from simulator.heater.heater import Heater
from simulator.heater.registration import Identity
from tests import read_fixture

MAC = "0478630a1b2c"


def make_heater(now: float = 0.0, *, past_days: int = PAST_DAYS, **feature: int) -> Heater:
    """Make a heater with everything that can be fitted, or with `feature` members of its own."""
    heater = Heater(identity=Identity.of_number(0), now=now, past_days=past_days)
    heater.feature |= {"recirculationUse": 2, "recircReservationUse": 2} | feature
    return heater


def request(name: str, response_topic: str | None = None, /, **members: object) -> Request:
    """Read a recorded request, with other `members` or another reply topic if given; `None` leaves a member out."""
    row = read_fixture("mqtt_requests")[name]
    envelope = row["payload"]
    changed = {key: value for key, value in (envelope["request"] | members).items() if value is not None}
    envelope |= {"request": changed} | ({"responseTopic": response_topic} if response_topic else {})
    return parse(row["topic"], json.dumps(envelope).encode(), Identity.of_number(0))


def send(heater: Heater, name: str, response_topic: str | None = None, /, **members: object) -> tuple[Reply, ...]:
    """Send a recorded request to a heater."""
    return answer(heater, request(name, response_topic, **members))


def as_recorded(reply: Reply) -> dict[str, object]:
    """Give a reply as the files have it."""
    return {"topic": reply.topic, "payload": json.loads(reply.payload)}


def body(reply: Reply) -> Mapping[str, Any]:
    """Give what a reply says."""
    response = reply.message["response"]
    assert isinstance(response, dict)
    return response
