"""The client against heaters and a cloud that answer with nothing but the recorded messages, over a real broker."""

import asyncio
from collections.abc import AsyncIterator, Mapping
import contextlib
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nwp500 import (
    CommandHandle,
    CommandOutcome,
    Device,
    DeviceFeature,
    DeviceStatus,
    HeaterCommand,
    MqttConnectionConfig,
    NavienAPIClient,
    NavienAuthClient,
    NavienMqttClient,
    UnsupportedCommandError,
    commands,
)
from nwp500.commands import Control
from nwp500.subscriptions import Message
from tests.client.fixture_heater import (
    MAC,
    RECIRCULATION_MAC,
    STATUSES,
    FixtureService,
    fixture,
    fixture_service,
)
from tests.client.mosquitto import MOSQUITTO
from tests.client.stage import PATIENCE
from tests.client.steps import told

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed")

# Every control, with parameters whose effect one of the recorded statuses shows.
GIVEN: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "POWER_OFF": ((),),
    "POWER_ON": ((),),
    "DHW_MODE": ((1,), (2,), (3,), (4,), (6,)),
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


@asynccontextmanager
async def connected(service: FixtureService) -> AsyncIterator[tuple[NavienMqttClient, dict[str, Device]]]:
    """Sign in, list the heaters and connect."""
    async with NavienAuthClient("user@example.com", "correct horse", base_url=service.rest.url) as auth_client:
        devices = {device.mac_address: device for device in await NavienAPIClient(auth_client).list_devices()}
        broker = service.broker
        config = MqttConnectionConfig(endpoint="localhost", port=broker.port, ca_file=broker.ca_file)
        client = NavienMqttClient(auth_client, config=config)
        await client.connect()
        try:
            yield client, devices
        finally:
            await client.disconnect()


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
        await told(client, device)
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
                assert handle.settled is not None
                assert handle.settled.outcome is CommandOutcome.CONFIRMED, name
        assert client.outcome_counts(device).keys() <= {CommandOutcome.CONFIRMED}


async def test_a_refusal_of_recorded_messages_is_not_the_end(tmp_path: Path) -> None:
    async with fixture_service(tmp_path, "status_idle") as service, connected(service) as (client, devices):
        await told(client, devices[MAC])
        service.heaters.refuse(1)
        handle = await given(client, devices[MAC], commands.DHW_TEMPERATURE, 110)
        assert handle.settled is not None
        assert handle.settled.outcome is CommandOutcome.CONFIRMED
        written = [each for each in service.heaters.requests if each["sessionID"] == handle.command.id]
        assert len(written) == 2


async def test_firmware_and_device_info_of_recorded_answers(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        service = await stack.enter_async_context(fixture_service(tmp_path, "status_idle"))
        auth_client = await stack.enter_async_context(
            NavienAuthClient("user@example.com", "correct horse", base_url=service.rest.url)
        )
        api_client = NavienAPIClient(auth_client)
        device, *_ = await api_client.list_devices()
        assert (await api_client.get_device_info(device)).connected is True
        versions = [firmware.current_version for firmware in await api_client.get_firmware_info(device)]
        assert "11.5.0.0" in versions


async def test_every_recorded_reply_to_a_query_can_be_had(tmp_path: Path) -> None:
    """What the client makes of them is another matter; this is what they are answered with."""
    recorded = (
        "reservations_json",
        "reservations_hex",
        "recirculation_schedule_json",
        "recirculation_schedule_hex",
        "energy_daily",
        "energy_monthly",
        "diagnostics",
        "firmware_download_info",
        "tou_write_echo",
    )
    wanted = {fixture(name)["topic"] for name in recorded}
    async with fixture_service(tmp_path, "status_idle") as service, connected(service) as (client, _):
        replies: set[str] = set()
        complete = asyncio.Event()

        def heard(topic: str, message: Message) -> None:
            if "response" in message:
                replies.add(topic)
            if wanted <= replies:
                complete.set()

        await client.subscribe("cmd/52/#", heard)
        for request in fixture("mqtt_requests").values():
            await client.publish(request["topic"], request["payload"])
        async with asyncio.timeout(PATIENCE):
            await complete.wait()
