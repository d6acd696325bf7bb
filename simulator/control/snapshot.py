"""What the control interface shows of a cloud: the whole state, and the counts that can be waited for."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
import json
from typing import cast

from ..cloud import Cloud
from ..heater import report
from ..heater.heater import Heater
from ..heater.members import OFF, ON
from ..mqtt.session import ReceivedMessage
from ..state import HeaterState, ReceivedState, State


def snapshot(cloud: Cloud) -> State:
    """Give everything that can be seen from outside, as it is now."""
    cloud.advance_heaters()
    return State(
        clock={"now": cloud.clock.now(), "speed": cloud.clock.speed},
        connections=cloud.broker.service.connections,
        ended=cloud.broker.service.ended,
        received=[_received(message) for message in cloud.broker.service.received],
        ignored=cloud.dispatcher.ignored,
        upgrades=cloud.broker.upgrades,
        throttled=len(cloud.broker.service.throttled),
        heaters={mac_address: _heater(heater) for mac_address, heater in cloud.heaters.items()},
        rest_requests=cloud.rest.requests,
    )


def _received(message: ReceivedMessage) -> ReceivedState:
    try:
        payload = json.loads(message.payload)
    except ValueError, RecursionError:
        payload = message.payload.decode(errors="replace")
    return cast("ReceivedState", asdict(message) | {"payload": payload})


def _heater(heater: Heater) -> HeaterState:
    schedules, tou_use = heater.schedules, ON if heater.members["touStatus"] else OFF
    return HeaterState(
        online=heater.online,
        powered=heater.powered,
        local_time=heater.local_time.isoformat(),
        schedules={
            "reservations": schedules.reservations.as_wire(),
            "recirculation": schedules.recirculation.as_wire(),
            "tou": {"reservationUse": tou_use, "reservation": schedules.tou.as_list()},
        },
        fired=heater.fired,
        status=report.status(heater),
        feature=report.feature(heater),
        applied=heater.applied,
    )


def _disconnected(cloud: Cloud) -> int:
    return sum(bool(ended["client_id"]) for ended in cloud.broker.service.ended)


CONDITIONS: Mapping[str, Callable[[Cloud, str], int]] = {
    "received": lambda cloud, suffix: sum(each.topic.endswith(suffix) for each in cloud.broker.service.received),
    "applied": lambda cloud, _: sum(len(heater.applied) for heater in cloud.heaters.values()),
    "connections": lambda cloud, _: len(cloud.broker.service.connections),
    "subscriptions": lambda cloud, _: sum(len(each["subscriptions"]) for each in cloud.broker.service.connections),
    "connects": lambda cloud, _: len(cloud.broker.service.connections) + _disconnected(cloud),
    "disconnected": lambda cloud, _: _disconnected(cloud),
    "upgrades": lambda cloud, _: cloud.broker.upgrades,
    "throttled": lambda cloud, _: len(cloud.broker.service.throttled),
    "rest_requests": lambda cloud, _: len(cloud.rest.requests),
}
"""Counts to wait for; of messages, those whose topic has the given ending.

`connections` are those of now, of which there must be neither fewer nor more; `connects` and `disconnected` all so far.
"""
