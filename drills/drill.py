"""What a drill is, and what comes of it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from simulator.state import Addresses, State

if TYPE_CHECKING:
    from .home import Home

RECOVERY_SECONDS = 65.0
"""Statuses flow again this soon after a fault has ended: the longest pause between two attempts, and a few seconds."""

type Step = Callable[[Home], Awaitable[None]]
"""A fault or an action of a drill."""
type Check = Callable[[Home, State], Iterable[str]]
"""Looks at the end for what only one drill demands, and gives what went against it, in words."""
type Detour = Callable[[Addresses], AbstractAsyncContextManager[Addresses]]
"""Puts something between Home Assistant and the simulator, and gives the addresses that lead through it."""


class DrillImpossibleError(Exception):
    """The machine lacks what a drill needs; the text says what."""


CARRIED_OUT = frozenset({"confirmed", "superseded"})
"""The outcomes of a command that is not lost: confirmed, or replaced by a newer one for the same setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A line of the table: faults and actions, and what must hold in spite of them."""

    name: str
    about: str
    """One sentence for the documentation."""
    steps: Sequence[Step]
    """One after the other, while commands are given; the one called `over` says when the fault has ended."""
    protection: str
    """The name of what makes the drill pass, see `protections`; taken out, the drill fails."""
    simulator: Sequence[str] = ()
    """Options of the simulator's command line."""
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Options of the integration, beside the size of the queue."""
    detour: Detour | None = None
    outcomes: frozenset[str] = CARRIED_OUT
    """How commands may end in this drill; any other end is a loss."""
    check: Check | None = None
    absent: frozenset[str] = frozenset()
    """The MAC addresses of heaters that are not expected to report any more."""
    notices: int = 0
    """Log lines that may come beside those for each loss of the connection and its return: those of heaters and of
    starts."""
    errors: Sequence[str] = ()
    """Beginnings of lines that may be logged as errors, because Home Assistant itself does so."""
    commands_per_second: float = 0.5
    """To each heater."""
    seconds_between_statuses: float = 1.0
    """So exactly is known when they flow again; Home Assistant alone asks every 30 s."""
    is_quick: bool = False
    """Whether it is one of those that run with the tests of each change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a drill."""

    name: str
    seconds: float | None = None
    """From the end of the fault until every heater has reported; None when that did not happen."""
    given: int = 0
    confirmed: int = 0
    lost: int = 0
    """Without an outcome, with more than one, or with one that a drill does not allow."""
    reordered: int = 0
    """Reached a heater after a command that was given later."""
    doubled: int = 0
    """Took effect once more after Home Assistant had seen the acknowledgement."""
    tasks: int = 0
    """Left when the integration is unloaded, as the next three."""
    threads: int = 0
    sockets: int = 0
    descriptors: int = 0
    log_lines: int = 0
    """At info and above."""
    took: float = 0.0
    """Seconds for all of it."""
    is_broken: bool = False
    """Whether the drill itself has failed, which proves nothing."""
    breaches: Sequence[str] = ()
    """What went against the promise, in words."""
    impossible: str | None = None
    """What this machine lacks to run it at all."""

    @property
    def is_passed(self) -> bool:
        """Whether it was run and everything held."""
        return not self.breaches and self.impossible is None

    def to_json(self) -> str:
        """Write it in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` has written."""
        return cls(**json.loads(line))
