"""Between the threads of a native runtime, which call back whenever they like, and the event loop."""

import asyncio
from collections import deque
from collections.abc import Callable
import weakref

# Calls in one turn of the event loop; a flood of messages lets everything else have its turn, too.
_MAX_AT_ONCE = 100


class LoopCalls:
    """Calls functions on an event loop, from any thread and in order; those that come at once wake the loop once.

    Waking it costs several times what a call does: both threads then want Python's lock, and hand it to and fro.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: deque[Callable[[], None]] = deque()
        self._is_woken = False
        """Whether the loop is about to look for calls."""

    def call(self, function: Callable[[], None]) -> None:
        """From any thread: call a function on the event loop."""
        self._calls.append(function)
        # A loop that has ended before it looked never will.
        if not self._is_woken or self._loop.is_closed():
            self._wake()

    def _wake(self) -> None:
        self._is_woken = True
        try:
            self._loop.call_soon_threadsafe(self._run)
        except RuntimeError:
            # The event loop has ended before the runtime's threads: nobody is left to call.
            self._is_woken = False
            self._calls.clear()

    def _run(self) -> None:
        # Before the first call is taken: one that is added from now on wakes the loop anew, or is still seen.
        self._is_woken = False
        try:
            for _ in range(min(len(self._calls), _MAX_AT_ONCE)):
                self._calls.popleft()()
        finally:
            # Also when a call fails: the loop reports that, and the others are made all the same.
            if self._calls and not self._is_woken:
                self._wake()


def weakly(method: Callable[..., None]) -> Callable[..., None]:
    """Return what calls a method as long as there is its object.

    The runtime keeps this callback as long as the connection, out of sight of the garbage collector: one that keeps the
    object, which keeps the connection, would never let go of any of it.
    """
    known = weakref.WeakMethod(method)

    def call(**members: object) -> None:
        if (now := known()) is not None:
            now(**members)

    return call
