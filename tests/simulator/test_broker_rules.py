"""The rules and limits that the broker enforces, each tried by a client that breaks it (protocol.md 3)."""

import asyncio
from contextlib import suppress
import logging
from uuid import uuid4

from aiohttp import WSCloseCode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from simulator.mqtt.packets import (
    ConnAck,
    Connect,
    ConnectReturnCode,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)
from simulator.mqtt.service import Limits

from .conftest import StartBroker
from .running_broker import QUICK_RECONNECTS, WILL, RunningBroker

TOPIC_OF_256_BYTES = "t" * 256
TOPIC_OF_7_SLASHES = "a/b/c/d/e/f/g/h"
LARGEST_PAYLOAD = bytes(128 * 1024)


def message(topic: str = "cmd/52/x", payload: bytes = b"", *, qos: int = 1, packet_id: int = 1) -> Publish:
    return Publish(topic=topic, payload=payload, qos=qos, packet_id=packet_id if qos else None)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (Connect(client_id="again"), "Connect from a client"),
        (ConnAck(session_present=False, return_code=ConnectReturnCode.ACCEPTED), "ConnAck from a client"),
        (PingResp(), "PingResp from a client"),
        (message(qos=2), "QoS 2"),
        (message(topic=""), "not a topic name"),
        (message(topic="cmd/+/x"), "not a topic name"),
        (message(topic="cmd/#"), "not a topic name"),
        (message(topic=TOPIC_OF_256_BYTES + "t"), "topic too long"),
        (message(topic=TOPIC_OF_7_SLASHES + "/i"), "too many slashes in a topic"),
        (message(payload=LARGEST_PAYLOAD + b"!"), "message too large"),
        (message(payload=LARGEST_PAYLOAD * 16), "packet too large"),
        (Subscribe(1, (("a", 2),)), "QoS 2"),
        (Subscribe(1, (("a/#/b", 1),)), "not a topic filter"),
        (Subscribe(1, (("navilink-+", 1),)), "not a topic filter"),
        (Subscribe(1, ((TOPIC_OF_256_BYTES + "t", 1),)), "topic too long"),
        (Subscribe(1, ((TOPIC_OF_7_SLASHES + "/#", 1),)), "too many slashes in a topic"),
        (
            Subscribe(1, tuple((f"a/{number}", 1) for number in range(9))),
            "too many topic filters in one SUBSCRIBE",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
async def test_a_breach_closes_the_connection(broker: RunningBroker, packet: Packet, reason: str) -> None:
    witness = await broker.connect("witness")
    await witness.subscribe("evt/#")
    client = await broker.connect("client", will=WILL)
    await client.send(packet)
    assert await client.until_closed() == []
    assert broker.reasons == [reason]
    assert broker.received == []
    assert (await witness.receive_publish()).payload == b"gone"


@pytest.mark.parametrize(
    ("octets", "reason"),
    [(b"\xff\x00", "packet type 15 is not supported"), (b"\x40\x02\x00\x00", "packet id is 0")],
)
async def test_malformed_bytes_close_the_connection(broker: RunningBroker, octets: bytes, reason: str) -> None:
    client = await broker.connect("client")
    await client.websocket.send_bytes(octets)
    assert await client.until_closed() == []
    assert broker.reasons == [reason]


JUNK = st.binary(min_size=1, max_size=60) | st.tuples(
    st.sampled_from([0x10, 0x30, 0x32, 0x40, 0x82, 0xA2, 0xC0]), st.binary(max_size=60)
).map(lambda parts: bytes((parts[0], len(parts[1]))) + parts[1])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.lists(JUNK, min_size=1, max_size=3), connected=st.booleans())
async def test_junk_harms_nobody_else(
    broker: RunningBroker, caplog: pytest.LogCaptureFixture, junk: list[bytes], *, connected: bool
) -> None:
    suspect = await (broker.connect(uuid4().hex) if connected else broker.open())
    for octets in junk:
        with suppress(ConnectionResetError):
            await suspect.websocket.send_bytes(octets)
    suspect.vanish()
    await broker.until(lambda: broker.broker.service.connections == [])
    await suspect.websocket.close()
    witness = await broker.connect(uuid4().hex)
    await witness.publish("cmd/x")
    await witness.websocket.close()
    await broker.until(lambda: broker.broker.service.connections == [])
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_text_frames_close_the_connection(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.websocket.send_str("hello")
    assert await client.until_closed() == []
    assert broker.reasons == ["not a binary WebSocket frame"]


async def test_frames_of_many_megabytes_are_refused_unread(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.websocket.send_bytes(bytes(5_000_000))
    assert (await client.websocket.receive()).data == WSCloseCode.MESSAGE_TOO_BIG
    await client.websocket.close()
    await broker.until(lambda: not broker.broker.service.connections)
    assert broker.reasons == ["not a binary WebSocket frame"]


async def test_what_is_just_within_the_limits_is_accepted(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.publish(TOPIC_OF_256_BYTES)
    await client.publish(TOPIC_OF_7_SLASHES)
    await client.publish("cmd/52/x", LARGEST_PAYLOAD)
    await client.subscribe("a/+/c/d/e/f/g/h", TOPIC_OF_256_BYTES, "#", "+", "+/+", "/", "a//b", "$aws/+")
    assert [len(received.payload) for received in broker.received] == [0, 0, len(LARGEST_PAYLOAD)]
    assert broker.reasons == []


async def test_the_first_packet_must_be_connect(broker: RunningBroker) -> None:
    client = await broker.open()
    await client.send(PingReq())
    assert await client.until_closed() == []
    assert broker.reasons == ["first packet is not CONNECT"]


@pytest.mark.parametrize(
    ("octets", "return_code"),
    [
        ("10 0e 0004 4d515454 05 02 003c 00 0001 63", ConnectReturnCode.UNACCEPTABLE_PROTOCOL_VERSION),
        ("10 0c 0004 4d515454 04 02 003c 0000", ConnectReturnCode.IDENTIFIER_REJECTED),
        (f"10 8d01 0004 4d515454 04 02 003c 0081 {'63' * 129}", ConnectReturnCode.IDENTIFIER_REJECTED),
    ],
    ids=["MQTT 5", "empty client id", "client id of 129 bytes"],
)
async def test_a_refused_connect_is_answered_before_the_close(
    broker: RunningBroker, octets: str, return_code: ConnectReturnCode
) -> None:
    client = await broker.open()
    await client.websocket.send_bytes(bytes.fromhex(octets))
    assert await client.until_closed() == [ConnAck(session_present=False, return_code=return_code)]
    assert broker.broker.service.connections == []


@pytest.mark.parametrize(
    ("will", "reason"),
    [
        (Publish(topic="evt/x", payload=b"", qos=2), "QoS 2"),
        (Publish(topic="evt/#", payload=b""), "not a topic name"),
        (Publish(topic=TOPIC_OF_7_SLASHES + "/i", payload=b""), "too many slashes in a topic"),
    ],
)
async def test_a_will_obeys_the_rules_of_publishing(broker: RunningBroker, will: Publish, reason: str) -> None:
    client = await broker.open()
    await client.send(Connect(client_id="client", will=will))
    assert await client.until_closed() == []
    assert broker.reasons == [reason]


async def test_fifty_subscriptions_are_the_most(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    filters = [f"cmd/{number}" for number in range(50)]
    for start in range(0, 50, 8):
        await client.subscribe(*filters[start : start + 8])
    await client.subscribe("cmd/49")  # the same again counts once
    assert broker.broker.service.connections[0]["subscriptions"] == list(filters)
    await client.send(Unsubscribe(7, ("cmd/0", "cmd/never")))
    assert await client.receive(UnsubAck) == UnsubAck(7)
    await client.subscribe("cmd/50")
    await client.send(Subscribe(9, (("cmd/51", 1),)))
    assert await client.until_closed() == []
    assert broker.reasons == ["too many subscriptions"]


async def test_publishes_beyond_the_rate_are_neither_acknowledged_nor_processed(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    # One frame is processed at one go, so that no second can pass in between.
    await client.send(*(message(payload=bytes((number,)), packet_id=number + 1) for number in range(130)), PingReq())
    for number in range(100):
        assert await client.receive(PubAck) == PubAck(number + 1)
    await client.receive(PingResp)
    assert [received.payload[0] for received in broker.received] == list(range(100))
    assert [throttled.payload[0] for throttled in broker.broker.service.throttled] == list(range(100, 130))
    assert [received.sequence for received in broker.broker.service.received] == list(range(1, 101))


async def test_the_rate_is_each_connections_own_and_recovers(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(publishes_per_second=2))
    first, second = await broker.connect("first"), await broker.connect("second")
    await first.send(*(message(packet_id=number) for number in (1, 2, 3)))
    await first.receive(PubAck)
    await first.receive(PubAck)
    await second.publish("cmd/52/x")
    assert len(broker.broker.service.throttled) == 1
    async with asyncio.timeout(20):
        while len(broker.received) < 4:
            await first.send(message(packet_id=4), PingReq())
            while not isinstance(await first.receive_any(), PingResp):
                pass


async def test_a_client_id_connects_once_in_its_interval(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(connect_interval=3600))
    first = await broker.connect("client")
    second = await broker.open()
    await second.send(Connect(client_id="client"))
    assert await second.until_closed() == []
    assert broker.reasons == ["too many CONNECTs of one client id"]
    await first.publish("cmd/52/x")
    await broker.connect("other")


async def test_a_newer_connection_takes_the_client_id_over(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    witness = await broker.connect("witness")
    await witness.subscribe("evt/#")
    older = await broker.connect("client", will=WILL)
    newer = await broker.connect("client")
    assert await older.until_closed() == []
    assert (await witness.receive_publish()).payload == b"gone"
    await newer.publish("cmd/52/x")
    assert [info["client_id"] for info in broker.broker.service.connections] == ["witness", "client"]
    assert broker.reasons == ["client id taken over by a newer connection"]


async def test_a_silent_client_is_dropped_and_a_pinging_one_is_not(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(keep_alive_min=1))
    witness = await broker.connect("witness", keep_alive=1200)
    await witness.subscribe("evt/#")
    alive = await broker.connect("alive", keep_alive=1)
    silent = await broker.connect("silent", keep_alive=1, will=WILL)
    gone = asyncio.create_task(witness.receive_publish())
    while not gone.done():
        await alive.send(PingReq())
        await alive.receive(PingResp)
        await asyncio.wait((gone,), timeout=0.1)
    assert gone.result().payload == b"gone"
    assert await silent.until_closed() == []
    assert broker.reasons == ["no packet for 1.5 seconds"]
    pings = {info["client_id"]: info["pings"] for info in broker.broker.service.connections}
    assert pings["witness"] == 0
    assert pings["alive"] > 0


@pytest.mark.parametrize(("asked", "granted"), [(0, 1200), (1, 30), (30, 30), (60, 60), (1200, 1200), (65535, 1200)])
def test_keep_alive_is_clamped(asked: int, granted: int) -> None:
    assert Limits().granted_keep_alive(asked) == granted


async def test_a_connection_without_connect_is_closed(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(connect_wait=0.05))
    client = await broker.open()
    assert await client.until_closed() == []
    assert broker.reasons == ["no packet for 0.05 seconds"]


async def test_a_connection_ends_with_its_lifetime(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(connection_lifetime=1))
    client = await broker.connect("client")
    assert await client.until_closed() == []
    assert broker.reasons == ["connection lifetime is over"]


async def test_packets_may_share_a_frame_or_be_cut_anywhere(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    octets = b"\xc0\x00" + b"\x82\x06\x00\x05\x00\x01a\x01" + b"\x32\x05\x00\x01a\x00\x06"
    for octet in octets:
        await client.websocket.send_bytes(bytes((octet,)))
    await client.receive(PingResp)
    assert await client.receive(SubAck) == SubAck(5, (1,))
    assert await client.receive(PubAck) == PubAck(6)
    assert (await client.receive_publish()).topic == "a"
    await client.websocket.send_bytes(octets)
    await client.receive(PingResp)
    assert await client.receive(SubAck) == SubAck(5, (1,))
    assert await client.receive(PubAck) == PubAck(6)
