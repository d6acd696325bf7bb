"""From the PUBACK to the outcome: which commands still have to show their effect.

The PUBACK proves that the broker has a command; the reply with its `sessionID`, that the heater has it; a status with
the wanted raw values, that it took effect (protocol.md 4.4). A status is asked for after a control and again at growing
intervals until it shows the effect.
"""

import asyncio
from collections.abc import Callable

from ..models import DeviceStatus
from ..protocol.controls import HELD_MODES, RUNNING_MODES
from .freshness import MODE
from .outcome import CommandOutcome, CommandReason, CommandResult
from .registry import CommandRecord, CommandRegistry

ANSWER_SECONDS = 10.0
"""After this long without an answer the next control to the same heater may go."""
LOOK_INTERVALS = (2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between the requests for a status after a control; a setpoint was once missing after 16 s (13.1)."""
_QUERY_SECONDS = 30.0
REPORTED = CommandResult(CommandOutcome.CONFIRMED, CommandReason.REPORTED)


class Confirmations:
    """Watches what was sent until it is known what became of it."""

    def __init__(
        self, registry: CommandRegistry, *, look: Callable[[str], bool], may_send_more: Callable[[], None]
    ) -> None:
        self._registry = registry
        self._look = look
        self._may_send_more = may_send_more

    def sent(self, record: CommandRecord) -> None:
        """A command's PUBACK was seen: from now on its effect is waited for."""
        record.is_answered = record.is_overdue = record.is_look_due = False
        record.looks = 0
        self._registry.sent[record.command.id] = record
        if record.command.is_control:
            _after(ANSWER_SECONDS, self._answer_overdue, record)
            _after(LOOK_INTERVALS[0], self._look_again, record)
        else:
            _after(_QUERY_SECONDS, self._unconfirmed, record)

    def answered(self, sent: CommandRecord) -> None:
        """The heater answered a command; one without an effect that a status shows is completed by that."""
        if sent.command.id not in self._registry.sent:
            return
        if not sent.command.expected:
            self._registry.complete(sent.command, CommandResult(CommandOutcome.CONFIRMED, CommandReason.ANSWERED))
        elif not sent.is_answered:
            sent.is_answered = True
            # The answer is a status too, as a rule still the old one: after it has been read, a newer one is asked for.
            asyncio.get_running_loop().call_soon(self._first_look, sent)
            self._may_send_more()

    def status(self, mac_address: str, status: DeviceStatus, asked_at: int) -> None:
        """A heater answered a question of that moment: complete what it shows to have taken effect, or to be held.

        What was not asked for since a command was written proves nothing about it. Its own reply does. Held are writes
        of a mode that the heater keeps back in a peak period (protocol.md 13.5).
        """
        for sent in tuple(self._registry.sent.values()):
            if sent.command.mac_address != mac_address or not sent.command.expected or asked_at < sent.written_at:
                continue
            if sent.command.is_shown_by(status.raw):
                self._registry.complete(sent.command, REPORTED)
            elif (
                (sent.is_answered or sent.is_overdue)
                and sent.looks
                and status.is_in_tou_window
                and sent.command.expected.get(MODE, RUNNING_MODES) <= HELD_MODES
            ):
                self._registry.complete(sent.command, CommandResult(CommandOutcome.HELD, CommandReason.PEAK_PERIOD))

    def look_at_what_is_due(self) -> None:
        """Ask for the statuses that are due, one for all commands of a heater."""
        due = [sent for sent in self._registry.sent.values() if sent.is_look_due]
        for mac_address in dict.fromkeys(sent.command.mac_address or "" for sent in due):
            self._look_at(mac_address, [sent for sent in due if sent.command.mac_address == mac_address])

    def _first_look(self, sent: CommandRecord) -> None:
        if sent.command.id in self._registry.sent and sent.command.mac_address:
            self._look(sent.command.mac_address)

    def _look_again(self, sent: CommandRecord) -> None:
        self._look_at(sent.command.mac_address or "", [sent])

    def _look_at(self, mac_address: str, due: list[CommandRecord]) -> None:
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

    def _answer_overdue(self, sent: CommandRecord) -> None:
        sent.is_overdue = True
        self._may_send_more()

    def _unconfirmed(self, sent: CommandRecord) -> None:
        reason = CommandReason.NOT_REPORTED if sent.command.is_control else CommandReason.NO_ANSWER
        self._registry.complete(sent.command, CommandResult(CommandOutcome.UNCONFIRMED, reason))


def _after(seconds: float, act: Callable[[CommandRecord], None], sent: CommandRecord) -> None:
    sent.timers = *sent.timers, asyncio.get_running_loop().call_later(seconds, act, sent)
