"""The commands without an outcome: one record of each, from its giving to its one outcome, which is reported."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count
import logging

from ..config import MqttConnectionConfig
from ..events import EventEmitter
from ..models import DeviceStatus
from .command import CommandCompleted, CommandEvent, CommandHandle, QueueChanged, QueuedCommand
from .freshness import UNKNOWN_MOMENT, FreshStatus
from .outcome import CommandOutcome, CommandReason, CommandResult, CommandStage
from .queue import CommandQueue, Displaced

_LOGGER = logging.getLogger(__name__)

NOT_ACKNOWLEDGED = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.ACKNOWLEDGEMENT_LOST)
_DROPPED = CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL)
OVERTAKEN = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.NEWER_SENT)
_SUPERSEDED = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.NEWER_COMMAND)
_OUTLIVED = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.NEWER_CONFIRMED)
_QUEUE_CHANGED = QueueChanged()

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
    is_answered: bool = False
    """Whether the heater has answered it since its last PUBACK."""
    is_overdue: bool = False
    """The answer has not come in time, so that nothing else has to wait for it."""
    looks: int = 0
    """How many statuses were asked for since its last PUBACK."""
    is_look_due: bool = False
    """A status is due, but there is no connection to ask over."""
    timers: tuple[asyncio.TimerHandle, ...] = ()

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
    """The records in the order of giving, the queue of what is not acknowledged, and what was sent.

    Gives each command its one outcome, also what must not be sent any more because a newer command was, and counts
    them. Which command replaces one that still waits, `CommandQueue.supersede` decides.
    """

    def __init__(self, config: MqttConnectionConfig, events: EventEmitter, ask_status: Callable[[str], bool]) -> None:
        self._events = events
        self.queue = CommandQueue(config.max_queued_commands, coalesce=config.coalesce_commands, sequence=self.sequence)
        self.fresh = FreshStatus(ask_status, self.queue.has_waiting_control)
        self.sent: dict[str, CommandRecord] = {}
        """What the broker has acknowledged, by id, in the order of sending."""
        self.records: dict[str, CommandRecord] = {}
        """Everything without an outcome, by id, in the order of giving; everything in the queue is among it."""
        self._sessions: dict[str, str] = {}
        """The id of the command that each session belongs to."""
        self._sequences = count()
        self._counts: defaultdict[str | None, Counter[CommandOutcome]] = defaultdict(Counter)

    def add(self, command: QueuedCommand) -> CommandRecord:
        """Take a command in."""
        record = self.records[command.id] = CommandRecord(CommandHandle(command, next(self._sequences)), command)
        return record

    def pending(self) -> tuple[QueuedCommand, ...]:
        """Return everything without an outcome, in the order of giving."""
        # What is being written right now is in flight before its record has that.
        in_flight = {command.id: command for command in self.queue.in_flight}
        return tuple(in_flight.get(command_id, record.command) for command_id, record in self.records.items())

    def stage(self, command_id: str) -> CommandStage | None:
        """Return where a command is; `None` once it has its outcome."""
        if command_id not in self.records:
            return None
        if command_id in self.sent:
            return CommandStage.SENT
        return CommandStage.IN_FLIGHT if self.queue.is_in_flight(command_id) else CommandStage.WAITING

    def written(self, record: CommandRecord, command: QueuedCommand) -> None:
        """Note a command as it is written, and have the replies to each of its writings find it."""
        record.command = command
        for session_id in command.sessions:
            self._sessions[session_id] = command.id

    def asked(self, session_id: str) -> CommandRecord | None:
        """Return the command that was written with a session."""
        return self.records.get(self._sessions.get(session_id, ""))

    def sequence(self, command: QueuedCommand) -> int:
        """Return a command's number in the order of giving."""
        record = self.records.get(command.id)
        return 0 if record is None else record.handle.sequence

    def recall(self, record: CommandRecord) -> bool:
        """Wait no longer for the confirmation of a command; returns whether it was sent."""
        for timer in record.timers:
            timer.cancel()
        record.timers = ()
        return self.sent.pop(record.command.id, None) is not None

    @property
    def sent_commands(self) -> tuple[QueuedCommand, ...]:
        """What the broker has acknowledged, in the order of sending."""
        return tuple(record.command for record in self.sent.values())

    def is_unanswered(self, mac_address: str) -> bool:
        """Return whether a control is in flight to a heater, or was sent and may still be answered in time."""
        sent = (each.command for each in self.sent.values() if not (each.is_answered or each.is_overdue))
        return any(
            command.is_control and command.mac_address == mac_address for command in chain(self.queue.in_flight, sent)
        )

    # Outcomes

    def complete(self, command: QueuedCommand, result: CommandResult) -> None:
        """Give a command its outcome; only the first one counts."""
        self.queue.acknowledge(command.id)
        record = self.records.pop(command.id, None)
        if record is None:
            return
        self.recall(record)
        record.handle.complete(result)
        for session_id in record.command.sessions:
            self._sessions.pop(session_id, None)
        self._counts[command.mac_address][result.outcome] += 1
        if command.mac_address is not None:
            # Judged before any listener is called, which may give the next one for the same setting.
            heater = self.fresh.heaters[command.mac_address]
            heater.completed(command, result.outcome, self.fresh.moment())
        self._events.emit_made(f"command_{result.outcome}", CommandEvent, command, result.reason, result.code)
        self._events.emit_made("command_completed", CommandCompleted, command, result)
        if result.outcome is CommandOutcome.CONFIRMED and command.overwrites:
            # After this one took effect, the heater will not show the older ones.
            self.complete_all(
                [
                    older.command
                    for older in self.sent.values()
                    if command.replaces(older.command) and older.handle.sequence < record.handle.sequence
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

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        chosen = self._counts.values() if mac_address is None else [self._counts.get(mac_address, Counter())]
        return sum(chosen, Counter())

    def forget(self, mac_address: str) -> None:
        """Forget a heater: nothing that was sent to it decides anything any more, and its outcomes count for all."""
        self.fresh.forget(mac_address)
        if (counts := self._counts.pop(mac_address, None)) is not None:
            self._counts[None].update(counts)

    # Succession

    def overtake(self, newer: QueuedCommand) -> None:
        """Complete what waits and was sent before a command that was acknowledged just now.

        It came back from a lost connection or from a refusal; what is in flight must not come back either. That it
        overwrites some of the same is enough: sent after the newer one, it would undo that.
        """
        if not newer.overwrites:
            return
        sequence = self.sequence(newer)
        newest_sent = self.fresh.heaters[newer.mac_address or ""].newest_sent
        for overwritten in newer.overwrites:
            newest_sent[overwritten] = max(sequence, newest_sent.get(overwritten, sequence))

        def is_older(command: QueuedCommand) -> bool:
            return bool(command.attempts) and newer.is_related_to(command) and self.sequence(command) < sequence

        self.queue.forbid_return(is_older)
        self.complete_all(self.queue.remove(is_older), OVERTAKEN)

    def is_overtaken(self, command: QueuedCommand) -> bool:
        """Return whether a newer command that overwrites some of the same was sent too."""
        sequence = self.sequence(command)
        newest_sent = self.fresh.heaters[command.mac_address or ""].newest_sent
        return any(newest_sent.get(overwritten, sequence) > sequence for overwritten in command.overwrites)

    def is_undecided(self, command: QueuedCommand) -> bool:
        """Return whether a newer command that overwrites some of the same as one that was sent before is in flight.

        If that one arrives, this one must not follow it.
        """
        return any(
            newer.is_related_to(command) and self.sequence(newer) > self.sequence(command)
            for newer in self.queue.in_flight
        )
