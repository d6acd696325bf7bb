"""What is reported of commands, and of what has to be stored."""

from dataclasses import dataclass

from .command import QueuedCommand
from .outcome import CommandReason, CommandResult


@dataclass(frozen=True, slots=True)
class CommandEvent:
    """Something became of a command."""

    command: QueuedCommand
    reason: CommandReason | None = None
    """Why it ended, once it did."""
    code: int | None = None
    """The heater's own number, when it refused the command (protocol.md 10.4)."""


@dataclass(frozen=True, slots=True)
class CommandCompleted:
    """A command has its outcome, whichever that is."""

    command: QueuedCommand
    result: CommandResult


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """What has to survive a restart is different: commands, their stages, or what they may still change."""


@dataclass(frozen=True, slots=True)
class KnowledgeChanged:
    """What has to survive a restart is different, in something that is less pressing than a command."""

    delay: float
    """Seconds that a store may take to write it; 0 for a setting."""
