"""The shapes of the control interface: its addresses, and the answer of `GET /state`."""

# Any: decoded JSON of whatever was sent; who reads it knows what to expect.
from typing import Any, TypedDict


class Addresses(TypedDict):
    """The line that the simulator prints when it is ready."""

    api_url: str
    mqtt_endpoint: str
    mqtt_port: int
    ca_file: str
    control_url: str
    email: str
    password: str


class ConnectionState(TypedDict):
    """One MQTT connection."""

    client_id: str
    connected_at: float
    subscriptions: list[str]
    pings: int
    unacknowledged: int


class EndedState(TypedDict):
    """One MQTT connection that is over, and why."""

    client_id: str
    reason: str


class ReceivedState(TypedDict):
    """One message that reached the broker; `payload` is decoded JSON, or the text when it is none.

    `acknowledged`: its PUBACK was written to the socket.
    """

    sequence: int
    time: float
    client_id: str
    topic: str
    qos: int
    payload: Any
    acknowledged: bool


class AppliedState(TypedDict):
    """One control or schedule write that took effect on a heater; `control` of a write is its topic suffix."""

    time: float
    command: int
    control: str
    param: list[int]
    client_id: str
    session_id: str


class ScheduleState(TypedDict):
    """One schedule of any kind in its wire form."""

    reservationUse: int
    reservation: list[dict[str, int]]


class SchedulesState(TypedDict):
    """What a heater has stored."""

    reservations: ScheduleState
    recirculation: ScheduleState
    tou: ScheduleState


class FiredState(TypedDict):
    """One entry of a weekly schedule that took effect, `time` in simulated seconds since the epoch."""

    time: float
    schedule: str
    entry: dict[str, int]


class HeaterState(TypedDict):
    """One heater; `status` and `feature` are raw members, `local_time` is ISO 8601 with its offset."""

    online: bool
    powered: bool
    local_time: str
    schedules: SchedulesState
    fired: list[FiredState]
    status: dict[str, int]
    feature: dict[str, Any]
    applied: list[AppliedState]


class IgnoredState(TypedDict):
    """A request that no heater took, and why."""

    sequence: int
    reason: str


class RestRequestState(TypedDict):
    """One REST request; `status` 0: the connection was closed without an answer."""

    path: str
    status: int
    time: float


class ClockState(TypedDict):
    """The heaters' clock, in simulated seconds since the epoch."""

    now: float
    speed: float


class State(TypedDict):
    """Everything that can be seen from outside."""

    clock: ClockState
    connections: list[ConnectionState]
    ended: list[EndedState]
    received: list[ReceivedState]
    ignored: list[IgnoredState]
    upgrades: int
    throttled: int
    heaters: dict[str, HeaterState]
    rest_requests: list[RestRequestState]
