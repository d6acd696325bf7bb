"""What a boost is, and how each setting of one that runs fares; pure, without Home Assistant."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Self

from ..nwp500.enums import DhwMode


class Setting(StrEnum):
    """What a boost changes; the values are raw, as the heater reports them."""

    TEMPERATURE = "dhwTemperatureSetting"
    MODE = "dhwOperationSetting"


class BoostEnd(StrEnum):
    """Why a boost ended."""

    TIME = "time"
    HOT = "hot"
    CANCELED = "canceled"
    CHANGED = "changed"
    OFF = "off"
    VACATION = "vacation"
    NOT_DELIVERED = "not_delivered"


class BoostRefusal(StrEnum):
    """Why a boost cannot be given."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    OVER = "over"
    NOTHING_TO_DO = "nothing_to_do"
    TOO_MANY_STARTS = "too_many_starts"
    TOO_MANY_PLANNED = "too_many_planned"
    IS_OFF = "is_off"
    IS_ON_VACATION = "is_on_vacation"
    HELD_IN_PEAK = "held_in_peak"


class BoostError(Exception):
    """A boost that cannot be given; nothing has changed."""

    def __init__(self, refusal: BoostRefusal) -> None:
        """Take the reason."""
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost:
    """What was asked for; the times are aware."""

    id: str
    start: datetime
    end: datetime
    wanted: Mapping[Setting, int]
    stop_when_hot: bool = False
    name: str = ""


_LEFT_ALONE: Mapping[int | None, BoostEnd] = {DhwMode.POWER_OFF: BoostEnd.OFF, DhwMode.VACATION: BoostEnd.VACATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaterNow:
    """What a heater reports, in a status that is not old."""

    values: Mapping[Setting, int]
    is_hot: bool = False
    is_in_peak: bool = False
    """A mode is held back then; only the target temperature applies."""
    claimed: frozenset[Setting] = frozenset()
    """What a command of somebody else is about to set: going back waits until that has an outcome."""
    pending: frozenset[Setting] = frozenset()
    """What a command of a boost is about to set, also of one that another has taken over from."""

    @property
    def left_alone(self) -> BoostEnd | None:
        """Why nothing is set at it, if somebody has turned it off or set it to vacation."""
        return _LEFT_ALONE.get(self.values.get(Setting.MODE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """To be done: set a value at the heater."""

    setting: Setting
    value: int
    expires_at: datetime | None = None
    """None: as other commands do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """To be done: take the boost's command for a setting out of the queue, if it waits there."""

    setting: Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """To be reported: a boost has ended."""

    boost: Boost
    reason: BoostEnd
    restored: Mapping[Setting, int] = field(default_factory=dict)
    """What is set back, and to what."""
    left: frozenset[Setting] = frozenset()
    """What is not set back, because it is no longer as the boost had set it."""


type Step = Give | Cancel | Ended


class Phase(Enum):
    """How far a setting of a running boost has come."""

    PENDING = auto()
    """Its command has no outcome yet."""
    HELD = auto()
    """The heater holds it back until the peak period ends."""
    DOUBTFUL = auto()
    """It was sent and not confirmed; the next status decides."""
    OURS = auto()
    """The heater has the value."""
    GONE = auto()
    """It was not delivered, or somebody else has changed it since."""
    RESTORED = auto()
    """It is set back, or need not be."""


class Delivered(Enum):
    """What became of a command of a boost."""

    YES = auto()
    NO = auto()
    HELD = auto()
    UNKNOWN = auto()


_PHASE_OF = {
    Delivered.YES: Phase.OURS,
    Delivered.NO: Phase.GONE,
    Delivered.HELD: Phase.HELD,
    Delivered.UNKNOWN: Phase.DOUBTFUL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One setting of a running boost."""

    wanted: int
    before: int | None
    """What a status showed before; None until there is one."""
    phase: Phase = Phase.PENDING
    was_ours: bool = False
    """Whether the heater had the value at some time."""
    earlier: frozenset[int] = frozenset()
    """What boosts wanted that it took over from: a status that shows one of these does not show what was before."""
    over: frozenset[int] = frozenset()
    """Those of them that were over already, and whose values stay not even until this one ends."""

    def seen(self, value: int, *, is_pending: bool = False) -> Self:
        """Return the change once a status shows a value, maybe while a command of a boost for it is on its way."""
        may_show_the_last = self.phase is Phase.PENDING and value in self.earlier
        if may_show_the_last or self.phase in {Phase.GONE, Phase.RESTORED}:
            # Of one that takes over, the outcome of its command decides.
            return self
        if value == self.wanted:
            return replace(self, phase=Phase.OURS, was_ours=True, before=value if self.before is None else self.before)
        if self.phase in {Phase.PENDING, Phase.HELD}:
            return self if value in self.earlier else replace(self, before=value)
        if self.phase is Phase.DOUBTFUL and value in self.earlier:
            # It has not come, so there is what the boost had set from which it was to take over.
            return replace(self, phase=Phase.OURS, was_ours=True, wanted=value)
        # What a boost had sent from which it took over may still come.
        return self if self.phase is Phase.DOUBTFUL and is_pending else replace(self, phase=Phase.GONE)

    def completed(self, delivered: Delivered) -> Self:
        """Return the change once its command has an outcome."""
        if self.phase is not Phase.PENDING:
            return self
        if delivered is Delivered.NO and self.earlier:
            delivered = Delivered.UNKNOWN
        return replace(self, phase=_PHASE_OF[delivered], was_ours=delivered is Delivered.YES)

    def is_undone(self, value: int | None) -> bool:
        """Return whether a status shows a boost that is over, because the one that began then has not come."""
        return self.phase is Phase.DOUBTFUL and value in self.over and self.before is not None

    @property
    def to_restore(self) -> int | None:
        """What to set the heater back to."""
        return self.before if self.phase is Phase.OURS and self.before != self.wanted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A boost that has started."""

    boost: Boost
    changes: Mapping[Setting, Change]
    ending: BoostEnd | None = None
    """Why it ends, while it waits for a status to go back by."""
    restored: Mapping[Setting, int] = field(default_factory=dict)

    def with_changes(self, changes: Mapping[Setting, Change]) -> Self:
        """Return it with some settings changed."""
        return replace(self, changes={**self.changes, **changes})

    @property
    def restores(self) -> Mapping[Setting, int]:
        """What comes back after it, as far as that is known yet."""
        gone = {Phase.GONE, Phase.RESTORED}
        known = {name: each.before for name, each in self.changes.items() if each.phase not in gone}
        return {name: value for name, value in known.items() if value is not None}

    @property
    def phases(self) -> set[Phase]:
        """How far its settings have come."""
        return {change.phase for change in self.changes.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A setting that goes back after its boost has ended, until the heater has it."""

    to: int
    boosted: int
    """What the boost had set."""
    is_lost: bool = False
    """Whether its command has ended without an effect: where a status still shows the boost's value, it is repeated."""
    repeats: int = 0
    again_at: datetime | None = None
    """When it counts as lost."""
    is_boost_pending: bool = False
    """Whether the command of the boost has no outcome yet: until then, a status without its value decides nothing."""

    def stays(self, value: int | None) -> bool:
        """Return whether it is still to go back once a status shows a value."""
        return self.is_boost_pending or value in {None, self.boosted}

    def is_due(self, value: int | None) -> bool:
        """Return whether its command is to be given now that a status shows a value."""
        return value == self.boosted and (self.is_lost or self.is_boost_pending)
