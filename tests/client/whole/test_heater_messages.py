"""What heaters and others say, asked again and again or unasked, over real connections; and the end of it."""

import asyncio
from collections.abc import Coroutine

import pytest

from nwp500 import StatusReceived
from nwp500.exceptions import InvalidParameterError
from tests.client.support.stage import MAC, Stage, expected
from tests.client.support.steps import outcome, outcomes_of, reported, requests
from tests.client.whole.test_queue_simulator import plugged_in, unplugged

OTHER_MAC = "0478630a1b2d"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2", "--reply-delay", "0.01")


# What else is on the topics


async def test_junk_and_other_peoples_messages_change_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    topics = (f"cmd/52/navilink-{MAC}/{client.client_id}/res", f"cmd/52/{client.client_id}/res/rsv/rd")
    received: list[StatusReceived] = []
    client.on("status_received", received.append)
    known, received_at = client.status(stage.device), client.last_message_at(stage.device)
    for topic in topics:
        for text in ("", "junk", "[1]", '{"response": ', "\x00", "[" * 10_000, '"text"', "null"):
            await stage.simulator.publish_text(topic, text)
        await stage.simulator.publish(topic, {"response": {"macAddress": "0478630affff", "status": {"errorCode": 1}}})
    # What is sent after it arrives after it.
    done = asyncio.Event()
    await client.subscribe("test/done", lambda _topic, _message: done.set())
    await stage.simulator.publish("test/done", {})
    await done.wait()
    assert received == []
    assert client.status(stage.device) is known
    assert client.last_message_at(stage.device) == received_at
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    await reported(client, stage.device)


async def test_the_clients_own_request_is_no_reply(stage: Stage) -> None:
    client = await stage.connected()
    heard: list[str] = []
    await client.subscribe_device(stage.device)
    await client.subscribe(f"cmd/52/navilink-{MAC}/st", lambda topic, _: heard.append(topic))
    await stage.simulator.fault("device_offline")
    await client.request_device_status(stage.device)
    done = asyncio.Event()
    await client.subscribe("test/done", lambda _topic, _message: done.set())
    await stage.simulator.publish("test/done", {})
    await done.wait()
    # Two subscriptions cover the topic, so the broker may deliver it twice.
    assert set(heard) == {f"cmd/52/navilink-{MAC}/st"}
    assert client.last_message_at(stage.device) is None


async def test_what_answers_another_client_is_taken_as_extra(stage: Stage) -> None:
    watching, acting = await stage.connected(), await stage.connected()
    outcomes = outcomes_of(watching)
    await reported(watching, stage.device)
    outcomes.clear()
    changed = expected(watching, "setpoint_changed")
    await outcome(acting, "confirmed", acting.set_dhw_temperature(stage.device, 130))
    await changed
    refused = expected(acting, "command_rejected")
    await stage.simulator.fault("ctrl_fail", code=7)
    await acting.set_dhw_temperature(stage.device, 120)
    await refused
    await reported(watching, stage.device)
    assert {kind for _, kind, _ in outcomes} <= {"status", "device-info"}


async def test_a_callback_of_the_callers_own_does_not_make_the_client_deaf(stage: Stage) -> None:
    client = await stage.connected()
    heard: asyncio.Queue[object] = asyncio.Queue()
    await client.subscribe(f"cmd/52/navilink-{MAC}/#", lambda _, message: heard.put_nowait(message.get("response")))
    await client.request_device_status(stage.device)
    while await heard.get() is None:
        pass
    assert client.status(stage.device) is not None


# Changes


async def test_changes_are_events(stage: Stage) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    steps: tuple[tuple[str, Coroutine[object, object, None]], ...] = (
        ("setpoint_changed", stage.simulator.device(MAC, dhwTemperatureSetting=110)),
        ("mode_changed", stage.simulator.device(MAC, dhwOperationSetting=1)),
        ("error_detected", stage.simulator.fault("error", code=515)),
        ("error_cleared", stage.simulator.fault("error", code=0)),
        ("temperature_changed", stage.simulator.device(MAC, tankUpperTemperature=300)),
    )
    for name, step in steps:
        changed = expected(client, name)
        await step
        await client.request_device_status(stage.device)
        event = await changed
        assert getattr(event, "device", None) == stage.device


# Periodic requests


async def test_periodic_requests_come_and_end(stage: Stage) -> None:
    client = await stage.connected()
    await client.start_periodic_requests(stage.device, 0.05)
    await stage.simulator.wait(topic_suffix="/st", received=3)
    await client.stop_periodic_requests(stage.device)
    made = len(await requests(stage, "st"))
    received = expected(client, "feature_received")
    await client.request_device_info(stage.device)
    await received
    assert len(await requests(stage, "st")) == made
    with pytest.raises(InvalidParameterError):
        await client.start_periodic_requests(stage.device, 0)


async def test_periodic_requests_queue_like_any_other_while_disconnected(stage: Stage) -> None:
    client = await stage.connected()
    await unplugged(stage, client)
    await client.start_periodic_requests(stage.device, 0.05)
    for _ in range(3):
        await expected(client, "command_queued")
    await client.stop_periodic_requests(stage.device)
    queued = client.queued_commands
    assert len(queued) >= 3
    assert {(command.kind, command.mac_address) for command in queued} == {("status", MAC)}
    await plugged_in(stage, client)
    assert [message["payload"]["sessionID"] for message in await requests(stage, "st")] == [
        command.id for command in queued
    ]


async def test_periodic_requests_outlive_a_disabled_queue(stage: Stage) -> None:
    client = await stage.connected(enable_command_queue=False)
    await client.start_periodic_requests(stage.device, 0.05)
    await stage.simulator.wait(topic_suffix="/st", received=1)
    await unplugged(stage, client)
    await plugged_in(stage, client)
    before = len(await requests(stage, "st"))
    await stage.simulator.wait(topic_suffix="/st", received=before + 2)
    assert client.queued_commands_count == 0


# The end


async def test_the_end_of_the_session_is_announced_to_heaters_in_use(stage: Stage) -> None:
    client = await stage.connected()
    await client.request_device_status(stage.device)
    await client.start_periodic_requests(stage.device, 0.05)
    await client.disconnect()
    (farewell,) = await requests(stage, "st/end")
    assert farewell["payload"]["responseTopic"] == f"cmd/52/{client.client_id}/res/end"
    assert await requests(stage, "st/end", OTHER_MAC) == []
    assert (await stage.simulator.state())["received"][-1]["topic"] == farewell["topic"]
    await stage.simulator.wait(connections=0)


async def test_a_client_can_be_connected_again(stage: Stage) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    await client.disconnect()
    await client.connect()
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 130))


async def test_every_command_has_an_outcome_at_the_end(stage: Stage) -> None:
    client = await stage.connected()
    await stage.simulator.fault("ignore_write")
    outcomes = outcomes_of(client)
    acknowledged = expected(client, "status_received")
    await client.set_dhw_temperature(stage.device, 130)
    await acknowledged
    await client.disconnect()
    assert [name for name, *_ in outcomes] == ["sent", "unconfirmed"]


async def test_nothing_of_the_client_goes_on_after_the_end(stage: Stage) -> None:
    client = await stage.connected()
    before = asyncio.all_tasks()
    await stage.simulator.fault("lose_suback", count=10)
    await client.request_device_status(stage.device)
    await client.disconnect()
    assert asyncio.all_tasks() <= before
