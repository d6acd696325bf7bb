"""Which heaters have reported their status on this connection, and the asking of the others, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nwp500.queue.freshness import UNKNOWN_MOMENT, FreshStatus
from tests.client.support.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"


class Asking:
    """What was asked, and whether it can be and has to be."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.can_ask = True
        self.needed = {ONE, OTHER}
        self.fresh = FreshStatus(self._ask, self.needed.__contains__)

    def hears(self, mac_address: str) -> bool:
        """Let a heater answer a question that is asked now with its status; returns whether that is known then."""
        self.fresh.written("session", mac_address)
        return self.fresh.dated(mac_address, "session") is not None and self.fresh.has(mac_address)

    def _ask(self, mac_address: str) -> bool:
        if self.can_ask:
            self.asked.append((mac_address, asyncio.get_running_loop().time()))
        return self.can_ask


def run(story: Callable[[Asking], Awaitable[None]]) -> None:
    """Run a test's story in virtual time."""

    async def played() -> None:
        await story(Asking())

    asyncio.run(played(), loop_factory=VirtualTimeLoop)


def test_a_heater_is_asked_until_it_answers() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.need(ONE)
        asking.fresh.need(ONE)
        await asyncio.sleep(130)
        assert asking.asked == [(ONE, at) for at in (0, 5, 15, 35, 65, 95, 125)]
        assert not asking.fresh.has(ONE)
        assert asking.hears(ONE)
        asking.fresh.need(ONE)
        await asyncio.sleep(3600)
        assert len(asking.asked) == 7

    run(story)


def test_each_heater_for_itself() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.need(ONE)
        await asyncio.sleep(1)
        asking.fresh.need(OTHER)
        assert asking.fresh.dated(OTHER, "nobody's") == UNKNOWN_MOMENT
        assert not asking.fresh.has(OTHER)
        assert asking.hears(OTHER)
        await asyncio.sleep(5)
        assert asking.asked == [(ONE, 0), (OTHER, 1), (ONE, 5)]
        assert not asking.fresh.has(ONE)
        asking.fresh.disconnected()

    run(story)


@pytest.mark.parametrize("is_needed", [True, False], ids=["no connection", "not needed any more"])
def test_asking_ends_when_it_is_of_no_use_and_can_begin_anew(*, is_needed: bool) -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.need(ONE)
        if is_needed:
            asking.can_ask = False
        else:
            asking.needed.clear()
        await asyncio.sleep(3600)
        assert asking.asked == [(ONE, 0)]
        asking.can_ask = True
        asking.needed.add(ONE)
        asking.fresh.need(ONE)
        assert asking.asked == [(ONE, 0), (ONE, 3600)]
        asking.fresh.disconnected()

    run(story)


def test_with_another_connection_nothing_is_known() -> None:
    async def story(asking: Asking) -> None:
        assert asking.hears(ONE)
        asking.fresh.need(OTHER)
        asking.fresh.disconnected()
        assert not asking.fresh.has(ONE)
        await asyncio.sleep(3600)
        assert asking.asked == [(OTHER, 0)]
        assert asking.hears(ONE)

    run(story)


def test_of_the_answers_to_two_questions_the_older_one_is_outdated() -> None:
    async def story(asking: Asking) -> None:
        older, newer = asking.fresh.written("older", ONE), asking.fresh.written("newer", ONE)
        assert asking.fresh.dated(ONE, "newer") == newer
        assert asking.fresh.dated(ONE, "older") is None
        assert asking.fresh.dated(ONE, "newer") == newer
        assert asking.fresh.has(ONE, since=older)
        assert not asking.fresh.has(ONE, since=newer)

    run(story)


@pytest.mark.parametrize("whom", [ONE, OTHER])
def test_a_thousand_questions_without_an_answer_are_remembered_of_all_heaters_together(whom: str) -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.written("first", ONE)
        second, *_ = [asking.fresh.written(f"question {number}", whom) for number in range(1000)]
        await asyncio.sleep(31)
        assert asking.fresh.dated(ONE, "first") == UNKNOWN_MOMENT
        assert asking.fresh.dated(whom, "question 0") == second

    run(story)


def test_nobody_answers_what_another_heater_was_asked() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.written("question", ONE)
        assert asking.fresh.dated(OTHER, "question") == UNKNOWN_MOMENT
        assert not asking.fresh.has(OTHER)
        own = asking.fresh.written("question", OTHER)
        assert asking.fresh.dated(OTHER, "question") == own
        assert asking.fresh.dated(ONE, "question") not in {UNKNOWN_MOMENT, own, None}

    run(story)


def test_with_another_connection_a_report_without_a_session_is_no_answer_any_more() -> None:
    async def story(asking: Asking) -> None:
        asked = asking.fresh.written("question", ONE)
        asking.fresh.need(ONE)
        await asyncio.sleep(40)
        # By now it counts as one that reports without any session.
        assert asking.fresh.dated(ONE, None) == asked
        asking.fresh.disconnected()
        asking.fresh.connected()
        asking.fresh.written("another question", ONE)
        await asyncio.sleep(40)
        assert asking.fresh.dated(ONE, None) == UNKNOWN_MOMENT
        assert not asking.fresh.has(ONE)

    run(story)


def test_a_heater_that_is_away_is_not_asked_while_others_ask_it() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.need(ONE)
        await asyncio.sleep(60)
        assert [at for _, at in asking.asked] == [0, 5, 15, 35]
        for number in range(10):
            asking.fresh.written(f"somebody's question {number}", ONE)
            await asyncio.sleep(30)
        assert len(asking.asked) == 4
        await asyncio.sleep(30)
        assert len(asking.asked) == 5
        asking.fresh.disconnected()

    run(story)


def test_a_heater_is_offline_since_a_moment_whatever_comes_from_it_later() -> None:
    async def story(asking: Asking) -> None:
        before = asking.fresh.moment()
        asking.fresh.offline(ONE)
        after = asking.fresh.moment()
        assert asking.hears(ONE)
        assert asking.fresh.heaters[ONE].offline_at > before
        assert asking.fresh.heaters[ONE].offline_at <= after
        assert asking.fresh.heaters[OTHER].offline_at <= before
        asking.fresh.forget(ONE)
        assert asking.fresh.heaters[ONE].offline_at <= before

    run(story)


def test_a_forgotten_heater_is_asked_no_more() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.need(ONE)
        asking.fresh.forget(ONE)
        await asyncio.sleep(3600)
        assert asking.asked == [(ONE, 0)]

    run(story)


def test_an_answer_to_what_a_forgotten_heater_was_asked_answers_nothing() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.written("question", ONE)
        asking.fresh.written("question", OTHER)
        asking.fresh.forget(ONE)
        assert asking.fresh.dated(ONE, "question") == UNKNOWN_MOMENT
        assert asking.fresh.dated(OTHER, "question") != UNKNOWN_MOMENT

    run(story)
