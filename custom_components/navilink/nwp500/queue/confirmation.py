"""From the PUBACK to the outcome: which commands still have to show their effect.

The PUBACK proves that the broker has a command; the reply with its `sessionID`, that the heater has it; a status with
the wanted raw values, that it took effect (protocol.md 4.4). A status is asked for after a control and again at growing
intervals until it shows the effect.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ..models import DeviceStatus
from ..protocol.controls import HELD_MODES
from .command import QueuedCommand
from .outcome import CommandOutcome, CommandReason, CommandResult

ANSWER_SECONDS = 10.0
"""After this long without an answer the next control to the same heater may go."""
LOOK_INTERVALS = (2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between the requests for a status after a control; a setpoint was once missing after 16 s (13.1)."""
_QUERY_SECONDS = 30.0
REPORTED = CommandResult(CommandOutcome.CONFIRMED, CommandReason.REPORTED)


@dataclass(slots=True, eq=False)
class _Sent:
    command: QueuedCommand
    written_at: int
    """The moment of its last writing: a status that answers a question asked then or later shows its effect."""
    is_answered: bool = False
    is_overdue: bool = False
    """The answer has not come in time, so that nothing else has to wait for it."""
    looks: int = 0
    is_look_due: bool = False
    """A status is due, but there is no connection to ask over."""
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class Confirmations:
    """The commands that the broker has acknowledged and that are without an outcome, in the order of sending."""

    def __init__(
        self,
        *,
        complete: Callable[[QueuedCommand, CommandResult], None],
        look: Callable[[str], bool],
        may_send_more: Callable[[], None],
    ) -> None:
        self._complete = complete
        self._look = look
        self._may_send_more = may_send_more
        self._sent: dict[str, _Sent] = {}

    @property
    def commands(self) -> tuple[QueuedCommand, ...]:
        """The commands that are watched."""
        return tuple(sent.command for sent in self._sent.values())

    def has(self, command_id: str) -> bool:
        """Return whether a command is among them."""
        return command_id in self._sent

    def sent(self, command: QueuedCommand, written_at: int) -> None:
        """A command's PUBACK was seen, which was written at that moment: from now on its effect is waited for."""
        sent = _Sent(command, written_at)
        self._sent[command.id] = sent
        if command.is_control:
            _after(ANSWER_SECONDS, self._answer_overdue, sent)
            _after(LOOK_INTERVALS[0], self._look_again, sent)
        else:
            _after(_QUERY_SECONDS, self._unconfirmed, sent)

    def forget(self, command_id: str) -> QueuedCommand | None:
        """Stop waiting for a command."""
        sent = self._sent.pop(command_id, None)
        if sent is None:
            return None
        for timer in sent.timers:
            timer.cancel()
        return sent.command

    def is_unanswered(self, mac_address: str | None) -> bool:
        """Return whether a control to a heater was sent that the heater has not answered yet."""
        return any(
            sent.command.mac_address == mac_address
            and sent.command.is_control
            and not (sent.is_answered or sent.is_overdue)
            for sent in self._sent.values()
        )

    def without_answer(self, mac_address: str) -> tuple[QueuedCommand, ...]:
        """Return the controls that a heater has not answered, whether in time or not."""
        return tuple(
            sent.command
            for sent in self._sent.values()
            if sent.command.mac_address == mac_address and sent.command.is_control and not sent.is_answered
        )

    def answered(self, command_id: str) -> None:
        """The heater answered a command; one without an effect that a status shows is completed by that."""
        sent = self._sent.get(command_id)
        if sent is None:
            return
        if not sent.command.expected:
            self._complete(sent.command, CommandResult(CommandOutcome.CONFIRMED, CommandReason.ANSWERED))
        elif not sent.is_answered:
            sent.is_answered = True
            # The answer is a status too, as a rule still the old one: after it has been read, a newer one is asked for.
            asyncio.get_running_loop().call_soon(self._first_look, sent)
            self._may_send_more()

    def status(self, mac_address: str, status: DeviceStatus, asked_at: int) -> None:
        """A heater answered a question of that moment: complete what it shows to have taken effect, or to be held.

        What was not asked for since a command was written proves nothing about it. Its own reply does.
        """
        for sent in tuple(self._sent.values()):
            if sent.command.mac_address != mac_address or not sent.command.expected or asked_at < sent.written_at:
                continue
            if sent.command.is_shown_by(status.raw):
                self._complete(sent.command, REPORTED)
            elif (
                (sent.is_answered or sent.is_overdue)
                and sent.looks
                and status.is_in_tou_window
                and _can_be_held(sent.command)
            ):
                self._complete(sent.command, CommandResult(CommandOutcome.HELD, CommandReason.PEAK_PERIOD))

    def look_at_what_is_due(self) -> None:
        """Ask for the statuses that are due, one for all commands of a heater."""
        due = [sent for sent in self._sent.values() if sent.is_look_due]
        for mac_address in dict.fromkeys(sent.command.mac_address or "" for sent in due):
            self._look_at(mac_address, [sent for sent in due if sent.command.mac_address == mac_address])

    def close(self) -> None:
        """Stop waiting for all of them."""
        for command_id in tuple(self._sent):
            self.forget(command_id)

    def _first_look(self, sent: _Sent) -> None:
        if sent.command.id in self._sent and sent.command.mac_address:
            self._look(sent.command.mac_address)

    def _look_again(self, sent: _Sent) -> None:
        self._look_at(sent.command.mac_address or "", [sent])

    def _look_at(self, mac_address: str, due: list[_Sent]) -> None:
        is_asked = self._look(mac_address)
        for sent in due:
            sent.is_look_due = not is_asked
            if not is_asked:
                continue
            sent.looks += 1
            if sent.looks < len(LOOK_INTERVALS):
                _after(LOOK_INTERVALS[sent.looks], self._look_again, sent)
            else:
                _after(ANSWER_SECONDS, self._unconfirmed, sent)

    def _answer_overdue(self, sent: _Sent) -> None:
        sent.is_overdue = True
        self._may_send_more()

    def _unconfirmed(self, sent: _Sent) -> None:
        reason = CommandReason.NOT_REPORTED if sent.command.is_control else CommandReason.NO_ANSWER
        self._complete(sent.command, CommandResult(CommandOutcome.UNCONFIRMED, reason))


def _after(seconds: float, act: Callable[[_Sent], None], sent: _Sent) -> None:
    sent.timers.append(asyncio.get_running_loop().call_later(seconds, act, sent))


def _can_be_held(command: QueuedCommand) -> bool:
    """Return whether a command is a mode write that the heater keeps back in a peak period (protocol.md 13.5)."""
    modes = command.expected.get("dhwOperationSetting")
    return modes is not None and modes <= HELD_MODES
