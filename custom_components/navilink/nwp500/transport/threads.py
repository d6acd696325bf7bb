"""Between the threads of a native runtime, which call back whenever they like, and the event loop."""

import asyncio
from collections.abc import Callable
import weakref


def call_on(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    """From any thread: call a function on an event loop."""
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        # The event loop has ended before the runtime's threads: nobody is left to call.
        return


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
