"""What became of a command: every outcome that the real connection and a simulated heater can bring about."""

import asyncio

import pytest

from nwp500 import (
    CommandOutcome,
    CommandReason,
    CommandStage,
    DeviceStatus,
    HeaterCommand,
    NavienMqttClient,
    NotConnectedError,
    StatusReceived,
    StoredQueue,
    commands,
    heater_commands,
)
from nwp500.exceptions import MqttConnectionError, RequestTimeoutError
from nwp500.protocol.queries import DEVICE_INFO, STATUS
from tests.client.support.stage import MAC, PATIENCE, Stage, expected
from tests.client.support.steps import setpoint_command
from tests.client.whole.test_queue_simulator import plugged_in, unplugged

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_MAC = "0478630a1b2d"
CAREFUL: dict[str, object] = {
    "coalesce_commands": True,
    "guard_commands": True,
    "skip_redundant": True,
    "command_interval": 0.05,
    "expire_by_class": True,
}
"""What the integration turns on, with a shorter pause between two controls."""


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2")


async def careful(stage: Stage) -> NavienMqttClient:
    """Make a client as the integration does, connected, with both heaters' statuses known."""
    client = await stage.connected(**CAREFUL)
    for device in stage.devices:
        await client.queries.request(device, STATUS)
    return client


async def test_confirmed_when_the_heater_reports_it(stage: Stage) -> None:
    client = await careful(stage)
    handle = await client.submit(setpoint_command(stage.device, 130))
    assert client.wanted_members(stage.device) == {"dhwTemperatureSetting": 109}
    assert await handle.sent() > 0
    result = await handle.outcome(timeout=PATIENCE)
    assert result.outcome is CommandOutcome.CONFIRMED
    assert client.stage(handle.command.id) is None
    assert client.wanted_members(stage.device) == {}
    assert client.outcome_counts(stage.device)[CommandOutcome.CONFIRMED] >= 1


async def test_a_status_is_asked_for_until_it_shows_the_effect(stage: Stage) -> None:
    client = await careful(stage)
    await stage.simulator.fault("ignore_write", count=1)
    handle = await client.submit(setpoint_command(stage.device, 130))
    await stage.simulator.wait(topic_suffix=f"{MAC}/st", received=2, timeout=PATIENCE)
    assert handle.result is None
    # The heater takes its time: it shows the value in a later status, to which nobody but the client's looks lead.
    await stage.simulator.device(MAC, dhwTemperatureSetting=109)
    assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED


async def test_rejected_with_the_code_of_the_heater(stage: Stage) -> None:
    client = await careful(stage)
    await stage.simulator.fault("ctrl_fail", count=1, code=7, mac=MAC)
    handle = await client.submit(setpoint_command(stage.device, 130))
    result = await handle.outcome(timeout=PATIENCE)
    assert (result.outcome, result.code) == (CommandOutcome.REJECTED, 7)


async def test_too_soon_means_wait_and_send_again_in_order(stage: Stage) -> None:
    client = await careful(stage)
    await stage.simulator.fault("ctrl_fail", count=1, code=2, mac=MAC)
    first = await client.submit(setpoint_command(stage.device, 130))
    second = await client.submit(heater_commands.dhw_mode(stage.device, 1))
    elsewhere = await client.submit(setpoint_command(stage.devices[1], 125))
    assert (await elsewhere.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert first.result is None, "the other heater's command was held up"
    for handle in (first, second):
        assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert await stage.applied() == [("dhw-temperature", [109]), ("dhw-mode", [1])]


async def test_one_control_at_a_time_is_never_too_soon(stage: Stage) -> None:
    client = await stage.connected(**CAREFUL | {"command_interval": 0.5, "coalesce_commands": False})
    await stage.simulator.fault("control_interval", seconds=0.3)
    handles = [await client.submit(setpoint_command(stage.device, t)) for t in (125, 130, 135)]
    for handle in handles:
        await handle.outcome(timeout=PATIENCE)
    assert [param for _, param in await stage.applied()] == [[103], [109], [114]]


async def test_held_in_a_peak_period(stage: Stage) -> None:
    await stage.simulator.fault("tou_window", on=True)
    client = await careful(stage)
    handle = await client.submit(heater_commands.dhw_mode(stage.device, 4))
    result = await handle.outcome(timeout=PATIENCE)
    assert result.outcome is CommandOutcome.HELD
    assert (await stage.heater())["status"]["dhwOperationSetting"] != 4


async def test_a_mode_that_is_held_is_remembered_over_a_restart(stage: Stage) -> None:
    await stage.simulator.fault("tou_window", on=True)
    client = await careful(stage)
    await (await client.submit(heater_commands.dhw_mode(stage.device, 1))).outcome(timeout=PATIENCE)
    held = await client.submit(heater_commands.dhw_mode(stage.device, 4))
    assert (await held.outcome(timeout=PATIENCE)).outcome is CommandOutcome.HELD
    stored = StoredQueue.from_dict(client.stored_queue().to_dict(), stage.devices, client.client_id)
    await client.disconnect()

    later = stage.client(**CAREFUL)
    later.restore(stored)
    await later.connect()
    await later.queries.request(stage.device, STATUS)
    # The heater is in this mode, but only until the peak period ends.
    cancelled = await later.submit(heater_commands.dhw_mode(stage.device, 1))
    result = await cancelled.outcome(timeout=PATIENCE)
    assert (result.outcome, result.reason) == (CommandOutcome.CONFIRMED, CommandReason.REPORTED)
    await stage.simulator.fault("tou_window", on=False)
    status = DeviceStatus.from_message(await later.queries.request(stage.device, STATUS))
    assert status.dhw_mode == 1


async def test_what_the_heater_already_reports_is_not_sent(stage: Stage) -> None:
    client = await careful(stage)
    now = client.status(stage.device)
    assert now is not None
    assert now.dhw_temperature_setting is not None
    await unplugged(stage, client)
    handle = await client.submit(setpoint_command(stage.device, now.dhw_temperature_setting * 9 / 5 + 32))
    await plugged_in(stage, client)
    result = await handle.outcome(timeout=PATIENCE)
    assert (result.outcome, result.reason) == (CommandOutcome.CONFIRMED, CommandReason.ALREADY_SET)
    assert await stage.applied() == []


async def test_a_change_at_the_panel_wins_over_what_was_queued_before(stage: Stage) -> None:
    client = await careful(stage)
    await unplugged(stage, client)
    setpoint = await client.submit(setpoint_command(stage.device, 150))
    mode = await client.submit(heater_commands.dhw_mode(stage.device, 1))
    await stage.simulator.device(MAC, dhwTemperatureSetting=100)
    await plugged_in(stage, client)
    result = await setpoint.outcome(timeout=PATIENCE)
    assert result.outcome is CommandOutcome.SUPERSEDED
    assert result.reason is CommandReason.CHANGED_ELSEWHERE
    assert (await mode.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert await stage.applied() == [("dhw-mode", [1])]


async def test_commands_wait_for_a_heater_that_is_offline(stage: Stage) -> None:
    client = await careful(stage)
    await unplugged(stage, client)
    handle = await client.submit(setpoint_command(stage.device, 130))
    other = await client.submit(setpoint_command(stage.devices[1], 125))
    await stage.simulator.fault("device_offline", on=True, mac=MAC)
    await plugged_in(stage, client)
    assert (await other.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert client.is_waiting_for_status(stage.device)
    assert client.stage(handle.command.id) is CommandStage.WAITING
    await stage.simulator.fault("device_offline", on=False, mac=MAC)
    assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED


async def test_what_a_heater_has_missed_goes_out_once_it_is_back(stage: Stage) -> None:
    client = await careful(stage)
    gone, back = expected(client, "device_offline"), expected(client, "device_online")
    interruptions: list[object] = []
    client.on("connection_interrupted", interruptions.append)
    await stage.simulator.fault("device_offline", mac=MAC)
    # Written before the client hears of it, or not any more: whichever it is, the heater misses it.
    missed = await client.submit(setpoint_command(stage.device, 130))
    await missed.sent()
    await gone
    given_later = await client.submit(heater_commands.dhw_mode(stage.device, 1))
    assert client.stage(missed.command.id) is CommandStage.WAITING
    assert client.stage(given_later.command.id) is CommandStage.WAITING
    # Other heaters are not held up, nor is the connection taken for dead.
    other = await client.submit(setpoint_command(stage.devices[1], 125))
    assert (await other.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    await stage.simulator.fault("device_offline", on=False, mac=MAC)
    await back
    for handle in (missed, given_later):
        assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert await stage.applied() == [("dhw-temperature", [109]), ("dhw-mode", [1])]
    assert not interruptions


async def test_what_must_not_go_out_twice_does_not_wait_for_a_heater(stage: Stage) -> None:
    client = await stage.connected(guard_commands=True)
    await client.queries.request(stage.device, STATUS)
    await stage.simulator.fault("silent", mac=MAC, suffix="ctrl")
    reset = await client.submit(HeaterCommand(stage.device, commands.AIR_FILTER_RESET))
    assert await reset.sent() > 0
    gone, back = expected(client, "device_offline"), expected(client, "device_online")
    await stage.simulator.fault("device_offline", mac=MAC)
    await gone
    assert client.stage(reset.command.id) is CommandStage.SENT
    await stage.simulator.fault("device_offline", on=False, mac=MAC)
    await back
    mode = await client.submit(heater_commands.dhw_mode(stage.device, 1))
    assert (await mode.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert [control for control, _ in await stage.applied()] == ["air-filter-reset", "dhw-mode"]


async def test_five_setpoints_given_offline_are_one_publish(stage: Stage) -> None:
    client = await careful(stage)
    await unplugged(stage, client)
    handles = [await client.submit(setpoint_command(stage.device, t)) for t in range(121, 126)]
    await plugged_in(stage, client)
    outcomes = [(await handle.outcome(timeout=PATIENCE)).outcome for handle in handles]
    assert outcomes == [CommandOutcome.SUPERSEDED] * 4 + [CommandOutcome.CONFIRMED]
    assert await stage.applied() == [("dhw-temperature", [103])]


async def test_a_restart_keeps_order_ages_and_identity(stage: Stage) -> None:
    client = await careful(stage)
    await unplugged(stage, client)
    given = [
        (await client.submit(setpoint_command(stage.device, 130))).command,
        (await client.submit(heater_commands.dhw_mode(stage.device, 1))).command,
    ]
    stored = StoredQueue.from_dict(client.stored_queue().to_dict(), stage.devices, client.client_id)
    await client.disconnect()

    later = stage.client(**CAREFUL)
    for device in stage.devices:
        later.add_device(device)
    later.restore(stored)
    assert [command.id for command in later.queued_commands] == [command.id for command in given]
    assert later.queued_commands[0].life_time == given[0].life_time
    assert later.queued_commands[0].age() >= given[0].age() * 0.9
    handles = [later.handle(command.id) for command in given]
    await later.connect(wait=False)
    await stage.simulator.fault("mqtt_up")
    for handle in handles:
        assert handle is not None
        assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert await stage.applied() == [("dhw-temperature", [109]), ("dhw-mode", [1])]


async def test_what_was_restored_goes_on_once_its_heater_is_known(stage: Stage) -> None:
    client = await careful(stage)
    await stage.simulator.fault("ignore_write", count=1)
    sent = await client.submit(setpoint_command(stage.device, 130))
    assert await sent.sent() > 0
    await unplugged(stage, client)
    waiting = await client.submit(heater_commands.dhw_mode(stage.device, 1))
    stored = client.stored_queue()
    await client.disconnect()

    await stage.simulator.fault("mqtt_up")
    later = stage.client(**CAREFUL)
    later.restore(stored)
    handles = [later.handle(handle.command.id) for handle in (sent, waiting)]
    await later.connect()
    assert later.is_waiting_for_status(stage.device)
    await stage.simulator.device(MAC, dhwTemperatureSetting=109)
    later.add_device(stage.device)
    for handle in handles:
        assert handle is not None
        assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED


async def test_disconnecting_settles_everything(stage: Stage) -> None:
    client = await careful(stage)
    await unplugged(stage, client)
    handle = await client.submit(setpoint_command(stage.device, 130))
    await client.disconnect()
    assert handle.result is not None
    assert handle.result.outcome is CommandOutcome.CLEARED


async def test_each_request_gets_its_own_reply(stage: Stage) -> None:
    client = await stage.connected()
    replies = await asyncio.gather(
        *(client.queries.request(device, query) for device in stage.devices for query in (STATUS, DEVICE_INFO))
    )
    macs = [reply["response"]["macAddress"] for reply in replies]  # type: ignore[index, call-overload]  # decoded JSON
    assert macs == [MAC, MAC, OTHER_MAC, OTHER_MAC]
    assert [DeviceStatus.from_message(reply).dhw_mode is not None for reply in replies[::2]] == [True, True]


async def test_no_request_outlives_its_time_or_the_connection(stage: Stage) -> None:
    client = await stage.connected()
    await stage.simulator.fault("device_offline", on=True, mac=MAC)
    with pytest.raises(RequestTimeoutError):
        await client.queries.request(stage.device, STATUS, timeout=0.2)
    waiting = asyncio.ensure_future(client.queries.request(stage.device, STATUS, timeout=PATIENCE))
    await stage.simulator.wait(topic_suffix="/st", received=2)
    await stage.simulator.fault("mqtt_down")
    with pytest.raises(MqttConnectionError):
        await waiting
    with pytest.raises(NotConnectedError):
        await client.queries.request(stage.device, STATUS)


async def test_polls_are_never_queued(stage: Stage) -> None:
    client = await careful(stage)
    answered = expected(client, "status_received")
    assert client.poll(stage.device)
    assert isinstance(await answered, StatusReceived)
    await unplugged(stage, client)
    assert not client.poll(stage.device)
    assert not client.poll_info(stage.device)
    assert client.queued_commands_count == 0
