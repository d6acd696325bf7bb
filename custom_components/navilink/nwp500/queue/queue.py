"""The command queue: a data structure without input or output.

Commands wait in the order in which they were given. A command that is written moves from the waiting ones to
those in flight and keeps its place in the limit; when the connection ends, everything in flight returns to the front in
its old order. A command whose PUBACK was seen has left the queue for good.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter

from .command import QueuedCommand


@dataclass(frozen=True, slots=True)
class Displaced:
    """What had to leave the queue when something came in or came back."""

    superseded: tuple[QueuedCommand, ...] = ()
    dropped: tuple[QueuedCommand, ...] = ()
    unrepeatable: tuple[QueuedCommand, ...] = ()
    """Were in flight, may have arrived, and must not be sent a second time."""


NOTHING = Displaced()


class CommandQueue:
    """Waiting commands and those in flight, in order, within a limit. Both ends and each by its id are O(1).

    Of a limit of 1, one that is in flight leaves no room, and yet neither it nor a new one is dropped: the one may have
    arrived, the other is what is wanted now. Then, and only then, there is one more than the limit.
    """

    def __init__(
        self, limit: int, *, coalesce: bool = False, sequence: Callable[[QueuedCommand], float] = attrgetter("given_at")
    ) -> None:
        """Take the limit, and the order of giving for commands that come back."""
        self._limit = limit
        self._coalesce = coalesce
        self._sequence = sequence
        # By id, because a completed command is looked for here; a plain `dict` is slow to find its first one again and
        # again while it is emptied from the front.
        self._waiting: OrderedDict[str, QueuedCommand] = OrderedDict()
        self._in_flight: dict[str, QueuedCommand] = {}
        self._unrepeatable: set[str] = set()
        """By id, what is in flight and must not be sent a second time."""

    def __len__(self) -> int:
        """Return how many commands wait."""
        return len(self._waiting)

    @property
    def waiting(self) -> tuple[QueuedCommand, ...]:
        """The waiting commands, next one first."""
        return tuple(self._waiting.values())

    @property
    def in_flight(self) -> tuple[QueuedCommand, ...]:
        """The commands written whose PUBACK was not seen, in the order of writing."""
        return tuple(self._in_flight.values())

    def is_waiting(self, command_id: str) -> bool:
        """Return whether a command waits."""
        return command_id in self._waiting

    def is_in_flight(self, command_id: str) -> bool:
        """Return whether a command is written whose PUBACK was not seen."""
        return command_id in self._in_flight

    def has_waiting_control(self, mac_address: str) -> bool:
        """Return whether a control waits for a heater."""
        return any(command.is_control and command.mac_address == mac_address for command in self._waiting.values())

    @property
    def in_flight_count(self) -> int:
        """How many commands are in flight."""
        return len(self._in_flight)

    def may_send(self, window: int) -> bool:
        """Return whether something waits and one more may be in flight; what is not repeatable travels alone."""
        return bool(self._waiting) and (
            not self._in_flight or (len(self._in_flight) < window and not self._unrepeatable)
        )

    @property
    def window(self) -> int:
        """The maximum in flight so that what comes back always finds room beside one new command."""
        return max(1, self._limit - 1)

    def append(self, command: QueuedCommand) -> Displaced:
        """Line a command up at the end and return what had to go: superseded ones, and the oldest when full."""
        displaced = NOTHING
        if self._waiting:
            displaced = Displaced(self.supersede(command), self._make_room(1))
        self._waiting[command.id] = command
        return displaced

    def supersede(self, newer: QueuedCommand) -> tuple[QueuedCommand, ...]:
        """Remove and return what waits and what a newer command makes pointless, with coalescing."""
        return tuple(self.remove(newer.replaces)) if self._coalesce else ()

    def heads(self) -> Iterator[QueuedCommand]:
        """Go through each device's first command, in order; it holds back its device's later ones, nobody else's."""
        seen: set[str | None] = set()
        for command in self._waiting.values():
            if command.mac_address not in seen:
                seen.add(command.mac_address)
                yield command

    def take(self, command: QueuedCommand) -> QueuedCommand:
        """Move a waiting command in flight and return it with its attempt counted."""
        del self._waiting[command.id]
        taken = command.written_again()
        self._in_flight[taken.id] = taken
        if not taken.repeatable:
            self._unrepeatable.add(taken.id)
        return taken

    def not_written(self, taken: QueuedCommand, command: QueuedCommand) -> None:
        """Put a command back at the front as it was before it was taken: it could not be written after all."""
        del self._in_flight[taken.id]
        self._unrepeatable.discard(taken.id)
        self._waiting[command.id] = command
        self._waiting.move_to_end(command.id, last=False)

    def acknowledge(self, command_id: str) -> QueuedCommand | None:
        """Remove a command for good, because its PUBACK was seen or it ended; `None` when it is not here (any more).

        The PUBACK can come after the command went back to the front because an earlier one was not acknowledged.
        """
        if (command := self._in_flight.pop(command_id, None)) is not None:
            self._unrepeatable.discard(command_id)
            return command
        return self._waiting.pop(command_id, None)

    def put_back(self, command: QueuedCommand) -> Displaced:
        """Put a command that was refused for the moment back in its place, unless a newer one supersedes it.

        It had left the queue, and kept no place in the limit: for that, another one would have been dropped for certain
        to make room for a return that hardly ever comes. If the queue has filled up meanwhile, the oldest goes as ever,
        which may be the one that comes back.
        """
        if self._is_superseded(command):
            return Displaced(superseded=(command,))
        sequence = self._sequence(command)
        superseded = self.remove(
            lambda older: self._coalesce and command.replaces(older) and self._sequence(older) < sequence
        )
        self._waiting[command.id] = command
        self._arrange()
        return Displaced(tuple(superseded), self._make_room(0))

    def return_in_flight(self) -> Displaced:
        """Put everything in flight back in its place; return what may not or need not come back."""
        returning = list(self._in_flight.values())
        unrepeatable = [command for command in returning if not command.repeatable]
        superseded = [command for command in returning if command.repeatable and self._is_superseded(command)]
        self._in_flight.clear()
        self._unrepeatable.clear()
        gone = {command.id for command in (*unrepeatable, *superseded)}
        back = {command.id: command for command in returning if command.id not in gone}
        self._waiting = OrderedDict({**back, **self._waiting})
        self._arrange()
        return Displaced(superseded=tuple(superseded), unrepeatable=tuple(unrepeatable))

    def remove(self, is_unwanted: Callable[[QueuedCommand], bool]) -> list[QueuedCommand]:
        """Remove and return the waiting commands that the condition picks, in order."""
        unwanted = [command for command in self._waiting.values() if is_unwanted(command)]
        for command in unwanted:
            del self._waiting[command.id]
        return unwanted

    def forbid_return(self, is_unwanted: Callable[[QueuedCommand], bool]) -> None:
        """See to it that the commands in flight that the condition picks are not sent a second time."""
        for command in self.in_flight:
            if is_unwanted(command):
                self._in_flight[command.id] = replace(command, repeatable=False)
                self._unrepeatable.add(command.id)

    def _make_room(self, count: int) -> tuple[QueuedCommand, ...]:
        """Drop and return the oldest that wait until so many more fit in, or none waits."""
        dropped: list[QueuedCommand] = []
        while self._waiting and len(self._waiting) + len(self._in_flight) + count > self._limit:
            dropped.append(self._waiting.popitem(last=False)[1])
        return tuple(dropped)

    def _is_superseded(self, command: QueuedCommand) -> bool:
        sequence = self._sequence(command)
        return self._coalesce and any(
            newer.replaces(command) and self._sequence(newer) > sequence for newer in self.unsent()
        )

    def _arrange(self) -> None:
        """Put what waits in order: what comes back may be younger than what had come back before."""
        waiting = sorted(self._waiting.values(), key=self._sequence)
        self._waiting = OrderedDict((command.id, command) for command in waiting)

    def unsent(self) -> Iterator[QueuedCommand]:
        """Go through everything whose PUBACK was not seen, in order: first what is in flight."""
        return chain(self._in_flight.values(), self._waiting.values())
