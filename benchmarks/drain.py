"""How long a full queue takes to drain: `python -m benchmarks.drain`.

From the CONNACK to the last PUBACK, both as the event loop sees them. One mosquitto takes both sides by turns, at a
round trip of 0 or, behind a process that passes bytes on after a while, of 50 ms. The bare runtime has the same bodies
encoded and written with the same number of messages in flight; it has no limit of its rate, so with the client's limit
on there is nothing to put beside it. The client's commands are in its queue before it connects.
"""

import asyncio
from dataclasses import dataclass
import gc
from statistics import median

import orjson

from nwp500 import NavienMqttClient
from tests.client.support.credentials import InventedCredentials
from tests.client.support.mosquitto import Mosquitto

from .figures import Figure, Target, at_most, ratio_at_most
from .report import run_alone
from .support import bare
from .support.brokers import broker_process, config_of
from .support.delay import delayed
from .support.noting import NotingRuntime

TOPIC = "benchmark/drain"
DEFAULT_WINDOW = 10
WIDE_WINDOW = 100
"""At 50 ms the default window drains 200 a second whatever the client costs; this one shows what it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One drain, repeated."""

    name: str
    commands: int
    round_trip: float
    rounds: int
    window: int = DEFAULT_WINDOW
    rate: int | None = None
    target: Target | None = None


CASES = (
    Case(name="100 at 50 ms, limit on", commands=100, round_trip=0.05, rounds=3, rate=90, target=at_most(1.2)),
    Case(name="100 at 50 ms, limit on, 1 in flight", commands=100, round_trip=0.05, rounds=1, rate=90, window=1),
    Case(name="100 at 0 ms, limit on", commands=100, round_trip=0.0, rounds=3, rate=90),
    Case(name="100 at 50 ms, limit off", commands=100, round_trip=0.05, rounds=3),
    Case(name="100 at 0 ms, limit off", commands=100, round_trip=0.0, rounds=7),
    Case(name="10,000 at 0 ms, limit off", commands=10_000, round_trip=0.0, rounds=3, target=ratio_at_most(1.5)),
    Case(
        name=f"10,000 at 50 ms, limit off, {WIDE_WINDOW} in flight",
        commands=10_000,
        round_trip=0.05,
        rounds=1,
        window=WIDE_WINDOW,
    ),
)


async def our_seconds(broker: Mosquitto, port: int, case: Case) -> float:
    """Fill the queue of a new client, connect it, and return the seconds."""
    config = config_of(
        broker,
        port=port,
        max_queued_commands=case.commands,
        max_in_flight=case.window,
        max_publish_rate=case.rate,
    )
    runtime = NotingRuntime(config)
    client = NavienMqttClient(InventedCredentials(), config=config, make_transport=runtime.make_transport)
    for number in range(case.commands):
        await client.publish(TOPIC, {"n": number})
    everything = runtime.notes.expect(case.commands)
    gc.collect()
    await client.connect()
    await everything.wait()
    if client.queued_commands_count:
        raise SystemExit("the queue is not empty after its last PUBACK")
    await client.disconnect()
    return runtime.notes.drain_seconds


async def bare_seconds(broker: Mosquitto, port: int, case: Case) -> float:
    """Connect the bare runtime, write the same bodies, and return the seconds."""
    native = await bare.connect(await asyncio.to_thread(bare.make_client, broker.ca_file), port, "bare")
    gc.collect()
    bodies = (orjson.dumps({"n": number}) for number in range(case.commands))
    seconds = await bare.Window(native, TOPIC, case.window).seconds(bodies)
    await asyncio.wrap_future(native.disconnect())
    return seconds


async def figure_of(broker: Mosquitto, case: Case) -> Figure:
    """Measure one case, the two sides taking turns."""
    ours, beside = [], []
    async with delayed(broker.port, case.round_trip) as port:
        for _ in range(case.rounds):
            ours.append(await our_seconds(broker, port, case))
            if case.rate is None:
                beside.append(await bare_seconds(broker, port, case))
    return Figure(
        name=f"drain of {case.name}",
        value=median(ours),
        beside=median(beside) if beside else None,
        unit="s",
        target=case.target,
    )


async def measured() -> list[Figure]:
    """Measure every case."""
    async with broker_process() as broker:
        return [await figure_of(broker, case) for case in CASES]


if __name__ == "__main__":
    run_alone(measured)
