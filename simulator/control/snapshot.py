"""What the control interface shows of a cloud: the whole state, and the counts that can be waited for."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
import json
from typing import cast

from ..cloud import Cloud
from ..heater import report
from ..heater.heater import Heater
from ..heater.members import OFF, ON
from ..mqtt.session import ReceivedMessage
from ..state import (
    AppliedState,
    ConnectionState,
    EndedState,
    FiredState,
    HeaterState,
    IgnoredState,
    ReceivedState,
    RestRequestState,
    SchedulesState,
    State,
)


def snapshot(cloud: Cloud) -> State:
    """Give everything that can be seen from outside, as it is now."""
    cloud.advance_heaters()
    return State(
        clock={"now": cloud.clock.now(), "speed": cloud.clock.speed},
        connections=[cast("ConnectionState", asdict(connection)) for connection in cloud.broker.service.connections],
        ended=[cast("EndedState", asdict(ended)) for ended in cloud.broker.service.ended],
        received=[
            _received(message, acknowledged=message.sequence in cloud.broker.service.acknowledged)
            for message in cloud.broker.service.received
        ],
        ignored=[cast("IgnoredState", asdict(ignored)) for ignored in cloud.dispatcher.ignored],
        upgrades=cloud.broker.upgrades,
        throttled=len(cloud.broker.service.throttled),
        heaters={mac_address: _heater(heater) for mac_address, heater in cloud.heaters.items()},
        rest_requests=[cast("RestRequestState", asdict(request)) for request in cloud.rest.requests],
    )


def _received(message: ReceivedMessage, *, acknowledged: bool) -> ReceivedState:
    try:
        payload = json.loads(message.payload)
    except ValueError, RecursionError:
        payload = message.payload.decode(errors="replace")
    return cast("ReceivedState", asdict(message) | {"payload": payload, "acknowledged": acknowledged})


def _heater(heater: Heater) -> HeaterState:
    return HeaterState(
        online=heater.online,
        powered=heater.powered,
        local_time=heater.local_time.isoformat(),
        schedules=_schedules(heater),
        fired=[
            FiredState(time=fired.time, schedule=fired.schedule, entry=fired.entry._asdict()) for fired in heater.fired
        ],
        status=report.status(heater),
        feature=report.feature(heater),
        applied=[cast("AppliedState", asdict(control)) for control in heater.applied],
    )


def _schedules(heater: Heater) -> SchedulesState:
    schedules = heater.schedules
    return SchedulesState(
        reservations=schedules.reservations.as_wire(),
        recirculation=schedules.recirculation.as_wire(),
        tou={"reservationUse": ON if heater.members["touStatus"] else OFF, "reservation": schedules.tou.as_list()},
    )


@dataclass(frozen=True, slots=True)
class Condition:
    """A number to wait for: until it is at least the wanted one, or exactly that."""

    count: Callable[[Cloud, str], int]
    """Counts in a cloud; of messages, those whose topic has the given ending."""
    exact: bool = False

    def holds(self, cloud: Cloud, topic_suffix: str, wanted: float) -> bool:
        """Whether the wait is over."""
        count = self.count(cloud, topic_suffix)
        return count == wanted if self.exact else count >= wanted


def _disconnected(cloud: Cloud) -> int:
    return sum(bool(ended.client_id) for ended in cloud.broker.service.ended)


CONDITIONS: Mapping[str, Condition] = {
    "received": Condition(
        lambda cloud, suffix: sum(message.topic.endswith(suffix) for message in cloud.broker.service.received)
    ),
    "applied": Condition(lambda cloud, _: sum(len(heater.applied) for heater in cloud.heaters.values())),
    "connections": Condition(lambda cloud, _: len(cloud.broker.service.connections), exact=True),
    "subscriptions": Condition(
        lambda cloud, _: sum(len(connection.subscriptions) for connection in cloud.broker.service.connections)
    ),
    "connects": Condition(lambda cloud, _: len(cloud.broker.service.connections) + _disconnected(cloud)),
    "disconnected": Condition(lambda cloud, _: _disconnected(cloud)),
    "upgrades": Condition(lambda cloud, _: cloud.broker.upgrades),
    "throttled": Condition(lambda cloud, _: len(cloud.broker.service.throttled)),
    "rest_requests": Condition(lambda cloud, _: len(cloud.rest.requests)),
}
"""By the name that `GET /wait` knows; `connections` are those of now, `connects` and `disconnected` all so far."""
