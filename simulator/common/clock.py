"""The heaters' clock, which can run faster and be set forward, and the service's, which can be wrong."""

import time

MAX_SPEED = 3600.0
"""Maximum; beyond it the physics would need more processor time than there is."""

MAX_ADVANCE = 7 * 86400.0
"""Maximum jump at once, in simulated seconds."""

MAX_OFFSET = 10 * 365 * 86400.0
"""Maximum by which the service's clock can be wrong, in seconds either way."""


class Clock:
    """Simulated time in seconds since the epoch.

    Only the heaters live by it. Credentials live by `ServiceClock`, MQTT keep-alives and reply delays by real time,
    because the client at the other end does too.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        """Simulated seconds per real second; `adjust` changes it."""
        self._real_anchor = time.monotonic()
        self._simulated_anchor = time.time()

    def now(self) -> float:
        """Simulated seconds since the epoch."""
        return self._simulated_anchor + (time.monotonic() - self._real_anchor) * self.speed

    def adjust(self, *, speed: float | None = None, advance: float = 0.0) -> None:
        """Jump forward by 0 to `MAX_ADVANCE` simulated seconds, then run at `speed`, 0 (stopped) to `MAX_SPEED`."""
        self._simulated_anchor, self._real_anchor = self.now() + advance, time.monotonic()
        if speed is not None:
            self.speed = speed


class ServiceClock:
    """By which the service judges signatures and credentials: real time, unless `offset` seconds are added."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds of Unix time."""
        return time.time() + self.offset
