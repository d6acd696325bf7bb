"""What is known of each heater, and when it was reported: the order of questions, of answers, and of commands.

A status has no time, and the service delivers late and twice. Its age follows from the `sessionID` of the request
that it answers: it was made after that request was written. So every writing has a session and a number of its own, and
what a heater reports is as old as the question that it answers. A status that answers an older question than the newest
one known to be answered is outdated and dropped. One that answers no question of this client (pushed, or for somebody
else) proves nothing, and counts at its arrival only when no question is open.

What our own commands may still bring about at a heater is known too: that is nobody else's doing. What follows from all
this for a command is decided in `guard.py`.
"""

import asyncio
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..enums import DhwMode
from ..models import DeviceStatus
from ..models.members import WHOLE
from ..protocol.controls import HELD_MODES, RUNNING_MODES, Effect
from .command import QueuedCommand
from .outcome import CommandOutcome

UNKNOWN_MOMENT = 0
"""When a status was made that answers no question of this client: before everything, as a proof."""
MODE = "dhwOperationSetting"
_EFFECT_SECONDS = 60.0
"""This long after its writing a command may take effect: a new setpoint usually shows after 10 s, and once it did not
after 16 s (protocol.md 13.1)."""
_SIDE_EFFECTS: Mapping[str, frozenset[str]] = {MODE: frozenset({"vacationDaySetting"})}
"""The members that a command for another one can change besides, to whatever value: a mode ends a vacation."""
_ANSWER_SECONDS = 30.0
"""After this long a question is no longer open: an answer takes 2 to 8 s (protocol.md 4.4)."""
_QUESTIONS = 16
"""So many questions to each heater are remembered with their time."""
_ASK_INTERVALS = (5.0, 10.0, 20.0, 30.0)
"""Seconds between the questions to a heater that does not answer; the last one repeats.

It is left out each time that somebody else has asked meanwhile, so that a heater which is away for hours is asked no
more often while a command waits for it than it is asked anyway.
"""
_REMEMBERED = 1000
"""So many requests are remembered; an answer that comes after so many others is that of nobody."""


def loop_seconds() -> float:
    """Return the time of the loop's clock."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True, eq=False)
class PendingEffect:
    """What one of our commands wanted, as long as it may still be what the heater comes to report."""

    effect: Effect
    written_at: float | None = None
    """When it was last written, on the loop's clock; if an earlier run may have written it, when it was taken up."""
    completed_at: int | None = None
    """The moment at which the command had its outcome."""

    def explains(self, member: str, value: int) -> bool:
        """Return whether a member can have this value because of the command."""
        return value in self.effect.get(member, ()) or any(
            member in _SIDE_EFFECTS.get(changed, ()) for changed in self.effect
        )

    def contradicts(self, effect: Effect) -> bool:
        """Return whether the command changes something that another effect is about to another value."""
        return any(
            not values <= effect.get(member, values) or not _SIDE_EFFECTS.get(member, frozenset()).isdisjoint(effect)
            for member, values in self.effect.items()
            if effect.get(member) != values
        )


@dataclass(slots=True, eq=False)
class KnownHeater:
    """What is known of one heater."""

    status: DeviceStatus | None = None
    """The newest answer to one of our questions; of an earlier run, the last that was stored."""
    running_mode: int | None = None
    """The mode in which it was last seen to heat."""
    pending_effects: dict[str, PendingEffect] = field(default_factory=dict)
    """What the commands wanted that were given since that status, or may not have taken effect by then."""
    newest_sent: dict[str, int] = field(default_factory=dict)
    """By what they overwrite, the sequence of the newest command that the broker has acknowledged."""
    paused_until: float = 0.0
    """Until when no control is sent to it, on the loop's clock."""
    questions: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_QUESTIONS))
    """The newest questions, and when they were asked on the loop's clock."""
    answered: int = UNKNOWN_MOMENT
    """The newest question that it has answered."""
    offline_at: int = UNKNOWN_MOMENT
    """The moment at which it was last found to be offline."""
    is_without_sessions: bool = False
    """Whether it leaves questions unanswered, and so may be one that reports without any session."""
    asks_again: asyncio.TimerHandle | None = None

    @property
    def newest_question(self) -> int:
        """The moment of the newest question, answered or not."""
        return self.questions[-1][0] if self.questions else UNKNOWN_MOMENT

    def has_open_question(self) -> bool:
        """Return whether a question may still be answered that is newer than all that are answered."""
        return self.newest_question > self.answered and loop_seconds() - self.questions[-1][1] < _ANSWER_SECONDS

    def question_too_old_to_be_late(self) -> int | None:
        """Return the newest question that is so old that no answer to it is still to come."""
        until = loop_seconds() - _ANSWER_SECONDS
        return next((moment for moment, at in reversed(self.questions) if at <= until), None)

    def stop_asking(self) -> None:
        """Ask it no more by the clock."""
        if self.asks_again is not None:
            self.asks_again.cancel()
            self.asks_again = None

    def completed(self, command: QueuedCommand, outcome: CommandOutcome, now: int) -> None:
        """A command has its outcome: what it may still bring about is not taken for somebody else's doing."""
        if (pending_effect := self.pending_effects.get(command.id)) is None:
            return
        # Of a refused command only an earlier writing may have had an effect.
        if pending_effect.written_at is None or (outcome is CommandOutcome.REJECTED and command.attempts <= 1):
            del self.pending_effects[command.id]
        else:
            pending_effect.completed_at = now

    def hold(self, seconds: float) -> None:
        """Send it no control for a while; what it is held for longer already is not cut short."""
        self.paused_until = max(self.paused_until, loop_seconds() + seconds)

    def is_changed_by_others(self, member: str, baseline: DeviceStatus, status: DeviceStatus) -> bool:
        """Return whether a member has another value than before, which none of our commands wanted."""
        known, now = WHOLE.read(baseline.raw.get(member)), WHOLE.read(status.raw.get(member))
        if known is None or now is None or known == now:
            return False
        if any(pending_effect.explains(member, now) for pending_effect in self.pending_effects.values()):
            return False
        # The heater itself leaves an element mode when a peak period begins (protocol.md 13.5).
        return not (member == MODE and now == DhwMode.HEAT_PUMP and status.is_in_tou_window)

    def forget_pending_effects(self, status: DeviceStatus, asked_at: int) -> None:
        """Let go of what completed commands wanted: asked since, the heater reports what became of them.

        But not while they may still take effect; nor of a mode in a peak period, which the heater may hold, and take up
        some seconds after the period is over.
        """
        is_holding = status.is_in_tou_window or (self.status is not None and self.status.is_in_tou_window)
        for command_id, pending_effect in tuple(self.pending_effects.items()):
            is_reported = pending_effect.completed_at is not None and pending_effect.completed_at < asked_at
            is_past = is_reported and (
                pending_effect.written_at is None or loop_seconds() - pending_effect.written_at >= _EFFECT_SECONDS
            )
            if is_past and not (is_holding and pending_effect.effect.get(MODE, RUNNING_MODES) <= HELD_MODES):
                del self.pending_effects[command_id]


class FreshStatus:
    """Numbers what is asked and given, dates statuses by it, and asks heaters whose status is needed until they answer.

    A moment is a number that grows with everything that is asked or given, over all connections of this client.
    """

    def __init__(self, ask: Callable[[str], bool], is_needed: Callable[[str], bool]) -> None:
        self._ask = ask
        self._is_needed = is_needed
        self._now = UNKNOWN_MOMENT
        self._connected_at = UNKNOWN_MOMENT
        self._asked: OrderedDict[tuple[KnownHeater, str], int] = OrderedDict()
        """The moment at which each request was written that is answered with a status, by heater and session."""
        self.heaters: defaultdict[str, KnownHeater] = defaultdict(KnownHeater)
        """By MAC, for all that is known in this room."""

    def moment(self) -> int:
        """Return the present moment, which is like no other."""
        self._now += 1
        return self._now

    def has(self, mac_address: str, since: int = UNKNOWN_MOMENT) -> bool:
        """Return whether a heater has answered a question of this connection that was asked after a moment."""
        heater = self.heaters[mac_address]
        return heater.answered > max(since, self._connected_at, heater.offline_at)

    def need(self, mac_address: str) -> None:
        """See to it that a heater is asked, now and again, until it has answered or nothing waits for it any more."""
        if not self.has(mac_address) and self.heaters[mac_address].asks_again is None:
            self._ask_again(mac_address, 0)

    def written(self, session_id: str, mac_address: str) -> int:
        """A request was written that is answered with a status; returns the moment."""
        heater = self.heaters[mac_address]
        self._asked[heater, session_id] = moment = self.moment()
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        heater.questions.append((moment, loop_seconds()))
        return moment

    def dated(self, mac_address: str, session_id: str | None) -> int | None:
        """Return the moment after which a status was made that has come just now; `None` for one that is outdated."""
        heater = self.heaters[mac_address]
        asked = self._asked.get((heater, session_id or ""))
        if session_id is None and heater.is_without_sessions:
            asked = heater.question_too_old_to_be_late()
        if asked is None:
            # Of a heater that has never answered by session, nobody knows what is an answer.
            is_open = heater.answered != UNKNOWN_MOMENT and heater.has_open_question()
            return None if is_open else UNKNOWN_MOMENT
        if asked < heater.answered:
            return None
        heater.answered = asked
        if self.has(mac_address):
            heater.stop_asking()
        return asked

    def forget(self, mac_address: str) -> None:
        """Ask a heater no more, and know nothing of it."""
        self.heaters.pop(mac_address, KnownHeater()).stop_asking()

    def offline(self, mac_address: str) -> None:
        """A heater is offline: only what it is asked from now on is known to be answered after it is back."""
        self.heaters[mac_address].offline_at = self.moment()

    def connected(self) -> None:
        """A connection is up: only what is asked from now on is known to be answered after it."""
        self._connected_at = self.moment()

    def disconnected(self) -> None:
        """With the connection goes all certainty: anybody may change anything until the heater has answered again."""
        for heater in self.heaters.values():
            heater.stop_asking()
            heater.is_without_sessions = False
        self._connected_at = self.moment()

    def _ask_again(self, mac_address: str, attempt: int, last_question: int = UNKNOWN_MOMENT) -> None:
        heater = self.heaters[mac_address]
        heater.asks_again = None
        last = len(_ASK_INTERVALS) - 1
        if attempt >= last:
            # Whoever reports without any session must not hold its commands indefinitely: from now on its statuses
            # count as answers to what was asked so long ago that nothing is late any more. One with a session is no
            # such thing: it answers somebody else, or an earlier run of this client.
            heater.is_without_sessions = True
        if not self._is_needed(mac_address):
            return
        is_asked_by_others = attempt > last and heater.newest_question != last_question
        if not is_asked_by_others and not self._ask(mac_address):
            return
        heater.asks_again = asyncio.get_running_loop().call_later(
            _ASK_INTERVALS[min(attempt, last)], self._ask_again, mac_address, attempt + 1, heater.newest_question
        )
