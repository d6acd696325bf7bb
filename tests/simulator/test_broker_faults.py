"""Every fault of MQTT connections, seen by a raw client and by the AWS runtime."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from awscrt.exceptions import AwsCrtError
import pytest

from simulator.common.clock import DelayLine
from simulator.mqtt.connection import Withheld
from simulator.mqtt.packets import Connect, Packet, PingReq, PingResp, PubAck, Publish, SubAck, Subscribe
from simulator.mqtt.service import Limits

from .aws_client import AwsClient
from .conftest import StartBroker
from .running_broker import DEADLINE, QUICK_RECONNECTS, RunningBroker

FIFTY = [str(number).encode() for number in range(50)]


def publishes(numbers: Iterable[int]) -> list[Packet]:
    return [Publish(topic="cmd/x", payload=str(number).encode(), qos=1, packet_id=number) for number in numbers]


def payloads(broker: RunningBroker) -> list[int]:
    return [int(received.payload) for received in broker.received]


async def bytes_until_end(reader: asyncio.StreamReader) -> bytes | None:
    """Return what was read before a FIN, or None for a reset."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await reader.read()
    except ConnectionResetError:
        return None


async def test_mqtt_down_cuts_and_refuses_and_mqtt_up_is_the_same_port(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    raw, aws = await broker.connect("raw"), await AwsClient(broker, "aws").connect()
    for _ in range(2):
        broker.broker.take_down()
        broker.broker.take_down()
        assert broker.broker.service.connections == []
        assert await raw.until_closed() == []
        await aws.interrupted()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", broker.port)
        with pytest.raises(AwsCrtError) as refused:
            await AwsClient(broker, "aws").connect()
        assert refused.value.name == "AWS_IO_SOCKET_CONNECTION_REFUSED"
        broker.broker.bring_up()
        broker.broker.bring_up()
        raw, aws = await broker.connect("raw"), await AwsClient(broker, "aws").connect()
        assert await aws.publish("cmd/x", b"again") == [True]
    assert broker.reasons == ["broker is down"] * 4


async def test_mqtt_down_ends_handshakes(broker: RunningBroker) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(b"\x16")  # the first byte of a TLS handshake, and no more
    await broker.open()  # accepted after the other one
    broker.broker.take_down()
    assert not await bytes_until_end(reader)
    writer.close()
    broker.broker.bring_up()
    await broker.connect("client")


@pytest.mark.parametrize("fin", [True, False])
async def test_a_cut_ends_every_connection_at_once(broker: RunningBroker, *, fin: bool) -> None:
    raw, aws = await broker.connect("raw"), await AwsClient(broker, "aws").connect()
    reader, writer = await broker.open_stream()
    assert b"101 Switching Protocols" in await reader.readuntil(b"\r\n\r\n")
    broker.broker.cut(fin=fin)
    assert broker.broker.service.connections == []
    assert await raw.until_closed() == []
    assert await bytes_until_end(reader) == (b"" if fin else None)
    writer.close()
    await aws.interrupted()
    assert broker.reasons == ["cut"] * 3
    assert await (await AwsClient(broker, "next").connect()).publish("cmd/x", b"") == [True]


@pytest.mark.parametrize("round_trip", [0.0, 0.05])
@pytest.mark.parametrize("puback", [True, False])
async def test_a_cut_comes_after_exactly_so_many_messages(
    broker: RunningBroker, *, puback: bool, round_trip: float
) -> None:
    broker.broker.faults.round_trip = round_trip
    witness, client = await broker.connect("witness"), await broker.connect("client")
    broker.broker.cut(after=20, puback=puback)
    await client.send(*publishes(range(1, 16)))
    for number in range(1, 16):
        assert await client.receive(PubAck) == PubAck(number)
    await client.send(*publishes(range(16, 51)))
    assert await client.until_closed() == [PubAck(number) for number in range(16, 21 if puback else 20)]
    assert await witness.until_closed() == []
    assert payloads(broker) == list(range(1, 21))
    again = await broker.connect("next")
    await again.send(*publishes(range(50)[1:]))
    assert [await again.receive(PubAck) for _ in range(49)] == [PubAck(number) for number in range(1, 50)]


@pytest.mark.parametrize(("puback", "acknowledged"), [(True, 20), (False, 19)])
async def test_the_aws_runtime_sees_the_acknowledgements_before_a_cut(
    broker: RunningBroker, *, puback: bool, acknowledged: int
) -> None:
    client = await AwsClient(broker, "client").connect()
    broker.broker.cut(after=20, puback=puback)
    assert await client.publish("cmd/x", *FIFTY) == [number < acknowledged for number in range(50)]
    assert payloads(broker) == list(range(20))
    await client.interrupted()


async def test_in_a_black_hole_nothing_passes_and_nothing_ends(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    client = await broker.connect("client")
    await client.subscribe("#")
    broker.broker.blackhole()
    await client.send(*publishes(range(1, 5)), PingReq())
    other = await broker.connect("other")
    await other.publish("cmd/x", b"7")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.websocket.receive(), 0.2)
    assert payloads(broker) == [7]
    assert [info["client_id"] for info in broker.broker.service.connections] == ["client", "other"]
    broker.broker.bring_up()
    assert await client.until_closed() == []
    assert broker.reasons == ["black hole is over"]
    await other.publish("cmd/x", b"8")


async def test_the_aws_runtime_notices_a_black_hole_by_its_ping(broker: RunningBroker) -> None:
    client = await AwsClient(broker, "client", keep_alive=1).connect()
    broker.broker.blackhole()
    assert await client.interrupted() == "AWS_ERROR_MQTT_TIMEOUT"
    assert [info["client_id"] for info in broker.broker.service.connections] == ["client"], "the server cannot know yet"


async def test_a_client_in_a_black_hole_is_disconnected_and_its_will_published(start_broker: StartBroker) -> None:
    broker = await start_broker(Limits(keep_alive_min=1))
    client = await broker.connect("client", keep_alive=1, will=Publish(topic="evt/x", payload=b"gone"))
    broker.broker.blackhole()
    witness = await broker.connect("witness")
    await witness.subscribe("evt/#")
    assert (await witness.receive_publish()).payload == b"gone"
    assert broker.reasons == ["no packet for 1.5 seconds"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.websocket.receive(), 0.05)


async def test_a_client_can_leave_its_black_hole_for_a_new_connection(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    lost = await AwsClient(broker, "client", clean_session=False, keep_alive=1).connect()
    await lost.subscribe("a")
    broker.broker.blackhole()
    broker.broker.service.publish("a", b"into the hole")
    await lost.interrupted()
    found = await AwsClient(broker, "client", clean_session=False).connect()
    assert found.session_present
    assert await found.message() == ("a", b"into the hole")
    assert broker.reasons == ["client id taken over by a newer connection"]


async def test_upgrades_can_stay_unanswered(broker: RunningBroker) -> None:
    broker.broker.blackhole(new_connections=True)
    connecting = asyncio.create_task(AwsClient(broker, "aws").connect())
    reader, writer = await broker.open_stream()
    answered = asyncio.create_task(bytes_until_end(reader))
    done, _ = await asyncio.wait((connecting, answered), timeout=0.3)
    assert not done
    broker.broker.bring_up()
    await asyncio.wait((connecting, answered), timeout=DEADLINE)
    assert isinstance(connecting.exception(), AwsCrtError)
    assert not answered.result()
    writer.close()
    await broker.connect("client")


async def test_subscriptions_can_get_lost(broker: RunningBroker) -> None:
    client, aws = await broker.connect("client"), await AwsClient(broker, "aws").connect()
    broker.broker.faults.upcoming["lose_suback"] = 2
    await client.send(Subscribe(1, (("lost", 1),)), PingReq())
    assert await client.receive(PingResp) == PingResp()
    lost = aws.start_subscribing("lost")
    assert await aws.publish("cmd/x", b"0") == [True]
    assert not lost.done()
    assert [info["subscriptions"] for info in broker.broker.service.connections] == [[], []]
    await client.send(Subscribe(2, (("kept", 1),)))
    assert await client.receive(SubAck) == SubAck(2, (1,))
    await aws.subscribe("kept")
    await aws.disconnect()


async def test_sessions_can_be_dropped(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    client = await broker.connect("client", clean_session=False)
    await client.subscribe("a")
    idle = await broker.connect("idle", clean_session=False)
    idle.vanish()
    await broker.until_ended("closed by the client")
    broker.broker.hang_up_all("sessions dropped")
    broker.broker.service.forget_sessions()
    assert await client.until_closed() == []
    for client_id in ("client", "idle"):
        assert not (await broker.connect(client_id, clean_session=False)).session_present


async def test_a_delayed_connection_is_a_pipeline(broker: RunningBroker) -> None:
    client = await AwsClient(broker, "client").connect()
    await client.subscribe("cmd/#")
    broker.broker.faults.round_trip = 1
    # One after the other these would take a minute and a half.
    async with asyncio.timeout(DEADLINE):
        assert await client.publish("cmd/x", *FIFTY) == [True] * 50
        assert [await client.message() for _ in FIFTY] == [("cmd/x", payload) for payload in FIFTY]
    assert payloads(broker) == list(range(50))
    broker.broker.faults.round_trip = 0


async def test_nothing_overtakes_in_a_delay_line() -> None:
    arrived: list[str] = []

    async def arrive(item: str) -> None:
        arrived.append(item)

    line = DelayLine(arrive)
    for item, delay in (("slow", 0.05), ("quick", 0.0), ("slower", 0.06), ("quickest", 0.0)):
        line.put(item, delay)
    line.close()
    await line.run()
    assert arrived == ["slow", "quick", "slower", "quickest"]


async def test_a_reset_begins_anew(broker: RunningBroker) -> None:
    client = await broker.connect("client", clean_session=False)
    await client.publish("cmd/x", b"1")
    broker.broker.cut(after=1)
    broker.broker.faults.upcoming["lose_suback"] = 5
    broker.broker.faults.upgrade_status = HTTPStatus.SERVICE_UNAVAILABLE
    broker.broker.faults.round_trip = 5
    broker.broker.blackhole(new_connections=True)
    broker.broker.take_down()
    broker.broker.reset()
    assert await client.until_closed() == []
    assert (broker.broker.service.received, broker.broker.service.throttled, broker.broker.service.ended) == (
        [],
        [],
        [],
    )
    again = await broker.connect("again", clean_session=False)
    await again.subscribe("cmd/#")
    await again.publish("cmd/y", b"2")
    await again.receive_publish()
    await again.publish("cmd/z", b"3", packet_id=2)
    assert [received.sequence for received in broker.broker.service.received] == [1, 2]


async def test_stopping_leaves_no_connection_behind(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    client, lost = await broker.connect("client"), await broker.connect("lost")
    broker.broker.blackhole(new_connections=True)
    reader, writer = await broker.open_stream()
    await broker.broker.stop()
    for connection in (client, lost):
        assert await connection.until_closed() == []
    assert not await bytes_until_end(reader)
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", broker.port)


async def test_a_take_over_in_a_row_leaves_the_last_one(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    clients = [await broker.open() for _ in range(5)]
    await asyncio.gather(*(client.send(Connect(client_id="same")) for client in clients))
    await broker.until(lambda: len(broker.reasons) == 4)
    assert [info["client_id"] for info in broker.broker.service.connections] == ["same"]


async def test_withheld_acknowledgements_leave_messages_processed(broker: RunningBroker) -> None:
    client = await broker.connect("client")
    await client.subscribe("cmd/#")
    broker.broker.withhold(Withheld.ACKNOWLEDGEMENTS)
    await client.send(Publish(topic="cmd/x", payload=b"1", qos=1, packet_id=7), PingReq())
    assert (await client.receive_publish()).payload == b"1"
    await client.receive(PingResp)
    assert payloads(broker) == [1]


async def test_withheld_deliveries_reach_nobody_on_present_connections(start_broker: StartBroker) -> None:
    broker = await start_broker(QUICK_RECONNECTS)
    present = await broker.connect("present")
    await present.subscribe("cmd/#")
    broker.broker.withhold(Withheld.DELIVERIES)
    later = await broker.connect("later")
    await later.subscribe("cmd/#")
    await present.publish("cmd/x", b"1")  # nothing but the PUBACK comes
    assert (await later.receive_publish()).payload == b"1"
    await present.send(PingReq())
    await present.receive(PingResp)


async def test_withheld_also_from_connections_to_come_until_mqtt_up(broker: RunningBroker) -> None:
    for what in (Withheld.DELIVERIES, Withheld.REQUESTS):
        broker.broker.withhold(what, new_connections=True)
    client = await broker.connect("client")
    await client.subscribe("cmd/#")
    await client.publish("cmd/x", b"1")
    broker.broker.service.publish("cmd/x", b"2", qos=0)
    await client.send(PingReq())
    await client.receive(PingResp)
    assert broker.received == []
    broker.broker.bring_up()
    broker.broker.service.publish("cmd/x", b"3", qos=0)
    assert (await client.receive_publish()).payload == b"3"
