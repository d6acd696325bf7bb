"""When the next control may go to a heater, which refuses those that follow each other too soon (protocol.md 10.4)."""

import asyncio
from collections import Counter
import math

from .confirmation import Confirmations
from .queue import CommandQueue, QueuedCommand

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
