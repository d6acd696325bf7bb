"""The truth beside a client: everything that was given, written, said and set, and which outcomes that allows.

The model knows what the client cannot know. What it says of an outcome is exact:

* `confirmed`: the heater had everything that was wanted at a moment after the giving (already so), or after the last
  writing; and from the moment that proved it on, nothing undoes it but somebody else or a newer command.
* `superseded` by somebody: after the last status that the client knew when it was given, or if it knew none that could
  count, after the first that it asked for since, somebody else set the same setting, and the heater has said so.
* `superseded` by, or `unconfirmed` because of, a newer command: there is one.
* `expired`: too old by the clock that nobody sets; for what an earlier run was given, also by the wall clock.
* `unconfirmed` for want of a report: no answer to a question asked since the last writing showed it, but outdated ones.
* `rejected`: the last writing was refused, for good, or once too often.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nwp500 import CommandOutcome, CommandReason, CommandResult, QueuedCommand, StoredQueue
from tests.client.support.machine.clock import Reading
from tests.client.support.reasons.heater import ITSELF, PANEL, State, TrueHeater
from tests.client.support.reasons.ledger import Answer, Given, Writing, loop_time
from tests.client.support.reasons.network import Message, RandomTransport

_MODE = "dhwOperationSetting"
_EFFECT_SECONDS = 60.0
"""This long after its writing a command may take effect (protocol.md 13.1)."""
_ROUNDING = 0.01
_TOO_SOON = 2
_MOST_REFUSALS = 7


@dataclass(slots=True)
class Truth:
    """Judges everything that a client writes and says."""

    heater: TrueHeater
    happened: Counter[str]
    given: dict[str, Given] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    run: int = 0
    restarted_at: float = 0.0
    """When the present run began, on the event loop's clock."""
    is_guarded: bool = False
    asked: dict[str, int] = field(default_factory=dict)
    """When each request of the present client was written, by session."""
    first_written: dict[str, int] = field(default_factory=dict)
    """When each session was first written: with an old store a later run may write the same once more."""
    sessions: dict[str, str] = field(default_factory=dict)
    """The command of each session, over all runs."""
    answers: list[Answer] = field(default_factory=list)
    """Of the present client."""
    reports: list[Answer] = field(default_factory=list)
    """Statuses without a session, which the client may take for answers when the heater answers nothing."""
    reported_over: RandomTransport | None = None
    """The connection over which the last of these came."""
    is_vague: bool = False
    """Such a status has come at all: what the client knew then is not known here for certain."""
    base: Answer | None = None
    """The newest that any client knew, as far as the store shows."""
    heard_over: RandomTransport | None = None
    """The connection over which a question was answered last that was asked over it."""
    shown: list[Answer] = field(default_factory=list)
    """Statuses that answer no question of the present client: as long as no other is known, the last is stored."""
    asked_over: dict[str, RandomTransport] = field(default_factory=dict)
    receipts: list[tuple[int, Given]] = field(default_factory=list)
    present: Answer | None = None
    """What the client learns right now, if it is such an answer."""
    is_taken_in: bool = False

    # What the client does

    def gives(self, command: QueuedCommand, now: Reading, transport: RandomTransport | None) -> None:
        """Note a new command, given over this connection if there is one."""
        is_base_to_come = transport is not None and self.heard_over is not transport
        tick = next(self.heater.ticks)
        self.given[command.id] = Given(
            len(self.given), command, tick, now, self.base, self.base, is_base_to_come or self.base is None
        )
        self.sessions[command.id] = command.id

    def writes(self, session_id: str, command: QueuedCommand | None, transport: RandomTransport, now: Reading) -> None:
        """Judge that a request is written, a command's or a question."""
        tick = self.asked[session_id] = next(self.heater.ticks)
        self.asked_over[session_id] = transport
        self.first_written.setdefault(session_id, tick)
        if command is None:
            return
        entry = self.given[command.id]
        self.sessions[session_id] = command.id
        last = entry.writings[-1] if entry.writings else None
        self._note(
            entry,
            {
                "written after its outcome": bool(entry.outcomes),
                "written although it is too old": entry.age(now) >= entry.life_time + _ROUNDING,
                "written again without a reason": last is not None and not self._may_be_written_again(last),
                "written before the heater was heard": self.is_guarded
                and transport not in (self.heard_over, self.reported_over),
                "written over what somebody else had set": self.is_guarded and self._is_overruled_for_sure(entry),
            },
        )
        self.happened["written again"] += last is not None
        entry.writings.append(Writing(tick, session_id, transport, self.run))

    def settles(self, command_id: str, result: CommandResult, now: Reading) -> None:
        """Judge an outcome."""
        entry = self.given[command_id]
        entry.outcomes.append(result)
        entry.ended = next(self.heater.ticks)
        self.happened[result.outcome] += 1
        self.happened[result.reason] += 1
        judges: dict[CommandOutcome, Callable[[Given, CommandResult], bool]] = {
            CommandOutcome.CONFIRMED: self._is_true,
            CommandOutcome.SUPERSEDED: self._has_cause,
            CommandOutcome.UNCONFIRMED: self._could_not_be_known,
            CommandOutcome.REJECTED: lambda entry, result: _was_refused(entry, result.code),
            CommandOutcome.EXPIRED: lambda entry, _: entry.age(now) + _ROUNDING >= entry.life_time,
            CommandOutcome.HELD: lambda *_: self.present is not None and _is_peak(self.present.state.raw),
        }
        is_right = judges.get(result.outcome)
        self._note(
            entry,
            {
                "a second outcome": len(entry.outcomes) > 1 or entry.is_lost,
                f"{result.outcome} without cause: {result.reason}": is_right is not None
                and not is_right(entry, result),
            },
        )

    # What happens on the way

    def receives(self, session_id: str) -> None:
        """The service has received a request."""
        if (entry := self.given.get(self.sessions.get(session_id, ""))) is not None:
            self.receipts.append((next(self.heater.ticks), entry))

    def acknowledges(self, session_id: str, transport: RandomTransport) -> None:
        """The client is about to see a PUBACK."""
        for writing in self._writings(session_id):
            if writing.transport is transport:
                writing.is_acknowledged = True

    def arrives(self, message: Message, transport: RandomTransport) -> None:
        """The client is about to hear a message."""
        self.present, self.is_taken_in = None, False
        session_id = message.session_id or ""
        asked = self.asked.get(session_id)
        if message.is_status and asked is None:
            self.shown.append(Answer(message.made, message.made, message.made, message.state, transport))
        if message.session_id is None:
            self.reports.append(self.shown[-1])
            self.reported_over = transport
            self.is_vague = True
        for writing in self._writings(session_id):
            writing.is_answered = True
            if message.is_refusal and (code := message.response["failCode"]) and isinstance(code, int):
                self.happened["refusal reported again"] += writing.refusal is not None
                writing.refusal, writing.refused_in = code, self.run
        if message.is_refusal or not message.is_status or asked is None:
            return
        if self.answers and asked < self.answers[-1].asked:
            self.happened["outdated answer"] += 1
            return
        self.present = Answer(asked, message.made, next(self.heater.ticks), message.state, transport)
        self.answers.append(self.present)
        if self.asked_over.get(session_id) is transport:
            self.heard_over = transport

    def reported(self, message: Message) -> None:
        """The client has heard a message: judge whether it took it in, and remember what it knows now."""
        is_own = message.session_id in self.asked and not self.is_vague
        if message.is_status and is_own and self.is_taken_in != (self.present is not None):
            self.broken.append(f"an answer was {'not ' * (not self.is_taken_in)}taken in: {self.answers[-1]} {message}")
        if not self.is_taken_in and message.is_status:
            self.happened["status dropped"] += 1
        if self.present is None:
            return
        for entry in self.given.values():
            if entry.is_base_to_come and not entry.outcomes and self.present.asked > entry.tick:
                entry.base = entry.guard_base = self.present
                entry.is_base_to_come = False
        if self.base is None or self.base.made < self.present.made:
            self.base = self.present
        self.present = None

    def known(self, stored: Mapping[str, object]) -> Answer | None:
        """Return the newest that the client has stored: an answer, perhaps the present one, else what it only shows."""
        reported = (self.present, self.base, *reversed(self.shown))
        return next(
            (each for each in reported if each is not None and stored.items() <= each.state.raw.items()),
            None,
        )

    def restarts(self, stored: StoredQueue, kept: Mapping[str, Reading], given: int, base: Answer | None) -> None:
        """Another run takes up a store, with commands that were given at these times as far as it knows.

        Of what was given after the first so many, the store knows nothing. Nobody has heard of an outcome of it either,
        for the owner of the store passes an outcome on only after it is stored.
        """
        self.run += 1
        self.restarted_at = loop_time()
        self.asked.clear()
        self.asked_over.clear()
        self.answers.clear()
        self.reports.clear()
        self.shown.clear()
        self.base, self.heard_over = base, None
        for command in stored.in_order():
            self.asked |= {session_id: next(self.heater.ticks) for session_id in command.sessions}
        sent = {command.id for command in stored.sent}
        sessions = {session_id for command in stored.in_order() for session_id in command.sessions}
        for command_id, entry in self.given.items():
            if command_id not in kept:
                if entry.order >= given or not entry.outcomes:
                    entry.is_lost, entry.proof = True, None
                continue
            self.happened["had its outcome, but the store was older"] += bool(entry.outcomes)
            entry.outcomes.clear()
            entry.is_lost, entry.is_restored = False, True
            entry.base, entry.guard_base = entry.base or base, base
            entry.is_base_to_come = entry.base is None
            entry.writings = [writing for writing in entry.writings if writing.session_id in sessions]
            entry.was_sent_when_restored = command_id in sent
            entry.reading = kept[command_id]

    # In the end

    def ends(self) -> None:
        """Judge what the heater has become."""
        for entry in self.given.values():
            self._note(entry, {"no outcome": not entry.outcomes and not entry.is_lost})
            if entry.proof is not None and entry.outcomes:
                self._note(entry, {f"undone by {who}": True for who in self._undone_by(entry)})
        self._judge_receipts()

    def _undone_by(self, entry: Given) -> set[str]:
        """Return who has changed for good what a command was confirmed to have set, and had no business to."""
        found, state = set(), self.heater.now
        for member, values in entry.command.expected.items():
            who = self.given.get(state.set_by[member])
            if state.raw[member] in values or state.set_at[member] < (entry.proof or 0) or who is None:
                continue
            if who.order < entry.order and not who.is_lost:
                found.add(f"{who.command.wanted} (number {who.order})")
        return found

    def _judge_receipts(self) -> None:
        """An older command that arrives after a newer one for the same setting is followed by that one once more."""
        newest_of: list[Given] = []
        for number, (_, entry) in enumerate(self.receipts):
            newer = [other for other in newest_of if entry.command.is_related_to(other.command)]
            overtaken = [other for other in newer if other.order > entry.order]
            later = [other for _, other in self.receipts[number + 1 :]]
            for other in overtaken:
                follows = any(each.order >= other.order and each.command.is_related_to(other.command) for each in later)
                self.happened["older after newer"] += 1
                ended_unsent = not other.outcomes or other.outcomes[-1].outcome in (
                    CommandOutcome.EXPIRED,
                    CommandOutcome.REJECTED,
                    CommandOutcome.DROPPED,
                )
                self._note(
                    entry, {f"arrived after number {other.order}, the last of them": not (follows or ended_unsent)}
                )
            newest_of.append(entry)

    # Causes

    def _is_true(self, entry: Given, result: CommandResult) -> bool:
        if not entry.command.expected:
            return any(writing.is_answered for writing in entry.writings)
        is_unwritten = result.reason is CommandReason.ALREADY_SET
        since = entry.tick if is_unwritten else self.first_written[entry.writings[-1].session_id]
        for answer in (*self.answers[-1:], *self.reports[-1:]):
            if answer.made > since and entry.command.is_shown_by(answer.state.raw):
                entry.proof = answer.made
                return True
        return False

    def _has_cause(self, entry: Given, result: CommandResult) -> bool:
        if result.reason is CommandReason.CHANGED_ELSEWHERE:
            return any(self._shows_somebody_else(entry, answer) for answer in (*self.answers, *self.reports))
        newer = [other for other in self.given.values() if other.order > entry.order and not other.is_lost]
        if result.reason is CommandReason.NEWER_SENT:
            return any(other.writings and other.command.is_related_to(entry.command) for other in newer)
        return any(other.command.replaces(entry.command) for other in newer)

    def _shows_somebody_else(self, entry: Given, answer: Answer) -> bool:
        """Return whether an answer shows that somebody has set what a command sets, after what was known when given."""
        is_unknown = entry.base is None or entry.is_base_to_come
        if answer.asked < entry.tick or (is_unknown and not self.is_vague):
            return False
        known = 0 if self.is_vague or entry.base is None else entry.base.made
        state = answer.state
        return any(
            state.set_at[member] > known and self._is_somebody_else(member, state) for member in entry.command.expected
        )

    def _is_somebody_else(self, member: str, state: State) -> bool:
        """Return whether somebody else has set a member, as far as the client can know.

        A command that was lost with its process is one by nobody that it knows. That the heater itself has left a mode
        can be known only as long as the peak period lasts.
        """
        who = state.set_by[member]
        if who == ITSELF:
            return member == _MODE and not _is_peak(state.raw)
        return who == PANEL or self.given[who].is_lost

    def _is_overruled_for_sure(self, entry: Given) -> bool:
        """Return whether the newest answer shows a value that only somebody else can have set since the last known one.

        What is explained by a command of this client's own is left out, for it cannot be known from somebody else's.
        """
        answer = self.answers[-1] if self.answers else None
        base = entry.guard_base
        if answer is None or not self._shows_somebody_else(entry, answer) or base is None or self.is_vague:
            return False
        if entry.command.is_shown_by(answer.state.raw):
            return False
        return any(
            values.isdisjoint({value := answer.state.raw[member]})
            and answer.state.set_by[member] == PANEL
            and answer.state.set_at[member] > base.made
            and value != base.state.raw[member]
            and not any(
                _explains(other.command, member, value) and not self._is_past(other, answer.state.set_at[member])
                for other in self.given.values()
            )
            and not (member == _MODE and _is_peak(answer.state.raw))
            for member, values in entry.command.expected.items()
        )

    def _is_past(self, entry: Given, tick: int) -> bool:
        """Return whether the heater has reported what became of a command, asked after its end, all before a moment.

        But for a mode that a heater may have held, and for as long as the command may still take effect.
        """
        if not entry.outcomes or any(_is_peak(state.raw) for state in self.heater.history):
            return False
        over = max([self.restarted_at, *(writing.at for writing in entry.writings)]) + _EFFECT_SECONDS
        return any(answer.asked > entry.ended and answer.made < tick and answer.at >= over for answer in self.answers)

    def _could_not_be_known(self, entry: Given, result: CommandResult) -> bool:
        if result.reason is CommandReason.NEWER_CONFIRMED:
            return any(
                other.order > entry.order and other.command.replaces(entry.command) for other in self.given.values()
            )
        if not entry.writings:
            return False
        if result.reason is not CommandReason.NOT_REPORTED:
            return True
        written = entry.writings[-1]
        is_refused_for_now = written.refusal == _TOO_SOON and written.refused_in == self.run
        # Of one that waits again, because its connection was lost, nobody knows whether it has arrived.
        is_known_to_have_arrived = written.is_acknowledged or written.is_answered
        # The writings of an earlier run count for the client as if they were made when it began.
        since = self.asked.get(written.session_id, written.tick)
        return not is_refused_for_now and not any(
            answer.asked >= since
            and (is_known_to_have_arrived or answer.transport is written.transport)
            and entry.command.is_shown_by(answer.state.raw)
            for answer in self.answers
        )

    def _may_be_written_again(self, last: Writing) -> bool:
        if last.run != self.run or last.refusal == _TOO_SOON:
            return True
        return last.transport.has_ended and not last.is_acknowledged and not last.is_answered

    def _writings(self, session_id: str) -> list[Writing]:
        entry = self.given.get(self.sessions.get(session_id, ""))
        return [] if entry is None else [each for each in entry.writings if each.session_id == session_id]

    def _note(self, entry: Given, judged: dict[str, bool]) -> None:
        self.broken += [
            f"{entry.command.wanted} (number {entry.order}): {what}" for what, is_broken in judged.items() if is_broken
        ]


def _was_refused(entry: Given, code: int | None) -> bool:
    refusals = [writing.refusal for writing in entry.writings if writing.refusal is not None]
    if not refusals or entry.writings[-1].refusal != code:
        return False
    return code != _TOO_SOON or len(refusals) >= _MOST_REFUSALS or entry.was_sent_when_restored or entry.is_cleared


def _explains(command: QueuedCommand, member: str, value: int) -> bool:
    """Return whether a command brings a value about; one that sets the mode ends a vacation."""
    return value in command.expected.get(member, ()) or (member == "vacationDaySetting" and _MODE in command.expected)


def _is_peak(raw: Mapping[str, int]) -> bool:
    return raw["hpUpperOnDiffTempSetting"] != 0
