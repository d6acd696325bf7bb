"""Drills of the connection: what routers, brokers and networks do to it."""

from .drill import Drill
from .steps import connected, disconnected, fault, outage, over, wait

DRILLS: tuple[Drill, ...] = (
    Drill(
        name="router-reboot-idle",
        about="The router restarts while nothing is on its way: the connection dies without a word.",
        steps=(fault("blackhole"), disconnected, over),
        protection="keep-alive",
        commands_per_second=0.02,
        seconds_between_statuses=600,
    ),
    Drill(
        name="broker-restart",
        about="The broker closes every connection and is away for five seconds.",
        steps=(*outage(disconnected, wait(5)), connected),
        protection="reconnection",
        is_quick=True,
    ),
)
