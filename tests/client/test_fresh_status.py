"""Which heaters have told their status on this link, and the asking of the others, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nwp500 import Device
from nwp500.fresh_status import FreshStatus
from nwp500.queries import STATUS
from nwp500.requests import query_request
from tests.client.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"


class Asking:
    """What was asked, and whether it can be and has to be."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.can_ask = True
        self.needed = {ONE, OTHER}
        self.fresh = FreshStatus(self._ask, self.needed.__contains__)

    def hears(self, mac_address: str) -> bool:
        """Let a heater answer a question of this link with its status; tells whether that is news."""
        question = query_request(STATUS, Device(mac_address=mac_address, additional_value="5322"), "client")
        self.fresh.written(question)
        self.fresh.answered(question.id)
        return self.fresh.heard(mac_address)

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
        assert not asking.hears(ONE)
        assert asking.fresh.has(ONE)
        asking.fresh.need(ONE)
        await asyncio.sleep(3600)
        assert len(asking.asked) == 7

    run(story)


def test_each_heater_for_itself() -> None:
    async def story(asking: Asking) -> None:
        asking.fresh.need(ONE)
        await asyncio.sleep(1)
        asking.fresh.need(OTHER)
        assert not asking.fresh.heard(OTHER)
        assert asking.hears(OTHER)
        await asyncio.sleep(5)
        assert asking.asked == [(ONE, 0), (OTHER, 1), (ONE, 5)]
        assert not asking.fresh.has(ONE)
        asking.fresh.reset()

    run(story)


@pytest.mark.parametrize("is_needed", [True, False], ids=["no link", "not needed any more"])
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
        asking.fresh.reset()

    run(story)


def test_with_another_link_nothing_is_known() -> None:
    async def story(asking: Asking) -> None:
        assert asking.hears(ONE)
        asking.fresh.need(OTHER)
        asking.fresh.reset()
        assert not asking.fresh.has(ONE)
        await asyncio.sleep(3600)
        assert asking.asked == [(OTHER, 0)]
        assert not asking.fresh.heard(ONE)
        assert asking.hears(ONE)

    run(story)
