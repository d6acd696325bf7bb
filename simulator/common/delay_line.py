"""What takes its time to arrive, in order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress


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
