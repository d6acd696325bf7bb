"""The book of commands: each one given and not settled, in the order of giving, and how often each outcome occurred."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count

from .command import CommandHandle, CommandOutcome, CommandResult, CommandStage, QueuedCommand
from .confirmation import Confirmations
from .queue import CommandQueue


class CommandRegistry:
    """Enters each command once and strikes it out with its one outcome."""

    def __init__(self) -> None:
        self._handles: dict[str, CommandHandle] = {}
        self._sequences = count()
        self._counts: dict[str | None, Counter[CommandOutcome]] = {}

    def __contains__(self, command_id: object) -> bool:
        """Tell whether a command has no outcome yet."""
        return command_id in self._handles

    def __iter__(self) -> Iterator[CommandHandle]:
        """Go through what has no outcome yet, in the order of giving."""
        return iter(tuple(self._handles.values()))

    def enter(self, command: QueuedCommand) -> CommandHandle:
        """Take a command in and return its handle."""
        handle = self._handles[command.id] = CommandHandle(command, next(self._sequences))
        return handle

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that has no outcome yet."""
        return self._handles.get(command_id)

    def sequence(self, command: QueuedCommand) -> int:
        """Return a command's number in the order of giving."""
        handle = self._handles.get(command.id)
        return 0 if handle is None else handle.sequence

    def complete(self, command: QueuedCommand, result: CommandResult) -> CommandHandle | None:
        """Give a command its outcome and return its handle; `None` when it has one already: only the first counts."""
        handle = self._handles.pop(command.id, None)
        if handle is not None:
            handle.complete(result)
            self._counts.setdefault(command.mac_address, Counter())[result.outcome] += 1
        return handle

    def forget(self, mac_address: str) -> None:
        """Count the outcomes of a heater for all of them only."""
        if (counts := self._counts.pop(mac_address, None)) is not None:
            self._counts.setdefault(None, Counter()).update(counts)

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        chosen = self._counts.values() if mac_address is None else [self._counts.get(mac_address, Counter())]
        return sum(chosen, Counter())


class CommandOverview:
    """Reads the book, the queue and the confirmations together; changes none of them."""

    def __init__(self, book: CommandRegistry, queue: CommandQueue, confirmations: Confirmations) -> None:
        self._registry = book
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

    def pending(self) -> tuple[QueuedCommand, ...]:
        """Return everything given and not settled, in the order of giving."""
        current = {command.id: command for command in (*self._queue.unsent(), *self._confirmations.commands)}
        return tuple(current.get(handle.command.id, handle.command) for handle in self._registry)

    def stage(self, command_id: str) -> CommandStage | None:
        """Return where a command is; `None` once it is settled."""
        if command_id not in self._registry:
            return None
        if self._confirmations.has(command_id):
            return CommandStage.SENT
        in_flight = any(command.id == command_id for command in self._queue.in_flight)
        return CommandStage.IN_FLIGHT if in_flight else CommandStage.WAITING

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that is not settled."""
        return self._registry.handle(command_id)

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        return self._registry.counts(mac_address)


class Succession:
    """Finds what must not be sent any more because a newer command was."""

    def __init__(self, book: CommandRegistry, queue: CommandQueue, confirmations: Confirmations) -> None:
        self._registry = book
        self._queue = queue
        self._confirmations = confirmations
        self._newest_sent: dict[tuple[str | None, str], int] = {}
        """The place of the newest command that overwrites something and that the broker has acknowledged."""

    def sent(self, newer: QueuedCommand) -> list[QueuedCommand]:
        """Take out of the queue, and return, what was sent before a command that was acknowledged just now.

        It came back from a lost link or from a refusal; what is in flight must not come back either. That it overwrites
        some of the same is enough: sent after the newer one, it would undo that.
        """
        sequence = self._registry.sequence(newer)
        for overwritten in newer.overwrites:
            key = newer.mac_address, overwritten
            self._newest_sent[key] = max(sequence, self._newest_sent.get(key, sequence))

        def is_older(command: QueuedCommand) -> bool:
            return (
                bool(command.attempts) and newer.is_related_to(command) and self._registry.sequence(command) < sequence
            )

        self._queue.forbid_return(is_older)
        return self._queue.remove(is_older)

    def forget(self, mac_address: str) -> None:
        """No command that was sent to a heater decides anything any more."""
        self._newest_sent = {
            setting: sequence for setting, sequence in self._newest_sent.items() if setting[0] != mac_address
        }

    def is_overtaken(self, command: QueuedCommand) -> bool:
        """Tell whether a newer command that overwrites some of the same was sent too."""
        sequence = self._registry.sequence(command)
        return any(
            self._newest_sent.get((command.mac_address, overwritten), sequence) > sequence
            for overwritten in command.overwrites
        )

    def is_undecided(self, command: QueuedCommand) -> bool:
        """Tell whether a command was sent before, and a newer one that overwrites some of the same is in flight.

        If that one arrives, this one must not follow it.
        """
        return bool(command.attempts) and any(
            newer.is_related_to(command) and self._registry.sequence(newer) > self._registry.sequence(command)
            for newer in self._queue.in_flight
        )

    def confirmed(self, newer: CommandHandle) -> list[QueuedCommand]:
        """Return the older wishes that are watched still: after this one took effect the heater will not show them."""
        return [
            command
            for command in self._confirmations.commands
            if newer.command.replaces(command) and self._registry.sequence(command) < newer.sequence
        ]
