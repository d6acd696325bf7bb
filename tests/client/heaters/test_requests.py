"""Questions around the queue: asked now or not at all, over connections that the test decides on."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nwp500 import ConnectionInterrupted, NavienMqttClient, NotConnectedError, queries
from nwp500.exceptions import MqttConnectionError, RequestTimeoutError
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted
from tests.client.support.stage import MAC
from tests.client.support.steps import outcomes_of
from tests.client.support.virtual_time import VirtualTimeLoop

ROOT = f"cmd/52/navilink-{MAC}"

type Story = Callable[[NavienMqttClient, list[OwnTransport]], Awaitable[None]]


def run(story: Story) -> None:
    """Play a story in virtual time with a client that is connected; the test acknowledges what is written."""

    async def played() -> None:
        client, transports = await scripted(acknowledges=False)
        await story(client, transports)
        transports[-1].acknowledges = True
        await client.disconnect()

    asyncio.run(played(), loop_factory=VirtualTimeLoop)


def reasons_of(client: NavienMqttClient) -> list[str]:
    """Return a list of the reasons why connections end from now on."""
    reasons: list[str] = []

    def interrupted(event: ConnectionInterrupted) -> None:
        reasons.append(event.reason)

    client.on("connection_interrupted", interrupted)
    return reasons


def test_a_poll_is_written_at_once_and_is_no_command() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        outcomes = outcomes_of(client)
        assert client.poll(DEVICE)
        assert client.poll_info(DEVICE)
        assert transports[0].topics == [f"{ROOT}/st", f"{ROOT}/st/did"]
        assert (client.pending_commands, client.queued_commands) == ((), ())
        transports[0].reply("client/res", status={"errorCode": 0})
        assert client.status(DEVICE) is not None
        assert outcomes == []

    run(story)


def test_without_a_connection_nothing_is_asked_and_nothing_is_kept() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        transports[0].drop()
        assert not client.poll(DEVICE)
        with pytest.raises(NotConnectedError):
            await client.queries.request(DEVICE, queries.STATUS)
        await asyncio.sleep(60)
        assert len(transports) == 2
        assert transports[0].topics == transports[1].topics == []

    run(story)


def test_a_request_gets_its_own_reply() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        first = asyncio.ensure_future(client.queries.request(DEVICE, queries.STATUS))
        await asyncio.sleep(1)
        second = asyncio.ensure_future(client.queries.request(DEVICE, queries.STATUS))
        await asyncio.sleep(1)
        assert len(set(transports[0].session_ids)) == 2
        transports[0].reply("client/res", status={"errorCode": 2})
        await asyncio.sleep(1)
        assert second.done()
        assert not first.done()
        assert (await second)["sessionID"] == transports[0].session_ids[1]
        first.cancel()

    run(story)


def test_a_request_ends_in_time() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        since = asyncio.get_running_loop().time()
        with pytest.raises(RequestTimeoutError, match="within 5 s"):
            await client.queries.request(DEVICE, queries.STATUS, timeout=5)
        assert asyncio.get_running_loop().time() - since == pytest.approx(5)
        # A reply that comes too late is a status like any other.
        transports[0].reply("client/res", status={"errorCode": 0})
        assert client.status(DEVICE) is not None

    run(story)


@pytest.mark.parametrize("ends", [OwnTransport.drop, OwnTransport.refuse], ids=["connection lost", "PUBACK overdue"])
def test_no_request_outlives_the_connection(ends: Callable[[OwnTransport], None]) -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        waiting = asyncio.ensure_future(client.queries.request(DEVICE, queries.STATUS, timeout=600))
        await asyncio.sleep(1)
        ends(transports[0])
        with pytest.raises(MqttConnectionError):
            await asyncio.wait_for(waiting, 1)

    run(story)


def test_no_request_outlives_the_client() -> None:
    async def story(client: NavienMqttClient, _: list[OwnTransport]) -> None:
        waiting = asyncio.ensure_future(client.queries.request(DEVICE, queries.STATUS, timeout=600))
        await asyncio.sleep(1)
        await client.disconnect()
        with pytest.raises(MqttConnectionError):
            await asyncio.wait_for(waiting, 1)

    run(story)


def test_a_connection_that_cannot_be_written_to_is_replaced() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        reasons = reasons_of(client)
        transports[0].refuses = True
        assert not client.poll(DEVICE)
        await asyncio.sleep(10)
        transports[1].refuses = True
        with pytest.raises(MqttConnectionError):
            await client.queries.request(DEVICE, queries.STATUS)
        await asyncio.sleep(10)
        assert reasons == ["AWS_ERROR_MQTT_NOT_CONNECTED"] * 2
        assert len(transports) == 3

    run(story)


def test_an_overdue_puback_of_a_poll_shows_a_dead_connection() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        reasons = reasons_of(client)
        assert client.poll(DEVICE)
        transports[0].refuse()
        await asyncio.sleep(10)
        assert reasons == ["AWS_ERROR_MQTT_TIMEOUT"]
        assert len(transports) == 2

    run(story)


def test_a_heater_that_used_to_answer_polls_and_does_not_any_more_shows_a_dead_connection() -> None:
    async def story(client: NavienMqttClient, transports: list[OwnTransport]) -> None:
        reasons = reasons_of(client)
        assert client.poll(DEVICE)
        transports[0].reply("client/res", status={"errorCode": 0})
        assert client.poll(DEVICE)
        await asyncio.sleep(60)
        assert reasons == ["requests stay unanswered"]

    run(story)
