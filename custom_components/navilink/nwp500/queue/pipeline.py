"""The way of every command: given, queued, judged, written, acknowledged, answered, settled.

The queue holds what is not acknowledged, the writer writes it, the confirmations watch what was sent; judgement,
pacing, expiry and succession say what may go and when. This module joins them and sees to it that each command ends in
exactly one outcome.
"""

from collections.abc import Callable, Iterable, Mapping
import logging
import math
from typing import override

from ..config import MqttConnectionConfig
from ..enums import ControlFailure
from ..events import EventEmitter
from ..exceptions import NotConnectedError
from ..models import DeviceStatus
from ..protocol.controls import Effect
from ..transport.base import Transport
from .command import CommandHandle, CommandOutcome, CommandResult, CommandStage, QueuedCommand
from .confirmation import Confirmations
from .events import CommandCompleted, CommandEvent, QueueChanged
from .guard import CommandGuard
from .persistence import StoredQueue
from .queue import CommandQueue, Displaced
from .succession import CommandOverview, CommandRegistry, Succession
from .expiry import Expiry, Pacing
from .writer import CommandWriter, WriterListener

_LOGGER = logging.getLogger(__name__)

_EXPIRED = CommandResult(CommandOutcome.EXPIRED, "it waited longer than it may")
_OVERRULED = CommandResult(
    CommandOutcome.SUPERSEDED, "the setting was changed at the heater or in the app since its last known status"
)
_OVERTAKEN = CommandResult(CommandOutcome.SUPERSEDED, "a newer command for the same setting was sent before it")
_OUTLIVED = CommandResult(CommandOutcome.UNCONFIRMED, "a newer command for the same setting took effect")
_HEATER_REMOVED = "the heater was removed"
_IN_DOUBT = CommandResult(CommandOutcome.UNCONFIRMED, "the link was lost before its PUBACK, and it is not repeated")


class CommandPipeline(CommandOverview, WriterListener):
    """Takes commands in and brings each to its one outcome."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        events: EventEmitter,
        *,
        ask_status: Callable[[str], bool],
        replace_connection: Callable[[str], None],
        written_query: Callable[[QueuedCommand], None],
    ) -> None:
        self._config = config
        self._events = events
        self._replace_connection = replace_connection
        self._written_query = written_query
        book = CommandRegistry()
        queue = CommandQueue(config.max_queued_commands, coalesce=config.coalesce_commands, sequence=book.sequence)
        self._writer = CommandWriter(queue, config, self)
        confirmations = Confirmations(complete=self._complete, look=ask_status, may_send_more=self._writer.pump)
        super().__init__(book, queue, confirmations)
        self._pacing = Pacing(config.command_interval, queue, confirmations)
        self._succession = Succession(book, queue, confirmations)
        self._expiry = Expiry(queue, self._expired)
        self._sessions: dict[str, str] = {}
        """The command without an outcome that each session belongs to."""
        self._guard = CommandGuard(config, queue, ask_status=ask_status, is_connected=lambda: self._writer.is_attached)

    # What is known

    @property
    def sent_count(self) -> int:
        """How many messages were acknowledged so far."""
        return self._writer.sent_count

    @property
    def running_modes(self) -> Mapping[str, int]:
        """The mode in which each heater was last seen to heat."""
        return self._guard.running_modes

    def known_status(self, mac_address: str) -> DeviceStatus | None:
        """Return the newest status of a heater that answers a question."""
        return self._guard.known_status(mac_address)

    @property
    def completed_effects(self) -> Mapping[str, tuple[Effect, ...]]:
        """What completed commands of each heater may still bring about."""
        return self._guard.completed_effects

    def wanted(self, mac_address: str) -> dict[str, int]:
        """Return the raw status members that a heater will have once everything unsettled has taken effect."""
        return self._guard.wanted(mac_address, self.pending())

    def is_waiting_for_status(self, mac_address: str) -> bool:
        """Tell whether a heater's commands are held until it has told its status on this link."""
        return self._guard.is_waiting_for_status(mac_address)

    # Commands in

    def give(self, command: QueuedCommand, *, is_connected: bool) -> CommandHandle:
        """Line a command up, or write it at once; raises `NotConnectedError` when it can go nowhere."""
        if not is_connected and not self._config.enable_command_queue:
            raise NotConnectedError("not connected, and the command queue is disabled")
        handle = self._registry.enter(command)
        self._guard.given(command)
        # In its place before anybody hears of it, who may give another one for an answer.
        displaced = self._queue.append(command)
        self._events.emit("command_given", CommandEvent(command))
        self.commands_displaced(displaced)
        self._guard.ask_first(command)
        self._writer.pump()
        if self._config.enable_command_queue and self.stage(command.id) is CommandStage.WAITING:
            handle.handed_over(0)
            self._events.emit("command_queued", CommandEvent(command))
            self._expiry.watch((command,))
        self._changed()
        return handle

    def restore(self, stored: StoredQueue) -> None:
        """Take up what an earlier run left: commands to be sent, in order, and those to be watched only.

        What is here already, because it is restored a second time, stays as it is.
        """
        stored = stored.without(self._registry)
        self._guard.restore(stored.statuses, stored.running_modes, stored.completed_effects)
        for command in stored.in_order():
            self._registry.enter(command).handed_over(0)
            self._remember_sessions(command)
            self._guard.given(command, is_restored=True)
        for command in stored.sent:
            self._pacing.forbid_repeat(command.id)
            self._confirmations.sent(command, self._guard.written_at(command))
        for command in stored.unsent:
            if command.is_expired():
                # What it had revoked stays revoked: that was in flight, or it would not be here any more.
                self.commands_displaced(Displaced(superseded=self._queue.supersede(command)))
                self._complete(command, _EXPIRED)
            elif command.attempts and not command.repeatable:
                self._complete(command, _IN_DOUBT)
            else:
                self.commands_displaced(self._queue.append(command))
        self._expiry.watch(stored.unsent)

    def clear(self, is_meant: Callable[[QueuedCommand], bool]) -> int:
        """Remove what waits and return how many commands that were; what is in flight is not sent a second time."""
        cleared = self._queue.remove(is_meant)
        for command in filter(is_meant, self.on_their_way):
            self._pacing.forbid_repeat(command.id)
        self._queue.forbid_return(is_meant)
        for command in cleared:
            self._complete(command, CommandResult(CommandOutcome.CLEARED, "the queue was cleared"))
        self._changed()
        self._writer.pump()
        return len(cleared)

    def remove_heater(self, mac_address: str) -> None:
        """End all commands of a heater and forget it: what may have reached it by now is unconfirmed, not cleared."""
        waiting = self._queue.remove(lambda command: command.mac_address == mac_address)
        for command in waiting:
            self._complete(command, CommandResult(CommandOutcome.CLEARED, _HEATER_REMOVED))
        for command in self.on_their_way:
            if command.mac_address == mac_address:
                self._complete(command, CommandResult(CommandOutcome.UNCONFIRMED, _HEATER_REMOVED))
        self._guard.forget(mac_address)
        self._pacing.forget_heater(mac_address)
        self._succession.forget(mac_address)
        self._registry.forget(mac_address)
        self._changed()
        self._writer.pump()
        # A listener that heard of an end may have given the heater another command: it is a new one from now on.
        self.ask_what_is_due()

    # From the link

    def on_connected(self, transport: Transport) -> None:
        """A link is connected and subscribed."""
        self._guard.connected()
        self._writer.attach(transport)
        self.ask_what_is_due()

    def ask_what_is_due(self) -> None:
        """Ask what could not be asked before, because there was no link or the heater was not known yet."""
        for command in self._queue.waiting:
            self._guard.ask_first(command)
        self._confirmations.look_at_what_is_due()

    def request_written(self, request: QueuedCommand) -> None:
        """A request was written to the link, out of the queue or around it."""
        self._guard.written(request)

    async def drain(self) -> bool:
        """Send what can be sent now; `False` when the link ended before that was done."""
        return await self._writer.drain()

    async def finish_sending(self) -> None:
        """Send no more, and wait for the PUBACKs of what is in flight as long as one may take."""
        await self._writer.finish(self._config.operation_timeout)

    def on_disconnected(self) -> None:
        """The link is gone: what was in flight goes back to the front."""
        self._guard.disconnected()
        self._writer.detach()
        if not self._config.enable_command_queue:
            for command in self._queue.remove(lambda _: True):
                self._complete(
                    command, CommandResult(CommandOutcome.FAILED, "the link was lost and the queue is disabled")
                )
        self._changed()

    def close(self) -> None:
        """End: what waits is cleared, what is in doubt or was sent stays unconfirmed."""
        self.clear(lambda _: True)
        self.on_disconnected()
        for handle in self._registry:
            self._complete(handle.command, CommandResult(CommandOutcome.UNCONFIRMED, "the client was disconnected"))
        self._confirmations.close()
        self._expiry.stop()

    # From the heater

    def command_asked(self, session_id: str) -> QueuedCommand | None:
        """Return the command without an outcome that was written with a session."""
        handle = self._registry.handle(self._sessions.get(session_id, ""))
        return None if handle is None else handle.command

    def dated(self, mac_address: str, session_id: str | None) -> int | None:
        """Return the moment after which a status was made that has come just now; `None` for one that is outdated."""
        return self._guard.dated(mac_address, session_id)

    def on_status(self, mac_address: str, status: DeviceStatus, asked_at: int) -> None:
        """A heater reported its status: judge what waits for it, and settle what it shows."""
        has_news = self._guard.on_status(mac_address, status, asked_at, self.pending())
        # All of them leave the queue before the first outcome, which may change what else waits.
        for command in self._queue.remove(self._guard.is_overruled):
            self._complete(command, _OVERRULED)
        if has_news:
            self._changed()
        # What shows its effect has arrived, also if its PUBACK is still to come.
        for command in self._queue.in_flight:
            is_asked_since = command.mac_address == mac_address and asked_at >= self._guard.written_at(command)
            if is_asked_since and command.is_shown_by(status.raw):
                self._has_arrived(command.id)
        self._confirmations.status(mac_address, status, asked_at)
        self._writer.pump()

    def on_reply(self, session_id: str) -> None:
        """A heater answers a request, which need not be one of the queue: it has arrived."""
        self._has_arrived(self._sessions.get(session_id, ""))

    def on_reply_processed(self, session_id: str) -> None:
        """All that a heater says in answer to a request is taken in: what has waited for that may go."""
        self._confirmations.answered(self._sessions.get(session_id, ""))
        self._writer.pump()

    def on_refusal(self, session_id: str, code: int | None) -> None:
        """A heater refused a command: too soon after the last one means wait and send it again, keeping the order.

        One refusal counts for one writing: of one that comes again, or late, the command was written anew since, or it
        waits for its turn already.
        """
        command = self._current(self._sessions.get(session_id, ""))
        if command is None or command.session_id != session_id or self._pacing.was_refused(command):
            return
        self._has_arrived(command.id)
        if self._confirmations.forget(command.id) is None:
            return
        pause = self._pacing.refused(command) if code == ControlFailure.INTERVAL_EXCEEDED else None
        if pause is not None:
            self._take_back(command, pause)
            return
        self._complete(command, CommandResult(CommandOutcome.REJECTED, f"the heater refused it with code {code}", code))
        self._writer.pump()

    # From the writer

    @override
    def pause(self, command: QueuedCommand) -> float:
        if not command.is_control:
            return 0.0
        if self._guard.is_waiting_for_status(command.mac_address) or self._succession.is_undecided(command):
            return math.inf
        return self._pacing.pause(command.mac_address)

    @override
    def verdict(self, command: QueuedCommand) -> CommandResult | None:
        if command.is_expired():
            return _EXPIRED
        if self._guard.is_overruled(command):
            return _OVERRULED
        if self._guard.is_already_so(command, self.on_their_way):
            return CommandResult(CommandOutcome.CONFIRMED, "already so")
        return None

    @override
    def command_not_sent(self, command: QueuedCommand, verdict: CommandResult) -> None:
        self._complete(command, verdict)

    @override
    def command_written(self, command: QueuedCommand, packet_id: int) -> None:
        if (handle := self._registry.handle(command.id)) is not None:
            handle.packet_id = packet_id
        self._remember_sessions(command)
        self._written_query(command)
        self.request_written(command)
        if command.is_control:
            self._pacing.written(command)
        self._changed()

    @override
    def command_sent(self, command: QueuedCommand) -> None:
        if (handle := self._registry.handle(command.id)) is not None:
            handle.handed_over(handle.packet_id)
            for older in self._succession.sent(command):
                self._complete(older, _OVERTAKEN)
            self._confirmations.sent(command, self._guard.written_at(command))
        self._events.emit("command_sent", CommandEvent(command))
        self._changed()
        if self._guard.is_shown(command):
            # What proves that it was sent has come after what proves its effect.
            self._complete(command, CommandResult(CommandOutcome.CONFIRMED, "the heater reports it"))

    @override
    def commands_displaced(self, displaced: Displaced) -> None:
        for command in displaced.superseded:
            reason = "a newer command for the same setting was given"
            self._complete(command, CommandResult(CommandOutcome.SUPERSEDED, reason))
        for command in displaced.dropped:
            _LOGGER.warning(
                "The command queue is full: dropped the oldest, %s of %s",
                command.wanted,
                command.queued_at.isoformat(timespec="seconds"),
            )
            self._complete(command, CommandResult(CommandOutcome.DROPPED, "the queue was full"))
        for command in displaced.in_doubt:
            self._complete(command, _IN_DOUBT)

    @override
    def commands_returned(self, commands: tuple[QueuedCommand, ...]) -> None:
        for command in commands:
            if (handle := self._registry.handle(command.id)) is not None:
                handle.handed_over(0)
        self._expiry.watch(commands)

    @override
    def connection_suspect(self, reason: str) -> None:
        self._replace_connection(reason)

    # Inner steps

    def _take_back(self, command: QueuedCommand, pause: float) -> None:
        """Put a refused command back in its place in the queue, and pause for its heater."""
        if self._succession.is_overtaken(command):
            self._complete(command, _OVERTAKEN)
        else:
            self._pacing.hold(command.mac_address, pause)
            self.commands_displaced(self._queue.put_back(command))
            self._guard.ask_first(command)
            self._expiry.watch((command,))
            self._changed()
        self._writer.pump()

    def _remember_sessions(self, command: QueuedCommand) -> None:
        self._sessions |= dict.fromkeys(command.sessions, command.id)

    def _current(self, command_id: str) -> QueuedCommand | None:
        """Return a command without an outcome as it was last written."""
        commands = (*self._queue.unsent(), *self._confirmations.commands)
        return next((command for command in commands if command.id == command_id), None)

    def _has_arrived(self, command_id: str) -> None:
        """Take a command whose reply overtook its PUBACK, or outlived the link, for what it is: sent."""
        if command_id in self._registry and not self._confirmations.has(command_id):
            self._writer.has_arrived(command_id)

    def _expired(self, commands: Iterable[QueuedCommand]) -> None:
        for command in commands:
            self._complete(command, _EXPIRED)
        self._writer.pump()

    def _complete(self, command: QueuedCommand, result: CommandResult) -> None:
        """Give a command its outcome; only the first one counts."""
        self._confirmations.forget(command.id)
        self._queue.acknowledge(command.id)
        self._pacing.forget(command.id)
        handle = self._registry.complete(command, result)
        if handle is None:
            return
        for session_id in command.sessions:
            self._sessions.pop(session_id, None)
        # Judged before anybody hears of it, who may give the next one for the same setting.
        self._guard.completed(command, result.outcome)
        event = CommandEvent(command, result.reason, result.code)
        self._events.emit(f"command_{result.outcome}", event)
        self._events.emit("command_completed", CommandCompleted(command, result))
        if result.outcome is CommandOutcome.CONFIRMED:
            for older in self._succession.confirmed(handle):
                self._complete(older, _OUTLIVED)
        self._changed()

    def _changed(self) -> None:
        self._events.emit("queue_changed", QueueChanged())
