"""A simulator whose heaters refuse controls in quick succession from the start (protocol.md 10.4 and 13.1)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from simulator.process import SimulatorProcess

from .heater_user import Open

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process() -> AsyncIterator[SimulatorProcess]:
    """The simulator with heaters that take nothing sooner than after 500 seconds."""
    async with SimulatorProcess("--control-interval", "500") as running:
        yield running


async def test_the_second_control_comes_too_soon(connect: Open) -> None:
    user = await connect()
    await user.subscribe()
    await user.set_temperature(110)
    await user.set_temperature(111)
    assert "status" in (await user.reply())[1]["response"]
    assert (await user.reply())[1]["response"]["failCode"] == 2
