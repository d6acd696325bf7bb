"""How soon a connection that dies without a word is noticed, by default: `python -m benchmarks.black_hole`.

Three clients with default settings lose the network in the same moment, without a FIN: one in mid-drain, one that gets
a command right afterwards, one that is idle. Measured is the time until each of them reports it and replaces the
connection. Bare, the runtime notices an idle connection by the same keep-alive.
"""

import asyncio
import time

from nwp500 import NavienMqttClient
from tests.client.support.stage import Stage, expected, staged

from .figures import Figure, at_most
from .report import run_alone

QUEUED = 400
"""At 90 a second, a drain of some seconds."""
SENT_BEFORE = 50
MID_DRAIN_TARGET = 5.0
COMMAND_TARGET = 12.0
IDLE_TARGET = 66.0


async def seconds_until_noticed(client: NavienMqttClient, begun: asyncio.Future[float]) -> float:
    """Return the seconds from the black hole until the client is interrupted; wait until it is back."""
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await interrupted
    seconds = time.monotonic() - begun.result()
    await resumed
    return seconds


async def draining(stage: Stage) -> NavienMqttClient:
    """Return a client that is in the midst of its drain."""
    client = stage.client(max_queued_commands=QUEUED)
    for number in range(QUEUED):
        await client.publish("benchmark/black_hole", {"n": number})
    is_under_way = asyncio.Event()
    sent = 0

    def count(_: object) -> None:
        nonlocal sent
        sent += 1
        if sent == SENT_BEFORE:
            is_under_way.set()

    client.on("command_sent", count)
    await client.connect()
    await is_under_way.wait()
    return client


async def measured() -> list[Figure]:
    """Black-hole all three, and wait for each."""
    async with staged() as stage:
        idle, given = await stage.connected(), await stage.connected()
        for client in (idle, given):
            await client.subscribe_device(stage.device)
        in_drain = await draining(stage)
        begun: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        waits = [asyncio.create_task(seconds_until_noticed(client, begun)) for client in (in_drain, given, idle)]
        await stage.simulator.fault("blackhole")
        begun.set_result(time.monotonic())
        await given.set_dhw_temperature(stage.device, 130)
        noticed = await asyncio.gather(*waits)
        applied = await stage.applied()
    return [
        *(
            Figure(name=f"half-open noticed {when}", value=seconds, unit="s", target=at_most(limit))
            for when, seconds, limit in zip(
                ("in mid-drain", "with a command given", "while idle"),
                noticed,
                (MID_DRAIN_TARGET, COMMAND_TARGET, IDLE_TARGET),
                strict=True,
            )
        ),
        Figure(name="times that command took effect", value=len(applied), unit="", target=at_most(1)),
    ]


if __name__ == "__main__":
    run_alone(measured)
