"""How long a full queue takes to drain over a link with 50 ms round trip: `python -m benchmarks.drain`.

Both ways run against the same simulator in one run: with the default window, and one command at a time.
"""

import asyncio

from tests.client.support.stage import MAC, Stage, expected, staged

COMMANDS = 100
ROUND_TRIP = 0.05


async def drain_seconds(stage: Stage, **settings: object) -> float:
    """Queue status requests while disconnected; return the seconds from CONNACK until the broker has them all."""
    client = await stage.connected(**settings)
    await client.subscribe_device(stage.device)
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("mqtt_down")
    await interrupted
    for _ in range(COMMANDS):
        await client.request_device_status(stage.device)
    queued = [command.id for command in client.queued_commands]
    await stage.simulator.fault("mqtt_up")
    await resumed
    state = await stage.simulator.state()
    (connection,) = state["connections"]
    arrivals = {
        message["payload"]["sessionID"]: message["time"]
        for message in state["received"]
        if message["topic"] == f"cmd/52/navilink-{MAC}/st" and message["client_id"] == client.client_id
    }
    if list(arrivals) != queued:
        raise SystemExit("the commands did not arrive once each and in order")
    await client.disconnect()
    return max(arrivals.values()) - connection["connected_at"]


async def main() -> None:
    """Measure and print."""
    async with staged() as stage:
        await stage.simulator.fault("latency", seconds=ROUND_TRIP)
        window = await drain_seconds(stage)
        one_by_one = await drain_seconds(stage, max_in_flight=1)
    print(f"commands drained: {COMMANDS}")
    print(f"round trip: {ROUND_TRIP} s")
    print(f"drain with the default window: {window:.2f} s after CONNACK")
    print(f"drain one by one: {one_by_one:.2f} s after CONNACK")
    print(f"ratio: {one_by_one / window:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
