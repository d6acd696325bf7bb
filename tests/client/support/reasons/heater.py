"""A heater that remembers everything that it ever was, and who made it so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from nwp500.enums import DhwMode
from tests.client.support.machine.heater import JsonObject, Reply, ScriptedHeater

MAC = "0478630a1b2c"
PANEL, ITSELF = "the panel", "the heater"
"""Who changes a heater besides commands, which are called by their ids."""
_MODE = "dhwOperationSetting"


@dataclass(frozen=True, slots=True)
class State:
    """What a heater was from a moment on, and who had set each member, when."""

    tick: int
    raw: Mapping[str, int]
    set_by: Mapping[str, str]
    set_at: Mapping[str, int]


@dataclass(slots=True)
class TrueHeater:
    """Keeps its whole history; moments are ticks, of which no two things share one."""

    ticks: Iterator[int] = field(default_factory=lambda: count(1))
    scripted: ScriptedHeater = field(default_factory=lambda: ScriptedHeater(MAC))
    history: list[State] = field(default_factory=list)
    held_for: str = ITSELF
    """The command whose mode it holds."""

    def __post_init__(self) -> None:
        """Begin the history."""
        raw = dict(self.scripted.status)
        self.history.append(State(next(self.ticks), raw, dict.fromkeys(raw, ITSELF), dict.fromkeys(raw, 0)))

    @property
    def now(self) -> State:
        """What it is."""
        return self.history[-1]

    def turn(self, member: str, value: int) -> None:
        """Let somebody change a setting at the panel or in the app."""
        self._change(PANEL, lambda: self.scripted.turn(member, value))

    def peak_period(self, *, begins: bool) -> None:
        """Let a peak period begin, in which it leaves the modes with elements, or end (protocol.md 13.5)."""
        if begins and self.scripted.status[_MODE] in (DhwMode.ELECTRIC, DhwMode.HIGH_DEMAND, DhwMode.ENERGY_SAVER):
            self._change(ITSELF, lambda: self.scripted.status.update({_MODE: int(DhwMode.HEAT_PUMP)}))
        self._change(self.held_for, lambda: self.scripted.peak_period(begins=begins))

    def receive(self, command_id: str, message: JsonObject) -> Reply | None:
        """Take a request in, and return the answer if there is one."""
        held = self.scripted.held_mode
        replies: list[Reply | None] = []
        self._change(command_id, lambda: replies.append(self.scripted.receive(message)))
        if self.scripted.held_mode not in (None, held):
            self.held_for = command_id
        return replies[0]

    def _change(self, who: str, change: Callable[[], object]) -> None:
        before = self.now
        change()
        changed = {name for name, value in self.scripted.status.items() if value != before.raw[name]}
        if changed:
            tick = next(self.ticks)
            set_by = {**before.set_by, **dict.fromkeys(changed, who)}
            set_at = {**before.set_at, **dict.fromkeys(changed, tick)}
            self.history.append(State(tick, dict(self.scripted.status), set_by, set_at))
