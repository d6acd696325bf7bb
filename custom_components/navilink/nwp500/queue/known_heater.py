"""What is known of one heater, and what our own commands may still bring about there: that is nobody else's doing."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
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
    asked: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """By its session, the moment at which each request was written that is answered with a status."""
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
