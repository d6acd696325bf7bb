"""What a command costs that is given while disconnected: `python -m benchmarks.enqueue`.

Nothing listens: client and bare runtime are made, but never connected. The bare runtime keeps what is published before
its first connection too, in memory, without order, limit, outcome or a way to see it. A full queue drops its oldest
command for each new one and warns of it; the log goes nowhere here.
"""

import gc
import logging
from statistics import median
import time

from awscrt import io, mqtt
import orjson

from nwp500 import Device, MqttConnectionConfig, NavienMqttClient
from tests.client.support.credentials import InventedCredentials

from .figures import Figure
from .report import run_alone
from .support import bare

COMMANDS = 100
"""As many as the queue takes by default."""
DEEP = 10_000
ROUNDS = 25
NOWHERE = 9
"""A port that nothing is asked of: no connection is made."""
_TOPIC = "benchmark/enqueue"
_DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")


def make_client(limit: int) -> NavienMqttClient:
    """Return a client that is not connected."""
    config = MqttConnectionConfig(endpoint="localhost", port=NOWHERE, max_queued_commands=limit)
    return NavienMqttClient(InventedCredentials(), config=config)


async def bare_seconds(native_client: mqtt.Client) -> float:
    """Give all to a new bare connection; return the seconds of each."""
    native = bare.make_connection(native_client, NOWHERE, "bare")
    began = time.perf_counter()
    for number in range(COMMANDS):
        native.publish(_TOPIC, orjson.dumps({"n": number}), mqtt.QoS.AT_LEAST_ONCE)
    return (time.perf_counter() - began) / COMMANDS


async def message_seconds(client: NavienMqttClient) -> float:
    """Give plain messages; return the seconds of each."""
    began = time.perf_counter()
    for number in range(COMMANDS):
        await client.publish(_TOPIC, {"n": number})
    return (time.perf_counter() - began) / COMMANDS


async def control_seconds(client: NavienMqttClient) -> float:
    """Give target temperatures, each another one; return the seconds of each."""
    began = time.perf_counter()
    for number in range(COMMANDS):
        await client.set_dhw_temperature(_DEVICE, 100 + number % 40)
    return (time.perf_counter() - began) / COMMANDS


async def filled(limit: int) -> NavienMqttClient:
    """Return a client whose queue is full."""
    client = make_client(limit)
    for number in range(limit):
        await client.publish(_TOPIC, {"n": number})
    return client


async def measured() -> list[Figure]:
    """Take turns with all ways."""
    logging.disable()
    context = io.ClientTlsContext(io.TlsContextOptions())
    native_client = mqtt.Client(io.ClientBootstrap.get_or_create_static_default(), context)
    full, deep = await filled(COMMANDS), await filled(DEEP)
    # Every round begins with an empty queue, but for those that are full.
    taken: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, seconds in (
            ("bare", bare_seconds(native_client)),
            ("message", message_seconds(make_client(COMMANDS))),
            ("control", control_seconds(make_client(COMMANDS))),
            ("full", message_seconds(full)),
            ("deep", message_seconds(deep)),
        ):
            gc.collect()
            taken.setdefault(name, []).append(await seconds)
    microseconds = {name: median(seconds) * 1e6 for name, seconds in taken.items()}
    return [
        Figure(
            name="message given while disconnected",
            value=microseconds["message"],
            beside=microseconds["bare"],
            unit="µs",
        ),
        Figure(name="target temperature given while disconnected", value=microseconds["control"], unit="µs"),
        Figure(
            name=f"message into a full queue of {DEEP:,}, beside one of {COMMANDS}",
            value=microseconds["deep"],
            beside=microseconds["full"],
            unit="µs",
        ),
    ]


if __name__ == "__main__":
    run_alone(measured)
