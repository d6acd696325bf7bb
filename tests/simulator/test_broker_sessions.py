"""Subscriptions, deliveries, wills and persistent sessions."""

import pytest

from simulator.mqtt.packets import Disconnect, PingReq, PingResp, PubAck, Publish
from simulator.mqtt.service import Limits
from simulator.mqtt.session import is_topic_filter, is_topic_name, matches

from .conftest import StartBroker
from .running_broker import QUICK_RECONNECTS, WILL, RunningBroker

MAC = "0478630a1b2c"


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/B", False),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("+/b", "/b", True),
        ("+", "a", True),
        ("+", "/a", False),
        ("+/+", "/a", True),
        ("#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("a/+/#", "a", False),
        ("a/+/#", "a/b", True),
        ("#", "$aws/x", False),
        ("+/x", "$aws/x", False),
        ("$aws/#", "$aws/x", True),
        (f"cmd/52/navilink-{MAC}/#", f"cmd/52/navilink-{MAC}/st/did", True),
    ],
)
def test_topic_filters_match_as_the_standard_says(topic_filter: str, topic: str, *, expected: bool) -> None:
    assert is_topic_filter(topic_filter)
    assert is_topic_name(topic)
    assert matches(topic_filter, topic) is expected


@pytest.mark.parametrize("text", ["", "a+", "+a/b", "a#", "a/#/b", "#/a", f"cmd/52/navilink-+{MAC}/#"])
def test_a_wildcard_fills_a_whole_level(text: str) -> None:
    assert not is_topic_filter(text)


async def test_a_client_hears_its_own_messages_and_others(broker: RunningBroker) -> None:
    client, other = await broker.connect("client"), await broker.connect("other")
    await client.subscribe(f"cmd/52/navilink-{MAC}/#")
    await client.publish(f"cmd/52/navilink-{MAC}/st", b"own")
    assert (await client.receive_publish()).payload == b"own"
    await other.publish(f"cmd/52/navilink-{MAC}/ctrl", b"theirs")
    await other.publish("cmd/52/navilink-0478630a1b2d/ctrl", b"another heater")
    broker.broker.service.publish(f"cmd/52/navilink-{MAC}/client/res", b"reply")
    assert (await client.receive_publish()).payload == b"theirs"
    assert (await client.receive_publish()).payload == b"reply"
    assert [received.client_id for received in broker.received] == ["client", "other", "other"]


async def test_overlapping_subscriptions_deliver_twice(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.subscribe("cmd/52/client/res/#", "cmd/52/client/res/st")
    broker.broker.service.publish("cmd/52/client/res/st", b"once")
    first, second = await client.receive_publish(), await client.receive_publish()
    assert first.payload == second.payload == b"once"
    assert first.packet_id != second.packet_id


@pytest.mark.parametrize(("published", "granted", "delivered"), [(1, 1, 1), (1, 0, 0), (0, 1, 0)])
async def test_a_delivery_has_the_lesser_qos(
    broker: RunningBroker, published: int, granted: int, delivered: int
) -> None:
    client = await broker.connect("client")
    await client.subscribe("a", qos=granted)
    broker.broker.service.publish("a", b"", published)
    message = await client.receive_publish()
    assert (message.qos, message.packet_id is not None) == (delivered, bool(delivered))


async def test_nothing_can_be_published_to_a_filter(broker: RunningBroker) -> None:
    with pytest.raises(ValueError, match="not a topic name"):
        broker.broker.service.publish("cmd/#", b"")


async def test_deliveries_wait_for_acknowledgements(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(unacknowledged_deliveries=2))
    client = await broker.connect("client")
    await client.subscribe("a")
    for number in range(4):
        broker.broker.service.publish("a", bytes((number,)))
    first, second = await client.receive(Publish), await client.receive(Publish)
    await client.send(PingReq())
    await client.receive(PingResp)
    assert broker.broker.service.connections[0]["unacknowledged"] == 2
    assert (first.packet_id, second.packet_id) == (1, 2)
    await client.send(PubAck(2), PubAck(777))
    assert (await client.receive(Publish)).payload == b"\2"
    await client.send(PubAck(1))
    assert (await client.receive_publish()).payload == b"\3"


async def test_every_message_arrives_in_order(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(publishes_per_second=10_000))
    sender, receiver = await broker.connect("sender"), await broker.connect("receiver")
    await receiver.subscribe("cmd/#")
    for start in range(0, 1000, 50):
        await sender.send(
            *(
                Publish(topic="cmd/x", payload=str(number).encode(), qos=1, packet_id=number + 1)
                for number in range(start, start + 50)
            )
        )
    for number in range(1000):
        assert await sender.receive(PubAck) == PubAck(number + 1)
        assert (await receiver.receive_publish()).payload == str(number).encode()
    assert [int(received.payload) for received in broker.received] == list(range(1000))
    assert [received.sequence for received in broker.received] == list(range(1, 1001))


async def test_the_will_is_published_when_tcp_ends_and_not_after_disconnect(broker: RunningBroker) -> None:
    witness = await broker.connect("witness")
    await witness.subscribe("evt/#", "cmd/#")
    polite = await broker.connect("polite", will=WILL)
    await polite.send(Publish(topic="cmd/last", payload=b"last words"), Disconnect())
    assert await polite.until_closed() == []
    assert (await witness.receive_publish()).payload == b"last words"
    vanishing = await broker.connect("vanishing", will=WILL)
    vanishing.vanish()
    closing = await broker.connect("closing", will=WILL)
    await closing.websocket.close()
    for _ in range(2):
        will = await witness.receive_publish()
        assert (will.topic, will.payload, will.qos) == (WILL.topic, WILL.payload, 1)
    await witness.publish("cmd/end")
    assert (await witness.receive_publish()).topic == "cmd/end"
    assert broker.reasons == ["disconnected by the client", "closed by the client", "closed by the client"]


async def test_what_was_sent_just_before_tcp_ends_counts(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.send(*(Publish(topic="cmd/x", payload=bytes((number,))) for number in range(50)))
    client.vanish()
    await broker.until_ended("closed by the client")
    assert [received.payload[0] for received in broker.received] == list(range(50))


async def test_a_persistent_session_keeps_subscriptions_and_messages(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    client = await broker.connect("client", clean_session=False)
    assert not client.session_present
    await client.subscribe("a")
    broker.broker.service.publish("a", b"acknowledged")
    await client.receive_publish()
    broker.broker.service.publish("a", b"in doubt")
    in_doubt = await client.receive(Publish)
    client.vanish()
    await broker.until_ended("closed by the client")
    broker.broker.service.publish("a", b"first")
    broker.broker.service.publish("a", b"lost", qos=0)
    broker.broker.service.publish("a", b"second")

    again = await broker.connect("client", clean_session=False)
    assert again.session_present
    resent = await again.receive_publish()
    assert (resent.payload, resent.dup, resent.packet_id) == (b"in doubt", True, in_doubt.packet_id)
    queued = [await again.receive_publish() for _ in range(2)]
    assert [(message.payload, message.dup) for message in queued] == [(b"first", False), (b"second", False)]
    assert broker.broker.service.connections[0]["subscriptions"] == ["a"]


async def test_a_session_is_resumed_over_a_take_over(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    older = await broker.connect("client", clean_session=False)
    await older.subscribe("a")
    newer = await broker.connect("client", clean_session=False)
    assert newer.session_present
    broker.broker.service.publish("a", b"for the newer")
    assert (await newer.receive_publish()).payload == b"for the newer"
    assert await older.until_closed() == []


@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True), (True, True)])
async def test_a_clean_session_begins_and_leaves_nothing(
    start_broker: StartBroker, *, before: bool, after: bool
) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    client = await broker.connect("client", clean_session=before)
    await client.subscribe("a")
    client.vanish()
    await broker.until_ended("closed by the client")
    broker.broker.service.publish("a", b"nobody is there")
    again = await broker.connect("client", clean_session=after)
    assert not again.session_present
    assert broker.broker.service.connections[0]["subscriptions"] == []
    await again.publish("a", b"and nobody hears")


async def test_a_session_expires(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(connect_interval=0, session_expiry=0))
    client = await broker.connect("client", clean_session=False)
    await client.send(Disconnect())
    await client.until_closed()
    assert not (await broker.connect("client", clean_session=False)).session_present
