"""When something has to happen by the clock: commands expire, and a connection is found to be dead.

Where PUBACKs came one after the other and then none comes for a while, though something is in flight, the connection is
dead, which `Silence` finds out sooner than by the timeout of a single message. A single command proves less: it may be
the first over a connection that was idle, and has its whole time. How long a command may wait is in
`protocol/controls.py`; the pause between two controls in `guard.py`.
"""

import asyncio
from collections.abc import Callable, Iterable
import math

from .command import QueuedCommand
from .queue import CommandQueue

_CLOCK_SECONDS = 60.0
"""The age of a command of an earlier run depends on the wall clock, which may be set right at any time."""

SHORTEST_SILENCE = 4.5
"""Seconds without a PUBACK, in mid-drain, after which a connection is dead."""
UNACKNOWLEDGED = "messages stay unacknowledged"
"""Why a connection is replaced over which no PUBACKs come any more."""

_SLOWEST_FACTOR = 3.0
"""A silence is one only when it lasts this many times as long as the slowest PUBACK took."""


class Expiry:
    """Takes a command out of the queue when it expires, not only when its turn comes."""

    def __init__(self, queue: CommandQueue, on_expired: Callable[[Iterable[QueuedCommand]], None]) -> None:
        self._queue = queue
        self._on_expired = on_expired
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, commands: Iterable[QueuedCommand]) -> None:
        """Check the queue when the first of these expires, if not before that."""
        left = min(map(_seconds_left, commands), default=math.inf)
        if left == math.inf:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, left)
        if self._timer is None or due < self._timer.when():
            self.stop()
            self._timer = loop.call_at(due, self._expire)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self._on_expired(self._queue.remove(QueuedCommand.is_expired))
        self.watch(self._queue.waiting)


def _seconds_left(command: QueuedCommand) -> float:
    """Return after how many seconds to check a command again; infinite for one that never expires."""
    if command.life_time is None:
        return math.inf
    left = (command.life_time - command.age()).total_seconds()
    return min(left, _CLOCK_SECONDS) if command.is_restored else left


class Silence:
    """Watches for PUBACKs while more than one command is on its way out over a connection that has brought some."""

    def __init__(self, queue: CommandQueue, longest: float, on_dead: Callable[[], None]) -> None:
        """Take the longest silence in seconds, which is the time that a single message has."""
        self._queue = queue
        self._longest = longest
        self._on_dead = on_dead
        self._slowest: float | None = None
        """The most seconds that a PUBACK took on this connection; `None` before the first."""
        self._since = 0.0
        """The last PUBACK, or the writing of what is in flight with nothing before it."""
        self._timer: asyncio.TimerHandle | None = None

    def connected(self) -> None:
        """Nothing is known of a new connection."""
        self._slowest = None

    def written(self, at: float) -> None:
        """A message was written, and is in flight."""
        if self._queue.in_flight_count == 1:
            self._since = at

    def acknowledged(self, written_at: float) -> None:
        """The PUBACK of a message is there."""
        self._since = asyncio.get_running_loop().time()
        self._slowest = max(self._slowest or 0.0, self._since - written_at)

    def watch(self) -> None:
        """Watch from now on if there is something to watch; does nothing when that is done already."""
        if self._timer is None and (due := self._due()) is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._look)

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        # The timer is not set anew with every PUBACK, which may be thousands a second, but when it has run out.
        self._timer = None
        due = self._due()
        if due is not None and due <= asyncio.get_running_loop().time():
            self._on_dead()
        else:
            self.watch()

    def _due(self) -> float | None:
        """Return when the connection is dead if nothing comes until then; `None` while nothing shows that."""
        in_flight = self._queue.in_flight_count
        if self._slowest is None or not in_flight or in_flight + len(self._queue) == 1:
            return None
        return self._since + min(self._longest, max(SHORTEST_SILENCE, _SLOWEST_FACTOR * self._slowest))
