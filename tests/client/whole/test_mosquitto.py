"""The client against a broker of other people's making, so that client and simulator cannot share a mistake."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nwp500 import MqttConnectionConfig, NavienMqttClient, WriteOutcome
from nwp500.enums import ReservationMode
from nwp500.json_types import JsonMessage
from nwp500.models import ReservationEntry
from tests.client.support.answering_heater import DEVICE, AnsweringHeater
from tests.client.support.credentials import InventedCredentials
from tests.client.support.days import WORKING_DAYS
from tests.client.support.mosquitto import MOSQUITTO, Mosquitto, running_mosquitto

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed")


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with running_mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
async def client(broker: Mosquitto) -> AsyncIterator[NavienMqttClient]:
    config = MqttConnectionConfig(endpoint="localhost", port=broker.port, ca_file=broker.ca_file, operation_timeout=5.0)
    client = NavienMqttClient(InventedCredentials(), config=config)
    await client.connect()
    yield client
    await client.disconnect()


async def test_messages_arrive_once_and_in_order(client: NavienMqttClient) -> None:
    received: asyncio.Queue[object] = asyncio.Queue()
    await client.subscribe("test/+", lambda _, message: received.put_nowait(message["n"]))
    packet_ids = await asyncio.gather(*(client.publish("test/a", {"n": number}) for number in range(5)))
    assert all(packet_ids)
    async with asyncio.timeout(10):
        assert [await received.get() for _ in range(5)] == list(range(5))


async def test_what_is_published_while_the_broker_is_dead_arrives_after_its_restart(
    client: NavienMqttClient, broker: Mosquitto
) -> None:
    received: asyncio.Queue[object] = asyncio.Queue()
    await client.subscribe("test/a", lambda _, message: received.put_nowait(message["n"]))
    interrupted, resumed = asyncio.Event(), asyncio.Event()
    client.on("connection_interrupted", lambda _: interrupted.set())
    client.on("connection_resumed", lambda _: resumed.set())
    async with asyncio.timeout(60):
        await broker.stop()
        await interrupted.wait()
        assert [await client.publish("test/a", {"n": number}) for number in range(50)] == [0] * 50
        assert client.queued_commands_count == 50
        await broker.start()
        await resumed.wait()
        assert client.queued_commands_count == 0
        assert [await received.get() for _ in range(50)] == list(range(50))
    assert received.empty()


async def test_queries_and_schedule_writes_over_a_real_broker(broker: Mosquitto, client: NavienMqttClient) -> None:
    heater = AnsweringHeater()
    config = MqttConnectionConfig(endpoint="localhost", port=broker.port, ca_file=broker.ca_file)
    module = NavienMqttClient(InventedCredentials(), config=config)
    await module.connect()
    published: list[asyncio.Task[int]] = []

    def answer(_: str, asked: JsonMessage) -> None:
        for topic, reply in heater.answers(asked):
            published.append(asyncio.ensure_future(module.publish(topic, reply)))

    for suffixes in ("st/#", "ctrl/#"):
        await module.subscribe(f"cmd/52/navilink-{DEVICE.mac_address}/{suffixes}", answer)
    entry = ReservationEntry.of(WORKING_DAYS, 6, 30, ReservationMode.HIGH_DEMAND, 120)
    write = await client.schedules.put_reservation(DEVICE, entry)
    assert (write.outcome, write.attempts) == (WriteOutcome.WRITTEN, 1)
    assert (await client.queries.request_reservations(DEVICE)).entries == (entry,)
    assert (await client.queries.request_energy_monthly(DEVICE, [2026])).total.heat_pump == 1301880
    for _ in range(2):
        assert (await client.queries.request_diagnostics(DEVICE)).system.days_since_installation == 367
    await asyncio.gather(*published)
    await module.disconnect()
