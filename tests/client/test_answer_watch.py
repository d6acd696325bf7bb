"""The watch over answers: when silence means that the link is deaf, and when that a heater is not there."""

import asyncio

from nwp500.answer_watch import AnswerWatch
from tests.client.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"
PATIENCE = 30.0


class Silences:
    """A watch, and the times at which it found silence, or a heater absent."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self.absent: list[tuple[str, float]] = []
        self.watch = AnswerWatch(
            lambda: self.found.append(asyncio.get_running_loop().time()),
            lambda mac_address: self.absent.append((mac_address, asyncio.get_running_loop().time())),
        )


def test_a_heater_that_stops_answering_shows_a_deaf_link_once() -> None:
    async def story() -> list[float]:
        silences = Silences()
        silences.watch.answered(ONE)
        silences.watch.asked(ONE)
        await asyncio.sleep(10)
        silences.watch.asked(ONE)
        await asyncio.sleep(1000)
        silences.watch.asked(ONE)
        await asyncio.sleep(1000)
        return silences.found

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == [PATIENCE]


def test_any_answer_in_time_is_an_answer() -> None:
    async def story() -> list[float]:
        silences = Silences()
        for _ in range(5):
            silences.watch.answered(ONE)
            silences.watch.asked(ONE)
            await asyncio.sleep(PATIENCE - 1)
        silences.watch.answered(ONE)
        await asyncio.sleep(1000)
        return silences.found

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == []


def test_a_heater_that_never_answered_proves_nothing() -> None:
    async def story() -> list[float]:
        silences = Silences()
        silences.watch.answered(OTHER)
        silences.watch.asked(ONE)
        await asyncio.sleep(1000)
        return silences.found

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == []


def test_each_heater_has_its_own_time() -> None:
    async def story() -> list[float]:
        silences = Silences()
        for mac_address in (ONE, OTHER):
            silences.watch.answered(mac_address)
            silences.watch.asked(mac_address)
            await asyncio.sleep(10)
        silences.watch.answered(ONE)
        await asyncio.sleep(1000)
        return silences.found

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == [10 + PATIENCE]


def test_another_link_starts_anew() -> None:
    async def story() -> list[float]:
        silences = Silences()
        silences.watch.answered(ONE)
        silences.watch.asked(ONE)
        await asyncio.sleep(10)
        silences.watch.reset()
        silences.watch.asked(ONE)
        await asyncio.sleep(1000)
        return silences.found

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == []


def test_a_heater_that_leaves_three_questions_unanswered_is_not_there() -> None:
    async def story() -> Silences:
        silences = Silences()
        for _ in range(4):
            silences.watch.asked(ONE)
            # Asked twice is one question as long as nothing was due.
            silences.watch.asked(ONE)
            await asyncio.sleep(60)
        return silences

    silences = asyncio.run(story(), loop_factory=VirtualTimeLoop)
    assert silences.absent == [(ONE, 120 + PATIENCE), (ONE, 180 + PATIENCE)]
    assert silences.found == []


def test_an_answer_in_between_begins_the_count_anew() -> None:
    async def story() -> Silences:
        silences = Silences()
        for number in range(8):
            silences.watch.asked(ONE)
            silences.watch.asked(OTHER)
            await asyncio.sleep(60)
            if number % 2:
                silences.watch.answered(ONE)
        return silences

    silences = asyncio.run(story(), loop_factory=VirtualTimeLoop)
    assert {mac_address for mac_address, _ in silences.absent} == {OTHER}


def test_questions_of_a_lost_link_prove_nothing() -> None:
    async def story() -> Silences:
        silences = Silences()
        for _ in range(8):
            for _ in range(2):
                silences.watch.asked(ONE)
                await asyncio.sleep(60)
            silences.watch.asked(ONE)
            await asyncio.sleep(PATIENCE - 1)
            silences.watch.reset()
        return silences

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop).absent == []
