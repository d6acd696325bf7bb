"""A heater that is removed from a client: its commands end, nothing of it is left, and it can come back."""

import asyncio
import json

import pytest

from nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    CommandStage,
    Device,
    DeviceFeature,
    MqttConnectionConfig,
    NavienMqttClient,
    commands,
)
from nwp500.exceptions import MqttConnectionError
from tests.client.support.bench import ONE, OTHER, Bench, on_the_bench
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted
from tests.client.support.stage import MAC
from tests.client.support.virtual_time import VirtualTimeLoop

NEIGHBOR = Device(mac_address="0478630a1b2d", additional_value="5322", home_seq=10002)
CAREFUL = MqttConnectionConfig(
    coalesce_commands=True, guard_commands=True, skip_redundant=True, command_interval=5.0, expire_by_class=True
)


def ends_of(client: NavienMqttClient) -> list[tuple[str, CommandOutcome, str]]:
    """Note every outcome from now on: the kind of the command, its outcome and the reason."""
    ends: list[tuple[str, CommandOutcome, str]] = []

    def ended(event: CommandCompleted) -> None:
        ends.append((event.command.kind, event.result.outcome, event.result.reason))

    client.on("command_completed", ended)
    return ends


def push(transport: OwnTransport, mac_address: str, **status: int) -> None:
    """Let a heater report a status unasked."""
    message = {"response": {"macAddress": mac_address, "status": status}}
    transport.message(f"cmd/52/navilink-{mac_address}/res", json.dumps(message).encode())


# The pipeline


def test_each_command_of_a_removed_heater_has_one_end_and_the_neighbor_keeps_its_own() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        sent = bench.give(commands.DHW_TEMPERATURE, 120)
        await bench.arrives()
        in_flight = bench.give(commands.DHW_MODE, 1)
        neighbors = bench.give(commands.DHW_TEMPERATURE, 110, mac_address=OTHER)
        waiting = bench.give(commands.POWER_ON)
        stages = [bench.pipeline.registry.stage(handle.command.id) for handle in (sent, in_flight, waiting)]
        assert stages == [CommandStage.SENT, CommandStage.IN_FLIGHT, CommandStage.WAITING]

        bench.pipeline.remove_heater(ONE)
        assert [handle.result.outcome for handle in (waiting, sent, in_flight) if handle.result] == [
            CommandOutcome.CLEARED,
            CommandOutcome.UNCONFIRMED,
            CommandOutcome.UNCONFIRMED,
        ]
        assert {handle.result.reason for handle in (waiting, sent, in_flight) if handle.result} == {
            CommandReason.HEATER_REMOVED
        }
        assert [command.id for command in bench.pipeline.registry.pending()] == [neighbors.command.id]
        # Whatever arrives of it later changes nothing any more.
        await bench.arrives()
        bench.answers(in_flight.command.id)
        bench.pipeline.on_refusal(sent.command.id, 2)
        bench.reports(dhwTemperatureSetting=120)
        assert [end.command_id for end in bench.ends] == [
            waiting.command.id,
            in_flight.command.id,
            sent.command.id,
        ]
        # Counted for all, while the heater itself starts afresh.
        assert bench.pipeline.registry.counts(ONE) == {}
        assert bench.pipeline.registry.counts() == {CommandOutcome.CLEARED: 1, CommandOutcome.UNCONFIRMED: 2}
        bench.reports(OTHER, dhwTemperatureSetting=110)
        assert neighbors.result is not None
        assert neighbors.result.outcome is CommandOutcome.CONFIRMED

    on_the_bench(story, max_in_flight=2)


def test_nothing_more_is_asked_of_a_removed_heater() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.give(commands.DHW_TEMPERATURE, 120)
        bench.give(commands.DHW_MODE, 1, mac_address=OTHER)
        await asyncio.sleep(1)
        assert {mac_address for mac_address, _ in bench.asked} == {ONE, OTHER}
        bench.pipeline.remove_heater(ONE)
        bench.asked.clear()
        await asyncio.sleep(600)
        assert {mac_address for mac_address, _ in bench.asked} == {OTHER}

    on_the_bench(story, guard_commands=True)


def test_a_heater_that_comes_back_starts_clean() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwOperationSetting=1, dhwTemperatureSetting=120)
        # Its effect is not known when the heater goes, and neither is the setting.
        bench.give(commands.DHW_TEMPERATURE, 110)
        await bench.arrives()
        assert bench.pipeline.guard.running_modes == {ONE: 1}
        bench.pipeline.remove_heater(ONE)
        assert bench.pipeline.guard.running_modes == {}
        assert bench.pipeline.guard.completed_effects == {}
        assert bench.pipeline.guard.known_status(ONE) is None
        assert bench.pipeline.guard.is_waiting_for_status(ONE)
        again = bench.give(commands.DHW_TEMPERATURE, 120)
        assert bench.pipeline.registry.stage(again.command.id) is CommandStage.WAITING
        bench.reports(dhwTemperatureSetting=98)
        assert bench.pipeline.registry.stage(again.command.id) is CommandStage.IN_FLIGHT

    on_the_bench(story, guard_commands=True, skip_redundant=True, command_interval=60.0)


def test_a_command_given_for_the_end_of_another_is_a_new_one() -> None:
    async def story(bench: Bench) -> None:
        def once_more(event: CommandCompleted) -> None:
            if event.result.outcome is CommandOutcome.CLEARED:
                bench.give(commands.DHW_MODE, 1)

        bench.up()
        bench.give(commands.DHW_TEMPERATURE, 120)
        bench.emitter.on("command_completed", once_more)
        bench.pipeline.remove_heater(ONE)
        assert [command.kind for command in bench.pipeline.queue.waiting] == ["dhw-mode"]
        # The guard asks for it, so it does not wait forever.
        bench.reports(dhwOperationSetting=3)
        assert len(bench.written) == 1

    on_the_bench(story, guard_commands=True)


# The client


def test_a_removed_heater_is_not_heard_asked_or_stored() -> None:
    async def story() -> None:
        client, transports = await scripted(CAREFUL)
        ends = ends_of(client)
        for device in (DEVICE, NEIGHBOR):
            client.add_device(device, DeviceFeature({"powerUse": 1}))
            await client.subscribe_device(device)
        await client.start_periodic_requests(DEVICE, 60)
        heard: list[object] = []
        client.on("status_received", heard.append)
        await asyncio.sleep(1)
        await client.set_dhw_temperature(DEVICE, 130)
        await client.set_dhw_temperature(NEIGHBOR, 130)

        await client.unsubscribe_device(DEVICE)
        assert [end for end in ends if end[0] == "dhw-temperature"] == [
            ("dhw-temperature", CommandOutcome.CLEARED, CommandReason.HEATER_REMOVED)
        ]
        assert [command.mac_address for command in client.queued_commands] == [NEIGHBOR.mac_address]
        assert not [topic_filter for topic_filter in transports[0].filters if MAC in topic_filter]
        # The replies to this client are the neighbor's, too.
        assert f"cmd/52/{client.client_id}/res/#" in transports[0].filters
        assert client.stored_queue().features.keys() == {NEIGHBOR.mac_address}
        assert client.stored_queue().running_modes == {}
        assert (client.feature(DEVICE), client.is_online(DEVICE)) == (None, None)

        push(transports[0], MAC, dhwTemperatureSetting=120)
        written = len(transports[0].topics)
        await asyncio.sleep(600)
        assert heard == []
        assert [topic for topic in transports[0].topics[written:] if MAC in topic] == []
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_lost_heater_is_lost_on_the_next_connection_too_and_may_come_back() -> None:
    async def story() -> None:
        client, transports = await scripted()
        await client.subscribe_device(DEVICE)
        await client.unsubscribe_device(DEVICE)
        assert transports[0].filters == []
        transports[0].drop()
        await asyncio.sleep(5)
        assert transports[1].filters == []
        # Twice, or for a heater that was never here, is no harm.
        await client.unsubscribe_device(DEVICE)
        await client.unsubscribe_device(NEIGHBOR)

        await client.subscribe_device(DEVICE)
        assert f"cmd/52/navilink-{MAC}/#" in transports[1].filters
        assert f"evt/52/navilink-{MAC}/connection" in transports[1].filters
        assert (client.status(DEVICE), client.last_message_at(DEVICE)) == (None, None)
        push(transports[1], MAC, dhwTemperatureSetting=120)
        assert client.status(DEVICE) is not None
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_what_a_caller_subscribed_to_stays() -> None:
    async def story() -> None:
        client, transports = await scripted()
        topics: list[str] = []
        await client.subscribe(f"cmd/52/navilink-{MAC}/#", lambda topic, _: topics.append(topic))
        await client.subscribe_device(DEVICE)
        await client.unsubscribe_device(DEVICE)
        assert transports[0].filters == [f"cmd/52/navilink-{MAC}/#"]
        transports[0].message(f"cmd/52/navilink-{MAC}/res", b"{}")
        assert topics == [f"cmd/52/navilink-{MAC}/res"]
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_whoever_waits_for_a_reply_of_a_removed_heater_waits_no_longer() -> None:
    async def story() -> None:
        client, transports = await scripted()
        asking = asyncio.create_task(client.queries.request_diagnostics(DEVICE))
        theirs = asyncio.create_task(client.queries.request_reservations(NEIGHBOR))
        await asyncio.sleep(1)
        assert any("/0/0/" in topic_filter for topic_filter in transports[0].filters)
        await client.unsubscribe_device(DEVICE)
        with pytest.raises(MqttConnectionError, match="the heater was removed"):
            await asking
        assert not any("/0/0/" in topic_filter for topic_filter in transports[0].filters)
        assert not theirs.done()
        theirs.cancel()
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_heater_that_is_removed_while_presences_are_tried_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    suback = asyncio.Event()
    make = OwnTransport.subscribe

    async def slow(transport: OwnTransport, topic_filter: str) -> None:
        if topic_filter.startswith("evt/"):
            await suback.wait()
        await make(transport, topic_filter)

    async def story() -> None:
        client, transports = await scripted()
        transports[0].drop()
        for device in (DEVICE, NEIGHBOR):
            client.add_device(device)
        monkeypatch.setattr(OwnTransport, "subscribe", slow)
        await asyncio.sleep(5)
        await client.unsubscribe_device(NEIGHBOR)
        suback.set()
        await asyncio.sleep(1)
        assert f"evt/52/navilink-{MAC}/connection" in transports[1].filters
        assert not [topic_filter for topic_filter in transports[1].filters if NEIGHBOR.mac_address in topic_filter]
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


def test_a_removal_while_the_subscription_is_being_made_ends_it() -> None:
    async def story() -> None:
        client, transports = await scripted()
        suback = asyncio.Event()
        make = transports[0].subscribe

        async def slow(topic_filter: str) -> None:
            await suback.wait()
            await make(topic_filter)

        transports[0].subscribe = slow  # type: ignore[method-assign]  # the broker takes its time
        subscribing = asyncio.create_task(client.subscribe_device(DEVICE))
        await asyncio.sleep(0.1)
        removing = asyncio.create_task(client.unsubscribe_device(DEVICE))
        await asyncio.sleep(0.1)
        suback.set()
        await asyncio.gather(subscribing, removing)
        await asyncio.sleep(1)
        assert transports[0].filters == []
        await client.disconnect()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)
