"""What becomes of a command: its stages, its one outcome, and why it has that."""

from dataclasses import dataclass
from enum import StrEnum
from typing import override

from ..common.text import WordedEnum


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


class CommandReason(WordedEnum):
    """Why a command has its outcome; its words are a clause such as `the queue was full`."""

    REPORTED = "reported", "the heater reports it"
    ANSWERED = "answered", "the heater answered it"
    ACKNOWLEDGED = "acknowledged", "the broker acknowledged it"
    ALREADY_SET = "already_set", "the heater already reported it"
    REFUSED = "refused", "the heater refused it"
    PEAK_PERIOD = "peak_period", "the heater holds it until the peak period is over"
    NOT_REPORTED = "not_reported", "the heater did not report it in time"
    NO_ANSWER = "no_answer", "the heater did not answer"
    ACKNOWLEDGEMENT_LOST = (
        "acknowledgement_lost",
        "the connection was lost before it was acknowledged, and it is not repeated",
    )
    NEWER_COMMAND = "newer_command", "a newer command for the same setting replaced it"
    NEWER_SENT = "newer_sent", "a newer command for the same setting was sent before it"
    NEWER_CONFIRMED = "newer_confirmed", "a newer command for the same setting took effect"
    CHANGED_ELSEWHERE = "changed_elsewhere", "the setting was changed at the heater or in the app since it was given"
    TOO_OLD = "too_old", "it was not sent in time"
    QUEUE_FULL = "queue_full", "the queue was full"
    QUEUE_CLEARED = "queue_cleared", "the queue was cleared"
    QUEUE_DISABLED = "queue_disabled", "the connection was lost and the queue is disabled"
    HEATER_REMOVED = "heater_removed", "the heater was removed"
    CLIENT_DISCONNECTED = "client_disconnected", "the client was disconnected"
    UNKNOWN = "unknown", "the reason was not stored"


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
