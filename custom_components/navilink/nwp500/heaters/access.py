"""The queue as users of the client see it: what waits, where each command is, and what has to survive a restart."""

from collections.abc import Mapping

from ..models import Device
from ..queue.command import CommandHandle, CommandOutcome, CommandStage, QueuedCommand
from ..queue.persistence import StoredQueue
from ..queue.pipeline import CommandPipeline
from .inbox import Inbox


class QueueAccess:
    """Speaks of devices where the pipeline speaks of MAC addresses."""

    def __init__(self, pipeline: CommandPipeline, inbox: Inbox) -> None:
        self._pipeline = pipeline
        self._inbox = inbox

    @property
    def queued_commands(self) -> tuple[QueuedCommand, ...]:
        """What waits to be sent, next one first."""
        return self._pipeline.waiting

    @property
    def queued_commands_count(self) -> int:
        """How many commands wait to be sent."""
        return self._pipeline.waiting_count

    @property
    def pending_commands(self) -> tuple[QueuedCommand, ...]:
        """Everything given that has no outcome yet, in the order of giving."""
        return self._pipeline.pending()

    def stage(self, command_id: str) -> CommandStage | None:
        """Return where a command is; `None` once it has its outcome."""
        return self._pipeline.stage(command_id)

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that has no outcome yet, also of one restored from an earlier run."""
        return self._pipeline.handle(command_id)

    def outcome_counts(self, device: Device | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for all devices or one."""
        return self._pipeline.counts(None if device is None else device.mac_address)

    def is_waiting_for_status(self, device: Device) -> bool:
        """Tell whether a heater's commands are held until it has told its status on the present link."""
        return self._pipeline.is_waiting_for_status(device.mac_address)

    def wanted_members(self, device: Device) -> Mapping[str, int]:
        """Return the raw status members that the commands not yet settled will set."""
        return self._pipeline.wanted(device.mac_address)

    def clear_command_queue(self, device: Device | None = None, *, kinds: frozenset[str] | None = None) -> int:
        """Remove what waits, for all devices or one, of all kinds or some; return how many commands that were.

        What is in flight cannot be taken back, but is not sent a second time either.
        """
        mac_address = None if device is None else device.mac_address
        return self._pipeline.clear(
            lambda command: (
                (mac_address is None or command.mac_address == mac_address) and (kinds is None or command.kind in kinds)
            )
        )

    def stored_queue(self) -> StoredQueue:
        """Return what has to survive a restart."""
        return StoredQueue(
            unsent=tuple(command for command in self._pipeline.unsent if command.is_control),
            sent=tuple(command for command in self._pipeline.sent if command.is_control),
            order=tuple(command.id for command in self._pipeline.pending() if command.is_control),
            features=self._inbox.features,
            statuses=self._inbox.statuses,
            running_modes=self._pipeline.running_modes,
            completed_effects=self._pipeline.completed_effects,
        )

    def restore(self, stored: StoredQueue) -> None:
        """Take up what an earlier run left, before `connect()`; what has expired since ends as expired at once.

        The last statuses are known again, but are no news: see `is_status_restored`.
        """
        self._inbox.restore(stored.statuses)
        self._pipeline.restore(stored)

    def is_status_restored(self, device: Device) -> bool:
        """Tell whether `status()` is that of an earlier run, because the heater has told none since `restore()`."""
        return self._inbox.record(device).is_status_restored

    async def finish_sending(self) -> None:
        """Send no more commands, and wait until those in flight are acknowledged or overdue.

        Then `stored_queue()` tells what another client has to go on with, until `disconnect()`.
        """
        await self._pipeline.finish_sending()
