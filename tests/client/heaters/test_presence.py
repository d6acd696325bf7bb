"""Whether a heater is online: what it says itself, what its silence says, and that the connection is not the heater."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
import json
from typing import override

import pytest

from nwp500 import Changed, MqttConnectionConfig, NavienMqttClient
from nwp500.transport.base import MessageListener, SigningCredentials, SubscriptionRefusedError, Transport
from nwp500.transport.failures import UNANSWERED
from nwp500.transport.subscriptions import MAX_SUBSCRIPTIONS
from tests.client.support.credentials import InventedCredentials
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted
from tests.client.support.stage import MAC
from tests.client.support.virtual_time import VirtualTimeLoop

TOPIC = f"evt/52/navilink-{MAC}/connection"


class DeafToPresence(OwnTransport):
    """A connection on which that one subscription fails: refused, or without any SUBACK."""

    is_refused = True

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await super().subscribe(topic_filter)
        if topic_filter == TOPIC:
            if self.is_refused:
                raise SubscriptionRefusedError("refused")
            await asyncio.get_running_loop().create_future()


class NeverAcknowledged(DeafToPresence):
    """A connection on which its SUBACK does not come."""

    is_refused = False


def played(story: Callable[[], Awaitable[None]]) -> None:
    """Play a story in virtual time."""

    async def run() -> None:
        await story()

    asyncio.run(run(), loop_factory=VirtualTimeLoop)


def presence_of(client: NavienMqttClient) -> list[tuple[object, object]]:
    """Return a list of the changes from now on, each as before and after."""
    found: list[tuple[object, object]] = []

    def changed(event: Changed) -> None:
        assert event.name == "is_online"
        found.append((event.old, event.new))

    client.on("device_online", changed)
    client.on("device_offline", changed)
    return found


def announce(transport: OwnTransport, status: int) -> None:
    """Let the heater, or the broker in its stead, say that it comes or goes."""
    event = {"macAddress": MAC, "deviceType": 52, "connection": {"sessionNumber": 3, "status": status}}
    transport.message(TOPIC, json.dumps({"protocolVersion": 1, "event": event}).encode())


def test_a_heater_says_that_it_comes_and_goes() -> None:
    async def story() -> None:
        client, transports = await scripted()
        changes = presence_of(client)
        await client.subscribe_device(DEVICE)
        assert transports[0].filters == [f"cmd/52/navilink-{MAC}/#", f"cmd/52/{client.client_id}/res/#", TOPIC]
        assert client.is_online(DEVICE) is None
        announce(transports[0], 1)
        assert client.is_online(DEVICE) is True
        announce(transports[0], 0)
        assert client.is_online(DEVICE) is False
        await client.request_device_status(DEVICE)
        transports[0].reply("res", status={})
        assert client.is_online(DEVICE) is True
        assert changes == [(True, False), (False, True)]
        await client.disconnect()

    played(story)


def test_the_subscription_is_made_again_with_the_next_connection() -> None:
    async def story() -> None:
        client, transports = await scripted()
        await client.subscribe_device(DEVICE)
        transports[0].drop()
        await asyncio.sleep(5)
        assert TOPIC in transports[1].filters
        assert transports[1].filters.count(TOPIC) == 1
        await client.disconnect()

    played(story)


def test_a_heater_made_known_before_the_connection_is_listened_to_with_it() -> None:
    async def story() -> None:
        transports: list[OwnTransport] = []

        async def make_transport(_: SigningCredentials, on_message: MessageListener) -> Transport:
            transports.append(OwnTransport(on_message, acknowledges=True))
            return transports[-1]

        client = NavienMqttClient(
            InventedCredentials(), config=MqttConnectionConfig(reconnect_spread=0), make_transport=make_transport
        )
        client.add_device(DEVICE)
        await client.connect()
        await asyncio.sleep(1)
        assert TOPIC in transports[0].filters
        await client.disconnect()

    played(story)


@pytest.mark.parametrize("kind", [DeafToPresence, NeverAcknowledged])
def test_a_service_that_does_not_want_it_is_not_asked_again(kind: type[OwnTransport]) -> None:
    async def story() -> None:
        transports: list[OwnTransport] = []

        async def make_transport(_: SigningCredentials, on_message: MessageListener) -> Transport:
            transports.append(kind(on_message, acknowledges=True))
            return transports[-1]

        client = NavienMqttClient(
            InventedCredentials(), config=MqttConnectionConfig(reconnect_spread=0), make_transport=make_transport
        )
        await client.connect()
        assert await client.request_device_status(DEVICE) > 0
        await asyncio.sleep(60)
        assert transports[0].filters.count(TOPIC) == 1
        transports[0].drop()
        await asyncio.sleep(60)
        assert len(transports) == 2
        assert client.is_connected
        assert TOPIC not in transports[1].filters
        await client.disconnect()

    played(story)


def test_commands_come_first_where_subscriptions_run_out() -> None:
    async def story() -> None:
        client, transports = await scripted()
        for number in range(MAX_SUBSCRIPTIONS - 2):
            await client.subscribe(f"test/{number}", lambda _topic, _message: None)
        await client.subscribe_device(DEVICE)
        assert len(transports[0].filters) == MAX_SUBSCRIPTIONS
        assert TOPIC not in transports[0].filters
        await client.disconnect()

    played(story)


def test_a_heater_that_leaves_polls_unanswered_is_offline() -> None:
    async def story() -> None:
        client, _ = await scripted()
        changes = presence_of(client)
        await client.start_periodic_requests(DEVICE, 60)
        await asyncio.sleep(2 * 60 + 29)
        assert client.is_online(DEVICE) is None
        assert not client.is_silent(DEVICE)
        await asyncio.sleep(2)
        assert client.is_online(DEVICE) is False
        assert client.is_silent(DEVICE)
        await asyncio.sleep(600)
        assert changes == [(None, False)]
        await client.disconnect()

    played(story)


def test_a_heater_that_stops_answering_is_offline_once_the_next_connection_does_not_bring_it_back() -> None:
    async def story() -> None:
        client, transports = await scripted()
        changes = presence_of(client)
        await client.request_device_status(DEVICE)
        transports[0].reply("res", status={})
        await client.start_periodic_requests(DEVICE, 60)
        await asyncio.sleep(50)
        assert len(transports) == 2
        assert client.is_online(DEVICE) is True
        # Of the next connection, too, it may be that it delivers nothing.
        await asyncio.sleep(300)
        assert len(transports) == 3
        assert changes == [(True, False)]
        await client.disconnect()

    played(story)


def test_a_notice_that_comes_twice_does_not_make_the_answer_of_a_heater_that_is_back_worthless() -> None:
    async def story() -> None:
        client, transports = await scripted(MqttConnectionConfig(guard_commands=True))
        await client.subscribe_device(DEVICE)
        announce(transports[0], 0)
        assert await client.set_dhw_temperature(DEVICE, 130) == 0
        assert transports[0].topics[-1].endswith("/st")
        announce(transports[0], 0)
        transports[0].reply("res", status={"dhwTemperatureSetting": 98})
        await asyncio.sleep(0)
        assert transports[0].topics[-1].endswith("/ctrl")
        await client.disconnect()

    played(story)


def test_a_connection_that_delivers_nothing_from_the_start_holds_a_command_for_two_minutes_at_most() -> None:
    async def story() -> None:
        client, transports = await scripted(MqttConnectionConfig(guard_commands=True))
        interrupted = list[str]()
        client.on("connection_interrupted", lambda event: interrupted.append(event.reason))
        await client.request_device_status(DEVICE)
        transports[0].reply("res", status={"dhwTemperatureSetting": 98})
        transports[0].drop()
        await asyncio.sleep(5)
        # It acknowledges everything, and nothing comes.
        assert len(transports) == 2
        assert await client.set_dhw_temperature(DEVICE, 130) == 0
        await asyncio.sleep(120)
        assert len(transports) == 3
        assert interrupted == ["AWS_ERROR_MQTT_UNEXPECTED_HANGUP", UNANSWERED]
        assert not any(topic.endswith("/ctrl") for topic in transports[1].topics)
        transports[2].reply("res", status={"dhwTemperatureSetting": 98})
        await asyncio.sleep(0)
        assert transports[2].topics[-1].endswith("/ctrl")
        await client.disconnect()

    played(story)


@pytest.mark.parametrize("phase", [0, 7, 15, 29.999], ids="{} s after a poll".format)
def test_a_heater_that_is_away_for_hours_is_asked_150_times_an_hour_at_most(phase: float) -> None:
    async def story() -> None:
        client, transports = await scripted(MqttConnectionConfig(guard_commands=True))
        await client.request_device_status(DEVICE)
        transports[0].reply("res", status={"dhwTemperatureSetting": 98})

        async def polling() -> None:
            # As Home Assistant does it.
            for number in count():
                if number % 10 == 0:
                    client.poll_info(DEVICE)
                client.poll(DEVICE)
                await asyncio.sleep(30)

        polls = asyncio.ensure_future(polling())
        await asyncio.sleep(3600 + phase)
        await client.set_dhw_temperature(DEVICE, 130)
        for _ in range(3):
            before = sum(len(transport.topics) for transport in transports)
            await asyncio.sleep(3600)
            assert 120 <= sum(len(transport.topics) for transport in transports) - before <= 150
        # Its answer is still looked for, and lets the command go.
        transports[-1].reply("res", status={"dhwTemperatureSetting": 98})
        await asyncio.sleep(0)
        assert transports[-1].topics[-1].endswith("/ctrl")
        polls.cancel()
        await client.disconnect()

    played(story)


def test_a_lost_connection_says_nothing_about_the_heater() -> None:
    async def story() -> None:
        client, transports = await scripted(MqttConnectionConfig(auto_reconnect=False))
        changes = presence_of(client)
        await client.request_device_status(DEVICE)
        transports[0].reply("res", status={})
        transports[0].drop()
        await client.start_periodic_requests(DEVICE, 10)
        await asyncio.sleep(3600)
        assert client.is_online(DEVICE) is True
        assert changes == []
        await client.disconnect()

    played(story)
