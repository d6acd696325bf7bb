"""What becomes of commands to heaters, over real connections to simulated ones."""

import asyncio

import pytest

from nwp500 import CommandEvent, CommandReason, HeaterCommand, NotConnectedError, commands
from nwp500.exceptions import InvalidParameterError
from tests.client.support.stage import MAC, Stage, expected
from tests.client.support.steps import outcome, outcomes_of, reported, requests
from tests.client.whole.test_queue_simulator import plugged_in, unplugged

OTHER_MAC = "0478630a1b2d"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2", "--reply-delay", "0.01")


async def test_a_command_is_sent_and_then_confirmed(stage: Stage) -> None:
    client = await stage.connected()
    outcomes = outcomes_of(client)
    await reported(client, stage.device)
    outcomes.clear()
    event = await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 130))
    assert outcomes == [(name, "dhw-temperature", event.command.id) for name in ("sent", "confirmed")]
    (message,) = await requests(stage, "ctrl")
    assert message["payload"]["sessionID"] == event.command.id
    assert message["client_id"] == client.client_id


async def test_a_command_that_shows_nothing_is_confirmed_by_the_reply(stage: Stage) -> None:
    client = await stage.connected()
    event = await outcome(client, "confirmed", client.give(HeaterCommand(stage.device, commands.AIR_FILTER_RESET)))
    assert event.command.wanted == "air filter reset"
    assert await stage.applied() == [("air-filter-reset", [])]


async def test_a_refusal_is_reported_with_its_code(stage: Stage) -> None:
    client = await stage.connected()
    outcomes = outcomes_of(client)
    await stage.simulator.fault("ctrl_fail", code=7)
    event = await outcome(client, "rejected", client.set_dhw_temperature(stage.device, 130))
    assert (event.reason, event.code) == (CommandReason.REFUSED, 7)
    assert client.wanted_members(stage.device) == {}
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 130))
    assert [name for name, *_ in outcomes] == ["sent", "rejected", "sent", "confirmed"]


async def test_a_command_that_came_too_soon_is_sent_again(stage: Stage) -> None:
    client = await stage.connected()
    outcomes = outcomes_of(client)
    await stage.simulator.fault("ctrl_fail", code=2)
    result = [expected(client, f"command_{name}") for name in ("rejected", "confirmed")]
    await client.set_dhw_temperature(stage.device, 130)
    await asyncio.wait(result, return_when=asyncio.FIRST_COMPLETED)
    assert outcomes[-1][0] == "confirmed"


async def test_the_wanted_value_is_shown_while_the_heater_does_not_act(stage: Stage) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    await stage.simulator.fault("ignore_write")
    acknowledged = expected(client, "status_received")
    await client.set_dhw_temperature(stage.device, 130)
    await acknowledged
    await reported(client, stage.device)
    status, wanted = client.status(stage.device), client.wanted_members(stage.device)
    assert status is not None
    assert status.raw["dhwTemperatureSetting"] == 98
    assert wanted == {"dhwTemperatureSetting": 109}
    assert status.with_members(wanted).dhw_temperature_setting == 54.5


async def test_the_wanted_values_are_shown_while_they_wait_in_the_queue(stage: Stage) -> None:
    client = await stage.connected()
    device = stage.device
    await reported(client, device)
    await unplugged(stage, client)
    assert await client.set_dhw_temperature(device, 120) == 0
    assert await client.set_dhw_temperature(device, 130) == 0
    assert await client.controls.set_vacation(device, 7) == 0
    assert client.wanted_members(device) == {
        "dhwTemperatureSetting": 109,
        "dhwOperationSetting": 5,
        "vacationDaySetting": 7,
    }
    confirmed = [expected(client, "command_confirmed")]
    await plugged_in(stage, client)
    await asyncio.gather(*confirmed)
    await stage.simulator.wait(applied=3)
    await reported(client, device)
    assert client.wanted_members(device) == {}
    assert await stage.applied() == [("dhw-temperature", [98]), ("dhw-temperature", [109]), ("dhw-mode", [5, 7])]


async def test_what_is_cleared_is_not_wanted_any_more(stage: Stage) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    await unplugged(stage, client)
    await client.set_dhw_temperature(stage.device, 130)
    cleared = expected(client, "command_cleared")
    assert client.clear_command_queue() == 1
    event = await cleared
    assert isinstance(event, CommandEvent)
    assert event.command.wanted == "setpoint 130 °F"
    assert client.wanted_members(stage.device) == {}


async def test_commands_given_before_the_first_subscription_is_in_place_keep_their_order(stage: Stage) -> None:
    client = await stage.connected()
    await stage.simulator.fault("latency", seconds=0.1)
    device = stage.device
    await asyncio.gather(
        client.set_dhw_temperature(device, 120),
        client.set_dhw_mode(device, 1),
        client.controls.set_power(device, on=False),
        client.controls.set_power(device, on=True),
    )
    await stage.simulator.wait(applied=4)
    assert [kind for kind, _ in await stage.applied()] == ["dhw-temperature", "dhw-mode", "power-off", "power-on"]


async def test_with_the_queue_disabled_a_command_without_a_connection_is_refused(stage: Stage) -> None:
    client = stage.client(enable_command_queue=False)
    with pytest.raises(NotConnectedError):
        await client.set_dhw_temperature(stage.device, 130)
    assert client.wanted_members(stage.device) == {}
    await client.connect()
    assert await client.publish("test/n", {"n": 1}, qos=0) > 0
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 130))


# Two heaters


async def test_two_heaters_never_mix(stage: Stage) -> None:
    client = await stage.connected()
    first, second = stage.devices
    assert [first.mac_address, second.mac_address] == [MAC, OTHER_MAC]
    await stage.simulator.device(MAC, dhwTemperatureSetting=90)
    await stage.simulator.device(OTHER_MAC, dhwTemperatureSetting=100, feature={"dhwTemperatureMin": 95})
    await reported(client, first)
    await reported(client, second)
    statuses = [client.status(device) for device in (first, second)]
    assert [status and status.raw["dhwTemperatureSetting"] for status in statuses] == [90, 100]
    with pytest.raises(InvalidParameterError):
        await client.set_dhw_temperature(second, 110)
    await outcome(client, "confirmed", client.set_dhw_temperature(first, 110))
    await unplugged(stage, client)
    await client.set_dhw_temperature(first, 120)
    await client.set_dhw_temperature(second, 130)
    assert client.wanted_members(first) == {"dhwTemperatureSetting": 98}
    assert client.wanted_members(second) == {"dhwTemperatureSetting": 109}
    assert client.clear_command_queue(first) == 1
    assert client.wanted_members(first) == {}
    confirmed = expected(client, "command_confirmed")
    await plugged_in(stage, client)
    await confirmed
    assert await stage.applied(MAC) == [("dhw-temperature", [87])]
    assert await stage.applied(OTHER_MAC) == [("dhw-temperature", [109])]
