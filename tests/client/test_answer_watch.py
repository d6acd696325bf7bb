"""The watch over answers: when silence means that the link is deaf."""

import asyncio

from nwp500.answer_watch import AnswerWatch
from tests.client.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"
PATIENCE = 30.0


class Silences:
    """A watch, and the times at which it found silence."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self.watch = AnswerWatch(lambda: self.found.append(asyncio.get_running_loop().time()))


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
