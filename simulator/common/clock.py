"""The heaters' clock, which can run faster and be set forward, and the service's, which can be wrong."""

from collections.abc import Callable
from datetime import datetime, tzinfo
import time

MAX_SPEED = 3600.0
"""Maximum; beyond it the physics would need more processor time than there is."""

MAX_ADVANCE = 7 * 86400.0
"""Maximum jump at once, in simulated seconds."""

MAX_OFFSET = 10 * 365 * 86400.0
"""Maximum by which the service's clock can be wrong, in seconds either way."""

_MINUTE = 60.0


class Clock:
    """Simulated time in seconds since the epoch.

    Only the heaters live by it. Credentials live by `ServiceClock`, MQTT keep-alives and reply delays by real time,
    because the client at the other end does too.
    """

    def __init__(self, speed: float = 1.0, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._real_anchor = monotonic()
        self._simulated_anchor = time.time()
        self._speed = speed

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    def now(self) -> float:
        """Simulated seconds since the epoch."""
        return self._simulated_anchor + (self._monotonic() - self._real_anchor) * self._speed

    def adjust(self, *, speed: float | None = None, advance: float = 0.0) -> None:
        """Jump forward by 0 to `MAX_ADVANCE` simulated seconds, then run at `speed`, 0 (stopped) to `MAX_SPEED`."""
        self._simulated_anchor, self._real_anchor = self.now() + advance, self._monotonic()
        if speed is not None:
            self._speed = speed


class ServiceClock:
    """By which the service judges signatures and credentials: real time, unless `offset` seconds are added."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds of Unix time."""
        return time.time() + self.offset


def local_time(seconds: float, zone: tzinfo) -> datetime:
    """Give a simulated time as local time."""
    return datetime.fromtimestamp(seconds, zone)


class LocalMinutes:
    """The minutes of a heater's local time, each given once, as soon as it has begun."""

    def __init__(self, now: float, zone: tzinfo) -> None:
        self._zone = zone
        self._next = (now // _MINUTE + 1) * _MINUTE

    def until(self, now: float) -> list[datetime]:
        """Give those that have begun since the last look."""
        begun = []
        while self._next <= now:
            begun.append(local_time(self._next, self._zone))
            self._next += _MINUTE
        return begun
