"""Connecting, disconnecting and subscribing at the same time, over connections that a test decides on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import override

import pytest

from nwp500 import ConnectionState, Device, MqttConnectionConfig, NavienMqttClient
from nwp500.common.background import begun
from nwp500.exceptions import MqttConnectionError, MqttSubscribeError
from nwp500.transport.base import MessageListener, SigningCredentials, SubscriptionRefusedError, Transport
from nwp500.transport.subscriptions import MAX_SUBSCRIPTIONS
from tests.client.support.credentials import InventedCredentials
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted
from tests.client.support.steps import outcomes_of
from tests.client.support.virtual_time import VirtualTimeLoop


class SlowLink(OwnTransport):
    """A connection that takes a second for everything but messages, and refuses one subscription."""

    refused: str | None = None

    @override
    async def open(self) -> None:
        await asyncio.sleep(1)

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await asyncio.sleep(1)
        if topic_filter == self.refused:
            raise SubscriptionRefusedError("refused")
        await super().subscribe(topic_filter)

    @override
    async def close(self) -> None:
        await super().close()
        await asyncio.sleep(1)


@dataclass(slots=True)
class SlowLinks:
    """What makes a client's slow connections."""

    transports: list[SlowLink] = field(default_factory=list)
    refused: str | None = None

    async def make(self, _: SigningCredentials, on_message: MessageListener) -> Transport:
        """Make the next connection."""
        self.transports.append(transport := SlowLink(on_message, acknowledges=True))
        transport.refused = self.refused
        return transport

    def client(self) -> NavienMqttClient:
        """Make a client."""
        return NavienMqttClient(
            InventedCredentials(), config=MqttConnectionConfig(reconnect_spread=0), make_transport=self.make
        )


def played(story: Callable[[SlowLinks], Awaitable[None]]) -> None:
    """Play a story in virtual time; at its end nothing may be at work any more."""

    async def run() -> None:
        await story(SlowLinks())
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run(), loop_factory=VirtualTimeLoop)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.5])
def test_who_waits_for_a_connection_learns_that_it_is_abandoned(seconds: float) -> None:
    async def story(slow: SlowLinks) -> None:
        client = slow.client()
        connecting = asyncio.create_task(client.connect())
        await asyncio.sleep(seconds)
        assert client.is_connected is (seconds > 1)
        await client.disconnect()
        (result,) = await asyncio.wait_for(asyncio.gather(connecting, return_exceptions=True), 10)
        assert result is None if seconds > 1 else isinstance(result, MqttConnectionError)
        assert client.state is ConnectionState.CLOSED
        await client.connect()
        assert client.is_connected
        await client.disconnect()

    played(story)


def test_there_is_never_more_than_one_connection() -> None:
    async def story(slow: SlowLinks) -> None:
        client = slow.client()
        results = await asyncio.gather(*(client.connect() for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [type(None), MqttConnectionError, MqttConnectionError]
        disconnecting = [asyncio.create_task(client.disconnect()) for _ in range(2)]
        for _ in range(3):
            await asyncio.sleep(0)
            with pytest.raises(MqttConnectionError, match="being ended"):
                await client.connect()
        await asyncio.gather(*disconnecting)
        assert len(slow.transports) == 1
        await client.connect()
        assert await client.request_device_status(DEVICE) == 1
        await client.disconnect()

    played(story)


def test_a_second_connect_does_not_keep_the_connection_of_the_first_from_being_announced() -> None:
    async def story(slow: SlowLinks) -> None:
        client = slow.client()
        announced: list[object] = []
        client.on("connection_resumed", announced.append)
        await client.connect(wait=False)
        with pytest.raises(MqttConnectionError, match="in use already"):
            await client.connect()
        await asyncio.sleep(2)
        assert len(announced) == 1
        await client.disconnect()
        await client.connect()
        await asyncio.sleep(2)
        assert len(announced) == 1
        await client.disconnect()

    played(story)


def test_who_wants_a_subscription_that_is_being_made_waits_for_it_too() -> None:
    async def story(slow: SlowLinks) -> None:
        client = slow.client()
        await client.connect()
        assert client.poll(DEVICE)
        await client.subscribe_device(DEVICE)
        assert sorted(slow.transports[0].filters) == sorted(
            [f"cmd/52/navilink-{DEVICE.mac_address}/#", f"cmd/52/{client.client_id}/res/#"]
        )
        await client.disconnect()

    played(story)


def test_who_waits_for_a_subscription_is_not_canceled_by_a_disconnect() -> None:
    async def story(slow: SlowLinks) -> None:
        client = slow.client()
        await client.connect()
        subscribing = asyncio.create_task(client.subscribe("test/slow", lambda _topic, _message: None))
        await asyncio.sleep(0.5)
        await client.disconnect()
        await subscribing
        await client.connect()
        assert "test/slow" in slow.transports[1].filters
        await client.disconnect()

    played(story)


def test_a_subscription_that_nobody_waits_for_any_more_is_made_by_the_next() -> None:
    async def story(slow: SlowLinks) -> None:
        client, heard = slow.client(), list[str]()
        await client.connect()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.subscribe("test/a", lambda _topic, _message: heard.append("canceled"))
        assert slow.transports[0].filters == []
        await client.subscribe("test/a", lambda _topic, _message: heard.append("waited for"))
        assert slow.transports[0].filters == ["test/a"]
        slow.transports[0].message("test/a", b"{}")
        assert heard == ["waited for"]
        await client.disconnect()

    played(story)


@pytest.mark.parametrize("patience", [0.5, 1.5])
def test_a_disconnect_that_is_canceled_disconnects_all_the_same(patience: float) -> None:
    class Unacknowledged(OwnTransport):
        """A connection over which no farewell is acknowledged."""

        is_closed = False

        @override
        async def close(self) -> None:
            await super().close()
            self.is_closed = True

    async def story(_: SlowLinks) -> None:
        transports: list[Unacknowledged] = []

        async def make_transport(_: SigningCredentials, on_message: MessageListener) -> Transport:
            transports.append(Unacknowledged(on_message, acknowledges=False))
            return transports[-1]

        client = NavienMqttClient(InventedCredentials(), make_transport=make_transport)
        await client.connect()
        client.add_device(DEVICE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(patience):
                await client.disconnect()
        assert client.state is ConnectionState.CLOSED
        assert transports[0].is_closed

    played(story)


def test_everybody_learns_that_a_subscription_is_refused() -> None:
    async def story(slow: SlowLinks) -> None:
        slow.refused = "test/forbidden"
        client = slow.client()
        await client.connect()
        results = await asyncio.gather(
            *(client.subscribe("test/forbidden", lambda _topic, _message: None) for _ in range(3)),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [MqttSubscribeError] * 3
        await client.disconnect()

    played(story)


def test_what_one_can_do_without_makes_room_for_another_heater() -> None:
    async def story(_: SlowLinks) -> None:
        client, transports = await scripted()
        heaters = [Device(mac_address=f"04786300{number:04x}", additional_value="1") for number in range(60)]
        # One filter for each heater and one for all; whether it comes and goes is reported as long as there is room.
        for count, heater in enumerate(heaters[: MAX_SUBSCRIPTIONS - 1], start=1):
            await client.subscribe_device(heater)
            assert len(transports[0].filters) == min(2 * count + 1, MAX_SUBSCRIPTIONS)
        with pytest.raises(MqttSubscribeError):
            await client.subscribe_device(heaters[-1])
        assert not any(topic_filter.startswith("evt/") for topic_filter in transports[0].filters)
        transports[0].drop()
        await asyncio.sleep(5)
        assert sorted(transports[1].filters) == sorted(transports[0].filters)
        await client.disconnect()

    played(story)


def test_a_heater_that_the_next_connection_refuses_is_tried_again_with_the_next_request() -> None:
    async def story(slow: SlowLinks) -> None:
        client = slow.client()
        await client.connect()
        await client.subscribe_device(DEVICE)
        own = f"cmd/52/navilink-{DEVICE.mac_address}/#"
        slow.refused = own
        slow.transports[0].drop()
        await asyncio.sleep(10)
        assert own not in slow.transports[1].filters
        assert client.is_refused(DEVICE)
        slow.transports[1].refused = None
        await client.request_device_status(DEVICE)
        await asyncio.sleep(2)
        assert own in slow.transports[1].filters
        assert not client.is_refused(DEVICE)
        await client.disconnect()

    played(story)


def test_without_a_queue_what_need_not_be_sent_is_no_lost_connection() -> None:
    async def story(_: SlowLinks) -> None:
        client, transports = await scripted(
            MqttConnectionConfig(enable_command_queue=False, skip_redundant=True, guard_commands=True)
        )
        outcomes = outcomes_of(client)
        # It waits for an answer to a question that is asked for it.
        given = begun("giving a command", client.set_dhw_temperature(DEVICE, 120))
        await transports[0].written.wait()
        transports[0].reply("client/res", status={"dhwTemperatureSetting": 98})
        assert await given == 0
        assert [name for name, kind, _ in outcomes if kind == "dhw-temperature"] == ["confirmed"]
        await client.disconnect()

    played(story)
