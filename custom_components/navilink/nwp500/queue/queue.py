"""The command queue: a data structure without input or output.

Commands wait in the order in which they were given. A command that is written to the link moves from the waiting ones
to those in flight and keeps its place in the limit; when the link ends, everything in flight returns to the front in
its old order. A command whose PUBACK was seen has left the queue for good.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
import time
from typing import Self
import uuid

import orjson

from ..models.members import WHOLE

type JsonValue = bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None


def running_seconds() -> float:
    """Return the seconds on the clock that nobody sets; where the system has one that counts sleep as well, on that."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCommand:
    """One command on its way to a heater. Its text form tells neither MAC nor topic, so it may be logged."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Also the `sessionID` of the message as it is made, by which a reply finds its command."""
    kind: str
    """The command's name, such as `dhw-temperature` or `status`."""
    wanted: str
    """The wanted value in words, such as `set point 140 °F`."""
    mac_address: str | None = field(default=None, repr=False)
    topic: str = field(repr=False)
    body: bytes = field(repr=False)
    """The message exactly as it goes over the wire."""
    qos: int = 1
    queued_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the user gave the command, aware, UTC."""
    expires_at: datetime | None = None
    attempts: int = 0
    """How often it was written to a link."""
    sessions: tuple[str, ...] = field(default=(), repr=False)
    """The `sessionID` of each of its writings that is known, in order.

    Each writing has its own, so that a late or doubled answer counts for the writing that it answers.
    """
    setting: str | None = field(default=None, repr=False)
    """What it sets, for people. `None`: not a setting."""
    overwrites: frozenset[str] = field(default=frozenset(), repr=False)
    """Everything that it sets, whatever that was before (see `commands.py`): the key of coalescing."""
    parameters: tuple[int, ...] = field(default=(), repr=False)
    """What a control carries on the wire, exact; with its kind they say what is wanted, in any unit and language."""
    is_control: bool = field(default=False, repr=False)
    """Whether it changes something at the heater."""
    repeatable: bool = field(default=True, repr=False)
    """Whether sending it a second time, when the first is in doubt, does no harm and is still wanted."""
    expected: Mapping[str, frozenset[int]] = field(default_factory=dict, repr=False)
    """Raw status members, each with the values that show that the command took effect."""
    is_restored: bool = field(default=False, repr=False)
    """Whether an earlier run was given it: then the time in between is known by the wall clock alone."""
    given_at: float = field(default_factory=running_seconds, repr=False)
    """When it was given by `running_seconds`; of an earlier run, set back by its age."""

    @property
    def payload(self) -> JsonValue:
        """The message as JSON values, as text when it is no JSON; a fresh copy each time."""
        try:
            value: JsonValue = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return self.body.decode(errors="replace")
        return value

    @property
    def session_id(self) -> str:
        """The `sessionID` of its last writing; before the first, that of the message as it is made."""
        return self.sessions[-1] if self.sessions else self.id

    def written_again(self) -> Self:
        """Return the command as it goes out once more.

        What an earlier run was given may have been written by it and not stored as such. So only the first writing of a
        command of this run has the session that its message was made with.
        """
        is_first = not self.attempts and not self.is_restored
        session_id = self.id if is_first else uuid.uuid4().hex
        return replace(
            self,
            attempts=self.attempts + 1,
            sessions=(*self.sessions, session_id),
            body=self.body.replace(self.session_id.encode(), session_id.encode()),
        )

    def age(self) -> timedelta:
        """Return how long ago the user gave the command.

        Within one run the monotonic clock alone counts, for the wall clock is set forward and back. Of a command of an
        earlier run the wall clock tells what passed in between; if it is set right only later, that counts from then.
        """
        elapsed = timedelta(seconds=max(0.0, running_seconds() - self.given_at))
        return max(elapsed, datetime.now(UTC) - self.queued_at) if self.is_restored else elapsed

    @property
    def life_time(self) -> timedelta | None:
        """How long it may wait to be sent."""
        return None if self.expires_at is None else self.expires_at - self.queued_at

    def is_expired(self) -> bool:
        """Tell whether the command is too old to be sent."""
        return self.life_time is not None and self.age() >= self.life_time

    def is_shown_by(self, raw: Mapping[str, object]) -> bool:
        """Tell whether a status with these raw members has everything that the command wants."""
        return bool(self.expected) and all(
            WHOLE.read(raw.get(name)) in values for name, values in self.expected.items()
        )

    def is_related_to(self, other: QueuedCommand) -> bool:
        """Tell whether it changes what another command for the same device changes."""
        return self.mac_address == other.mac_address and not self.overwrites.isdisjoint(other.overwrites)

    def replaces(self, older: QueuedCommand) -> bool:
        """Tell whether carrying this command out makes no difference to whether an older one was carried out before."""
        return self.mac_address == older.mac_address and bool(older.overwrites) and older.overwrites <= self.overwrites


@dataclass(frozen=True, slots=True)
class Displaced:
    """What had to leave the queue when something came in or came back."""

    superseded: tuple[QueuedCommand, ...] = ()
    dropped: tuple[QueuedCommand, ...] = ()
    in_doubt: tuple[QueuedCommand, ...] = ()
    """Were in flight, may have arrived, and must not be sent a second time."""


class CommandQueue:
    """Waiting commands and those in flight, in order, within a limit. Both ends are O(1).

    Of a limit of 1, one that is in flight leaves no room, and yet neither it nor a new one is dropped: the one may have
    arrived, the other is what is wanted now. Then, and only then, there is one more than the limit.
    """

    def __init__(
        self, limit: int, *, coalesce: bool = False, place: Callable[[QueuedCommand], float] = attrgetter("given_at")
    ) -> None:
        """Take the limit, and what tells the order of giving for commands that come back."""
        self._limit = limit
        self._coalesce = coalesce
        self._place = place
        self._waiting: deque[QueuedCommand] = deque()
        self._in_flight: dict[str, QueuedCommand] = {}

    def __len__(self) -> int:
        """Return how many commands wait."""
        return len(self._waiting)

    @property
    def waiting(self) -> tuple[QueuedCommand, ...]:
        """The waiting commands, next one first."""
        return tuple(self._waiting)

    @property
    def in_flight(self) -> tuple[QueuedCommand, ...]:
        """The commands written to the link whose PUBACK was not seen, in the order of writing."""
        return tuple(self._in_flight.values())

    @property
    def in_flight_count(self) -> int:
        """How many commands are in flight."""
        return len(self._in_flight)

    @property
    def window(self) -> int:
        """The most that may be in flight so that what comes back always finds room beside one new command."""
        return max(1, self._limit - 1)

    def append(self, command: QueuedCommand) -> Displaced:
        """Line a command up at the end and return what had to go: superseded ones, and the oldest when full."""
        superseded = self.supersede(command)
        dropped = self._make_room(1)
        self._waiting.append(command)
        return Displaced(superseded, dropped)

    def supersede(self, newer: QueuedCommand) -> tuple[QueuedCommand, ...]:
        """Remove and return what waits and what a newer command makes pointless, with coalescing."""
        return tuple(self.remove(newer.replaces)) if self._coalesce else ()

    def heads(self) -> Iterator[QueuedCommand]:
        """Go through each device's first command, in order; it holds back its device's later ones, nobody else's."""
        seen: set[str | None] = set()
        for command in self._waiting:
            if command.mac_address not in seen:
                seen.add(command.mac_address)
                yield command

    def take(self, command: QueuedCommand) -> QueuedCommand:
        """Move a waiting command in flight and return it with its attempt counted."""
        self.discard(command)
        taken = command.written_again()
        self._in_flight[taken.id] = taken
        return taken

    def not_written(self, taken: QueuedCommand, command: QueuedCommand) -> None:
        """Put a command back at the front as it was before it was taken: it could not be written after all."""
        del self._in_flight[taken.id]
        self._waiting.appendleft(command)

    def discard(self, command: QueuedCommand) -> None:
        """Take a waiting command out; at once when it is the first."""
        if self._waiting[0] is command:
            self._waiting.popleft()
        else:
            self._waiting.remove(command)

    def acknowledge(self, command_id: str) -> QueuedCommand | None:
        """Remove a command for good, because its PUBACK was seen; `None` when it is not here (any more).

        The PUBACK can come after the command went back to the front because an earlier one was not acknowledged.
        """
        if (command := self._in_flight.pop(command_id, None)) is not None:
            return command
        return next(iter(self.remove(lambda waiting: waiting.id == command_id)), None)

    def put_back(self, command: QueuedCommand) -> Displaced:
        """Put a command that was refused for the moment back in its place, unless a newer one supersedes it.

        It had left the queue, and kept no place in the limit: for that, another one would have been dropped for certain
        to make room for a return that hardly ever comes. If the queue has filled up meanwhile, the oldest goes as ever,
        which may be the one that comes back.
        """
        if self._is_superseded(command):
            return Displaced(superseded=(command,))
        place = self._place(command)
        superseded = self.remove(
            lambda older: self._coalesce and command.replaces(older) and self._place(older) < place
        )
        self._waiting.append(command)
        self._arrange()
        return Displaced(tuple(superseded), self._make_room(0))

    def return_in_flight(self) -> Displaced:
        """Put everything in flight back in its place; return what may not or need not come back."""
        returning = list(self._in_flight.values())
        in_doubt = [command for command in returning if not command.repeatable]
        superseded = [command for command in returning if command.repeatable and self._is_superseded(command)]
        self._in_flight.clear()
        gone = {command.id for command in (*in_doubt, *superseded)}
        self._waiting.extendleft(command for command in reversed(returning) if command.id not in gone)
        self._arrange()
        return Displaced(superseded=tuple(superseded), in_doubt=tuple(in_doubt))

    def remove(self, is_unwanted: Callable[[QueuedCommand], bool]) -> list[QueuedCommand]:
        """Remove and return the waiting commands that the condition picks, in order."""
        unwanted = [command for command in self._waiting if is_unwanted(command)]
        if unwanted:
            gone = {command.id for command in unwanted}
            self._waiting = deque(command for command in self._waiting if command.id not in gone)
        return unwanted

    def forbid_return(self, is_unwanted: Callable[[QueuedCommand], bool]) -> None:
        """See to it that the commands in flight that the condition picks are not sent a second time."""
        for command in self.in_flight:
            if is_unwanted(command):
                self._in_flight[command.id] = replace(command, repeatable=False)

    def _make_room(self, count: int) -> tuple[QueuedCommand, ...]:
        """Drop and return the oldest that wait until so many more fit in, or none waits."""
        dropped: list[QueuedCommand] = []
        while self._waiting and len(self._waiting) + len(self._in_flight) + count > self._limit:
            dropped.append(self._waiting.popleft())
        return tuple(dropped)

    def _is_superseded(self, command: QueuedCommand) -> bool:
        place = self._place(command)
        return self._coalesce and any(newer.replaces(command) and self._place(newer) > place for newer in self.unsent())

    def _arrange(self) -> None:
        """Put what waits in order: what comes back may be younger than what had come back before."""
        self._waiting = deque(sorted(self._waiting, key=self._place))

    def unsent(self) -> Iterator[QueuedCommand]:
        """Go through everything whose PUBACK was not seen, in order: first what is in flight."""
        return chain(self._in_flight.values(), self._waiting)
