"""Requests repeated at a fixed period."""

import asyncio
from collections.abc import Awaitable, Callable

from ..common.background import UnexpectedErrors, begun
from ..exceptions import InvalidParameterError, NotConnectedError

_LONGEST_PERIOD = 7 * 86400


class PeriodicRequests:
    """One repeating request for each key; starting one anew replaces the old one."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, key: str, request: Callable[[], Awaitable[object]], period_seconds: float) -> None:
        """Make the request now and every `period_seconds`; raises `InvalidParameterError` for a wild one."""
        is_number = isinstance(period_seconds, int | float) and not isinstance(period_seconds, bool)
        if not is_number or not 0 < period_seconds <= _LONGEST_PERIOD:
            raise InvalidParameterError("period_seconds", period_seconds, "a number over 0, at most a week")
        self._cancel(key)
        self._tasks[key] = begun("A periodic request", _repeat(request, period_seconds), at_once=False)

    async def stop(self, key: str) -> None:
        """End a repeating request; nothing happens if there is none."""
        if (task := self._cancel(key)) is not None:
            await asyncio.wait((task,))

    async def close(self) -> None:
        """End them all."""
        for key in tuple(self._tasks):
            await self.stop(key)

    def _cancel(self, key: str) -> asyncio.Task[None] | None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()
        return task


async def _repeat(request: Callable[[], Awaitable[object]], period_seconds: float) -> None:
    errors = UnexpectedErrors()
    while True:
        try:
            await request()
        except NotConnectedError:
            # Without a queue nothing waits for the connection; the next request may find one.
            pass
        except Exception as error:  # noqa: BLE001 - the request is the caller's, and one failure is not the end of all
            errors.log("A periodic request", error)
        await asyncio.sleep(period_seconds)
