"""The commands without an outcome: one record of each, from its giving to its outcome, and how they ended."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from ..models import DeviceStatus
from .command import CommandHandle, QueuedCommand
from .known_heater import UNKNOWN_MOMENT
from .outcome import CommandOutcome, CommandResult

REFUSAL_PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0, 30.0)
"""Seconds to wait after each refusal for coming too soon after the last control; then the command ends as rejected."""


@dataclass(slots=True, eq=False)
class CommandRecord:
    """What is known of one command without an outcome."""

    handle: CommandHandle
    command: QueuedCommand
    """As it was last written; before that, as it was given."""
    given_at: int = UNKNOWN_MOMENT
    """The moment at which it was given."""
    written_at: int = UNKNOWN_MOMENT
    """The moment at which it was last written: what is asked from then on shows its effect."""
    baseline: DeviceStatus | None = None
    """The status from which on changes count as somebody else's. A command that was given over a connection before the
    heater reported on it has none yet: what others changed during the outage is older, so the first status to come is
    only what later changes are compared with."""
    is_overruled: bool = False
    """Whether somebody else has changed its setting since, if commands are guarded."""
    repeats_left: int = len(REFUSAL_PAUSES)
    """So many times it may still be sent again after a refusal for coming too soon; with 0, after nothing at all."""
    refused_session: str = ""
    """The session of the last writing that the heater has refused."""

    def refused(self) -> float | None:
        """Note a refusal for coming too soon; returns the seconds to wait, `None` if it is not sent again."""
        self.refused_session = self.command.session_id
        if not self.repeats_left:
            return None
        self.repeats_left -= 1
        return REFUSAL_PAUSES[-self.repeats_left - 1]

    def was_refused(self) -> bool:
        """Return whether the heater has refused its last writing."""
        return self.refused_session == self.command.session_id


class CommandRegistry:
    """The records, in the order of giving, and how often each outcome occurred."""

    def __init__(self) -> None:
        self._records: dict[str, CommandRecord] = {}
        self._sessions: dict[str, str] = {}
        """The id of the command that each session belongs to."""
        self._sequences = count()
        self._counts: defaultdict[str | None, Counter[CommandOutcome]] = defaultdict(Counter)

    def __contains__(self, command_id: object) -> bool:
        """Return whether a command has no outcome yet."""
        return command_id in self._records

    def __len__(self) -> int:
        """Return how many commands have no outcome yet."""
        return len(self._records)

    def __iter__(self) -> Iterator[CommandRecord]:
        """Go through the records in the order of giving."""
        return iter(tuple(self._records.values()))

    def add(self, command: QueuedCommand) -> CommandRecord:
        """Take a command in."""
        record = self._records[command.id] = CommandRecord(CommandHandle(command, next(self._sequences)), command)
        return record

    def __getitem__(self, command_id: str) -> CommandRecord:
        """Return the record of a command that has no outcome, as everything in the queue."""
        return self._records[command_id]

    def get(self, command_id: str) -> CommandRecord | None:
        """Return the record of a command; `None` once it has its outcome."""
        return self._records.get(command_id)

    def written(self, record: CommandRecord, command: QueuedCommand) -> None:
        """Note a command as it is written, and have the replies to each of its writings find it."""
        record.command = command
        for session_id in command.sessions:
            self._sessions[session_id] = command.id

    def asked(self, session_id: str) -> CommandRecord | None:
        """Return the command that was written with a session."""
        return self._records.get(self._sessions.get(session_id, ""))

    def sequence(self, command: QueuedCommand) -> int:
        """Return a command's number in the order of giving."""
        record = self._records.get(command.id)
        return 0 if record is None else record.handle.sequence

    def complete(self, command_id: str, result: CommandResult) -> CommandRecord | None:
        """Give a command its outcome and return its record; `None` when it has one already: only the first counts."""
        record = self._records.pop(command_id, None)
        if record is not None:
            record.handle.complete(result)
            for session_id in record.command.sessions:
                self._sessions.pop(session_id, None)
            self._counts[record.command.mac_address][result.outcome] += 1
        return record

    def forget(self, mac_address: str) -> None:
        """Count the outcomes of a heater for all of them only."""
        if (counts := self._counts.pop(mac_address, None)) is not None:
            self._counts[None].update(counts)

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        chosen = self._counts.values() if mac_address is None else [self._counts.get(mac_address, Counter())]
        return sum(chosen, Counter())
