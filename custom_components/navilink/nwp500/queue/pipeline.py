"""The way of every command: given, queued, judged, written, acknowledged, answered, completed.

The queue holds what is not acknowledged, the writer writes it, the confirmations watch what was sent; guard, expiry and
succession decide what may go and when. This module joins them and ensures that each command ends in exactly one
outcome.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import timedelta
import math
from typing import override

from ..config import MqttConnectionConfig
from ..enums import ControlFailure
from ..events import EventEmitter
from ..exceptions import NotConnectedError
from ..models import DeviceStatus
from ..transport.base import Transport
from .command import CommandEvent, CommandHandle, QueuedCommand
from .confirmation import REPORTED, Confirmations
from .guard import OVERRULED, CommandGuard
from .outcome import CommandOutcome, CommandReason, CommandResult
from .persistence import StoredQueue
from .queue import NOTHING, Displaced
from .registry import NOT_ACKNOWLEDGED, OVERTAKEN, CommandRecord, CommandRegistry
from .timing import Expiry
from .writer import CommandWriter, WriterListener

_ACKNOWLEDGED = CommandResult(CommandOutcome.CONFIRMED, CommandReason.ACKNOWLEDGED)
_EXPIRED = CommandResult(CommandOutcome.EXPIRED, CommandReason.TOO_OLD)
_CLEARED = CommandResult(CommandOutcome.CLEARED, CommandReason.QUEUE_CLEARED)
_CLEARED_WITH_HEATER = CommandResult(CommandOutcome.CLEARED, CommandReason.HEATER_REMOVED)
_LEFT_WITH_HEATER = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.HEATER_REMOVED)
_LEFT = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.CLIENT_DISCONNECTED)
_FAILED = CommandResult(CommandOutcome.FAILED, CommandReason.QUEUE_DISABLED)


class CommandPipeline(WriterListener):
    """Takes commands in and brings each to its one outcome; its parts are for reading."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        events: EventEmitter,
        *,
        ask_status: Callable[[str], bool],
        replace_connection: Callable[[str], None],
        written_query: Callable[[QueuedCommand], None],
        denied: Collection[str],
    ) -> None:
        self._config = config
        self._events = events
        self._written_query = written_query
        self._denied = denied
        """The topic filters that the service does not grant, at any time."""
        self.registry = CommandRegistry(config, events, ask_status)
        self.queue, self.fresh = self.registry.queue, self.registry.fresh
        self.writer = CommandWriter(self.queue, config, self, replace_connection)
        self.guard = CommandGuard(config, self.registry, self.writer)
        self._confirmations = Confirmations(self.registry, look=ask_status, may_send_more=self.writer.pump)
        self._expiry = Expiry(self.queue, self._expired)

    # Commands in

    def give(self, command: QueuedCommand) -> CommandHandle:
        """Line a command up, or write it at once; raises `NotConnectedError` when it can go nowhere."""
        if self.writer.transport is None and not self._config.enable_command_queue:
            raise NotConnectedError("not connected, and the command queue is disabled")
        if (max_age := self._config.max_queued_command_age) is not None:
            latest = command.queued_at + timedelta(seconds=max_age)
            command = replace(command, expires_at=min(latest, command.expires_at or latest))
        record = self.registry.add(command)
        self.guard.given(record)
        # In its place before any listener, which may give another one for an answer.
        displaced = self.queue.append(command)
        self._events.emit_made("command_given", CommandEvent, command)
        if displaced is not NOTHING:
            self.registry.displaced(displaced)
        self.writer.pump()
        self.guard.ask_first(command)
        if self.queue.is_waiting(command.id):
            if self._config.enable_command_queue:
                record.handle.handed_over(0)
                self._events.emit_made("command_queued", CommandEvent, command)
                self._expiry.watch((command,))
            self.registry.changed()
        return record.handle

    def restore(self, stored: StoredQueue) -> None:
        """Take up what an earlier run left: commands to be sent, in order, and those to be watched only.

        What is here already, because it is restored a second time, stays as it is.
        """
        stored = stored.without(self.registry.records)
        self.guard.restore(stored.statuses, stored.running_modes, stored.completed_effects)
        for command in stored.in_order():
            record = self.registry.add(command)
            record.handle.handed_over(0)
            self.registry.written(record, command)
            self.guard.given(record, is_restored=True)
        for command in stored.sent:
            record = self.registry.records[command.id]
            record.repeats_left = 0
            self._confirmations.sent(record)
        displaced: list[Displaced] = []
        ended: list[tuple[QueuedCommand, CommandResult]] = []
        for command in stored.unsent:
            if command.is_expired():
                # What it had revoked stays revoked: that was in flight, or it would not be here any more.
                displaced.append(Displaced(superseded=self.queue.supersede(command)))
                ended.append((command, _EXPIRED))
            elif command.attempts and not command.repeatable:
                ended.append((command, NOT_ACKNOWLEDGED))
            else:
                displaced.append(self.queue.append(command))
        self._expiry.watch(stored.unsent)
        # Everything is in its place before any listener, which may clear the queue.
        for each in displaced:
            self.registry.displaced(each)
        for command, result in ended:
            self.registry.complete(command, result)

    def clear(self, is_meant: Callable[[QueuedCommand], bool]) -> int:
        """Remove what waits and return how many commands that were; what is in flight is not sent a second time."""
        cleared = self.queue.remove(is_meant)
        for record in self.registry.records.values():
            if is_meant(record.command):
                record.repeats_left = 0
        self.queue.forbid_return(is_meant)
        self.registry.complete_all(cleared, _CLEARED)
        self.registry.changed()
        self.writer.pump()
        return len(cleared)

    def remove_heater(self, mac_address: str) -> None:
        """End all commands of a heater and forget it: what may have reached it by now is unconfirmed, not cleared."""

        def is_for_it(command: QueuedCommand) -> bool:
            return command.mac_address == mac_address

        self.registry.complete_all(self.queue.remove(is_for_it), _CLEARED_WITH_HEATER)
        on_their_way = (*self.queue.in_flight, *self.registry.sent_commands)
        self.registry.complete_all(filter(is_for_it, on_their_way), _LEFT_WITH_HEATER)
        self.registry.forget(mac_address)
        self.registry.changed()
        # A listener of an end may have given the heater another command: it is a new one from now on.
        self.ask_what_is_due()

    # From the connection

    def on_connected(self, transport: Transport) -> None:
        """Connected and subscribed."""
        self.fresh.connected()
        self.writer.attach(transport)
        self.ask_what_is_due()

    def ask_what_is_due(self) -> None:
        """Ask what could not be asked before, for lack of a connection or because the heater was not known yet."""
        for command in self.queue.waiting:
            self.guard.ask_first(command)
        self._confirmations.look_at_what_is_due()
        self.writer.pump()

    def on_disconnected(self) -> None:
        """Disconnected: what was in flight goes back to the front."""
        self.fresh.disconnected()
        self.writer.detach()
        if not self._config.enable_command_queue:
            self.registry.complete_all(self.queue.remove(lambda _: True), _FAILED)
        self.registry.changed()

    def close(self) -> None:
        """End: what waits is cleared, what may have arrived stays unconfirmed."""
        self.clear(lambda _: True)
        self.on_disconnected()
        self.registry.complete_all(self.registry.pending(), _LEFT)
        self._expiry.stop()

    # From the heater

    def heater_offline(self, mac_address: str) -> None:
        """A heater is offline: what it has not answered is lost, and waits with the rest until it reports again."""
        if not self._config.guard_commands:
            return
        self.fresh.offline(mac_address)
        for record in tuple(self.registry.sent.values()):
            is_lost = record.command.is_control and not record.is_answered
            if is_lost and record.command.mac_address == mac_address:
                self._take_back_what_is_lost(record)
        self.ask_what_is_due()

    def on_status(self, mac_address: str, status: DeviceStatus, asked_at: int) -> None:
        """A heater reported its status: judge what waits for it, and complete what it shows."""
        has_news = self.guard.on_status(mac_address, status, asked_at)
        if not self.registry.records:
            if has_news:
                self.registry.changed()
            return
        overruled = {record.command.id for record in self.registry.records.values() if record.is_overruled}
        if overruled:
            # All of them leave the queue before the first outcome, which may change what else waits.
            waiting = self.queue.remove(lambda command: command.id in overruled)
            self.registry.complete_all(waiting, OVERRULED)
        if has_news:
            self.registry.changed()
        # What shows its effect has arrived, also if its PUBACK is still to come.
        for command in self.queue.in_flight:
            record = self.registry.records.get(command.id)
            is_asked_since = command.mac_address == mac_address and record is not None and asked_at >= record.written_at
            if is_asked_since and command.is_shown_by(status.raw):
                self._has_arrived(command.id)
        self._confirmations.status(mac_address, status, asked_at)
        self.writer.pump()

    def on_reply(self, session_id: str) -> None:
        """A heater answers a request, which need not be one of the queue: it has arrived."""
        if (record := self.registry.asked(session_id)) is not None:
            self._has_arrived(record.command.id)

    def on_reply_processed(self, session_id: str) -> None:
        """The answer of a heater is taken in: what has waited for that may go."""
        if (record := self.registry.asked(session_id)) is not None:
            self._confirmations.answered(record)
            self.writer.pump()

    def on_refusal(self, session_id: str, code: int | None) -> None:
        """A heater refused a command: too soon after the last one means wait and send it again, keeping the order.

        One refusal counts for one writing: of one that comes again, or late, the command was written anew since, or it
        waits for its turn already.
        """
        record = self.registry.asked(session_id)
        if record is None or record.command.session_id != session_id or record.was_refused():
            return
        self._has_arrived(record.command.id)
        if not self.registry.recall(record):
            return
        pause = record.refused() if code == ControlFailure.INTERVAL_EXCEEDED else None
        if pause is not None:
            self._take_back(record.command, pause)
            return
        self.registry.complete(record.command, CommandResult(CommandOutcome.REJECTED, CommandReason.REFUSED, code))
        self.writer.pump()

    # From the writer

    @override
    def pause(self, command: QueuedCommand) -> float:
        if self._denied and any(command.topic.startswith(denied.removesuffix("#")) for denied in self._denied):
            # A message to a heater that the service does not grant would end the connection of all.
            return math.inf
        if not command.is_control:
            return 0.0
        if command.attempts and self.registry.is_undecided(command):
            return math.inf
        return self.guard.pause(command.mac_address or "")

    @override
    def is_to_be_sent(self, command: QueuedCommand) -> bool:
        verdict = _EXPIRED if command.is_expired() else self.guard.verdict(self.registry.records[command.id])
        if verdict is not None:
            self.registry.complete(command, verdict)
        return verdict is None

    @override
    def command_written(self, command: QueuedCommand, packet_id: int) -> None:
        record = self.registry.records[command.id]
        record.handle.packet_id = packet_id
        self.registry.written(record, command)
        if command.mac_address is not None:
            self._written_query(command)
            self.guard.written(command, record)
            if command.is_control:
                self.fresh.heaters[command.mac_address].hold(self._config.command_interval)
        self.registry.changed()

    @override
    def command_sent(self, command: QueuedCommand, *, is_answered: bool) -> None:
        record = self.registry.records[command.id]
        # It may be another one than was written: one that must not be repeated any more.
        record.command = command
        record.handle.handed_over(record.handle.packet_id)
        if command.mac_address is not None:
            # Watched before any listener is called, which may give the next one for the same heater.
            self._confirmations.sent(record)
            self.registry.overtake(command)
        self._events.emit_made("command_sent", CommandEvent, command)
        if command.mac_address is None:
            self.registry.complete(command, _ACKNOWLEDGED)
        elif command.expected and self.guard.is_shown(record):
            # What proves that it was sent has come after what proves its effect.
            self.registry.complete(command, REPORTED)
        else:
            is_unheard = command.is_control and not is_answered
            # That something has come from the heater since proves nothing: the service delivers late.
            if is_unheard and self.fresh.heaters[command.mac_address].offline_at > record.written_at:
                self._take_back_what_is_lost(record)
            self.registry.changed()

    @override
    def commands_returned(self, commands: tuple[QueuedCommand, ...], displaced: Displaced) -> None:
        for command in commands:
            self.registry.records[command.id].handle.handed_over(0)
        self._expiry.watch(commands)
        self.registry.displaced(displaced)

    # Inner steps

    def _take_back_what_is_lost(self, record: CommandRecord) -> None:
        """Put a command back that a heater has not got, unless it must not go out a second time."""
        command = record.command
        if command.repeatable and record.repeats_left and self.registry.recall(record):
            self._take_back(command, 0.0)

    def _take_back(self, command: QueuedCommand, pause: float) -> None:
        """Put a command back in its place in the queue, and pause for its heater."""
        if self.registry.is_overtaken(command):
            self.registry.complete(command, OVERTAKEN)
        else:
            self.fresh.heaters[command.mac_address or ""].hold(pause)
            self.registry.displaced(self.queue.put_back(command))
            self.guard.ask_first(command)
            self._expiry.watch((command,))
            self.registry.changed()
        self.writer.pump()

    def _has_arrived(self, command_id: str) -> None:
        """Take a command whose reply overtook its PUBACK, or outlived the connection, for what it is: sent."""
        if command_id in self.registry.records and command_id not in self.registry.sent:
            self.writer.has_arrived(command_id, is_answered=True)

    def _expired(self, commands: Iterable[QueuedCommand]) -> None:
        self.registry.complete_all(commands, _EXPIRED)
        self.writer.pump()
