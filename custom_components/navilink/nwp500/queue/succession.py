"""Of several commands that overwrite the same, the newest decides: none that is older is sent after it."""

from .command import CommandHandle
from .confirmation import Confirmations
from .queue import CommandQueue, QueuedCommand
from .registry import CommandBook


class Succession:
    """Finds what must not be sent any more because a newer command was."""

    def __init__(self, book: CommandBook, queue: CommandQueue, confirmations: Confirmations) -> None:
        self._book = book
        self._queue = queue
        self._confirmations = confirmations
        self._newest_sent: dict[tuple[str | None, str], int] = {}
        """The place of the newest command that overwrites something and that the broker has acknowledged."""

    def sent(self, newer: QueuedCommand) -> list[QueuedCommand]:
        """Take out of the queue, and return, what was sent before a command that was acknowledged just now.

        It came back from a lost link or from a refusal; what is in flight must not come back either. That it overwrites
        some of the same is enough: sent after the newer one, it would undo that.
        """
        place = self._book.place(newer)
        for overwritten in newer.overwrites:
            key = newer.mac_address, overwritten
            self._newest_sent[key] = max(place, self._newest_sent.get(key, place))

        def is_older(command: QueuedCommand) -> bool:
            return bool(command.attempts) and newer.is_related_to(command) and self._book.place(command) < place

        self._queue.forbid_return(is_older)
        return self._queue.remove(is_older)

    def forget(self, mac_address: str) -> None:
        """No command that was sent to a heater decides anything any more."""
        self._newest_sent = {
            setting: place for setting, place in self._newest_sent.items() if setting[0] != mac_address
        }

    def is_overtaken(self, command: QueuedCommand) -> bool:
        """Tell whether a newer command that overwrites some of the same was sent too."""
        place = self._book.place(command)
        return any(
            self._newest_sent.get((command.mac_address, overwritten), place) > place
            for overwritten in command.overwrites
        )

    def is_undecided(self, command: QueuedCommand) -> bool:
        """Tell whether a command was sent before, and a newer one that overwrites some of the same is in flight.

        If that one arrives, this one must not follow it.
        """
        return bool(command.attempts) and any(
            newer.is_related_to(command) and self._book.place(newer) > self._book.place(command)
            for newer in self._queue.in_flight
        )

    def confirmed(self, newer: CommandHandle) -> list[QueuedCommand]:
        """Return the older wishes that are watched still: after this one took effect the heater will not show them."""
        return [
            command
            for command in self._confirmations.commands
            if newer.command.replaces(command) and self._book.place(command) < newer.place
        ]
