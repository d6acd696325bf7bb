"""When a status was made: the order of questions to heaters, of the answers to them, and of commands.

A status has no time, and the service delivers late and twice. Its age follows from the `sessionID` of the request
that it answers: it was made after that request was written. So every writing has a session and a number of its own, and
what a heater reports is as old as the question that it answers. A status that answers an older question than the newest
one known to be answered is outdated and dropped. One that answers no question of this client (pushed, or for somebody
else) proves nothing, and counts at its arrival only when no question is open.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

_ASK_INTERVALS = (5.0, 10.0, 20.0, 30.0)
"""Seconds between the questions to a heater that does not answer; the last one repeats.

It is left out each time that somebody else has asked meanwhile, so that a heater which is away for hours is asked no
more often while a command waits for it than it is asked anyway.
"""
_ANSWER_SECONDS = 30.0
"""After this long a question is no longer open: an answer takes 2 to 8 s (protocol.md 4.4)."""
_REMEMBERED = 1000
"""So many requests are remembered; an answer that comes after so many others is that of nobody."""
_QUESTIONS = 16
"""So many questions to each heater are remembered with their time."""

UNKNOWN_MOMENT = 0
"""When a status was made that answers no question of this client: before everything, as a proof."""


class FreshStatus:
    """Numbers what is asked and given, dates statuses by it, and asks heaters whose status is needed until they answer.

    A moment is a number that grows with everything that is asked or given, over all connections of this client.
    """

    def __init__(self, ask: Callable[[str], bool], is_needed: Callable[[str], bool]) -> None:
        self._ask = ask
        self._is_needed = is_needed
        self._now = UNKNOWN_MOMENT
        self._connected_at = UNKNOWN_MOMENT
        self._asked: OrderedDict[tuple[str, str], int] = OrderedDict()
        """The moment at which each request was written, by heater and session."""
        self._questions: dict[str, deque[tuple[int, float]]] = {}
        """The newest questions to each heater, and when they were asked on the loop's clock."""
        self._answered: dict[str, int] = {}
        """The newest question that each heater has answered."""
        self._without_sessions: set[str] = set()
        """Heaters that leave questions unanswered, and so may be such as report without any session."""
        self._asking: dict[str, asyncio.TimerHandle] = {}
        self._offline_at: dict[str, int] = {}
        """The moment at which each heater was last found to be offline."""

    def moment(self) -> int:
        """Return the present moment, which is like no other."""
        self._now += 1
        return self._now

    def has(self, mac_address: str, since: int = UNKNOWN_MOMENT) -> bool:
        """Return whether a heater has answered a question of this connection that was asked after a moment."""
        offline_at = self._offline_at.get(mac_address, UNKNOWN_MOMENT)
        return self._answered.get(mac_address, UNKNOWN_MOMENT) > max(since, self._connected_at, offline_at)

    def answered_at(self, mac_address: str) -> int:
        """Return the moment of the newest question that a heater has answered."""
        return self._answered.get(mac_address, UNKNOWN_MOMENT)

    def need(self, mac_address: str) -> None:
        """See to it that a heater is asked, now and again, until it has answered or nothing waits for it any more."""
        if not self.has(mac_address) and mac_address not in self._asking:
            self._ask_again(mac_address, 0)

    def written(self, session_id: str, mac_address: str) -> int:
        """A request was written that is answered with a status; returns the moment."""
        self._asked[mac_address, session_id] = moment = self.moment()
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        questions = self._questions.setdefault(mac_address, deque(maxlen=_QUESTIONS))
        questions.append((moment, asyncio.get_running_loop().time()))
        return moment

    def dated(self, mac_address: str, session_id: str | None) -> int | None:
        """Return the moment after which a status was made that has come just now; `None` for one that is outdated."""
        known = self._answered.get(mac_address, UNKNOWN_MOMENT)
        asked = self._asked.get((mac_address, session_id or ""))
        if session_id is None and mac_address in self._without_sessions:
            asked = self._asked_before(mac_address, _ANSWER_SECONDS)
        if asked is None:
            # Of a heater that has never answered by session, nobody knows what is an answer.
            is_open = known != UNKNOWN_MOMENT and self._has_open_question(mac_address, known)
            return None if is_open else UNKNOWN_MOMENT
        if asked < known:
            return None
        self._answered[mac_address] = asked
        if self.has(mac_address) and (timer := self._asking.pop(mac_address, None)) is not None:
            timer.cancel()
        return asked

    def forget(self, mac_address: str) -> None:
        """Ask a heater no more, and know nothing of it."""
        if (timer := self._asking.pop(mac_address, None)) is not None:
            timer.cancel()
        for asked in [asked for asked in self._asked if asked[0] == mac_address]:
            del self._asked[asked]
        self._questions.pop(mac_address, None)
        self._answered.pop(mac_address, None)
        self._offline_at.pop(mac_address, None)
        self._without_sessions.discard(mac_address)

    def offline(self, mac_address: str) -> None:
        """A heater is offline: only what it is asked from now on is known to be answered after it is back."""
        self._offline_at[mac_address] = self.moment()

    def is_offline_since(self, mac_address: str, moment: int) -> bool:
        """Return whether a heater was found to be offline after a moment, whatever has come from it since."""
        return self._offline_at.get(mac_address, UNKNOWN_MOMENT) > moment

    def connected(self) -> None:
        """A connection is up: only what is asked from now on is known to be answered after it."""
        self._connected_at = self.moment()

    def disconnected(self) -> None:
        """The connection is lost, or the client ends."""
        for timer in self._asking.values():
            timer.cancel()
        self._asking.clear()
        self._without_sessions.clear()
        self._connected_at = self.moment()

    def _has_open_question(self, mac_address: str, known: int) -> bool:
        """Return whether a question may still be answered that is newer than all that are answered."""
        questions = self._questions.get(mac_address)
        if not questions:
            return False
        moment, asked_at = questions[-1]
        return moment > known and asyncio.get_running_loop().time() - asked_at < _ANSWER_SECONDS

    def _asked_before(self, mac_address: str, seconds: float) -> int | None:
        """Return the newest question that was asked so long ago."""
        until = asyncio.get_running_loop().time() - seconds
        return next((moment for moment, at in reversed(self._questions.get(mac_address, ())) if at <= until), None)

    def _newest_question(self, mac_address: str) -> int:
        questions = self._questions.get(mac_address)
        return questions[-1][0] if questions else UNKNOWN_MOMENT

    def _ask_again(self, mac_address: str, attempt: int, last_question: int = UNKNOWN_MOMENT) -> None:
        self._asking.pop(mac_address, None)
        last = len(_ASK_INTERVALS) - 1
        if attempt >= last:
            # Whoever reports without any session must not hold its commands indefinitely: from now on its statuses
            # count as answers to what was asked so long ago that nothing is late any more. One with a session is no
            # such thing: it answers somebody else, or an earlier run of this client.
            self._without_sessions.add(mac_address)
        if not self._is_needed(mac_address):
            return
        is_asked_by_others = attempt > last and self._newest_question(mac_address) != last_question
        if not is_asked_by_others and not self._ask(mac_address):
            return
        self._asking[mac_address] = asyncio.get_running_loop().call_later(
            _ASK_INTERVALS[min(attempt, last)],
            self._ask_again,
            mac_address,
            attempt + 1,
            self._newest_question(mac_address),
        )
