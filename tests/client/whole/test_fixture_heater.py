"""The client against heaters and a cloud that answer with nothing but the recorded messages, over a real broker."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from nwp500 import (
    CommandCompleted,
    CommandHandle,
    CommandOutcome,
    Device,
    DeviceFeature,
    DeviceStatus,
    HeaterCommand,
    NavienMqttClient,
    commands,
)
from nwp500.exceptions import UnsupportedCommandError
from nwp500.protocol.controls import Control
from tests.client.support.fixture_client import connected
from tests.client.support.fixture_heater import MAC, RECIRCULATION_MAC, STATUSES, fixture, fixture_service
from tests.client.support.mosquitto import MOSQUITTO
from tests.client.support.stage import PATIENCE
from tests.client.support.steps import reported

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed")

# Every control, with parameters whose effect one of the recorded statuses shows.
GIVEN: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "POWER_OFF": ((),),
    "POWER_ON": ((),),
    "DHW_MODE": ((1,), (2,), (3,), (4,)),
    "VACATION": ((5, 14),),
    "DHW_TEMPERATURE": ((110,),),
    "ANTI_LEGIONELLA_OFF": ((),),
    "ANTI_LEGIONELLA_ON": ((7,),),
    "TOU_ON": ((),),
    "TOU_OFF": ((),),
    "RESERVATION_MODE": ((),),
    "VACATION_DAYS": ((14,),),
    "INTELLIGENT_ON": ((),),
    "INTELLIGENT_OFF": ((),),
    "DEMAND_RESPONSE_ON": ((),),
    "DEMAND_RESPONSE_OFF": ((),),
    "RECIRCULATION_HOT_BUTTON": ((1,),),
    "RECIRCULATION_MODE": ((2,),),
    "AIR_FILTER_RESET": ((),),
    "AIR_FILTER_LIFE": ((2,),),
    "CONDENSER_FAULT_RESET": ((),),
}
LACKING = {
    MAC: {"RECIRCULATION_HOT_BUTTON", "RECIRCULATION_MODE"},
    RECIRCULATION_MAC: {"ANTI_LEGIONELLA_OFF", "ANTI_LEGIONELLA_ON", "DEMAND_RESPONSE_ON", "DEMAND_RESPONSE_OFF"},
}
"""What each heater says that it has not."""


async def given(client: NavienMqttClient, device: Device, control: Control, *parameters: int) -> CommandHandle:
    """Give a control and wait for its outcome."""
    handle = await client.submit(HeaterCommand(device, control, parameters))
    await handle.outcome(PATIENCE)
    return handle


def test_every_control_is_given() -> None:
    assert GIVEN.keys() == {name for name, value in vars(commands).items() if isinstance(value, Control)}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("mac_address", [MAC, RECIRCULATION_MAC])
async def test_a_heater_of_recorded_messages_is_fully_usable(tmp_path: Path, status: str, mac_address: str) -> None:
    async with fixture_service(tmp_path, status) as service, connected(service) as (client, devices):
        assert list(devices) == [MAC, RECIRCULATION_MAC, "0478630a1b2e"]
        device = devices[mac_address]
        await reported(client, device)
        assert client.status(device) == DeviceStatus.from_message(fixture(status))
        feature = "feature" if mac_address == MAC else "feature_80gal_celsius_recirculation"
        assert client.feature(device) == DeviceFeature.from_message(fixture(feature))
        assert client.is_online(device) is True
        for name, sets in GIVEN.items():
            control: Control = getattr(commands, name)
            for parameters in sets:
                if name in LACKING[mac_address]:
                    with pytest.raises(UnsupportedCommandError):
                        await client.submit(HeaterCommand(device, control, parameters))
                    continue
                handle = await given(client, device, control, *parameters)
                assert handle.result is not None
                assert handle.result.outcome is CommandOutcome.CONFIRMED, name
        assert client.outcome_counts(device).keys() <= {CommandOutcome.CONFIRMED}


async def test_a_refusal_of_recorded_messages_is_not_the_end(tmp_path: Path) -> None:
    async with fixture_service(tmp_path, "status_idle") as service, connected(service) as (client, devices):
        await reported(client, devices[MAC])
        service.heaters.refuse(1)
        ends: list[CommandCompleted] = []
        client.on("command_completed", ends.append)
        await given(client, devices[MAC], commands.DHW_TEMPERATURE, 110)
        (end,) = ends
        assert end.result.outcome is CommandOutcome.CONFIRMED
        sessions = [each["sessionID"] for each in service.heaters.requests]
        assert [each for each in sessions if each in end.command.sessions] == list(end.command.sessions)
        assert len(end.command.sessions) == 2
