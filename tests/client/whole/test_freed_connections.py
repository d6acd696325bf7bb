"""A connection that is over is freed: one that stays costs memory as long as Home Assistant runs."""

import asyncio
from collections.abc import Callable
import gc
from typing import override
import weakref

import pytest

from nwp500.transport import aws
from nwp500.transport.base import Transport
from tests.client.support.stage import PATIENCE, Stage, expected

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Transport]]:
    """Every connection that the client makes."""
    transports: list[weakref.ref[Transport]] = []

    class NotedTransport(aws.AwsTransport):
        @override
        async def open(self) -> None:
            transports.append(weakref.ref(self))
            await super().open()

    monkeypatch.setattr(aws, "AwsTransport", NotedTransport)
    return transports


async def until(holds: Callable[[], bool]) -> None:
    """Wait for the runtime's threads to let go, of which they report nothing."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            gc.collect()
            await asyncio.sleep(0.05)


async def test_a_connection_that_was_lost_is_freed(stage: Stage, made: list[weakref.ref[Transport]]) -> None:
    client = await stage.connected()
    await client.subscribe_device(stage.device)
    for _ in range(2):
        resumed = expected(client, "connection_resumed")
        await stage.simulator.fault("cut")
        await resumed
    assert len(made) == 3
    await until(lambda: [ref() is None for ref in made] == [True, True, False])


async def test_a_connection_that_was_closed_is_freed(stage: Stage, made: list[weakref.ref[Transport]]) -> None:
    client = await stage.connected()
    await client.subscribe_device(stage.device)
    await client.disconnect()
    assert len(made) == 1
    await until(lambda: made[0]() is None)
