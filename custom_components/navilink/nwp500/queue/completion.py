"""The end of every command: its one outcome, reported, and the command let go of everywhere."""

from collections.abc import Callable, Iterable
import logging

from ..events import EventEmitter
from .command import CommandRegistry, QueuedCommand
from .confirmation import Confirmations
from .events import CommandCompleted, CommandEvent, QueueChanged
from .guard import CommandGuard
from .outcome import CommandOutcome, CommandReason, CommandResult
from .queue import CommandQueue, Displaced
from .succession import Succession
from .writer import Pacing

_LOGGER = logging.getLogger(__name__)

IN_DOUBT = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.ACKNOWLEDGEMENT_LOST)
_DROPPED = CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL)
_SUPERSEDED = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.NEWER_COMMAND)
_OUTLIVED = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.NEWER_CONFIRMED)
_QUEUE_CHANGED = QueueChanged()


class Completions:
    """Gives each command its one outcome."""

    def __init__(
        self,
        events: EventEmitter,
        registry: CommandRegistry,
        queue: CommandQueue,
        guard: CommandGuard,
        *,
        command_interval: float,
        ask_status: Callable[[str], bool],
        may_send_more: Callable[[], None],
    ) -> None:
        self._events = events
        self._registry = registry
        self._queue = queue
        self._guard = guard
        self.confirmations = Confirmations(complete=self.complete, look=ask_status, may_send_more=may_send_more)
        self.pacing = Pacing(command_interval, queue, self.confirmations)
        self.succession = Succession(registry, queue, self.confirmations)

    def complete(self, command: QueuedCommand, result: CommandResult) -> None:
        """Give a command its outcome; only the first one counts."""
        self._queue.acknowledge(command.id)
        self.pacing.forget(command.id)
        if command.mac_address is not None:
            self.confirmations.forget(command.id)
        handle = self._registry.complete(command, result)
        if handle is None:
            return
        if command.mac_address is not None:
            # Judged before any listener is called, which may give the next one for the same setting.
            self._guard.completed(command, result.outcome)
        self._events.emit_made(f"command_{result.outcome}", CommandEvent, command, result.reason, result.code)
        self._events.emit_made("command_completed", CommandCompleted, command, result)
        if result.outcome is CommandOutcome.CONFIRMED and command.overwrites:
            self.complete_all(self.succession.confirmed(handle), _OUTLIVED)
        self.changed()

    def complete_all(self, commands: Iterable[QueuedCommand], result: CommandResult) -> None:
        """Give several commands the same outcome."""
        for command in commands:
            self.complete(command, result)

    def displaced(self, displaced: Displaced) -> None:
        """Complete what had to leave the queue."""
        self.complete_all(displaced.superseded, _SUPERSEDED)
        for command in displaced.dropped:
            _LOGGER.warning(
                "The command queue is full: dropped the oldest, %s of %s",
                command.wanted,
                command.queued_at.isoformat(timespec="seconds"),
            )
            self.complete(command, _DROPPED)
        self.complete_all(displaced.unrepeatable, IN_DOUBT)

    def changed(self) -> None:
        """Report that what has to survive a restart is different."""
        self._events.emit("queue_changed", _QUEUE_CHANGED)
