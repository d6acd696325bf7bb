"""Takes out of the queue what expires while it waits.

How long a command may wait is in `protocol/controls.py`; `QueuedCommand.is_expired` checks it.
"""

import asyncio
from collections.abc import Callable, Iterable
import math

from .command import QueuedCommand
from .queue import CommandQueue

_CLOCK_SECONDS = 60.0
"""The age of a command of an earlier run depends on the wall clock, which may be set right at any time."""


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
