"""What a user of the client asks of heaters, over real connections to simulated ones."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
import math

import pytest

from nwp500 import CommandEvent, FeatureReceived, HeaterCommand, StatusReceived, commands
from nwp500.enums import DhwMode, TemperatureUnit
from nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from tests.client.support.stage import MAC, Stage, expected
from tests.client.support.steps import outcome, outcomes_of, reported, requests

F, C = TemperatureUnit.FAHRENHEIT, TemperatureUnit.CELSIUS
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2", "--reply-delay", "0.01")


# Asking


async def test_a_heater_reports_its_status_and_what_it_has(stage: Stage) -> None:
    client = await stage.connected()
    device = stage.device
    assert (client.status(device), client.feature(device), client.last_message_at(device)) == (None, None, None)
    before = datetime.now(UTC)
    status, feature = expected(client, "status_received"), expected(client, "feature_received")
    assert await client.request_device_status(device) > 0
    assert await client.request_device_info(device) > 0
    assert await status == StatusReceived(device, client.status(device) or pytest.fail("no status"))
    assert await feature == FeatureReceived(device, client.feature(device) or pytest.fail("no feature"))
    heater = await stage.heater()
    known = client.status(device), client.feature(device)
    assert known[0] is not None
    assert known[1] is not None
    assert known[0].raw.keys() == heater["status"].keys()
    assert known[0].dhw_mode is DhwMode.ENERGY_SAVER
    assert dict(known[1].raw) == heater["feature"]
    last = client.last_message_at(device)
    assert last is not None
    assert before <= last <= datetime.now(UTC)
    assert client.wanted_members(device) == {}


async def test_a_heater_that_is_offline_says_nothing_until_it_is_back(stage: Stage) -> None:
    client = await stage.connected()
    await stage.simulator.fault("device_offline")
    assert await client.request_device_status(stage.device) > 0
    confirmed: list[CommandEvent] = []
    client.on("command_confirmed", confirmed.append)
    unheard = await outcome(client, "sent", client.set_dhw_temperature(stage.device, 130))
    assert client.is_connected
    assert client.last_message_at(stage.device) is None
    assert client.wanted_members(stage.device) == {"dhwTemperatureSetting": 109}
    assert len((await stage.simulator.state())["ignored"]) == 2
    await stage.simulator.fault("device_offline", on=False)
    heard = await outcome(client, "sent", client.set_dhw_temperature(stage.device, 130))
    while len(confirmed) < 2:
        await expected(client, "command_confirmed")
    # The value that both of them wanted is there.
    assert [event.command.id for event in confirmed] == [unheard.command.id, heard.command.id]
    assert client.last_message_at(stage.device) is not None


# Setpoints


async def test_setpoints(stage: Stage) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    table: tuple[tuple[float, TemperatureUnit | None, int, str], ...] = (
        (140, None, 120, "setpoint 140 °F"),
        (150, None, 131, "setpoint 150 °F"),
        (105.0, F, 81, "setpoint 105 °F"),
        (60, C, 120, "setpoint 60 °C"),
        (40.5, C, 81, "setpoint 40.5 °C"),
    )
    for temperature, unit, raw, words in table:
        event = await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, temperature, unit=unit))
        assert (event.command.kind, event.command.wanted) == ("dhw-temperature", words)
        status = client.status(stage.device)
        assert status is not None
        assert status.raw["dhwTemperatureSetting"] == raw
        assert client.wanted_members(stage.device) == {}
    assert await stage.applied() == [("dhw-temperature", [raw]) for _, _, raw, _ in table]


async def test_without_a_unit_a_setpoint_is_in_the_heaters_own_and_in_fahrenheit_while_that_is_unknown(
    stage: Stage,
) -> None:
    client = await stage.connected()
    await stage.simulator.device(MAC, temperatureType=1)
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 120))
    # By now the acknowledgement has shown the unit.
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 50))
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 130, unit=F))
    assert await stage.applied() == [("dhw-temperature", [98]), ("dhw-temperature", [100]), ("dhw-temperature", [109])]


async def test_the_unit_can_come_from_the_device_info_alone(stage: Stage) -> None:
    client = await stage.connected()
    await stage.simulator.device(MAC, temperatureType=1)
    feature = expected(client, "feature_received")
    await client.request_device_info(stage.device)
    await feature
    await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 50))
    assert await stage.applied() == [("dhw-temperature", [100])]


async def test_a_refused_setpoint_changes_nothing(stage: Stage) -> None:
    client = await stage.connected()
    outcomes = outcomes_of(client)
    with pytest.raises(InvalidParameterError, match=r"95 °F to 150 °F"):
        await client.set_dhw_temperature(stage.device, 94)
    await reported(client, stage.device)
    outcomes.clear()
    for wrong in (104, 151, 0, -40, math.nan, math.inf, True, "120", None):
        with pytest.raises(InvalidParameterError) as refused:
            await client.set_dhw_temperature(stage.device, wrong)  # type: ignore[arg-type]  # what is refused
        assert refused.value.parameter == "setpoint"
        if wrong in (104, 151):
            assert "105 °F to 150 °F" in str(refused.value)
    with pytest.raises(InvalidParameterError, match=r"40\.5 °C to 65\.5 °C"):
        await client.set_dhw_temperature(stage.device, 40, unit=C)
    assert outcomes == []
    assert client.queued_commands_count == 0
    assert client.wanted_members(stage.device) == {}
    assert await requests(stage, "ctrl") == []


# Modes


async def test_every_mode_and_vacation_and_power(stage: Stage) -> None:
    client = await stage.connected()
    device = stage.device
    await reported(client, device)
    for mode in (DhwMode.HEAT_PUMP, DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND):
        await outcome(client, "confirmed", client.set_dhw_mode(device, mode))
        assert (await stage.heater())["status"]["dhwOperationSetting"] == mode
    for wrong in (DhwMode.POWER_OFF, 0, 7):
        with pytest.raises(InvalidParameterError, match="a whole number from 1 to 4"):
            await client.set_dhw_mode(device, wrong)
    await outcome(client, "confirmed", client.set_dhw_mode(device, 5, vacation_days=7))
    event = await outcome(client, "confirmed", client.controls.set_vacation(device, 99))
    assert event.command.wanted == "vacation for 99 days"
    assert (await stage.heater())["status"]["vacationDaySetting"] == 99
    await outcome(client, "confirmed", client.controls.set_power(device, on=False))
    assert (await stage.heater())["status"]["dhwOperationSetting"] == DhwMode.POWER_OFF
    await outcome(client, "confirmed", client.controls.set_power(device, on=True))
    status = client.status(device)
    assert status is not None
    assert status.dhw_mode is DhwMode.HIGH_DEMAND
    assert await stage.applied() == [
        *(("dhw-mode", [mode]) for mode in (1, 2, 3, 4)),
        ("dhw-mode", [5, 7]),
        ("dhw-mode", [5, 99]),
        ("power-off", []),
        ("power-on", []),
    ]


async def test_a_refused_mode_changes_nothing(stage: Stage) -> None:
    client = await stage.connected()
    outcomes = outcomes_of(client)
    wrong: tuple[tuple[object, object], ...] = (
        *((mode, None) for mode in (0, 5, 7, -1, 2.0, True, "2", None)),
        *((5, days) for days in (0, 100, -1, 7.0, True, "7")),
        (5.0, 7),
        (3, 7),
        (3, 0),
    )
    for mode, days in wrong:
        with pytest.raises(InvalidParameterError):
            await client.set_dhw_mode(stage.device, mode, vacation_days=days)  # type: ignore[arg-type]  # what is refused
    for days in (0, 100, None):
        with pytest.raises(InvalidParameterError, match="1 to 99"):
            await client.controls.set_vacation(stage.device, days)  # type: ignore[arg-type]  # as above
    assert outcomes == []
    assert await requests(stage, "ctrl") == []


async def test_what_the_heater_does_not_have_is_refused(stage: Stage) -> None:
    client = await stage.connected()
    device = stage.device
    await stage.simulator.device(MAC, feature={"electricUse": 1, "holidayUse": 1, "powerUse": 0})
    await reported(client, device)
    refused: tuple[tuple[Callable[[], Awaitable[int]], str], ...] = (
        (lambda: client.set_dhw_mode(device, DhwMode.ELECTRIC), "electricUse"),
        (lambda: client.controls.set_vacation(device, 7), "holidayUse"),
        (lambda: client.controls.set_power(device, on=True), "powerUse"),
        (lambda: client.give(HeaterCommand(device, commands.RECIRCULATION_HOT_BUTTON, (1,))), "recirculationUse"),
    )
    for command, gate in refused:
        with pytest.raises(UnsupportedCommandError, match=gate) as error:
            await command()
        assert error.value.feature == gate
    assert client.queued_commands_count == 0
    assert await requests(stage, "ctrl") == []
    await outcome(client, "confirmed", client.set_dhw_mode(device, DhwMode.HEAT_PUMP))
