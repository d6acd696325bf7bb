"""Wall clock and monotonic clock of the client's commands, both under a test's control."""

import asyncio
from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
import functools
from typing import Self, override
from unittest.mock import patch

from nwp500 import QueuedCommand
from nwp500.queue import command as queued_command
from nwp500.queue import persistence

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """What both clocks show at a moment, in seconds."""

    wall: float
    monotonic: float


class VirtualClocks:
    """Time as the commands see it: that of an event loop, and what passed while the machine slept or was off."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slept = 0.0
        self._wall_clock_error = 0.0

    def reading(self) -> Reading:
        """Return what both clocks show."""
        running = self._loop.time() + self._slept
        return Reading(running + self._wall_clock_error, running)

    CLOCK_BOOTTIME = 7

    def clock_gettime(self, _clock: int) -> float:
        """Return the clock that nobody sets, and that goes on while the machine sleeps."""
        return self._loop.time() + self._slept

    def now(self) -> datetime:
        """Return the wall clock."""
        return _START + timedelta(seconds=self.reading().wall)

    def set_wall_clock(self, by_seconds: float) -> None:
        """Let somebody set the wall clock forward, or back when below 0."""
        self._wall_clock_error += by_seconds

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep, or be off."""
        self._slept += seconds

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Have the client look at these clocks."""
        clocks = self

        class VirtualDatetime(datetime):
            @override
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(clocks.now().timestamp(), tz)

        # The default of `given_at` was bound to the real clock when the class was made, so it is given here.
        make = QueuedCommand.__init__

        @functools.wraps(make)
        def made(command: QueuedCommand, **members: object) -> None:
            members.setdefault("given_at", clocks.reading().monotonic)
            make(command, **members)  # type: ignore[arg-type]  # passed on as they came

        with contextlib.ExitStack() as stack:
            for module in (queued_command, persistence):
                stack.enter_context(patch.object(module, "datetime", VirtualDatetime))
            stack.enter_context(patch.object(queued_command, "time", clocks))
            stack.enter_context(patch.object(QueuedCommand, "__init__", made))
            yield
