"""The model queue: what was given, what arrived, what became of it, and what of that breaks a promise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nwp500 import CommandOutcome, CommandReason, CommandResult, DeviceStatus, QueuedCommand
from tests.client.support.machine.broker import Delivery
from tests.client.support.machine.clock import Reading

_ANSWER_SECONDS = 10.0
"""A control that a heater leaves unanswered this long after its PUBACK no longer holds the next one."""
_ROUNDING = 0.01


@dataclass(slots=True)
class Entry:
    """One command, from giving to outcome."""

    order: int
    command: QueuedCommand
    given: Reading
    """What the clocks showed when it was given; after a restart, what they would have shown by what was stored."""
    known_changes: int
    """How often somebody else had changed its heater, as far as the client could know."""
    outcomes: list[CommandResult] = field(default_factory=list)
    delivery: Delivery | None = None
    in_flight_when_cleared: bool = False
    is_lost: bool = False
    """A query or a message that died with its process: nobody keeps it."""
    stored_age: float = 0.0
    """How old it was, in seconds, when the store was written."""
    stored_wall: float = 0.0
    """When that was, by the wall clock."""
    is_restored: bool = False
    """Whether an earlier process was given it."""

    @property
    def is_completed(self) -> bool:
        """Whether nothing more is to come."""
        return bool(self.outcomes) or self.is_lost

    def age(self, now: Reading) -> float:
        """Return the seconds since it was given: by the clock that nobody sets, and what the other says of before."""
        elapsed = now.monotonic - self.given.monotonic
        return max(elapsed, now.wall - self.given.wall) if self.is_restored else elapsed

    def restored_age(self, now: Reading) -> float:
        """Return the seconds since it was given, as far as the store shows; a clock set back makes it no younger."""
        return self.stored_age + max(0.0, now.wall - self.stored_wall)

    def is_too_old(self, now: Reading) -> bool:
        """Return whether it may not be sent any more."""
        life_time = self.command.life_time
        return life_time is not None and self.age(now) >= life_time.total_seconds() + _ROUNDING


@dataclass(slots=True)
class Circumstances:
    """What the ledger has to know of the moment to judge something."""

    now: Reading
    paced: bool
    guarded: bool
    has_client: bool
    """Whether a client is at work, and not at its end with everything stored."""
    has_reported_status: bool
    """Whether the heater has reported its status on the present connection."""


@dataclass(slots=True)
class Ledger:
    """Everything that was given, over all restarts."""

    entries: dict[str, Entry] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    """Promises that were not kept."""
    first_arrivals: dict[str | None, int] = field(default_factory=dict)
    """The order of the newest command that has arrived at each heater."""

    def given(self, command: QueuedCommand, now: Reading, known_changes: int) -> None:
        """Note a new command."""
        self.entries[command.id] = Entry(len(self.entries), command, now, known_changes)

    def pending(self, *, controls_only: bool = False) -> list[str]:
        """Return the ids of what has no outcome, in the order of giving."""
        return [
            command_id
            for command_id, entry in self.entries.items()
            if not entry.is_completed and (entry.command.is_control or not controls_only)
        ]

    def stored(self, now: Reading) -> None:
        """The store was written."""
        for command_id in self.pending():
            entry = self.entries[command_id]
            entry.stored_age, entry.stored_wall = entry.age(now), now.wall

    def restored(self, now: Reading, told_changes: Mapping[str, int]) -> None:
        """The store was read; the monotonic clock of the process before says nothing to this one.

        Neither does the store have of a command that it was given over a connection before the heater reported on it:
        the last status known is the stored one, which had seen so many foreign changes.
        """
        for command_id in self.pending():
            entry = self.entries[command_id]
            entry.given = Reading(entry.stored_wall - entry.stored_age, now.monotonic - entry.restored_age(now))
            known = told_changes.get(entry.command.mac_address or "", entry.known_changes)
            entry.known_changes = min(entry.known_changes, known)
            entry.is_restored = True

    def reported(self, mac_address: str, foreign_changes: int) -> None:
        """A status is about to be heard; a belated one takes the client back to what it reports."""
        for entry in self.entries.values():
            if entry.command.mac_address == mac_address and not entry.is_completed:
                entry.known_changes = min(entry.known_changes, foreign_changes)

    def arrived(self, delivery: Delivery, moment: Circumstances) -> None:
        """Judge that a message reaches the broker; what the client asks around the queue is no command."""
        entry = self.entries.get(delivery.command_id)
        if entry is None:
            return
        entry.delivery = delivery
        judged = {
            "sent after its outcome": entry.is_completed,
            "sent although it was too old": entry.is_too_old(moment.now),
            "in flight when the queue was cleared, and sent again": entry.in_flight_when_cleared,
            "sent twice though it may not be repeated": not entry.command.repeatable
            and delivery.receipts > 0
            and not delivery.may_return,
            "sent by a client that has ended": not moment.has_client,
            "sent again although the heater has answered it": delivery.is_answered and not delivery.may_return,
            "sent again after a newer one for the same setting": delivery.receipts > 0
            and any(_outranks(other, entry) for other in self.entries.values()),
            "sent ahead of an older one": delivery.receipts == 0
            and entry.order < self.first_arrivals.get(delivery.mac_address, -1),
        }
        if entry.command.is_control:
            judged |= {
                "sent before the heater reported its status": moment.guarded and not moment.has_reported_status,
                "sent while another control is unanswered": moment.paced and self._has_unanswered(entry, moment),
            }
        self._note(entry, judged)
        newest = max(entry.order, self.first_arrivals.get(delivery.mac_address, -1))
        self.first_arrivals[delivery.mac_address] = newest

    def completed(
        self, command_id: str, result: CommandResult, now: Reading, shown: DeviceStatus | None, foreign_changes: int
    ) -> None:
        """Judge an outcome; `shown` is what the client knows of the heater, which others changed that often."""
        entry = self.entries[command_id]
        entry.outcomes.append(result)
        self._note(entry, {f"a second outcome: {entry.outcomes}": len(entry.outcomes) > 1 or entry.is_lost})
        judges: dict[CommandOutcome, Callable[[], bool]] = {
            CommandOutcome.CONFIRMED: lambda: _is_true(entry, shown) and not self._will_be_undone(entry),
            CommandOutcome.SUPERSEDED: lambda: (
                foreign_changes > entry.known_changes
                if result.reason is CommandReason.CHANGED_ELSEWHERE
                else self._has_successor(entry, is_sent=result.reason is CommandReason.NEWER_SENT)
            ),
            CommandOutcome.EXPIRED: lambda: entry.age(now) + _ROUNDING >= _seconds_to_live(entry.command),
            CommandOutcome.UNCONFIRMED: lambda: (
                self._has_successor(entry)
                if result.reason is CommandReason.NEWER_CONFIRMED
                else not (result.reason is CommandReason.NOT_REPORTED and _is_refused_for_now(entry))
            ),
            CommandOutcome.REJECTED: lambda: result.code is not None,
        }
        is_right = judges.get(result.outcome, lambda: True)
        self._note(entry, {f"ended as {result.outcome} without reason: {result.reason}": not is_right()})

    def cleared(self, is_meant: Callable[[QueuedCommand], bool], in_flight: list[str]) -> None:
        """The queue was cleared: of what was meant and in flight nothing may be sent again."""
        for command_id in in_flight:
            if is_meant(self.entries[command_id].command):
                self.entries[command_id].in_flight_when_cleared = True

    def _has_successor(self, entry: Entry, *, is_sent: bool = False) -> bool:
        """Return whether a newer one makes it pointless; one that was sent need only overwrite some of the same."""
        return any(
            other.order > entry.order
            and (
                other.command.is_related_to(entry.command) and other.delivery is not None
                if is_sent
                else other.command.replaces(entry.command)
            )
            for other in self.entries.values()
        )

    def _will_be_undone(self, entry: Entry) -> bool:
        """Return whether it was not sent although an older one for its setting is still on its way."""
        return entry.delivery is None and any(
            other.order < entry.order
            and entry.command.replaces(other.command)
            and other.delivery is not None
            and not other.is_completed
            for other in self.entries.values()
        )

    def _has_unanswered(self, entry: Entry, moment: Circumstances) -> bool:
        return any(
            other is not entry
            and other.command.mac_address == entry.command.mac_address
            and other.command.is_control
            and not other.is_completed
            and other.delivery is not None
            and _is_unanswered(other.delivery, moment.now.monotonic)
            for other in self.entries.values()
        )

    def _note(self, entry: Entry, judged: dict[str, bool]) -> None:
        command = entry.command
        self.broken += [
            f"{command.wanted} (number {entry.order} of {command.mac_address}): {what}"
            for what, is_broken in judged.items()
            if is_broken
        ]


def _outranks(other: Entry, entry: Entry) -> bool:
    """Return whether another one is newer, for the same setting, and the client knows that it has arrived."""
    return (
        other.order > entry.order
        and other.command.replaces(entry.command)
        and other.delivery is not None
        and other.delivery.acknowledged_at is not None
        and not other.delivery.may_return
    )


def _is_unanswered(delivery: Delivery, loop_time: float) -> bool:
    if delivery.is_answered or delivery.acknowledged_at is None:
        return False
    return loop_time - delivery.acknowledged_at < _ANSWER_SECONDS - _ROUNDING


def _is_true(entry: Entry, shown: DeviceStatus | None) -> bool:
    """Return whether a confirmed command took effect, as far as the heater has reported."""
    if entry.command.mac_address is None:
        return entry.delivery is not None and entry.delivery.acknowledged_at is not None
    if not entry.command.expected:
        return entry.delivery is not None and entry.delivery.is_answered
    return shown is not None and entry.command.is_shown_by(shown.raw)


def _is_refused_for_now(entry: Entry) -> bool:
    """Return whether the last that the heater said of a command is that it came too soon."""
    return entry.delivery is not None and entry.delivery.may_return


def _seconds_to_live(command: QueuedCommand) -> float:
    return float("inf") if command.life_time is None else command.life_time.total_seconds()
