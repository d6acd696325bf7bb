"""The way of every command: given, queued, judged, written, acknowledged, answered, settled.

The queue holds what is not acknowledged, the writer writes it, the confirmations watch what was sent. This module joins
them and sees to it that each command ends in exactly one outcome.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from heapq import merge
from itertools import count
import logging
import math
from typing import override

from .command_queue import CommandQueue, Displaced, QueuedCommand
from .command_writer import CommandWriter, WriterListener
from .config import MqttConnectionConfig
from .confirmations import Confirmations
from .enums import ControlFailure, DhwMode
from .events import CommandEvent, CommandSettled, EventEmitter, QueueChanged
from .exceptions import NotConnectedError
from .fresh_status import FreshStatus
from .link import Link
from .models import DeviceStatus
from .outcomes import CommandHandle, CommandOutcome, CommandStage, Settled

_LOGGER = logging.getLogger(__name__)

_REFUSAL_PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0, 30.0)
"""Seconds to wait after each refusal for coming too soon after the last control; then the command ends as rejected."""
_RUNNING_MODES = frozenset({DhwMode.HEAT_PUMP, DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND})

type _Setting = tuple[str | None, str | None]
"""A device, and what of it is set."""


class CommandPipeline(WriterListener):
    """Takes commands in and brings each to its one outcome."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        events: EventEmitter,
        *,
        ask_status: Callable[[str], bool],
        replace_link: Callable[[str], None],
        written_query: Callable[[QueuedCommand], None],
    ) -> None:
        self._config = config
        self._events = events
        self._replace_link = replace_link
        self._written_query = written_query
        self._queue = CommandQueue(config.max_queued_commands, coalesce=config.coalesce_commands, place=self._place)
        self._writer = CommandWriter(self._queue, config, self)
        self._confirmations = Confirmations(settle=self._settle, look=ask_status, may_send_more=self._writer.pump)
        self._fresh = FreshStatus(ask_status, self._has_waiting_control)
        self._statuses: dict[str, DeviceStatus] = {}
        self._running_modes: dict[str, int] = {}
        self._handles: dict[str, CommandHandle] = {}
        self._refusals: Counter[str] = Counter()
        self._paused_until: dict[str | None, float] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._places = count()
        self._newest_sent: dict[_Setting, int] = {}
        """The place of the newest command for a setting that the broker has acknowledged."""
        self._uncertain: dict[_Setting, int] = {}
        """The place of the newest command for a setting that may still take effect although it is settled."""
        self._counts: dict[str | None, Counter[CommandOutcome]] = {}

    # What is known

    @property
    def waiting(self) -> tuple[QueuedCommand, ...]:
        """What waits to be sent, next one first."""
        return self._queue.waiting

    @property
    def waiting_count(self) -> int:
        """How many commands wait."""
        return len(self._queue)

    @property
    def sent(self) -> tuple[QueuedCommand, ...]:
        """What was sent and is not settled."""
        return self._confirmations.commands

    @property
    def unsent(self) -> tuple[QueuedCommand, ...]:
        """What is in flight and what waits, in order."""
        return tuple(self._queue.unsent())

    @property
    def sent_count(self) -> int:
        """How many messages were acknowledged so far."""
        return self._writer.sent_count

    @property
    def running_modes(self) -> Mapping[str, int]:
        """The mode in which each heater was last seen to heat."""
        return self._running_modes

    def stage(self, command_id: str) -> CommandStage | None:
        """Return where a command is; `None` once it is settled."""
        if command_id not in self._handles:
            return None
        if self._confirmations.has(command_id):
            return CommandStage.SENT
        in_flight = any(command.id == command_id for command in self._queue.in_flight)
        return CommandStage.IN_FLIGHT if in_flight else CommandStage.WAITING

    def unsettled(self) -> tuple[QueuedCommand, ...]:
        """Return everything given and not settled, in the order of giving."""
        current = {command.id: command for command in (*self._queue.unsent(), *self._confirmations.commands)}
        return tuple(current.get(handle.command.id, handle.command) for handle in self._handles.values())

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that is not settled."""
        return self._handles.get(command_id)

    def counts(self, mac_address: str | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for one heater or for all."""
        chosen = self._counts.values() if mac_address is None else [self._counts.get(mac_address, Counter())]
        return sum(chosen, Counter())

    def wanted(self, mac_address: str) -> dict[str, int]:
        """Return the raw status members that a heater will have once everything unsettled has taken effect."""
        members: dict[str, int] = {}
        for command in self.unsettled():
            if command.mac_address == mac_address:
                for name, values in command.expected.items():
                    members[name] = min(values) if len(values) == 1 else self._likely_mode(mac_address)
        return members

    def is_waiting_for_status(self, mac_address: str) -> bool:
        """Tell whether a heater's commands are held until it has told its status on this link."""
        return self._config.guard_commands and self._writer.is_attached and not self._fresh.has(mac_address)

    # Commands in

    def give(self, command: QueuedCommand, *, is_connected: bool) -> CommandHandle:
        """Line a command up, or write it at once; raises `NotConnectedError` when it can go nowhere."""
        if not is_connected and not self._config.enable_command_queue:
            raise NotConnectedError("not connected, and the command queue is disabled")
        if _setting(command) in self._uncertain or self._is_stale(command.mac_address):
            command = replace(command, baseline={})
        handle = self._new_handle(command)
        self._events.emit("command_given", CommandEvent(command))
        self.commands_displaced(self._queue.append(command))
        self._need_fresh_status(command)
        self._writer.pump()
        if self._config.enable_command_queue and self.stage(command.id) is CommandStage.WAITING:
            handle.handed_over(0)
            self._events.emit("command_queued", CommandEvent(command))
            self._watch_expiry()
        self._changed()
        return handle

    def restore(self, unsent: Iterable[QueuedCommand], sent: Iterable[QueuedCommand]) -> None:
        """Take up commands of an earlier run: those to be sent, in order, and those to be watched only."""
        unsent, sent = tuple(unsent), tuple(sent)
        # Merged, not sorted: their times are too coarse to tell the order of two that were given at once.
        for command in merge(sent, unsent, key=lambda each: each.queued_at):
            self._new_handle(command).handed_over(0)
        for command in sent:
            self._refusals[command.id] = len(_REFUSAL_PAUSES)
            self._confirmations.sent(command)
        for command in unsent:
            if command.is_expired():
                self._settle(command, _EXPIRED)
            elif command.attempts and not command.repeatable:
                self._settle(command, _IN_DOUBT)
            else:
                self.commands_displaced(self._queue.append(command))
        self._watch_expiry()

    def restore_running_modes(self, running_modes: Mapping[str, int]) -> None:
        """Take up in which mode each heater was last seen to heat."""
        self._running_modes.update(running_modes)

    def clear(self, is_meant: Callable[[QueuedCommand], bool]) -> int:
        """Remove what waits and return how many commands that were; what is in flight is not sent a second time."""
        cleared = self._queue.remove(is_meant)
        for command in filter(is_meant, (*self._queue.in_flight, *self._confirmations.commands)):
            # If the heater refuses it, that is the end of it.
            self._refusals[command.id] = len(_REFUSAL_PAUSES)
        self._queue.forbid_return(is_meant)
        for command in cleared:
            self._settle(command, Settled(CommandOutcome.CLEARED, "the queue was cleared"))
        self._changed()
        self._writer.pump()
        return len(cleared)

    # From the link

    def link_up(self, link: Link) -> None:
        """A link is connected and subscribed."""
        self._writer.attach(link)
        for command in self._queue.waiting:
            self._need_fresh_status(command)

    async def drain(self) -> bool:
        """Send what can be sent now; `False` when the link ended before that was done."""
        return await self._writer.drain()

    def link_lost(self) -> None:
        """The link is gone: what was in flight goes back to the front."""
        self._fresh.reset()
        self._writer.detach()
        if not self._config.enable_command_queue:
            for command in self._queue.remove(lambda _: True):
                self._settle(command, Settled(CommandOutcome.FAILED, "the link was lost and the queue is disabled"))
        self._changed()

    def close(self) -> None:
        """End: what waits is cleared, what is in doubt or was sent stays unconfirmed."""
        self.clear(lambda _: True)
        self.link_lost()
        for handle in tuple(self._handles.values()):
            self._settle(handle.command, Settled(CommandOutcome.UNCONFIRMED, "the client was disconnected"))
        self._confirmations.close()
        if self._expiry is not None:
            self._expiry.cancel()

    # From the heater

    def heard_status(self, mac_address: str, status: DeviceStatus) -> None:
        """A heater told its status: judge what waits for it, and settle what it shows."""
        if self._fresh.heard(mac_address) and self._config.guard_commands:
            self._give_way(mac_address, status)
        self._statuses[mac_address] = status
        if status.dhw_mode in _RUNNING_MODES and self._running_modes.get(mac_address) != status.dhw_mode:
            self._running_modes[mac_address] = status.dhw_mode
            self._changed()
        self._confirmations.status(mac_address, status)
        self._writer.pump()

    def heard_answer(self, session_id: str) -> None:
        """A heater answered a command."""
        self._has_arrived(session_id)
        self._confirmations.answered(session_id)
        self._writer.pump()

    def heard_refusal(self, session_id: str, code: int | None) -> None:
        """A heater refused a command: too soon after the last one means wait and send it again, keeping the order."""
        self._has_arrived(session_id)
        command = self._confirmations.forget(session_id)
        if command is None:
            return
        refusals = self._refusals[session_id]
        if code != ControlFailure.INTERVAL_EXCEEDED or refusals >= len(_REFUSAL_PAUSES):
            reason = f"the heater refused it with code {code}"
            self._settle(command, Settled(CommandOutcome.REJECTED, reason, code))
            self._writer.pump()
            return
        self._refusals[session_id] += 1
        self._take_back(command, _REFUSAL_PAUSES[refusals])

    # From the writer

    @override
    def pause(self, command: QueuedCommand) -> float:
        if not command.is_control:
            return 0.0
        if self._config.guard_commands and command.mac_address and not self._fresh.has(command.mac_address):
            return math.inf
        if self._config.command_interval and self._is_busy(command.mac_address):
            return math.inf
        paused_until = self._paused_until.get(command.mac_address, 0.0)
        return max(0.0, paused_until - asyncio.get_running_loop().time())

    @override
    def verdict(self, command: QueuedCommand) -> Settled | None:
        if command.is_expired():
            return _EXPIRED
        status = self._statuses.get(command.mac_address) if command.mac_address else None
        if (
            self._config.skip_settled
            and status is not None
            and self._fresh.has(command.mac_address or "")
            and command.is_shown_by(status.raw)
            and not _is_renewal(command, status)
            and _setting(command) not in self._uncertain
            and not any(command.replaces(other) for other in (*self._queue.in_flight, *self.sent))
        ):
            return Settled(CommandOutcome.CONFIRMED, "already so")
        return None

    @override
    def command_not_sent(self, command: QueuedCommand, verdict: Settled) -> None:
        self._settle(command, verdict)

    @override
    def command_written(self, command: QueuedCommand, packet_id: int) -> None:
        if (handle := self._handles.get(command.id)) is not None:
            handle.packet_id = packet_id
        self._written_query(command)
        if command.is_control:
            now = asyncio.get_running_loop().time()
            self._paused_until[command.mac_address] = now + self._config.command_interval
        self._changed()

    @override
    def command_sent(self, command: QueuedCommand) -> None:
        if (handle := self._handles.get(command.id)) is not None:
            handle.handed_over(handle.packet_id)
            self._newest_sent[_setting(command)] = max(handle.place, self._newest_sent.get(_setting(command), 0))
            self._withdraw_older(command)
            self._confirmations.sent(command)
        self._events.emit("command_sent", CommandEvent(command))
        self._changed()

    @override
    def commands_displaced(self, displaced: Displaced) -> None:
        for command in displaced.superseded:
            reason = "a newer command for the same setting was given"
            self._settle(command, Settled(CommandOutcome.SUPERSEDED, reason))
        for command in displaced.dropped:
            _LOGGER.warning(
                "The command queue is full: dropped the oldest, %s of %s",
                command.wanted,
                command.queued_at.isoformat(timespec="seconds"),
            )
            self._settle(command, Settled(CommandOutcome.DROPPED, "the queue was full"))
        for command in displaced.in_doubt:
            self._settle(command, _IN_DOUBT)

    @override
    def commands_returned(self, commands: tuple[QueuedCommand, ...]) -> None:
        for command in commands:
            if (handle := self._handles.get(command.id)) is not None:
                handle.handed_over(0)
        self._watch_expiry()

    @override
    def link_suspect(self, reason: str) -> None:
        self._replace_link(reason)

    # Inner steps

    def _take_back(self, command: QueuedCommand, pause: float) -> None:
        """Put a refused command back in its place in the queue, and pause for its heater."""
        if command.setting and self._place(command) < self._newest_sent[_setting(command)]:
            self._settle(command, _OVERTAKEN)
            self._writer.pump()
            return
        mac_address = command.mac_address or ""
        known = self._statuses[mac_address].raw if self._fresh.has(mac_address) else {}
        command = replace(command, baseline=command.baseline_in(known))
        self._paused_until[mac_address] = asyncio.get_running_loop().time() + pause
        self.commands_displaced(self._queue.put_back(command))
        self._need_fresh_status(command)
        self._watch_expiry()
        self._changed()
        self._writer.pump()

    def _withdraw_older(self, sent: QueuedCommand) -> None:
        """See to it that nothing older for a setting is sent a second time, after the newer command."""

        def is_older(command: QueuedCommand) -> bool:
            return bool(command.attempts) and sent.replaces(command) and self._place(command) < self._place(sent)

        self._queue.forbid_return(is_older)
        for command in self._queue.remove(is_older):
            self._settle(command, _OVERTAKEN)

    def _give_way(self, mac_address: str, status: DeviceStatus) -> None:
        """Withdraw what waits for a heater where somebody else has changed the same setting meanwhile."""
        own = [command for command in self.unsettled() if command.attempts]
        # All of them leave the queue before the first outcome, which may change what else waits.
        overruled = self._queue.remove(
            lambda command: command.mac_address == mac_address and _is_overruled(command, status.raw, own)
        )
        for command in overruled:
            reason = "the setting was changed at the heater or in the app after the command was given"
            self._settle(command, Settled(CommandOutcome.SUPERSEDED, reason))

    def _watch_expiry(self) -> None:
        """Let the next command that becomes too old end as expired then, not only when its turn comes."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        left = [
            (command.life_time - command.age()).total_seconds()
            for command in self._queue.waiting
            if command.life_time is not None
        ]
        if left:
            self._expiry = asyncio.get_running_loop().call_later(max(0.0, min(left)), self._expire)

    def _expire(self) -> None:
        for command in self._queue.remove(QueuedCommand.is_expired):
            self._settle(command, _EXPIRED)
        self._watch_expiry()
        self._writer.pump()

    def _has_arrived(self, command_id: str) -> None:
        """Take a command whose reply overtook its PUBACK, or outlived the link, for what it is: sent."""
        if self._handles.get(command_id) is None or self._confirmations.has(command_id):
            return
        command = self._queue.acknowledge(command_id)
        if command is not None:
            self.command_sent(command)
            self._writer.pump()

    def _is_busy(self, mac_address: str | None) -> bool:
        """Tell whether a control to a heater is in flight or unanswered."""
        in_flight = any(command.is_control and command.mac_address == mac_address for command in self._queue.in_flight)
        return in_flight or self._confirmations.is_unanswered(mac_address)

    def _is_stale(self, mac_address: str | None) -> bool:
        """Tell whether what is known of a heater is from before the present link, and may have changed since."""
        return self._writer.is_attached and not self._fresh.has(mac_address or "")

    def _has_waiting_control(self, mac_address: str) -> bool:
        return any(command.is_control and command.mac_address == mac_address for command in self._queue.waiting)

    def _need_fresh_status(self, command: QueuedCommand) -> None:
        if command.is_control and command.mac_address and self.is_waiting_for_status(command.mac_address):
            self._fresh.need(command.mac_address)

    def _likely_mode(self, mac_address: str) -> int:
        """Return the mode that power-on brings back: the last one seen to heat, else the factory's."""
        return self._running_modes.get(mac_address, DhwMode.ENERGY_SAVER)

    def _settle(self, command: QueuedCommand, settled: Settled) -> None:
        """Give a command its outcome; only the first one counts."""
        self._confirmations.forget(command.id)
        self._queue.acknowledge(command.id)
        self._refusals.pop(command.id, None)
        handle = self._handles.pop(command.id, None)
        if handle is None:
            return
        handle.settle(settled)
        self._counts.setdefault(command.mac_address, Counter())[settled.outcome] += 1
        event = CommandEvent(command, settled.reason, settled.code)
        self._events.emit(f"command_{settled.outcome}", event)
        self._events.emit("command_settled", CommandSettled(command, settled))
        self._remember_effect(command, settled.outcome, handle.place)
        if settled.outcome is CommandOutcome.CONFIRMED:
            self._retire_older(command)
        self._changed()

    def _retire_older(self, confirmed: QueuedCommand) -> None:
        """Stop waiting for older wishes for a setting that a newer one has decided: the heater will not show them."""
        for command in self._confirmations.commands:
            if confirmed.replaces(command) and command.queued_at <= confirmed.queued_at:
                reason = "a newer command for the same setting took effect"
                self._settle(command, Settled(CommandOutcome.UNCONFIRMED, reason))

    def _remember_effect(self, command: QueuedCommand, outcome: CommandOutcome, place: int) -> None:
        """See to it that the effect of an own command is not taken for somebody else's doing."""
        if not command.is_control:
            return
        related = [other for other in self._queue.unsent() if other.is_related_to(command)]
        if outcome is CommandOutcome.CONFIRMED and command.mac_address in self._statuses:
            if place > self._uncertain.get(_setting(command), place):
                del self._uncertain[_setting(command)]
            for other in related:
                self._rebase(other, self._statuses[command.mac_address].raw)
        elif command.setting is not None and command.attempts > (outcome is CommandOutcome.REJECTED):
            # Sent, and who knows whether it has arrived; of a refused one, only what was sent before is in doubt.
            self._uncertain[_setting(command)] = max(place, self._uncertain.get(_setting(command), place))
            for other in related:
                self._rebase(other, {})

    def _rebase(self, command: QueuedCommand, raw: Mapping[str, object]) -> None:
        """Let changes count from these raw members on."""
        self._queue.exchange(command, replace(command, baseline=command.baseline_in(raw)))

    def _new_handle(self, command: QueuedCommand) -> CommandHandle:
        handle = self._handles[command.id] = CommandHandle(command, next(self._places))
        return handle

    def _place(self, command: QueuedCommand) -> int:
        handle = self._handles.get(command.id)
        return 0 if handle is None else handle.place

    def _changed(self) -> None:
        self._events.emit("queue_changed", QueueChanged())


def _is_overruled(command: QueuedCommand, raw: Mapping[str, object], own: Iterable[QueuedCommand]) -> bool:
    """Tell whether a status shows another value than at the giving that no own command has brought about."""
    if any(other.is_related_to(command) and other.is_shown_by(raw) for other in (*own, command)):
        # Also what an own command changes besides, such as the days of a vacation that it ends.
        return False
    return any(
        isinstance(now := raw.get(name), int)
        and now != known
        and not any(now in other.expected.get(name, ()) for other in (*own, command))
        for name, known in command.baseline.items()
    )


def _setting(command: QueuedCommand) -> _Setting:
    return command.mac_address, command.setting


_EXPIRED = Settled(CommandOutcome.EXPIRED, "it waited longer than it may")
_OVERTAKEN = Settled(CommandOutcome.SUPERSEDED, "a newer command for the same setting was sent before it")
_IN_DOUBT = Settled(CommandOutcome.UNCONFIRMED, "the link was lost before its PUBACK, and it is not repeated")


def _is_renewal(command: QueuedCommand, status: DeviceStatus) -> bool:
    """Tell whether a vacation is to begin anew: its days count from the write, so the same number is not the same."""
    return "vacationDaySetting" in command.expected and bool(status.vacation_days_elapsed)
