"""Drills of the connection: what routers, brokers and networks do to it."""

from .drill import CARRIED_OUT, Drill
from .lossy_network import LossyNetwork
from .messages import flood, junk
from .network import NameService, SwallowingAddress
from .steps import (
    another_client,
    burst,
    confirmed_meanwhile,
    connected,
    connecting_at_most,
    disconnected,
    disconnected_within,
    draining,
    fault,
    never_ended,
    outage,
    over,
    polling_off,
    queued,
    ready,
    repeated,
    statuses_flow,
    wait,
)

_NOTICED_SECONDS = 15.0
"""A dead connection into which something is sent is noticed by then: its PUBACK is overdue after 10 s."""
_SHORT_LIVES = ("--jwt-lifetime", "300", "--aws-lifetime", "300")
"""Credentials that are renewed with every attempt to connect, so that both services are needed for one."""

_UNSEEN = CARRIED_OUT | {"newer_confirmed"}
"""How commands may end whose effect nobody could see before the next one had taken its place."""

_FORGOTTEN = wait(16)
"""So long an HTTP connection is kept for the next request."""

_lossy = LossyNetwork(seed=20260731)
_names = NameService()
_ipv6 = SwallowingAddress()

DRILLS: tuple[Drill, ...] = (
    Drill(
        name="router-reboot-idle",
        about="The router restarts while nothing is on its way: the connection dies without a word.",
        steps=(ready, polling_off, fault("blackhole"), disconnected, over, statuses_flow, burst(3)),
        protection="keep-alive",
        commands_per_second=0.01,
        seconds_between_statuses=600,
    ),
    Drill(
        name="router-reboot-publishing",
        about="The router restarts while commands are sent: the connection dies without a word.",
        steps=(wait(2), fault("blackhole"), over, disconnected_within(_NOTICED_SECONDS)),
        protection="puback-time-out",
        commands_per_second=2,
    ),
    Drill(
        name="router-reboot-draining",
        about="The router restarts while the queue is sent after an outage.",
        steps=(
            *outage(disconnected, burst(40), queued(40)),
            draining(25),
            fault("blackhole"),
            over,
            disconnected_within(_NOTICED_SECONDS),
        ),
        protection="in-flight-returns",
    ),
    Drill(
        name="broker-restart",
        about="The broker closes every connection and is away for five seconds.",
        steps=(*outage(disconnected, wait(5)), statuses_flow),
        protection="reconnection",
        is_quick=True,
    ),
    Drill(
        name="flapping",
        about="Every connection is cut after a second, for a minute.",
        steps=(repeated(60, fault("cut"), wait(1)), over, never_ended("too many CONNECTs of one client id")),
        protection="connect-interval",
    ),
    Drill(
        name="end-of-session",
        about="The service ends the session after 24 hours, when the credentials that began it have long expired.",
        steps=(
            burst(10),
            fault("expire_aws"),
            fault("expire_jwt"),
            fault("end_sessions"),
            over,
            disconnected,
            statuses_flow,
        ),
        protection="new-keys-when-refused",
        is_quick=True,
    ),
    Drill(
        name="suback-lost",
        about="After a cut, subscriptions are not answered at first.",
        steps=(fault("lose_suback", count=3), fault("cut"), over, disconnected, statuses_flow),
        protection="suback-time-out",
    ),
    Drill(
        name="suback-refused",
        about="After a cut, the service refuses the subscriptions at first.",
        steps=(fault("refuse_suback", count=4), fault("cut"), over, disconnected, statuses_flow, wait(5)),
        protection="refused-subscriptions-tried-again",
    ),
    Drill(
        name="session-end-offline",
        about="While the connection is down, the service forgets the session and all of its subscriptions.",
        steps=(*outage(disconnected, fault("drop_session"), wait(3)), statuses_flow),
        protection="subscriptions-renewed",
    ),
    Drill(
        name="acknowledges-nothing",
        about="The broker takes every message and acknowledges none, for half a minute.",
        steps=(
            fault("withhold", what="acknowledgements", new_connections=True),
            confirmed_meanwhile(5, 25),
            wait(5),
            fault("mqtt_up"),
            over,
        ),
        protection="reply-is-proof",
    ),
    Drill(
        name="delivers-nothing",
        about="The broker acknowledges every message, and nothing of a heater arrives.",
        steps=(fault("withhold", what="deliveries"), over, disconnected, statuses_flow),
        protection="silence-noticed",
        outcomes=_UNSEEN,
    ),
    Drill(
        name="everything-late",
        about="Heaters answer 20 seconds late; then everything is 20 seconds late, the broker's packets too.",
        steps=(
            fault("reply_delay", seconds=20),
            wait(25),
            fault("latency", seconds=40),
            wait(30),
            fault("latency", seconds=0),
            fault("reply_delay", seconds=0.05),
            over,
        ),
        protection="reconnection",
        outcomes=_UNSEEN,
    ),
    Drill(
        name="ends-after-connack",
        about="The service ends each connection right after its CONNACK, for half a minute.",
        steps=(
            connecting_at_most(8, fault("hang_up_after_connack", count=1000), fault("cut"), disconnected, wait(30)),
            fault("hang_up_after_connack", count=0),
            over,
        ),
        protection="growing-pauses",
    ),
    Drill(
        name="same-client-id",
        about="Another client with the same client id pushes Home Assistant's connection out, three times.",
        steps=(repeated(3, burst(5), another_client, connected, wait(2)), over),
        protection="queue",
    ),
    Drill(
        name="delivered-twice",
        about="Every message is delivered twice, while the heater refuses a command four times as too soon.",
        steps=(
            fault("deliver_twice"),
            fault("ctrl_fail", count=4, code=2),
            wait(40),
            fault("deliver_twice", on=False),
            over,
        ),
        protection="refusal-counts-once",
        commands_per_second=0.2,
    ),
    Drill(
        name="junk",
        about="Junk arrives on every topic of a heater: no JSON, other JSON, deep, huge, far beyond every range.",
        steps=(junk, over),
        protection="messages-checked",
        is_quick=True,
    ),
    Drill(
        name="burst-of-messages",
        about="Ten thousand messages arrive at once.",
        steps=(ready, flood(10_000), over),
        protection="one-update-a-round",
        commands_per_second=0.02,
        seconds_between_statuses=600,
        is_quick=True,
    ),
    Drill(
        name="half-of-packets-lost",
        about="Half of all packets between Home Assistant and the broker are lost, for a minute.",
        steps=(_lossy.losing(0.5), wait(60), _lossy.losing(0), over),
        protection="in-flight-returns",
        detour=_lossy.between,
        commands_per_second=2,
    ),
    Drill(
        name="ipv6-swallows",
        about="The services have an IPv6 address that swallows every packet, beside an IPv4 address that works.",
        steps=(_ipv6.swallow, _FORGOTTEN, fault("cut"), over, disconnected, statuses_flow, _ipv6.refuse),
        protection="addresses-side-by-side",
        detour=_ipv6.between,
        simulator=_SHORT_LIVES,
    ),
    Drill(
        name="dns-failure",
        about="The connection is cut, and for 20 seconds the names of the services cannot be resolved.",
        steps=(_names.down(is_down=True), fault("cut"), disconnected, wait(20), _names.down(is_down=False), over),
        protection="next-attempt",
        detour=_names.between,
        simulator=_SHORT_LIVES,
    ),
    Drill(
        name="captive-portal",
        about="The connection is cut, and for 20 seconds a web page answers in place of both services.",
        steps=(fault("portal"), fault("cut"), disconnected, wait(20), fault("portal", on=False), over),
        protection="page-is-no-refusal",
        simulator=_SHORT_LIVES,
    ),
)
