"""What becomes of a command: its stages, its one outcome, and why it has that."""

from dataclasses import dataclass
from enum import StrEnum
from typing import override


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
    """The heater holds it until the peak period of the time-of-use plan is over (protocol.md 13.5)."""
    UNCONFIRMED = "unconfirmed"
    """Sent, but the heater did not report it in time, or what became of it cannot be known."""
    EXPIRED = "expired"
    """Not sent: it was too old."""
    SUPERSEDED = "superseded"
    """Not sent: replaced by a newer command, or by a change at the heater or in the app."""
    DROPPED = "dropped"
    """Not sent: it was the oldest when the queue was full."""
    CLEARED = "cleared"
    """Not sent: the queue was cleared, or its heater was removed."""
    FAILED = "failed"
    """Not sent: it could not be."""


class CommandReason(StrEnum):
    """Why a command has its outcome."""

    REPORTED = "reported"
    ANSWERED = "answered"
    ACKNOWLEDGED = "acknowledged"
    ALREADY_SET = "already_set"
    REFUSED = "refused"
    PEAK_PERIOD = "peak_period"
    NOT_REPORTED = "not_reported"
    NO_ANSWER = "no_answer"
    ACKNOWLEDGEMENT_LOST = "acknowledgement_lost"
    NEWER_COMMAND = "newer_command"
    NEWER_SENT = "newer_sent"
    NEWER_CONFIRMED = "newer_confirmed"
    CHANGED_ELSEWHERE = "changed_elsewhere"
    TOO_OLD = "too_old"
    QUEUE_FULL = "queue_full"
    QUEUE_CLEARED = "queue_cleared"
    QUEUE_DISABLED = "queue_disabled"
    HEATER_REMOVED = "heater_removed"
    CLIENT_DISCONNECTED = "client_disconnected"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """A clause in English, such as `the queue was full`."""
        return _WORDS[self]


_WORDS = {
    CommandReason.REPORTED: "the heater reports it",
    CommandReason.ANSWERED: "the heater answered it",
    CommandReason.ACKNOWLEDGED: "the broker acknowledged it",
    CommandReason.ALREADY_SET: "the heater already reported it",
    CommandReason.REFUSED: "the heater refused it",
    CommandReason.PEAK_PERIOD: "the heater holds it until the peak period is over",
    CommandReason.NOT_REPORTED: "the heater did not report it in time",
    CommandReason.NO_ANSWER: "the heater did not answer",
    CommandReason.ACKNOWLEDGEMENT_LOST: "the connection was lost before it was acknowledged, and it is not repeated",
    CommandReason.NEWER_COMMAND: "a newer command for the same setting replaced it",
    CommandReason.NEWER_SENT: "a newer command for the same setting was sent before it",
    CommandReason.NEWER_CONFIRMED: "a newer command for the same setting took effect",
    CommandReason.CHANGED_ELSEWHERE: "the setting was changed at the heater or in the app since it was given",
    CommandReason.TOO_OLD: "it was not sent in time",
    CommandReason.QUEUE_FULL: "the queue was full",
    CommandReason.QUEUE_CLEARED: "the queue was cleared",
    CommandReason.QUEUE_DISABLED: "the connection was lost and the queue is disabled",
    CommandReason.HEATER_REMOVED: "the heater was removed",
    CommandReason.CLIENT_DISCONNECTED: "the client was disconnected",
    CommandReason.UNKNOWN: "the reason was not stored",
}


@dataclass(frozen=True, slots=True)
class CommandResult:
    """An outcome, its reason, and the heater's own code if it gave one; its text form is English."""

    outcome: CommandOutcome
    reason: CommandReason
    code: int | None = None

    @override
    def __str__(self) -> str:
        code = "" if self.code is None else f" (code {self.code})"
        return f"{self.outcome}, {self.reason.words}{code}"
