"""Any order of PUBACK, reply and loss, and the passing of time, over connections that a test decides on."""

import asyncio
import itertools

import pytest

from nwp500 import CommandEvent, HeaterCommand, MqttConnectionConfig, NavienMqttClient, commands
from tests.client.support.machine.clock import VirtualClocks
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted
from tests.client.support.steps import outcomes_of
from tests.client.support.virtual_time import VirtualTimeLoop


def test_what_the_heater_never_shows_ends_as_unconfirmed() -> None:
    async def story() -> None:
        client, transports = await scripted()
        outcomes = outcomes_of(client)
        assert await client.set_dhw_temperature(DEVICE, 130) == 1
        transports[-1].reply("client/res", status={"dhwTemperatureSetting": 98})
        await asyncio.sleep(68)
        assert client.wanted_members(DEVICE) == {"dhwTemperatureSetting": 109}
        await asyncio.sleep(2)
        assert [name for name, *_ in outcomes] == ["sent", "unconfirmed"]
        assert client.wanted_members(DEVICE) == {}
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_heater_that_stops_answering_has_the_connection_replaced_at_once_and_then_more_and_more_rarely() -> None:
    async def story() -> None:
        client, transports = await scripted()
        loop = asyncio.get_running_loop()
        lost: list[tuple[str, float]] = []
        client.on("connection_interrupted", lambda event: lost.append((event.reason, loop.time())))
        await client.request_device_status(DEVICE)
        transports[-1].reply("client/res", status={})
        for _ in range(24 * 60):
            await client.request_device_status(DEVICE)
            await asyncio.sleep(60)
        assert {reason for reason, _ in lost} == {"requests stay unanswered"}
        times = [time for _, time in lost]
        assert times[0] == 30
        pauses = [later - sooner for sooner, later in itertools.pairwise(times)]
        assert pauses == sorted(pauses)
        assert pauses[-1] >= 3600
        assert len(transports) < 35
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_an_unacknowledged_setpoint_is_sent_again_before_what_has_to_travel_alone() -> None:
    async def story() -> None:
        client, transports = await scripted(acknowledges=False)
        given = [
            asyncio.create_task(client.set_dhw_temperature(DEVICE, 130)),
            asyncio.create_task(client.give(HeaterCommand(DEVICE, commands.RECIRCULATION_HOT_BUTTON, (1,)))),
        ]
        await asyncio.sleep(0.1)
        assert len(transports[0].session_ids) == 1
        (in_flight, _) = client.pending_commands
        assert transports[0].session_ids == [in_flight.session_id]
        transports[0].drop()
        await asyncio.sleep(5)
        assert transports[1].session_ids == [client.pending_commands[0].session_id]
        assert transports[1].session_ids != transports[0].session_ids
        assert await asyncio.gather(*given) == [0, 0]
        transports[1].acknowledge()
        assert len(transports[1].session_ids) == 2
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_an_unacknowledged_hot_button_is_not_pressed_again() -> None:
    async def story() -> None:
        client, transports = await scripted(acknowledges=False)
        outcomes = outcomes_of(client)
        pressed = asyncio.create_task(client.give(HeaterCommand(DEVICE, commands.RECIRCULATION_HOT_BUTTON, (1,))))
        await asyncio.sleep(0.1)
        transports[0].drop()
        await asyncio.sleep(5)
        assert await pressed == 0
        assert len(transports) == 2
        assert transports[1].session_ids == []
        assert [name for name, *_ in outcomes] == ["unconfirmed"]
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_refused_command_is_not_sent_again() -> None:
    async def story() -> None:
        client, transports = await scripted(acknowledges=False)
        given = asyncio.create_task(client.set_dhw_temperature(DEVICE, 130))
        await asyncio.sleep(0.1)
        transports[0].reply("res/ctrl-fail", failCode=7)
        transports[0].drop()
        await asyncio.sleep(5)
        sent_again = list(transports[-1].session_ids)
        await client.disconnect()
        await given
        assert sent_again == []

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_confirmed_hot_button_stays_confirmed() -> None:
    async def story() -> None:
        client, transports = await scripted(acknowledges=False)
        outcomes = outcomes_of(client)
        pressed = asyncio.create_task(client.give(HeaterCommand(DEVICE, commands.RECIRCULATION_HOT_BUTTON, (1,))))
        await asyncio.sleep(0.1)
        transports[0].reply("client/res", status={})
        transports[0].drop()
        await asyncio.sleep(5)
        await client.disconnect()
        await pressed
        # The reply proves that it was sent.
        assert [name for name, *_ in outcomes] == ["sent", "confirmed"]

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_asynchronous_listeners_hear_of_the_end() -> None:
    async def story() -> None:
        client, transports = await scripted(acknowledges=False)
        heard: list[CommandEvent] = []

        async def listener(event: CommandEvent) -> None:
            heard.append(event)

        client.on("command_cleared", listener)
        given = asyncio.create_task(client.set_dhw_temperature(DEVICE, 130))
        await asyncio.sleep(0.1)
        transports[-1].drop()
        await client.disconnect()
        await given
        assert len(heard) == 1

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


# Commands that wait for the pause between two controls, as they do in Home Assistant


async def paced(**settings: object) -> tuple[NavienMqttClient, list[OwnTransport], list[tuple[str, str, str]]]:
    """Connect a client with a pause between controls, and give two: the second one waits for the pause."""
    config = MqttConnectionConfig(command_interval=600, **settings)  # type: ignore[arg-type]  # checked by the class
    client, transports = await scripted(config)
    assert await client.set_dhw_temperature(DEVICE, 120) == 1
    outcomes = outcomes_of(client)
    assert await client.set_dhw_temperature(DEVICE, 125) == 0
    assert client.queued_commands_count == 1
    return client, transports, outcomes


def test_what_waits_for_the_pause_goes_out_after_it() -> None:
    async def story() -> None:
        client, transports, _ = await paced()
        (waiting,) = client.queued_commands
        await asyncio.sleep(590)
        assert client.queued_commands_count == 1
        await asyncio.sleep(20)
        assert client.queued_commands_count == 0
        assert waiting.id in transports[-1].session_ids
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


@pytest.mark.parametrize("how", ["cleared", "superseded", "dropped", "expired"])
def test_what_waits_for_the_pause_can_end_unsent(how: str) -> None:
    settings: dict[str, dict[str, object]] = {
        "superseded": {"coalesce_commands": True},
        "dropped": {"max_queued_commands": 1},
        "expired": {"max_queued_command_age": 60},
    }

    async def story() -> None:
        clocks = VirtualClocks(asyncio.get_running_loop())
        with clocks.installed():
            client, transports, outcomes = await paced(**settings.get(how, {}))
            (waiting,) = client.queued_commands
            if how == "cleared":
                assert client.clear_command_queue() == 1
            elif how == "expired":
                await asyncio.sleep(61)
            else:
                assert await client.set_dhw_temperature(DEVICE, 130) == 0
            assert (how, "dhw-temperature", waiting.id) in outcomes
            await asyncio.sleep(700)
            assert waiting.id not in transports[-1].session_ids
            await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)
