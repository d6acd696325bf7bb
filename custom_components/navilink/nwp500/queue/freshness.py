"""When a status was made: the order of questions to heaters, of the answers to them, and of commands.

A status has no time, and the service delivers late and twice. Its age follows from the `sessionID` of the request
that it answers: it was made after that request was written. So every writing has a session and a number of its own, and
what a heater reports is as old as the question that it answers. A status that answers an older question than the newest
one known to be answered is outdated and dropped. One that answers no question of this client (pushed, or for somebody
else) proves nothing, and counts at its arrival only when no question is open.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from .known_heater import UNKNOWN_MOMENT, KnownHeater, loop_seconds

_ASK_INTERVALS = (5.0, 10.0, 20.0, 30.0)
"""Seconds between the questions to a heater that does not answer; the last one repeats.

It is left out each time that somebody else has asked meanwhile, so that a heater which is away for hours is asked no
more often while a command waits for it than it is asked anyway.
"""
_REMEMBERED = 1000
"""So many requests to each heater are remembered; an answer that comes after so many others is that of nobody."""


class FreshStatus:
    """Numbers what is asked and given, dates statuses by it, and asks heaters whose status is needed until they answer.

    A moment is a number that grows with everything that is asked or given, over all connections of this client.
    """

    def __init__(self, ask: Callable[[str], bool], is_needed: Callable[[str], bool]) -> None:
        self._ask = ask
        self._is_needed = is_needed
        self._now = UNKNOWN_MOMENT
        self._connected_at = UNKNOWN_MOMENT
        self.heaters: defaultdict[str, KnownHeater] = defaultdict(KnownHeater)
        """By MAC, for all that is known in this room."""

    def moment(self) -> int:
        """Return the present moment, which is like no other."""
        self._now += 1
        return self._now

    def has(self, mac_address: str, since: int = UNKNOWN_MOMENT) -> bool:
        """Return whether a heater has answered a question of this connection that was asked after a moment."""
        heater = self.heaters[mac_address]
        return heater.answered > max(since, self._connected_at, heater.offline_at)

    def need(self, mac_address: str) -> None:
        """See to it that a heater is asked, now and again, until it has answered or nothing waits for it any more."""
        if not self.has(mac_address) and self.heaters[mac_address].asks_again is None:
            self._ask_again(mac_address, 0)

    def written(self, session_id: str, mac_address: str) -> int:
        """A request was written that is answered with a status; returns the moment."""
        heater = self.heaters[mac_address]
        heater.asked[session_id] = moment = self.moment()
        if len(heater.asked) > _REMEMBERED:
            heater.asked.popitem(last=False)
        heater.questions.append((moment, loop_seconds()))
        return moment

    def dated(self, mac_address: str, session_id: str | None) -> int | None:
        """Return the moment after which a status was made that has come just now; `None` for one that is outdated."""
        heater = self.heaters[mac_address]
        asked = heater.asked.get(session_id or "")
        if session_id is None and heater.is_without_sessions:
            asked = heater.question_too_old_to_be_late()
        if asked is None:
            # Of a heater that has never answered by session, nobody knows what is an answer.
            is_open = heater.answered != UNKNOWN_MOMENT and heater.has_open_question()
            return None if is_open else UNKNOWN_MOMENT
        if asked < heater.answered:
            return None
        heater.answered = asked
        if self.has(mac_address):
            heater.stop_asking()
        return asked

    def forget(self, mac_address: str) -> None:
        """Ask a heater no more, and know nothing of it."""
        self.heaters.pop(mac_address, KnownHeater()).stop_asking()

    def offline(self, mac_address: str) -> None:
        """A heater is offline: only what it is asked from now on is known to be answered after it is back."""
        self.heaters[mac_address].offline_at = self.moment()

    def connected(self) -> None:
        """A connection is up: only what is asked from now on is known to be answered after it."""
        self._connected_at = self.moment()

    def disconnected(self) -> None:
        """With the connection goes all certainty: anybody may change anything until the heater has answered again."""
        for heater in self.heaters.values():
            heater.stop_asking()
            heater.is_without_sessions = False
        self._connected_at = self.moment()

    def _ask_again(self, mac_address: str, attempt: int, last_question: int = UNKNOWN_MOMENT) -> None:
        heater = self.heaters[mac_address]
        heater.asks_again = None
        last = len(_ASK_INTERVALS) - 1
        if attempt >= last:
            # Whoever reports without any session must not hold its commands indefinitely: from now on its statuses
            # count as answers to what was asked so long ago that nothing is late any more. One with a session is no
            # such thing: it answers somebody else, or an earlier run of this client.
            heater.is_without_sessions = True
        if not self._is_needed(mac_address):
            return
        is_asked_by_others = attempt > last and heater.newest_question != last_question
        if not is_asked_by_others and not self._ask(mac_address):
            return
        heater.asks_again = asyncio.get_running_loop().call_later(
            _ASK_INTERVALS[min(attempt, last)], self._ask_again, mac_address, attempt + 1, heater.newest_question
        )
