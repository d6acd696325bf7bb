"""Which heaters have told their status on the present link, and the asking of those that have not."""

import asyncio
from collections.abc import Callable

_ASK_INTERVALS = (5.0, 10.0, 20.0, 30.0)
"""Seconds between the questions to a heater that does not answer; the last one repeats."""


class FreshStatus:
    """Asks a heater for its status until it answers; only then is it known what a command would change there."""

    def __init__(self, ask: Callable[[str], bool], is_needed: Callable[[str], bool]) -> None:
        self._ask = ask
        self._is_needed = is_needed
        self._fresh: set[str] = set()
        self._asking: dict[str, asyncio.TimerHandle] = {}

    def has(self, mac_address: str) -> bool:
        """Tell whether a heater has told its status on this link."""
        return mac_address in self._fresh

    def need(self, mac_address: str) -> None:
        """See to it that a heater is asked, now and again, until it has answered or nothing waits for it any more."""
        if mac_address not in self._fresh and mac_address not in self._asking:
            self._ask_again(mac_address, 0)

    def heard(self, mac_address: str) -> bool:
        """A heater told its status; tells whether that was the first time on this link."""
        is_first = mac_address not in self._fresh
        self._fresh.add(mac_address)
        if (timer := self._asking.pop(mac_address, None)) is not None:
            timer.cancel()
        return is_first

    def reset(self) -> None:
        """Start anew with another link, or end."""
        for timer in self._asking.values():
            timer.cancel()
        self._asking.clear()
        self._fresh.clear()

    def _ask_again(self, mac_address: str, attempt: int) -> None:
        self._asking.pop(mac_address, None)
        if not self._is_needed(mac_address) or not self._ask(mac_address):
            return
        interval = _ASK_INTERVALS[min(attempt, len(_ASK_INTERVALS) - 1)]
        loop = asyncio.get_running_loop()
        self._asking[mac_address] = loop.call_later(interval, self._ask_again, mac_address, attempt + 1)
