"""The queue's promises over real connections: order, limit, what a drop leaves unconfirmed, and what ends a command."""

import asyncio
from datetime import UTC, datetime
import logging

import pytest

from nwp500 import CommandEvent, ConnectionChanged, ConnectionState, NavienMqttClient
from nwp500.exceptions import PayloadError
from tests.client.support.stage import PATIENCE, Stage, expected

TOPIC = "test/n"


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def give(client: NavienMqttClient, *numbers: int) -> list[int]:
    """Publish numbers one after the other; returns what each publish returned."""
    return [await client.publish(TOPIC, {"n": number}) for number in numbers]


async def unplugged(stage: Stage, client: NavienMqttClient) -> None:
    """Take the connection down and wait until the client has noticed."""
    interrupted = expected(client, "connection_interrupted")
    await stage.simulator.fault("mqtt_down")
    await interrupted


async def plugged_in(stage: Stage, client: NavienMqttClient) -> None:
    """Bring the connection back and wait until the queue is drained."""
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("mqtt_up")
    await resumed


async def test_publishing_returns_the_packet_id_or_0_when_queued(stage: Stage) -> None:
    client = await stage.connected()
    first, second = await give(client, 1, 2)
    assert first > 0
    assert second > first
    await unplugged(stage, client)
    assert await give(client, 3) == [0]
    assert client.queued_commands_count == 1


async def test_of_150_status_requests_100_are_left_and_sent_in_the_order_made(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    client = await stage.connected()
    dropped: list[CommandEvent] = []
    client.on("command_dropped", dropped.append)
    await client.subscribe_device(stage.device)
    await unplugged(stage, client)
    with caplog.at_level(logging.WARNING):
        for _ in range(150):
            assert await client.request_device_status(stage.device) == 0
    queued = [command.id for command in client.queued_commands]
    assert len(queued) == client.queued_commands_count == 100
    assert len(dropped) == 50
    assert sum("dropped the oldest" in record.message for record in caplog.records) == 50
    assert not any("0478630a1b2c" in record.message for record in caplog.records)
    await plugged_in(stage, client)
    received = (await stage.simulator.state())["received"]
    assert [message["payload"]["sessionID"] for message in received] == queued
    assert client.queued_commands_count == 0


async def test_the_queue_outlives_any_number_of_reconnections(stage: Stage) -> None:
    client = await stage.connected()
    await unplugged(stage, client)
    await give(client, 1, 2, 3, 4)
    # Each connection dies after one message whose PUBACK does not arrive: all of it stays, in order.
    for _ in range(2):
        interrupted = expected(client, "connection_interrupted")
        await stage.simulator.fault("cut", after=1, puback=False)
        await stage.simulator.fault("mqtt_up")
        await interrupted
        assert [command.payload for command in client.queued_commands] == [{"n": n} for n in (1, 2, 3, 4)]
        await stage.simulator.fault("mqtt_down")
    await plugged_in(stage, client)
    received = await stage.numbers(TOPIC)
    assert list(dict.fromkeys(received)) == [1, 2, 3, 4]
    assert received[-4:] == [1, 2, 3, 4]


async def test_an_acknowledged_command_is_never_sent_again(stage: Stage) -> None:
    client = await stage.connected(max_in_flight=1)
    await unplugged(stage, client)
    await give(client, *range(6))
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("cut", after=3, puback=True)
    await stage.simulator.fault("mqtt_up")
    await interrupted
    await resumed
    received = await stage.numbers(TOPIC)
    assert list(dict.fromkeys(received)) == list(range(6))
    # What was acknowledged before the cut: whether the third PUBACK still arrived is for the network to say.
    assert len(received) in (6, 7)
    assert received.count(0) == received.count(1) == 1


async def test_new_commands_line_up_behind_those_that_wait(stage: Stage) -> None:
    client = await stage.connected(max_publish_rate=20)
    await unplugged(stage, client)
    await give(client, *range(30))
    back = asyncio.Event()

    def changed(event: ConnectionChanged) -> None:
        if event.report.state is ConnectionState.CONNECTED:
            back.set()

    client.on("connection_changed", changed)
    await stage.simulator.fault("mqtt_up")
    await back.wait()
    assert await give(client, 30, 31) == [0, 0]
    await stage.simulator.wait(topic_suffix=TOPIC, received=32, timeout=PATIENCE)
    assert await stage.numbers(TOPIC) == list(range(32))


async def test_the_service_never_has_to_throttle(stage: Stage) -> None:
    client = await stage.connected(max_in_flight=50, max_queued_commands=500)
    await unplugged(stage, client)
    await give(client, *range(300))
    await plugged_in(stage, client)
    assert await stage.numbers(TOPIC) == list(range(300))
    assert (await stage.simulator.state())["throttled"] == 0


async def test_time_and_quality_of_service_are_kept(stage: Stage) -> None:
    client = await stage.connected()
    await unplugged(stage, client)
    before = datetime.now(UTC)
    await client.publish(TOPIC, {"n": 1}, qos=0)
    await client.publish(TOPIC, {"n": 2}, qos=1)
    queued = client.queued_commands
    assert [command.qos for command in queued] == [0, 1]
    assert all(before <= command.queued_at <= datetime.now(UTC) for command in queued)
    await plugged_in(stage, client)
    received = [message for message in (await stage.simulator.state())["received"] if message["topic"] == TOPIC]
    assert [message["qos"] for message in received] == [0, 1]


async def test_clearing_returns_how_many_and_nothing_arrives(stage: Stage) -> None:
    client = await stage.connected()
    cleared: list[CommandEvent] = []
    client.on("command_cleared", cleared.append)
    await unplugged(stage, client)
    await give(client, 1, 2, 3)
    assert client.clear_command_queue() == 3
    assert client.queued_commands == ()
    assert client.clear_command_queue() == 0
    assert len(cleared) == 3
    await plugged_in(stage, client)
    assert await give(client, 4) != [0]
    assert await stage.numbers(TOPIC) == [4]


async def test_disconnecting_empties_the_queue(stage: Stage) -> None:
    client = await stage.connected()
    await unplugged(stage, client)
    await give(client, 1, 2)
    await client.disconnect()
    assert client.queued_commands_count == 0
    await stage.simulator.fault("mqtt_up")
    await client.connect()
    assert await give(client, 3) != [0]
    assert await stage.numbers(TOPIC) == [3]


async def test_what_can_never_be_sent_blocks_nobody(stage: Stage) -> None:
    client = await stage.connected()
    await unplugged(stage, client)
    with pytest.raises(PayloadError, match="JSON"):
        await client.publish(TOPIC, {"n": object()})
    with pytest.raises(PayloadError, match="131072"):
        await client.publish(TOPIC, "x" * (128 * 1024 + 1))
    with pytest.raises(ValueError, match="wildcards"):
        await client.publish("test/#", {"n": 1})
    with pytest.raises(ValueError, match="qos"):
        await client.publish(TOPIC, {"n": 1}, qos=2)
    assert client.queued_commands_count == 0
    await give(client, 1)
    await plugged_in(stage, client)
    assert await stage.numbers(TOPIC) == [1]


async def test_a_command_that_waited_too_long_expires_and_says_so(stage: Stage) -> None:
    client = await stage.connected(max_queued_command_age=0.2)
    await unplugged(stage, client)
    expired = expected(client, "command_expired")
    await give(client, 1)
    await asyncio.sleep(0.25)  # Longer than it may wait: what the test is about.
    await give(client, 2)
    await stage.simulator.fault("mqtt_up")
    event = await expired
    assert isinstance(event, CommandEvent)
    assert event.command.payload == {"n": 1}
    await stage.client_idle(client)
    assert 1 not in await stage.numbers(TOPIC)


async def test_the_newest_command_for_a_setting_supersedes_the_queued_one(stage: Stage) -> None:
    client = await stage.connected(coalesce_commands=True)
    superseded: list[CommandEvent] = []
    client.on("command_superseded", superseded.append)
    await unplugged(stage, client)
    for temperature in (120, 125, 130):
        await client.set_dhw_temperature(stage.device, temperature)
    await client.set_dhw_mode(stage.device, 1)
    await client.set_dhw_temperature(stage.device, 135)
    assert [command.wanted for command in client.queued_commands] == ["mode heat pump", "setpoint 135 °F"]
    assert [event.command.wanted for event in superseded] == [f"setpoint {t} °F" for t in (120, 125, 130)]
    await plugged_in(stage, client)
    await stage.simulator.wait(applied=2)
    assert await stage.applied() == [("dhw-mode", [1]), ("dhw-temperature", [114])]


async def test_without_coalescing_every_command_is_sent(stage: Stage) -> None:
    client = await stage.connected()
    await unplugged(stage, client)
    for temperature in (120, 125):
        await client.set_dhw_temperature(stage.device, temperature)
    await plugged_in(stage, client)
    await stage.simulator.wait(applied=2)
    assert await stage.applied() == [("dhw-temperature", [98]), ("dhw-temperature", [103])]


async def test_a_command_given_into_a_dead_connection_arrives_exactly_once(stage: Stage) -> None:
    """The router is gone without a word; nothing but the overdue PUBACK shows it."""
    client = await stage.connected(operation_timeout=1.0)
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("blackhole")
    assert await client.set_dhw_temperature(stage.device, 130) == 0
    await resumed
    await stage.simulator.wait(applied=1)
    assert await stage.applied() == [("dhw-temperature", [109])]


@pytest.mark.slow
async def test_a_dead_connection_with_nothing_to_say_is_noticed_by_the_keep_alive(stage: Stage) -> None:
    client = await stage.connected(keep_alive_secs=30)
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("blackhole")
    await interrupted
    await resumed
    assert await give(client, 1) != [0]
    assert await stage.numbers(TOPIC) == [1]
