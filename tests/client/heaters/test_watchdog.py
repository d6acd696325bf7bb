"""The watch over answers: when silence means that the connection is deaf, and when that a heater is not there."""

import asyncio

from nwp500.heaters.watchdog import ResponseWatchdog
from tests.client.support.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"
PATIENCE = 30.0


class Silences:
    """A watch, and the times at which it found silence, or a heater absent."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self.absent: list[tuple[str, float]] = []
        self.watch = ResponseWatchdog(
            lambda: self.found.append(asyncio.get_running_loop().time()),
            lambda mac_address: self.absent.append((mac_address, asyncio.get_running_loop().time())),
        )


def test_a_heater_that_stops_answering_shows_a_deaf_connection_once() -> None:
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


def test_another_connection_starts_anew() -> None:
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


def test_questions_of_a_lost_connection_prove_nothing() -> None:
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


class Replacing:
    """A watch whose connections are replaced when it finds silence, over which two heaters are polled each 30 s."""

    def __init__(self, *heaters: str) -> None:
        self.replaced_at: list[float] = []
        self.watch = ResponseWatchdog(self._replace, lambda _: None)
        self.heaters = heaters

    def _replace(self) -> None:
        self.replaced_at.append(asyncio.get_running_loop().time())
        self.watch.reset()

    async def polled(self, seconds: float, answering: tuple[str, ...] = ()) -> None:
        """Poll for some time, and let some of the heaters answer at once."""
        for _ in range(int(seconds // 30)):
            for mac_address in self.heaters:
                self.watch.asked(mac_address)
            for mac_address in answering:
                self.watch.answered(mac_address)
            await asyncio.sleep(30)


def test_a_connection_that_delivers_nothing_from_the_start_is_replaced_with_growing_pauses() -> None:
    async def story() -> None:
        replacing = Replacing(ONE)
        await replacing.polled(30, answering=(ONE,))
        # A new connection, for whatever reason, on which nothing comes.
        replacing.watch.reset()
        began = asyncio.get_running_loop().time()
        await replacing.polled(7 * 86400)
        first, *later = (at - began for at in replacing.replaced_at)
        assert first == 3 * PATIENCE
        pauses = [after - before for before, after in zip([first, *later], later, strict=False)]
        assert pauses[:7] == [90, 120, 240, 480, 960, 1920, 3600]
        # A heater that is off for a week costs a connection an hour.
        assert set(pauses[7:]) == {3600}
        assert replacing.watch.is_silent(ONE)
        replacing.watch.answered(ONE)
        assert not replacing.watch.is_silent(ONE)
        # And the next time the pauses begin anew.
        replacing.watch.reset()
        began = asyncio.get_running_loop().time()
        replacing.replaced_at.clear()
        await replacing.polled(300)
        assert [at - began for at in replacing.replaced_at] == [90, 180, 300]

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_heater_that_is_off_does_not_cost_the_other_its_connection() -> None:
    async def story() -> None:
        replacing = Replacing(ONE, OTHER)
        await replacing.polled(30, answering=(ONE, OTHER))
        replacing.watch.reset()
        await replacing.polled(7 * 86400, answering=(OTHER,))
        assert replacing.replaced_at == []
        assert replacing.watch.is_silent(ONE)
        assert not replacing.watch.is_silent(OTHER)

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_heater_that_has_never_answered_proves_nothing_however_often_it_is_asked() -> None:
    async def story() -> None:
        replacing = Replacing(ONE)
        await replacing.polled(86400)
        assert replacing.replaced_at == []
        assert replacing.watch.is_silent(ONE)

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_connection_over_which_the_service_announces_an_absence_delivers() -> None:
    async def story() -> None:
        replacing = Replacing(ONE)
        await replacing.polled(30, answering=(ONE,))
        replacing.watch.reset()
        replacing.watch.announced_absent(ONE)
        await replacing.polled(86400)
        assert replacing.replaced_at == []
        # On the next connection nobody has said so, and the heater may be back without being heard.
        replacing.watch.reset()
        await replacing.polled(120)
        assert len(replacing.replaced_at) == 1

    asyncio.run(story(), loop_factory=VirtualTimeLoop)
