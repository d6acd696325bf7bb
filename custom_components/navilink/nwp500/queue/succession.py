"""What must not be sent again because a newer command for the same setting was sent.

Which command replaces one that still waits, `CommandQueue.supersede` decides.
"""

from .command import CommandHandle, CommandRegistry, QueuedCommand
from .confirmation import Confirmations
from .queue import CommandQueue


class Succession:
    """Finds what must not be sent any more because a newer command was."""

    def __init__(self, registry: CommandRegistry, queue: CommandQueue, confirmations: Confirmations) -> None:
        self._registry = registry
        self._queue = queue
        self._confirmations = confirmations
        self._newest_sent: dict[tuple[str | None, str], int] = {}
        """The sequence of the newest command that overwrites something and that the broker has acknowledged."""

    def sent(self, newer: QueuedCommand) -> list[QueuedCommand]:
        """Take out of the queue, and return, what was sent before a command that was acknowledged just now.

        It came back from a lost connection or from a refusal; what is in flight must not come back either. That it
        overwrites some of the same is enough: sent after the newer one, it would undo that.
        """
        if not newer.overwrites:
            return []
        sequence = self._registry.sequence(newer)
        for overwritten in newer.overwrites:
            key = newer.mac_address, overwritten
            self._newest_sent[key] = max(sequence, self._newest_sent.get(key, sequence))

        def is_older(command: QueuedCommand) -> bool:
            return (
                bool(command.attempts) and newer.is_related_to(command) and self._registry.sequence(command) < sequence
            )

        self._queue.forbid_return(is_older)
        return self._queue.remove(is_older)

    def forget(self, mac_address: str) -> None:
        """No command that was sent to a heater decides anything any more."""
        self._newest_sent = {
            setting: sequence for setting, sequence in self._newest_sent.items() if setting[0] != mac_address
        }

    def is_overtaken(self, command: QueuedCommand) -> bool:
        """Return whether a newer command that overwrites some of the same was sent too."""
        sequence = self._registry.sequence(command)
        return any(
            self._newest_sent.get((command.mac_address, overwritten), sequence) > sequence
            for overwritten in command.overwrites
        )

    def is_undecided(self, command: QueuedCommand) -> bool:
        """Return whether a command was sent before, and a newer one that overwrites some of the same is in flight.

        If that one arrives, this one must not follow it.
        """
        return bool(command.attempts) and any(
            newer.is_related_to(command) and self._registry.sequence(newer) > self._registry.sequence(command)
            for newer in self._queue.in_flight
        )

    def confirmed(self, newer: CommandHandle) -> list[QueuedCommand]:
        """Return the older commands still watched: after this one took effect the heater will not show them."""
        return [
            command
            for command in self._confirmations.commands
            if newer.command.replaces(command) and self._registry.sequence(command) < newer.sequence
        ]
