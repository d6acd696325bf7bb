"""Where every command is that has no outcome yet."""

from collections.abc import Mapping

from .command import CommandHandle, CommandOutcome, CommandStage
from .confirmation import Confirmations
from .queue import CommandQueue, QueuedCommand
from .registry import CommandBook


class CommandOverview:
    """Reads the book, the queue and the confirmations together; changes none of them."""

    def __init__(self, book: CommandBook, queue: CommandQueue, confirmations: Confirmations) -> None:
        self._book = book
        self._queue = queue
        self._confirmations = confirmations

    @property
    def waiting(self) -> tuple[QueuedCommand, ...]:
        """What waits to be sent, next one first."""
        return self._queue.waiting

    @property
    def waiting_count(self) -> int:
        """How many commands wait."""
        return len(self._queue)

    @property
    def unsent(self) -> tuple[QueuedCommand, ...]:
        """What is in flight and what waits, in order."""
        return tuple(self._queue.unsent())

    @property
    def sent(self) -> tuple[QueuedCommand, ...]:
        """What was sent and is not settled."""
        return self._confirmations.commands

    @property
    def on_their_way(self) -> tuple[QueuedCommand, ...]:
        """What may have reached its heater by now: in flight, or sent."""
        return (*self._queue.in_flight, *self._confirmations.commands)

    def unsettled(self) -> tuple[QueuedCommand, ...]:
        """Return everything given and not settled, in the order of giving."""
        current = {command.id: command for command in (*self._queue.unsent(), *self._confirmations.commands)}
        return tuple(current.get(handle.command.id, handle.command) for handle in self._book)

    def stage(self, command_id: str) -> CommandStage | None:
        """Return where a command is; `None` once it is settled."""
        if command_id not in self._book:
            return None
        if self._confirmations.has(command_id):
            return CommandStage.SENT
        in_flight = any(command.id == command_id for command in self._queue.in_flight)
        return CommandStage.IN_FLIGHT if in_flight else CommandStage.WAITING

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that is not settled."""
        return self._book.handle(command_id)

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        return self._book.counts(mac_address)
