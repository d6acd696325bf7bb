"""Time: the heaters' clock, which can run faster and be set forward, and delays."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import time
from typing import Annotated

from .reading import Span

MAX_SPEED = 3600.0
"""Maximum; beyond it the physics would need more processor time than there is."""

MAX_ADVANCE = 7 * 86400.0
"""Maximum jump at once, in simulated seconds."""


class Clock:
    """Simulated time in seconds since the epoch.

    Only the heaters live by it. Credentials live by the service's clock, keep-alives and reply delays by real time,
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

    def adjust(
        self,
        *,
        speed: Annotated[float, Span(0, MAX_SPEED)] | None = None,
        advance: Annotated[float, Span(0, MAX_ADVANCE)] = 0.0,
    ) -> None:
        """Jump forward by so many simulated seconds, then run at `speed`, 0 to stop."""
        self._simulated_anchor, self._real_anchor = self.now() + advance, time.monotonic()
        if speed is not None:
            self.speed = speed


class DelayLine[ItemT]:
    """Carries items to ``deliver`` like a long cable: any number may be on their way at a time, none overtakes."""

    def __init__(self, deliver: Callable[[ItemT], Awaitable[None]]) -> None:
        self._deliver = deliver
        self._items: asyncio.Queue[tuple[float, ItemT]] = asyncio.Queue()

    def put(self, item: ItemT, delay: float) -> None:
        """Send an item on its way; it arrives ``delay`` seconds from now, or later where one ahead of it does."""
        self._items.put_nowait((asyncio.get_running_loop().time() + delay, item))

    def close(self) -> None:
        """Let `run` return once everything put in so far has arrived; nothing may be put in afterwards."""
        self._items.shutdown()

    async def run(self) -> None:
        """Deliver until closed."""
        loop = asyncio.get_running_loop()
        with suppress(asyncio.QueueShutDown):
            while True:
                due, item = await self._items.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._deliver(item)
