"""What the service keeps: its records, and for one client id subscriptions and QoS 1 messages not acknowledged yet.

Which topic filters are valid, and which topics they match, is section 4.7 of MQTT 3.1.1.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle

from .packets import Packet, Publish

LEVEL_SEPARATOR = "/"
SINGLE_LEVEL = "+"
MULTI_LEVEL = "#"

_WILDCARDS = frozenset({SINGLE_LEVEL, MULTI_LEVEL})
_PACKET_IDS = range(1, 65536)


def is_topic_name(topic: str) -> bool:
    """Whether something can be published to this topic: not empty and without wildcards."""
    return bool(topic) and _WILDCARDS.isdisjoint(topic)


def is_topic_filter(topic_filter: str) -> bool:
    """Whether this can be subscribed to: a wildcard fills a whole level, ``#`` only the last one."""
    levels = topic_filter.split(LEVEL_SEPARATOR)
    wildcards_alone = all(len(level) == 1 or _WILDCARDS.isdisjoint(level) for level in levels)
    return bool(topic_filter) and wildcards_alone and MULTI_LEVEL not in levels[:-1]


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a message to ``topic`` belongs to a subscription of ``topic_filter``; both must be valid.

    ``a/#`` also matches ``a`` itself. A wildcard in the first level matches no topic that begins with ``$``.
    """
    wanted, levels = topic_filter.split(LEVEL_SEPARATOR), topic.split(LEVEL_SEPARATOR)
    if topic.startswith("$") and wanted[0] in _WILDCARDS:
        return False
    if wanted[-1] == MULTI_LEVEL:
        wanted.pop()
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        want in (SINGLE_LEVEL, level) for want, level in zip(wanted, levels, strict=True)
    )


@dataclass(slots=True)
class ReceivedMessage:
    """One PUBLISH of a client; ``time`` in seconds of Unix time, ``sequence`` counts from 1 in order of arrival."""

    client_id: str
    topic: str
    payload: bytes
    qos: int
    time: float
    sequence: int
    acknowledged: bool = False
    """Whether its PUBACK was written."""


class Session:
    """One client's session, attached to a connection or, if persistent, waiting for the next one.

    At most ``window`` QoS 1 messages are on their way to the client at a time; further ones wait for its PUBACKs.
    """

    def __init__(self, *, persistent: bool, window: int) -> None:
        self.persistent = persistent
        self.subscriptions: dict[str, int] = {}
        """Granted QoS by topic filter."""
        self.expires_at: float | None = None
        """When it is forgotten, on the monotonic clock; `None` while its client is connected."""
        self._window = window
        self._packet_ids = cycle(_PACKET_IDS)
        self._queued: deque[Publish] = deque()
        self._unacknowledged: dict[int, Publish] = {}
        self._send: Callable[[Packet], None] | None = None

    @property
    def unacknowledged(self) -> int:
        """How many QoS 1 messages were sent and have not been acknowledged."""
        return len(self._unacknowledged)

    def attach(self, send: Callable[[Packet], None]) -> None:
        """Deliver through ``send`` from now on: first again what was left unacknowledged, then what was queued."""
        self._send = send
        for message in self._unacknowledged.values():
            send(replace(message, dup=True))
        self._send_queued()

    def detach(self) -> None:
        """Queue from now on."""
        self._send = None

    def deliver(self, topic: str, payload: bytes, qos: int, *, times: int = 1) -> None:
        """Deliver a message for each subscription that it matches (protocol.md 4.1), one of QoS 1 so many times."""
        for topic_filter, granted in self.subscriptions.items():
            if matches(topic_filter, topic):
                message = Publish(topic=topic, payload=payload, qos=min(qos, granted))
                if message.qos:
                    self._queued.extend([message] * times)
                    self._send_queued()
                elif self._send is not None:
                    self._send(message)

    def acknowledge(self, packet_id: int) -> None:
        """Take note of a PUBACK; one for an unknown packet id is ignored."""
        self._unacknowledged.pop(packet_id, None)
        self._send_queued()

    def _send_queued(self) -> None:
        while self._send is not None and self._queued and len(self._unacknowledged) < self._window:
            packet_id = next(number for number in self._packet_ids if number not in self._unacknowledged)
            message = replace(self._queued.popleft(), packet_id=packet_id)
            self._unacknowledged[packet_id] = message
            self._send(message)
