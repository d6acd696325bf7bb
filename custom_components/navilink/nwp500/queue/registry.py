"""The book of commands: each one given and not settled, in the order of giving, and how often each outcome occurred."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count

from .command import CommandHandle, CommandOutcome, Settled
from .queue import QueuedCommand


class CommandBook:
    """Enters each command once and strikes it out with its one outcome."""

    def __init__(self) -> None:
        self._handles: dict[str, CommandHandle] = {}
        self._places = count()
        self._counts: dict[str | None, Counter[CommandOutcome]] = {}

    def __contains__(self, command_id: object) -> bool:
        """Tell whether a command has no outcome yet."""
        return command_id in self._handles

    def __iter__(self) -> Iterator[CommandHandle]:
        """Go through what has no outcome yet, in the order of giving."""
        return iter(tuple(self._handles.values()))

    def enter(self, command: QueuedCommand) -> CommandHandle:
        """Take a command in and return its handle."""
        handle = self._handles[command.id] = CommandHandle(command, next(self._places))
        return handle

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that has no outcome yet."""
        return self._handles.get(command_id)

    def place(self, command: QueuedCommand) -> int:
        """Return a command's number in the order of giving."""
        handle = self._handles.get(command.id)
        return 0 if handle is None else handle.place

    def strike(self, command: QueuedCommand, settled: Settled) -> CommandHandle | None:
        """Give a command its outcome and return its handle; `None` when it has one already: only the first counts."""
        handle = self._handles.pop(command.id, None)
        if handle is not None:
            handle.settle(settled)
            self._counts.setdefault(command.mac_address, Counter())[settled.outcome] += 1
        return handle

    def forget(self, mac_address: str) -> None:
        """Count the outcomes of a heater for all of them only."""
        if (counts := self._counts.pop(mac_address, None)) is not None:
            self._counts.setdefault(None, Counter()).update(counts)

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        chosen = self._counts.values() if mac_address is None else [self._counts.get(mac_address, Counter())]
        return sum(chosen, Counter())
