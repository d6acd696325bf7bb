"""From the broker's return until 100 queued commands are acknowledged: `python -m benchmarks.recovery`.

Mosquitto is killed under a connected client, 100 commands are given, and mosquitto starts again while the client backs
off. Three parts, each measured: waiting for the next attempt, which depends on how long the outage was; connecting; the
drain, to which the limit of the rate adds a second. The bare runtime has no queue and no such loop to put beside it.
"""

import asyncio
from dataclasses import dataclass
from statistics import median
import time

from nwp500 import NavienMqttClient
from tests.client.support.credentials import InventedCredentials
from tests.client.support.mosquitto import Mosquitto

from .figures import Figure, at_most
from .report import run_alone
from .support.brokers import broker_process, config_of
from .support.noting import NotingRuntime

COMMANDS = 100
TARGET = 2.5
OUTAGES = ((1.5, 5), (8.0, 3), (20.0, 2))
"""Seconds from the kill to the start, and how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Seconds of one recovery."""

    waiting: float
    """From the broker's return to the attempt that succeeds."""
    connecting: float
    """From there to the CONNACK."""
    draining: float
    """From there to the last PUBACK."""

    @property
    def total(self) -> float:
        """From the broker's return to the last PUBACK."""
        return self.waiting + self.connecting + self.draining


async def recovery(broker: Mosquitto, outage: float) -> Recovery:
    """Kill the broker, give commands, start it again."""
    config = config_of(broker)
    runtime = NotingRuntime(config)
    client = NavienMqttClient(InventedCredentials(), config=config, make_transport=runtime.make_transport)
    await client.connect()
    interrupted = asyncio.Event()
    client.on("connection_interrupted", lambda _: interrupted.set())
    await broker.stop()
    await interrupted.wait()
    for number in range(COMMANDS):
        await client.publish("benchmark/recovery", {"n": number})
    await asyncio.sleep(outage)
    everything = runtime.notes.expect(COMMANDS)
    await broker.start()
    returned = time.perf_counter()
    await everything.wait()
    notes = runtime.notes
    await client.disconnect()
    return Recovery(
        # It may have been on the way already.
        waiting=max(0.0, notes.opening[-1] - returned),
        connecting=notes.opened[-1] - max(returned, notes.opening[-1]),
        draining=notes.drain_seconds,
    )


async def measured() -> list[Figure]:
    """Measure outages that end within the half minute in which the pauses of this client do not grow."""
    figures = []
    async with broker_process() as broker:
        for outage, rounds in OUTAGES:
            recoveries = [await recovery(broker, outage) for _ in range(rounds)]
            title = f"back to drained after {outage:g} s of outage"
            figures += [
                Figure(name=title, value=median(each.total for each in recoveries), unit="s", target=at_most(TARGET)),
                Figure(name=f"{title}: slowest of {rounds}", value=max(each.total for each in recoveries), unit="s"),
                Figure(
                    name=f"{title}: the wait for the next attempt",
                    value=median(each.waiting for each in recoveries),
                    unit="s",
                ),
                Figure(
                    name=f"{title}: without that wait",
                    value=median(each.connecting + each.draining for each in recoveries),
                    unit="s",
                    target=at_most(TARGET),
                ),
            ]
    return figures


if __name__ == "__main__":
    run_alone(measured)
