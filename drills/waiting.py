"""Waiting for what has no event of its own."""

import asyncio
from collections.abc import Callable

START_SECONDS = 60.0


async def until(
    what: str, holds: Callable[[], bool], seconds: float = START_SECONDS, *, look_every: float = 0.05
) -> None:
    """Wait until something holds, looking every so many seconds; raises TimeoutError with what it was."""
    try:
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - there is no event, as the module says
                await asyncio.sleep(look_every)
    except TimeoutError:
        message = f"{what}: not within {seconds:g} s"
        raise TimeoutError(message) from None
