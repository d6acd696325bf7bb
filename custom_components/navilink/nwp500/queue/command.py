"""What becomes of a command: its stages, its one outcome, and the handle by which a caller follows it."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from .queue import QueuedCommand


class CommandStage(StrEnum):
    """Where a command is that has no outcome yet."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    SENT = "sent"
    """Acknowledged by the broker; the heater has still to show the effect."""


class CommandOutcome(StrEnum):
    """How a command ended. Every command ends in exactly one."""

    CONFIRMED = "confirmed"
    """The heater reports what was wanted."""
    REJECTED = "rejected"
    """The heater refused it."""
    HELD = "held"
    """The heater keeps it back until the costly time-of-use period is over (protocol.md 13.5)."""
    UNCONFIRMED = "unconfirmed"
    """Sent, but the heater did not report it in time, or what became of it cannot be known."""
    EXPIRED = "expired"
    """Not sent: it had waited longer than it may."""
    SUPERSEDED = "superseded"
    """Not sent: a newer command, or somebody at the heater, decided otherwise."""
    DROPPED = "dropped"
    """Not sent: it was the oldest when the queue was full."""
    CLEARED = "cleared"
    """Not sent: the queue was cleared, or its heater was removed."""
    FAILED = "failed"
    """Not sent: it could not be."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome, the reason in words, and the heater's own code if it gave one."""

    outcome: CommandOutcome
    reason: str
    code: int | None = None


class CommandHandle:
    """Follows one command from giving to outcome."""

    def __init__(self, command: QueuedCommand, place: int) -> None:
        loop = asyncio.get_running_loop()
        self.command = command
        """The command as it was given."""
        self.place = place
        """Its number in the order of giving."""
        self.packet_id = 0
        """Of its last writing; 0 before."""
        self._sent: asyncio.Future[int] = loop.create_future()
        self._settled: asyncio.Future[Settled] = loop.create_future()

    @property
    def settled(self) -> Settled | None:
        """The outcome, once there is one."""
        return self._settled.result() if self._settled.done() else None

    @property
    def is_settled(self) -> bool:
        """Whether the command has its outcome."""
        return self._settled.done()

    async def outcome(self, timeout: float | None = None) -> Settled:  # noqa: ASYNC109 - the name in the public contract
        """Wait for the outcome; raises `TimeoutError` when there is none in time."""
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self._settled)

    async def sent(self) -> int:
        """Return the packet id once the PUBACK is seen, or 0 when the command waits in the queue or ended unsent."""
        return await asyncio.shield(self._sent)

    def handed_over(self, packet_id: int) -> None:
        """Tell whoever waits for the sending: acknowledged under this packet id, or 0 for not sent by now."""
        if not self._sent.done():
            self._sent.set_result(packet_id)

    def settle(self, settled: Settled) -> None:
        """Give the outcome; the first one counts."""
        self.handed_over(0)
        if not self._settled.done():
            self._settled.set_result(settled)
