"""Notices a link that still takes messages but brings no answers any more."""

import asyncio
from collections.abc import Callable

_PATIENCE_SECONDS = 30.0
"""An answer takes 2 to 4 s, the first after connecting up to 8 s (protocol.md 4.4)."""


class AnswerWatch:
    """Calls `on_silence` once when a heater that has answered on this link stops answering.

    A heater that never answered on this link proves nothing: it is off line, and a new link would not bring it back.
    """

    def __init__(self, on_silence: Callable[[], None]) -> None:
        self._on_silence = on_silence
        self._answering: set[str] = set()
        self._deadlines: dict[str, asyncio.TimerHandle] = {}

    def asked(self, mac_address: str) -> None:
        """A request that a reachable heater answers was written."""
        if mac_address in self._answering and mac_address not in self._deadlines:
            loop = asyncio.get_running_loop()
            self._deadlines[mac_address] = loop.call_later(_PATIENCE_SECONDS, self._silent, mac_address)

    def answered(self, mac_address: str) -> None:
        """A heater said something."""
        self._answering.add(mac_address)
        if (deadline := self._deadlines.pop(mac_address, None)) is not None:
            deadline.cancel()

    def reset(self) -> None:
        """Start anew with another link, or end."""
        for deadline in self._deadlines.values():
            deadline.cancel()
        self._deadlines.clear()
        self._answering.clear()

    def _silent(self, mac_address: str) -> None:
        del self._deadlines[mac_address]
        self._answering.discard(mac_address)
        self._on_silence()
