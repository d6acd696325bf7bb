"""From written to settled: which controls still have to show their effect, and what tells that they did.

The PUBACK proves that the broker has a command; the reply with its `sessionID`, that the heater has it; a status with
the raw values wanted, that it took effect; `ctrl-fail` with its `sessionID`, that it was refused (protocol.md 4.4 and
10.4).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .command_queue import QueuedCommand
from .enums import DhwMode

type Settled = Callable[[str, QueuedCommand, str, int | None], None]
"""Called with the outcome, the command, the reason and the heater's code."""

_MODE_MEMBER = "dhwOperationSetting"


@dataclass(slots=True)
class _Unsettled:
    command: QueuedCommand
    is_sent: bool = False
    deadline: asyncio.TimerHandle | None = None


class Confirmations:
    """The controls that were given and are not settled, in the order in which they were given."""

    def __init__(self, on_settled: Settled, *, patience: float, is_link_up: Callable[[], bool]) -> None:
        self._on_settled = on_settled
        self._patience = patience
        self._is_link_up = is_link_up
        self._unsettled: dict[str, _Unsettled] = {}
        self._running_modes: dict[str | None, int] = {}

    def given(self, command: QueuedCommand) -> None:
        """A command was accepted."""
        if command.is_control:
            self._unsettled[command.id] = _Unsettled(command)

    def sent(self, command: QueuedCommand) -> None:
        """A command's PUBACK was seen: from now on its effect is waited for."""
        unsettled = self._unsettled.get(command.id)
        if unsettled is not None:
            unsettled.is_sent = True
            self._wait(unsettled)

    def forget(self, command: QueuedCommand) -> None:
        """A command ended some other way."""
        unsettled = self._unsettled.pop(command.id, None)
        if unsettled is not None and unsettled.deadline is not None:
            unsettled.deadline.cancel()

    def answered(self, session_id: str) -> None:
        """The heater acknowledged a command; one without an effect that a status shows is settled by that."""
        unsettled = self._unsettled.get(session_id)
        if unsettled is None:
            return
        # The reply can overtake the PUBACK, and proves more.
        unsettled.is_sent = True
        if not unsettled.command.expected:
            self._settle("confirmed", unsettled.command, "the heater acknowledged it")

    def refused(self, session_id: str, code: int | None) -> None:
        """The heater refused a command."""
        unsettled = self._unsettled.get(session_id)
        if unsettled is not None:
            self._settle("rejected", unsettled.command, f"the heater refused it with code {code}", code)

    def status(self, mac_address: str, raw: Mapping[str, object]) -> None:
        """A heater told its status: settle what it shows to have taken effect."""
        mode = raw.get(_MODE_MEMBER)
        if isinstance(mode, int) and DhwMode.HEAT_PUMP <= mode <= DhwMode.HIGH_DEMAND:
            self._running_modes[mac_address] = mode
        for unsettled in tuple(self._unsettled.values()):
            command = unsettled.command
            if command.mac_address == mac_address and unsettled.is_sent and _is_shown(command, raw):
                self._settle("confirmed", command, "the heater reports it")

    def wanted(self, mac_address: str) -> dict[str, int]:
        """Return the raw status members that a heater will have once everything unsettled has taken effect."""
        members: dict[str, int] = {}
        for unsettled in self._unsettled.values():
            if unsettled.command.mac_address == mac_address:
                for name, values in unsettled.command.expected.items():
                    members[name] = min(values) if len(values) == 1 else self._likely_mode(mac_address)
        return members

    def close(self) -> None:
        """Stop waiting."""
        for unsettled in tuple(self._unsettled.values()):
            self.forget(unsettled.command)

    def _likely_mode(self, mac_address: str) -> int:
        """Return the mode that power-on brings back: the last one seen to heat, else the factory's."""
        return self._running_modes.get(mac_address, DhwMode.ENERGY_SAVER)

    def _wait(self, unsettled: _Unsettled) -> None:
        if unsettled.deadline is not None:
            unsettled.deadline.cancel()
        loop = asyncio.get_running_loop()
        unsettled.deadline = loop.call_later(self._patience, self._deadline_passed, unsettled)

    def _deadline_passed(self, unsettled: _Unsettled) -> None:
        if self._is_link_up():
            self._settle("unconfirmed", unsettled.command, "the heater did not report it in time")
        else:
            # While the link is down nothing can be heard: the time starts anew.
            self._wait(unsettled)

    def _settle(self, outcome: str, command: QueuedCommand, reason: str, code: int | None = None) -> None:
        self.forget(command)
        self._on_settled(outcome, command, reason, code)


def _is_shown(command: QueuedCommand, raw: Mapping[str, object]) -> bool:
    return bool(command.expected) and all(raw.get(name) in values for name, values in command.expected.items())
