"""Periodic requests, in virtual time."""

import asyncio
from collections.abc import Callable
import math

import pytest

from nwp500 import NotConnectedError
from nwp500.exceptions import InvalidParameterError
from nwp500.heaters.requests import PeriodicRequests
from tests.client.support.virtual_time import VirtualTimeLoop


class Requests:
    """Notes the times at which requests are made."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.made_at: list[float] = []
        self._problem = problem

    async def __call__(self) -> int:
        self.made_at.append(asyncio.get_running_loop().time())
        if self._problem is not None:
            raise self._problem
        return 0


def test_a_request_is_made_at_once_and_then_every_period() -> None:
    async def story() -> list[float]:
        periodic, requests = PeriodicRequests(), Requests()
        periodic.start("a", requests, 60)
        await asyncio.sleep(185)
        await periodic.close()
        await asyncio.sleep(1000)
        return requests.made_at

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == [0, 60, 120, 180]


def test_starting_anew_replaces_the_old_period() -> None:
    async def story() -> list[float]:
        periodic, requests = PeriodicRequests(), Requests()
        periodic.start("a", requests, 60)
        await asyncio.sleep(1)
        periodic.start("a", requests, 100)
        await asyncio.sleep(150)
        await periodic.stop("a")
        await asyncio.sleep(1000)
        return requests.made_at

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == [0, 1, 101]


def test_each_key_has_its_own_period() -> None:
    async def story() -> tuple[list[float], list[float]]:
        periodic, first, second = PeriodicRequests(), Requests(), Requests()
        periodic.start("a", first, 10)
        periodic.start("b", second, 20)
        await asyncio.sleep(15)
        await periodic.stop("a")
        await periodic.stop("absent")
        await asyncio.sleep(30)
        await periodic.close()
        return first.made_at, second.made_at

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == ([0, 10], [0, 20, 40])


def test_a_request_that_cannot_be_made_ends_nothing() -> None:
    async def story() -> list[float]:
        periodic, requests = PeriodicRequests(), Requests(NotConnectedError("not connected"))
        periodic.start("a", requests, 60)
        await asyncio.sleep(130)
        await periodic.close()
        return requests.made_at

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == [0, 60, 120]


def test_a_request_in_the_making_is_canceled_at_the_end() -> None:
    async def story() -> list[str]:
        periodic, ended = PeriodicRequests(), list[str]()

        async def endless() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("canceled")

        periodic.start("a", endless, 60)
        await asyncio.sleep(1)
        await periodic.stop("a")
        return ended

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) == ["canceled"]


def starting(period: float) -> Callable[[], None]:
    """Return a step that starts a request with a period."""
    return lambda: PeriodicRequests().start("a", Requests(), period)


@pytest.mark.parametrize("period", [0, -1, math.nan, math.inf, 7 * 86400 + 1, True])
def test_a_period_is_more_than_0_and_at_most_a_week(period: float) -> None:
    with pytest.raises(InvalidParameterError, match=r"^period_seconds must be a number over 0, at most a week"):
        starting(period)()


@pytest.mark.parametrize("period", ["60", None])
def test_a_period_is_a_number(period: float) -> None:
    with pytest.raises(InvalidParameterError):
        starting(period)()
