"""What the model knows of each command, of each time that it was written, and of each answer of the heater."""

import asyncio
from dataclasses import dataclass, field

from nwp500 import CommandResult, QueuedCommand
from tests.client.support.machine.clock import Reading
from tests.client.support.reasons.heater import State
from tests.client.support.reasons.network import RandomTransport


def loop_time() -> float:
    """Return the seconds on the clock of the event loop, by which the client waits for effects."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True, eq=False)
class Writing:
    """One time that a command was written."""

    tick: int
    session_id: str
    transport: RandomTransport
    run: int
    is_acknowledged: bool = False
    is_answered: bool = False
    refusal: int | None = None
    """The code with which it was refused, once the client knows."""
    refused_in: int = -1
    """The run in which that was."""
    at: float = field(default_factory=loop_time)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status that answers a question of the present client, the newest of those answered when it came."""

    asked: int
    made: int
    came: int
    state: State
    transport: RandomTransport
    at: float = field(default_factory=loop_time)


@dataclass(slots=True, eq=False)
class Given:
    """One command, from giving to outcome."""

    order: int
    command: QueuedCommand
    tick: int
    reading: Reading
    base: Answer | None
    """What was known of the heater when it was given."""
    guard_base: Answer | None
    """The same, or what was stored of the heater when a later run took the command up."""
    is_base_to_come: bool
    """It was given over a connection over which the heater had not been heard."""
    writings: list[Writing] = field(default_factory=list)
    outcomes: list[CommandResult] = field(default_factory=list)
    ended: int = 0
    proof: int | None = None
    """The moment of what the heater said that confirmed it."""
    is_lost: bool = False
    """Its process died before it was stored."""
    is_cleared: bool = False
    is_restored: bool = False
    was_sent_when_restored: bool = False

    def age(self, now: Reading) -> float:
        """Return the seconds since it was given, by the clocks that count."""
        elapsed = now.monotonic - self.reading.monotonic
        return max(elapsed, now.wall - self.reading.wall) if self.is_restored else elapsed

    @property
    def life_time(self) -> float:
        """The seconds that it may wait."""
        return float("inf") if self.command.life_time is None else self.command.life_time.total_seconds()
