"""The end of commands: the one outcome of each, reported, and the command let go of."""

from collections.abc import Callable, Iterable
import logging

from ..events import EventEmitter
from .command import CommandCompleted, CommandEvent, QueueChanged, QueuedCommand
from .confirmation import Confirmations
from .freshness import FreshStatus
from .outcome import CommandOutcome, CommandReason, CommandResult
from .queue import CommandQueue, Displaced
from .registry import CommandRegistry

_LOGGER = logging.getLogger(__name__)

NOT_ACKNOWLEDGED = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.ACKNOWLEDGEMENT_LOST)
_DROPPED = CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL)
OVERTAKEN = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.NEWER_SENT)
_SUPERSEDED = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.NEWER_COMMAND)
_OUTLIVED = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.NEWER_CONFIRMED)
_QUEUE_CHANGED = QueueChanged()


class Completions:
    """Gives each command its one outcome, also what must not be sent any more because a newer command was.

    Which command replaces one that still waits, `CommandQueue.supersede` decides.
    """

    def __init__(
        self,
        events: EventEmitter,
        registry: CommandRegistry,
        queue: CommandQueue,
        fresh: FreshStatus,
        *,
        ask_status: Callable[[str], bool],
        may_send_more: Callable[[], None],
    ) -> None:
        self._events = events
        self._registry = registry
        self._queue = queue
        self._fresh = fresh
        self.confirmations = Confirmations(complete=self.complete, look=ask_status, may_send_more=may_send_more)

    def complete(self, command: QueuedCommand, result: CommandResult) -> None:
        """Give a command its outcome; only the first one counts."""
        self._queue.acknowledge(command.id)
        if command.mac_address is not None:
            self.confirmations.forget(command.id)
        record = self._registry.complete(command.id, result)
        if record is None:
            return
        if command.mac_address is not None:
            # Judged before any listener is called, which may give the next one for the same setting.
            heater = self._fresh.heaters[command.mac_address]
            heater.completed(command, result.outcome, self._fresh.moment())
        self._events.emit_made(f"command_{result.outcome}", CommandEvent, command, result.reason, result.code)
        self._events.emit_made("command_completed", CommandCompleted, command, result)
        if result.outcome is CommandOutcome.CONFIRMED and command.overwrites:
            # After this one took effect, the heater will not show the older ones.
            self.complete_all(
                [
                    older
                    for older in self.confirmations.commands
                    if command.replaces(older) and self._registry.sequence(older) < record.handle.sequence
                ],
                _OUTLIVED,
            )
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
        self.complete_all(displaced.unrepeatable, NOT_ACKNOWLEDGED)

    def changed(self) -> None:
        """Report that what has to survive a restart is different."""
        self._events.emit("queue_changed", _QUEUE_CHANGED)

    def sent(self, newer: QueuedCommand) -> None:
        """Complete what waits and was sent before a command that was acknowledged just now.

        It came back from a lost connection or from a refusal; what is in flight must not come back either. That it
        overwrites some of the same is enough: sent after the newer one, it would undo that.
        """
        if not newer.overwrites:
            return
        sequence = self._registry.sequence(newer)
        newest_sent = self._fresh.heaters[newer.mac_address or ""].newest_sent
        for overwritten in newer.overwrites:
            newest_sent[overwritten] = max(sequence, newest_sent.get(overwritten, sequence))

        def is_older(command: QueuedCommand) -> bool:
            return (
                bool(command.attempts) and newer.is_related_to(command) and self._registry.sequence(command) < sequence
            )

        self._queue.forbid_return(is_older)
        self.complete_all(self._queue.remove(is_older), OVERTAKEN)

    def is_overtaken(self, command: QueuedCommand) -> bool:
        """Return whether a newer command that overwrites some of the same was sent too."""
        sequence = self._registry.sequence(command)
        newest_sent = self._fresh.heaters[command.mac_address or ""].newest_sent
        return any(newest_sent.get(overwritten, sequence) > sequence for overwritten in command.overwrites)

    def is_undecided(self, command: QueuedCommand) -> bool:
        """Return whether a newer command that overwrites some of the same as one that was sent before is in flight.

        If that one arrives, this one must not follow it.
        """
        return any(
            newer.is_related_to(command) and self._registry.sequence(newer) > self._registry.sequence(command)
            for newer in self._queue.in_flight
        )

    def forget(self, mac_address: str) -> None:
        """Forget a heater: nothing that was sent to it decides anything any more."""
        self._fresh.forget(mac_address)
        self._registry.forget(mac_address)
