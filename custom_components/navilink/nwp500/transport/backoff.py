"""How long to wait before an attempt to connect: whoever has something to send hurries, the others take their time."""

from dataclasses import dataclass
import random
from typing import Self

from ..config import MqttConnectionConfig
from .report import ConnectionProblem

HURRY_SECONDS = 30.0
"""So long after a loss, attempts that find nobody do not lengthen the pauses of whoever has something to send."""
FINDS_NOBODY = frozenset({ConnectionProblem.NAME_RESOLUTION, ConnectionProblem.NETWORK})
"""What an attempt fails for without an answer. Whoever answers with an error is asked less often each time."""

_MIN_DELAY = 1.0
"""The service allows one connect a second for each client id."""
_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The two lengths of one pause, in seconds, both drawn at random."""

    urgent: float
    """While something waits to be sent."""
    unhurried: float
    """While nothing does; never shorter than `urgent`."""

    @classmethod
    def drawn(cls, config: MqttConnectionConfig, *, failures: int, failed_attempts: int) -> Self:
        """Draw both lengths: `failed_attempts` counts all in a row; `failures` short connections too, but no hurry.

        A short connection shows that the service is there: it makes nobody who only listens wait longer.
        """
        longest = _longest(config, config.initial_reconnect_delay, max(0, failures - 1))
        urgent = _between(longest / 2, longest)
        longest = _longest(config, config.reconnect_spread, failed_attempts)
        # The first pause begins at the minimum: from its half on, all would return in half of the time.
        return cls(urgent=urgent, unhurried=max(urgent, _between(longest / 2 if failed_attempts else 0.0, longest)))


def _longest(config: MqttConnectionConfig, first: float, doublings: int) -> float:
    return min(first * 2.0 ** min(doublings, _MAX_DOUBLINGS), config.max_reconnect_delay)


def _between(shortest: float, longest: float) -> float:
    """Draw a pause from a range, so that a thousand homes do not return in the same second after an outage."""
    return random.uniform(max(_MIN_DELAY, shortest), max(_MIN_DELAY, longest))  # noqa: S311 - spread, not secrecy
