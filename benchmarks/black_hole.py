"""How soon a link that dies without a word is noticed, by default: `python -m benchmarks.black_hole` (about 90 s)."""

import asyncio
import time

from tests.client.support.stage import Stage, expected, staged


async def seconds_until_noticed(stage: Stage, *, with_command: bool) -> float:
    """Black-hole the connection, idle or with a command given into it; return the seconds until it is replaced."""
    client = await stage.connected()
    await client.subscribe_device(stage.device)
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("blackhole")
    since = time.monotonic()
    if with_command:
        await client.set_dhw_temperature(stage.device, 130)
    await interrupted
    seconds = time.monotonic() - since
    await resumed
    await client.disconnect()
    return seconds


async def main() -> None:
    """Measure and print."""
    async with staged() as stage:
        given = await seconds_until_noticed(stage, with_command=True)
        await stage.simulator.wait(applied=1)
        idle = await seconds_until_noticed(stage, with_command=False)
        applied = await stage.applied()
    print(f"noticed after a command was given: {given:.1f} s")
    print(f"noticed while idle: {idle:.1f} s")
    print(f"times the command arrived: {len(applied)}")


if __name__ == "__main__":
    asyncio.run(main())
