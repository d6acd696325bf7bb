"""A client's subscriptions, listeners and its end, over connections that a test decides on."""

import asyncio

import pytest

from nwp500 import CommandEvent, ConnectionState, Device, MqttConnectionConfig, NotConnectedError
from nwp500.exceptions import InvalidParameterError, MqttSubscribeError
from nwp500.json_types import JsonMessage
from nwp500.transport.subscriptions import MAX_SUBSCRIPTIONS
from tests.client.support.own_transport import DEVICE, scripted
from tests.client.support.stage import MAC
from tests.client.support.steps import outcomes_of
from tests.client.support.virtual_time import VirtualTimeLoop


def test_callbacks_come_and_go() -> None:
    async def story() -> None:
        client, transports = await scripted()
        heard: list[str] = []

        def first(topic: str, _: JsonMessage) -> None:
            heard.append(f"first {topic}")

        def second(topic: str, _: JsonMessage) -> None:
            heard.append(f"second {topic}")

        await client.subscribe("test/+", first)
        await client.subscribe("test/+", second)
        assert transports[0].filters == ["test/+"]
        transports[0].message("test/a", b"{}")
        await client.unsubscribe("test/+", first)
        transports[0].message("test/b", b"{}")
        assert transports[0].filters == ["test/+"]
        await client.unsubscribe("test/+")
        assert transports[0].filters == []
        await client.unsubscribe("test/+")
        transports[0].message("test/c", b"{}")
        assert heard == ["first test/a", "second test/a", "second test/b"]
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_more_subscriptions_than_the_service_allows_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        client, transports = await scripted()
        heard: list[str] = []

        def callback(topic: str, _: JsonMessage) -> None:
            heard.append(topic)

        for number in range(MAX_SUBSCRIPTIONS):
            await client.subscribe(f"test/{number}", callback)
        with pytest.raises(MqttSubscribeError, match="at most 50"):
            await client.subscribe("test/more", callback)
        transports[0].message("test/more", b"{}")
        assert heard == []
        # A command goes out all the same; that its reply will not be received is reported.
        assert await client.set_dhw_temperature(DEVICE, 130) > 0
        assert "Subscribing to a heater failed: at most 50 subscriptions" in caplog.text
        assert MAC not in caplog.text
        await client.unsubscribe("test/0")
        await client.unsubscribe("test/1")
        assert await client.request_device_status(DEVICE) > 0
        assert len(transports[0].filters) == MAX_SUBSCRIPTIONS
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


@pytest.mark.parametrize("mac_address", ["", ":-:", "a" * 65, "\N{LATIN SMALL LETTER E WITH ACUTE}" * 33, "0" * 300])
def test_a_device_that_would_end_every_connection_is_refused_before_anything_is_sent(mac_address: str) -> None:
    async def story() -> None:
        client, transports = await scripted()
        nobody = Device(mac_address=mac_address, additional_value="5322")
        for waited in (
            client.set_dhw_temperature(nobody, 120),
            client.request_device_status(nobody),
            client.subscribe_device(nobody),
            client.queries.request_reservations(nobody),
        ):
            with pytest.raises(InvalidParameterError, match="length of the MAC address"):
                await waited
        for called in (client.add_device, client.poll, client.poll_info):
            with pytest.raises(InvalidParameterError, match="length of the MAC address"):
                called(nobody)
        await asyncio.sleep(1)
        assert (client.pending_commands, transports[0].filters, transports[0].topics) == ((), [], [])
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_listener_is_taken_off() -> None:
    async def story() -> None:
        client, _ = await scripted()
        heard: list[CommandEvent] = []
        listener = heard.append
        client.on("command_sent", listener)
        await client.request_device_status(DEVICE)
        client.off("command_sent", listener)
        await client.request_device_status(DEVICE)
        assert len(heard) == 1
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_with_the_queue_disabled_what_waits_fails_with_the_connection() -> None:
    async def story() -> None:
        client, transports = await scripted(
            MqttConnectionConfig(enable_command_queue=False, max_in_flight=1), acknowledges=False
        )
        outcomes = outcomes_of(client)
        given = [asyncio.create_task(client.request_device_status(DEVICE)) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert len(transports[0].session_ids) == 1
        transports[0].drop()
        results = await asyncio.gather(*given, return_exceptions=True)
        assert [type(result) for result in results] == [NotConnectedError] * 3
        assert [name for name, *_ in outcomes] == ["failed"] * 3
        assert client.queued_commands_count == 0
        await asyncio.sleep(5)
        assert transports[1].session_ids == []
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_farewell_that_nobody_acknowledges_holds_up_nothing(*, is_lost: bool) -> None:
    async def story() -> float:
        client, transports = await scripted()
        await client.request_device_status(DEVICE)
        transports[0].acknowledges = False
        transports[0].refuses = is_lost
        since = asyncio.get_running_loop().time()
        await client.disconnect()
        assert client.state is ConnectionState.CLOSED
        return asyncio.get_running_loop().time() - since

    assert asyncio.run(story(), loop_factory=VirtualTimeLoop) <= 5
