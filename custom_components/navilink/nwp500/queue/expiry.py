"""When the next control may go to a heater, which refuses those that follow each other too soon (protocol.md 10.4)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
import math

from .command import QueuedCommand
from .confirmation import Confirmations
from .queue import CommandQueue

_REFUSAL_PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0, 30.0)
"""Seconds to wait after each refusal for coming too soon after the last control; then the command ends as rejected."""


class Pacing:
    """Holds a heater's controls apart, and back for a while after it refused one; other heaters are not held up."""

    def __init__(self, interval: float, queue: CommandQueue, confirmations: Confirmations) -> None:
        """Take the least seconds between two controls; above 0 also, the next goes when the last is answered."""
        self._interval = interval
        self._queue = queue
        self._confirmations = confirmations
        self._paused_until: dict[str | None, float] = {}
        self._refusals: Counter[str] = Counter()
        self._refused: dict[str, str] = {}
        """The session of the last refused writing of each control."""

    def pause(self, mac_address: str | None) -> float:
        """Return the seconds until a control may go to a heater; infinite while it has to answer another one first."""
        if self._interval and self._is_busy(mac_address):
            return math.inf
        paused_until = self._paused_until.get(mac_address, 0.0)
        return max(0.0, paused_until - asyncio.get_running_loop().time())

    def written(self, control: QueuedCommand) -> None:
        """A control was written to the link."""
        self.hold(control.mac_address, self._interval)

    def hold(self, mac_address: str | None, seconds: float) -> None:
        """Send no control to a heater for a while; what it is held for longer already is not cut short."""
        until = asyncio.get_running_loop().time() + seconds
        self._paused_until[mac_address] = max(until, self._paused_until.get(mac_address, until))

    def refused(self, command: QueuedCommand) -> float | None:
        """Return the seconds to wait after a control was refused for coming too soon; `None`: it is not sent again."""
        self._refused[command.id] = command.session_id
        refusals = self._refusals[command.id]
        if refusals >= len(_REFUSAL_PAUSES):
            return None
        self._refusals[command.id] += 1
        return _REFUSAL_PAUSES[refusals]

    def was_refused(self, command: QueuedCommand) -> bool:
        """Tell whether the heater has refused the last writing of a control."""
        return self._refused.get(command.id) == command.session_id

    def forbid_repeat(self, command_id: str) -> None:
        """If the heater refuses it, that is the end of it."""
        self._refusals[command_id] = len(_REFUSAL_PAUSES)

    def forget(self, command_id: str) -> None:
        """A command is settled."""
        self._refusals.pop(command_id, None)
        self._refused.pop(command_id, None)

    def forget_heater(self, mac_address: str) -> None:
        """Hold a heater's controls no longer."""
        self._paused_until.pop(mac_address, None)

    def _is_busy(self, mac_address: str | None) -> bool:
        """Tell whether a control to a heater is in flight or unanswered."""
        in_flight = any(command.is_control and command.mac_address == mac_address for command in self._queue.in_flight)
        return in_flight or self._confirmations.is_unanswered(mac_address)


_CLOCK_SECONDS = 60.0
"""The age of a command of an earlier run hangs on the wall clock, which may be set right at any time."""


class Expiry:
    """Takes what becomes too old out of the queue then, not only when its turn comes."""

    def __init__(self, queue: CommandQueue, on_expired: Callable[[Iterable[QueuedCommand]], None]) -> None:
        self._queue = queue
        self._on_expired = on_expired
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, commands: Iterable[QueuedCommand]) -> None:
        """Look at the queue when the first of these becomes too old, which have come into it, if not before that."""
        left = [_seconds_left(command) for command in commands if command.life_time is not None]
        if not left:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, min(left))
        if self._timer is None or due < self._timer.when():
            self.stop()
            self._timer = loop.call_at(due, self._expire)

    def stop(self) -> None:
        """Look no more, until told to."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self._on_expired(self._queue.remove(QueuedCommand.is_expired))
        self.watch(self._queue.waiting)


def _seconds_left(command: QueuedCommand) -> float:
    """Return after how many seconds to look at a command again."""
    left = math.inf if command.life_time is None else (command.life_time - command.age()).total_seconds()
    return min(left, _CLOCK_SECONDS) if command.is_restored else left
