"""Notices what stops answering: the connection, which is then replaced, or a heater."""

import asyncio
from collections.abc import Callable

from ..protocol.queries import DEVICE_INFO, STATUS
from ..queue.command import QueuedCommand

_PATIENCE_SECONDS = 30.0
"""An answer takes 2 to 4 s, the first after connecting up to 8 s (protocol.md 4.4)."""

_QUESTIONS_TO_ABSENCE = 3
"""So many in a row unanswered, each for the whole patience, and the heater is not there."""

_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 60.0, 3600.0
"""Between replacements of connections that have delivered nothing: doubled each time, the heater may just be off."""


class ResponseWatchdog:
    """Waits for an answer to what heaters are asked.

    Calls `on_silence` when the connection may deliver nothing: once when a heater that has answered on this connection
    stops answering, and when one that answered on an earlier connection is absent on this one, over which nothing has
    come from any heater. Where even the next connections deliver nothing, the pauses between such calls grow. A heater
    that never answered proves nothing about a connection, nor does an absent one about a connection that delivers the
    messages of others. Calls `on_absence` with the MAC of a heater that leaves question after question unanswered on
    one and the same connection; with the next connection the count begins anew.
    """

    def __init__(self, on_silence: Callable[[], None], on_absence: Callable[[str], None]) -> None:
        self._on_silence = on_silence
        self._on_absence = on_absence
        self._answering: set[str] = set()
        self._answered_ever: set[str] = set()
        self._delivers = False
        """Whether anything has come from any heater over this connection."""
        self._unanswered: dict[str, int] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._silent: set[str] = set()
        self._pause = _FIRST_PAUSE_SECONDS
        self._replaceable_at = 0.0
        """By the event loop's clock, when the next connection may be replaced that has delivered nothing."""

    def is_silent(self, mac_address: str) -> bool:
        """Return whether a heater was found absent by its silence, and has sent nothing since."""
        return mac_address in self._silent

    def written(self, request: QueuedCommand) -> None:
        """A message was written; some of them a reachable heater always answers."""
        if request.mac_address is not None and request.kind in (STATUS.name, DEVICE_INFO.name):
            self.asked(request.mac_address)

    def asked(self, mac_address: str) -> None:
        """A request that a reachable heater answers was written; what is asked meanwhile is the same question."""
        if mac_address not in self._deadlines:
            loop = asyncio.get_running_loop()
            self._deadlines[mac_address] = loop.call_later(_PATIENCE_SECONDS, self._unanswered_once_more, mac_address)

    def answered(self, mac_address: str) -> None:
        """A heater sent something."""
        self.delivered()
        self._answering.add(mac_address)
        self._answered_ever.add(mac_address)
        self._silent.discard(mac_address)
        self._unanswered.pop(mac_address, None)
        if (deadline := self._deadlines.pop(mac_address, None)) is not None:
            deadline.cancel()

    def forget(self, mac_address: str) -> None:
        """A heater is no longer ours to wait for."""
        if (deadline := self._deadlines.pop(mac_address, None)) is not None:
            deadline.cancel()
        self._unanswered.pop(mac_address, None)
        for known in (self._answering, self._answered_ever, self._silent):
            known.discard(mac_address)

    def announced_absent(self, mac_address: str) -> None:
        """The service reported a heater as absent: that explains its silence, and shows a connection that delivers."""
        self.delivered()
        self._silent.discard(mac_address)
        self._answering.discard(mac_address)

    def delivered(self) -> None:
        """Something has come over this connection."""
        self._delivers = True
        self._pause = _FIRST_PAUSE_SECONDS
        self._replaceable_at = 0.0

    def reset(self) -> None:
        """Start anew with another connection, or end."""
        for deadline in self._deadlines.values():
            deadline.cancel()
        self._deadlines.clear()
        self._unanswered.clear()
        self._answering.clear()
        self._delivers = False

    def _unanswered_once_more(self, mac_address: str) -> None:
        del self._deadlines[mac_address]
        self._unanswered[mac_address] = count = self._unanswered.get(mac_address, 0) + 1
        is_absent = count >= _QUESTIONS_TO_ABSENCE
        if is_absent:
            self._silent.add(mac_address)
            self._on_absence(mac_address)
        if mac_address in self._answering:
            self._answering.discard(mac_address)
            self._on_silence()
        elif is_absent and mac_address in self._answered_ever and not self._delivers:
            self._replace_in_time()

    def _replace_in_time(self) -> None:
        """Have the connection replaced, unless the last that delivered nothing was replaced a short while ago."""
        now = asyncio.get_running_loop().time()
        if now < self._replaceable_at:
            return
        self._replaceable_at = now + self._pause
        self._pause = min(2 * self._pause, _MAX_PAUSE_SECONDS)
        self._on_silence()
