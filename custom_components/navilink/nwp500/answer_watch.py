"""Notices what stops answering: the link, which is then replaced, or a heater."""

import asyncio
from collections.abc import Callable

_PATIENCE_SECONDS = 30.0
"""An answer takes 2 to 4 s, the first after connecting up to 8 s (protocol.md 4.4)."""

_QUESTIONS_TO_ABSENCE = 3
"""So many in a row unanswered, each for the whole patience, and the heater is not there."""


class AnswerWatch:
    """Waits for an answer to what heaters are asked.

    Calls `on_silence` once when a heater that has answered on this link stops answering: the link may be deaf. A heater
    that never answered on this link proves nothing about it. Calls `on_absence` with the MAC of a heater that leaves
    question after question unanswered on one and the same link; with the next link the count begins anew.
    """

    def __init__(self, on_silence: Callable[[], None], on_absence: Callable[[str], None]) -> None:
        self._on_silence = on_silence
        self._on_absence = on_absence
        self._answering: set[str] = set()
        self._unanswered: dict[str, int] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}

    def asked(self, mac_address: str) -> None:
        """A request that a reachable heater answers was written; what is asked meanwhile is the same question."""
        if mac_address not in self._deadlines:
            loop = asyncio.get_running_loop()
            self._deadlines[mac_address] = loop.call_later(_PATIENCE_SECONDS, self._silent, mac_address)

    def answered(self, mac_address: str) -> None:
        """A heater said something."""
        self._answering.add(mac_address)
        self._unanswered.pop(mac_address, None)
        if (deadline := self._deadlines.pop(mac_address, None)) is not None:
            deadline.cancel()

    def forget(self, mac_address: str) -> None:
        """A heater is no longer ours to wait for."""
        self.answered(mac_address)
        self._answering.discard(mac_address)

    def reset(self) -> None:
        """Start anew with another link, or end."""
        for deadline in self._deadlines.values():
            deadline.cancel()
        self._deadlines.clear()
        self._unanswered.clear()
        self._answering.clear()

    def _silent(self, mac_address: str) -> None:
        del self._deadlines[mac_address]
        self._unanswered[mac_address] = count = self._unanswered.get(mac_address, 0) + 1
        if count >= _QUESTIONS_TO_ABSENCE:
            self._on_absence(mac_address)
        if mac_address in self._answering:
            self._answering.discard(mac_address)
            self._on_silence()
