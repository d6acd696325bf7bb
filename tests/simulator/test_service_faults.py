"""What the service may do to a client: refuse, hang up, deliver twice, live in another time, or not be there at all."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import WSServerHandshakeError
from awscrt.exceptions import AwsCrtError
from awscrt.mqtt import SubscribeError
import pytest

from simulator.mqtt.codec import encode
from simulator.mqtt.connection import LIFETIME_IS_OVER, Withheld
from simulator.mqtt.packets import (
    REFUSED,
    ConnAck,
    Connect,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
)
from simulator.process import SimulatorError, SimulatorProcess

from .aws_client import AwsClient
from .conftest import StartBroker
from .heater_user import RESPONSE_TOPIC, HeaterUser, Open, sign_in
from .requests_on_file import MAC
from .rest_user import DEVICE, EMAIL, PASSWORD, RestUser
from .running_broker import QUICK_RECONNECTS, RunningBroker

OTHER_MAC = "0478630a1b2d"
STRANGE_MAC = "0478630a1bff"

whole = pytest.mark.asyncio(loop_scope="module")


async def subscribed(user: HeaterUser, *topic_filters: str) -> tuple[int, ...]:
    """Return what the SUBACK says of each filter."""
    await user.client.send(Subscribe(9, tuple((topic_filter, 1) for topic_filter in topic_filters)))
    return (await user.client.receive(SubAck)).return_codes


def frame(packet: Packet) -> bytes:
    """Return a WebSocket frame of a client, masked with zeros."""
    data = encode(packet)
    return bytes((0x82, 0x80 | len(data), 0, 0, 0, 0)) + data


async def test_subscriptions_can_be_refused(broker: RunningBroker) -> None:
    client, aws = await broker.connect("client"), await AwsClient(broker, "aws").connect()
    broker.broker.faults.upcoming["refuse_suback"] = 2
    await client.send(Subscribe(1, (("a", 1), ("b", 0))))
    assert await client.receive(SubAck) == SubAck(1, (REFUSED, REFUSED))
    with pytest.raises(SubscribeError):
        await aws.subscribe("a")
    assert [info["subscriptions"] for info in broker.broker.service.connections] == [[], []]
    await client.subscribe("a")
    assert broker.broker.service.connections[0]["subscriptions"] == ["a"]


async def test_connections_can_end_after_their_connack(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    staying = await broker.connect("staying")
    broker.broker.faults.upcoming["hang_up_after_connack"] = 2
    client = await broker.open()
    await client.send(Connect(client_id="client"), Subscribe(1, (("a", 1),)))
    [connack] = await client.until_closed()
    assert isinstance(connack, ConnAck)
    aws = await AwsClient(broker, "aws").connect()
    await aws.interrupted()
    assert broker.reasons == ["ended after CONNACK"] * 2
    await staying.publish("cmd/x")
    await (await broker.connect("client")).publish("cmd/x")


async def test_a_message_can_come_twice(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.subscribe("a")
    await client.subscribe("b", qos=0)
    broker.broker.service.deliveries = 2
    for topic in ("a", "b"):
        broker.broker.service.publish(topic, b"1")
    first, second = await client.receive_publish(), await client.receive_publish()
    assert (first.topic, first.payload, first.dup) == (second.topic, second.payload, second.dup) == ("a", b"1", False)
    assert first.packet_id != second.packet_id
    assert (await client.receive_publish()).topic == "b"
    broker.broker.reset()
    again = await broker.connect("again")
    await again.subscribe("a")
    broker.broker.service.publish("a", b"2")
    await again.receive_publish()
    await again.send(PingReq())
    await again.receive(PingResp)


async def test_sessions_end_as_after_a_day(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    client, aws = await broker.connect("client", clean_session=False), await AwsClient(broker, "aws").connect()
    broker.broker.hang_up_all(LIFETIME_IS_OVER)
    assert await client.until_closed() == []
    await aws.interrupted()
    assert broker.reasons == ["connection lifetime is over"] * 2
    assert (await broker.connect("client", clean_session=False)).session_present


async def test_a_message_counts_as_acknowledged_once_its_puback_was_written(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.publish("cmd/x")
    broker.broker.withhold(Withheld.ACKNOWLEDGEMENTS)
    await client.send(Publish(topic="cmd/x", payload=b"", qos=1, packet_id=2), PingReq())
    await client.receive(PingResp)
    broker.broker.bring_up()
    await client.send(Publish(topic="cmd/x", payload=b""), PingReq())
    await client.receive(PingResp)
    await client.publish("cmd/x", packet_id=3)
    assert len(broker.received) == 4
    assert {each.sequence for each in broker.broker.service.received if each.acknowledged} == {1, 4}


@pytest.mark.parametrize("ending", ["cut", "blackhole"])
async def test_an_acknowledgement_still_on_its_way_at_the_end_does_not_count(
    broker: RunningBroker, ending: str
) -> None:
    reader, writer = await broker.open_stream()
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame(Connect(client_id="client")))
    await reader.readexactly(6)  # the CONNACK in its frame
    broker.broker.faults.round_trip = 0.4
    writer.write(frame(Publish(topic="cmd/x", payload=b"", qos=1, packet_id=1)))
    await broker.until(lambda: len(broker.received) == 1)
    transport = writer.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()  # a client that is stuck, and notices nothing of the end
    if ending == "cut":
        broker.broker.cut()
    else:
        broker.broker.blackhole()
    # This PUBACK is written later than the other one would have been.
    other = await broker.connect("other")
    await other.publish("cmd/x")
    assert {each.sequence for each in broker.broker.service.received if each.acknowledged} == {2}
    transport.abort()


async def test_a_captive_portal_answers_for_both_services(user: RestUser) -> None:
    user.fault("portal")
    members = {"userId": EMAIL, "password": PASSWORD}
    async with user.session.post(f"{user.cloud.api_url}/user/sign-in", json=members) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "<title>" in await response.text()
    assert [request["status"] for request in user.cloud.rest.requests] == [200]
    user.fault("portal", on=False)
    await user.sign_in()


async def test_a_captive_portal_is_no_broker(broker: RunningBroker) -> None:
    staying = await broker.connect("staying")
    broker.broker.faults.portal = True
    with pytest.raises(WSServerHandshakeError) as refused:
        await broker.open()
    assert refused.value.status == 200
    with pytest.raises(AwsCrtError) as failed:
        await AwsClient(broker, "aws").connect()
    assert failed.value.name == "AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE"
    async with broker.session().get(f"https://127.0.0.1:{broker.port}/mqtt") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    assert broker.broker.upgrades == 3  # those of the clients
    await staying.publish("cmd/x")
    broker.broker.reset()
    assert broker.broker.upgrades == 0
    await broker.connect("client")


@whole
@pytest.mark.parametrize("offset", [-600, 600])
async def test_signatures_are_judged_by_the_clock_of_the_service(
    connect: Open, simulator: SimulatorProcess, offset: int
) -> None:
    staying = await connect()
    await simulator.fault("service_clock", offset=offset)
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect()
    assert refused.value.status == 403
    assert refused.value.headers is not None
    ahead = parsedate_to_datetime(refused.value.headers["Date"]) - datetime.now(UTC)
    assert ahead.total_seconds() == pytest.approx(offset, abs=60)
    await simulator.wait(upgrades=2, connections=1)
    await staying.set_temperature(110)
    await simulator.wait(applied=1)
    await simulator.fault("service_clock", offset=offset / 6)  # within the five minutes
    await connect()
    await simulator.fault("service_clock", offset=None)
    await connect()


async def test_lifetimes_are_judged_by_the_clock_of_the_service(user: RestUser) -> None:
    await user.sign_in()
    for offset, status in ((3500, 200), (3700, 401), (0, 200)):
        user.fault("service_clock", offset=offset)
        assert (await user.post("/device/info", **DEVICE))[0] == status
    user.fault("service_clock", offset=3700)
    await user.sign_in()
    assert (await user.post("/device/info", **DEVICE))[0] == 200


@whole
async def test_a_heater_that_left_the_account_is_out_of_reach(connect: Open, simulator: SimulatorProcess) -> None:
    user, other = await connect(), await connect()
    assert await subscribed(user, f"cmd/52/navilink-{MAC}/#", f"evt/52/navilink-{MAC}/app-connection") == (1, 1)
    await simulator.fault("leave_account", mac=MAC)
    codes = await subscribed(other, f"cmd/52/navilink-{MAC}/#", f"cmd/52/navilink-{OTHER_MAC}/#", "cmd/52/app/res/#")
    assert codes == (REFUSED, 1, 1)
    await user.set_temperature(110)
    assert await user.client.until_closed() == []
    state = await simulator.state()
    assert [ended["reason"] for ended in state["ended"]] == ["the policy forbids to publish to a topic"]
    assert state["received"] == []
    await simulator.fault("leave_account", mac=MAC, on=False)
    again = await connect()
    await again.subscribe()
    await again.set_temperature(110)
    await again.reply()


@whole
async def test_a_heater_that_was_never_in_the_account_is_out_of_reach(
    connect: Open, simulator: SimulatorProcess
) -> None:
    user = await connect()
    assert await subscribed(user, f"cmd/52/navilink-{STRANGE_MAC}/#") == (REFUSED,)
    await user.publish(f"cmd/52/navilink-{STRANGE_MAC}/st", b"{}")
    assert await user.client.until_closed() == []
    await simulator.wait(disconnected=1)


@whole
async def test_a_burst_is_one_request(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.publish(RESPONSE_TOPIC, {"number": 1}, count=2)
    await simulator.publish_text(RESPONSE_TOPIC, "junk", count=1500)
    payloads = [(await user.client.receive_publish()).payload for _ in range(1502)]
    assert payloads == [b'{"number": 1}'] * 2 + [b"junk"] * 1500
    for count in (0, 100_001):
        with pytest.raises(SimulatorError, match="count must be 1 to 100000"):
            await simulator.publish_text(RESPONSE_TOPIC, "junk", count=count)


@whole
async def test_what_a_drill_waits_for(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await simulator.fault("refuse_upgrade", status=429)
    with pytest.raises(WSServerHandshakeError):
        await connect()
    for _ in range(150):
        await user.publish("evt/52/x", b"1")
    await simulator.wait(upgrades=2, throttled=1)
    await user.client.receive(PubAck)
    state = await simulator.state()
    assert (state["upgrades"], state["throttled"]) == (2, 150 - len(state["received"]))
    assert state["received"][0]["acknowledged"]


@whole
@pytest.mark.parametrize("offset", [1e9, -1e9, "1"])
async def test_a_clock_is_not_wrong_by_more_than_ten_years(simulator: SimulatorProcess, offset: object) -> None:
    with pytest.raises(SimulatorError, match="offset"):
        await simulator.fault("service_clock", offset=offset)
    assert await sign_in(simulator)
