"""Which heaters have told their status on the present link, and the asking of those that have not.

A status bears no time, and one that comes over a link may be older than the link: a belated answer to a question of the
link before, or to another client's, on its way while somebody turned the panel. What is known to be of this link is the
answer, by its `sessionID`, to a request that this link was the first to see. A heater's messages come in the order in
which it made them, so whatever it tells after that, asked or not, is of this link as well.
"""

import asyncio
from collections.abc import Callable

from .command_queue import QueuedCommand

_ASK_INTERVALS = (5.0, 10.0, 20.0, 30.0)
"""Seconds between the questions to a heater that does not answer; the last one repeats."""


class FreshStatus:
    """Asks a heater for its status until it answers; only then is it known what a command would change there."""

    def __init__(self, ask: Callable[[str], bool], is_needed: Callable[[str], bool]) -> None:
        self._ask = ask
        self._is_needed = is_needed
        self._requests: dict[str, str] = {}
        """The MAC of the heater that each unanswered request of this link went to, by session."""
        self._answering: set[str] = set()
        """The heaters whose messages are known to be of this link."""
        self._fresh: set[str] = set()
        self._asking: dict[str, asyncio.TimerHandle] = {}

    def has(self, mac_address: str) -> bool:
        """Tell whether a heater has told its status on this link."""
        return mac_address in self._fresh

    def need(self, mac_address: str) -> None:
        """See to it that a heater is asked, now and again, until it has answered or nothing waits for it any more."""
        if mac_address not in self._fresh and mac_address not in self._asking:
            self._ask_again(mac_address, 0)

    def written(self, request: QueuedCommand) -> None:
        """A request was written to this link; if also to an older one, its answer may be an answer to that."""
        if request.mac_address is not None and request.attempts <= 1:
            self._requests[request.id] = request.mac_address

    def answered(self, session_id: str) -> None:
        """A heater answered a request, of this link or another, of ours or another client's."""
        if (mac_address := self._requests.pop(session_id, None)) is not None:
            self._answering.add(mac_address)

    def heard(self, mac_address: str) -> bool:
        """A heater told its status; tells whether that was the first time on this link."""
        if mac_address not in self._answering or mac_address in self._fresh:
            return False
        self._fresh.add(mac_address)
        if (timer := self._asking.pop(mac_address, None)) is not None:
            timer.cancel()
        return True

    def forget(self, mac_address: str) -> None:
        """Ask a heater no more, and know nothing of it."""
        if (timer := self._asking.pop(mac_address, None)) is not None:
            timer.cancel()
        self._requests = {session: asked for session, asked in self._requests.items() if asked != mac_address}
        self._answering.discard(mac_address)
        self._fresh.discard(mac_address)

    def reset(self) -> None:
        """Start anew with another link, or end."""
        for timer in self._asking.values():
            timer.cancel()
        self._asking.clear()
        self._requests.clear()
        self._answering.clear()
        self._fresh.clear()

    def _ask_again(self, mac_address: str, attempt: int) -> None:
        self._asking.pop(mac_address, None)
        if not self._is_needed(mac_address) or not self._ask(mac_address):
            return
        last = len(_ASK_INTERVALS) - 1
        if attempt >= last:
            # By now nothing is late any more (protocol.md 4.4). Who is heard but answers no session does not repeat
            # them, and the commands must not wait for that for ever.
            self._answering.add(mac_address)
        loop = asyncio.get_running_loop()
        interval = _ASK_INTERVALS[min(attempt, last)]
        self._asking[mac_address] = loop.call_later(interval, self._ask_again, mac_address, attempt + 1)
