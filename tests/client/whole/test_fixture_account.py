"""The REST service's calls for an owner, against a cloud of nothing but recorded answers; no call is laid out by hand.

What each has to give is worked out from the recorded answer, without the client's models.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from nwp500 import Device, NavienAPIClient, NavienAuthClient
from nwp500.exceptions import NotPermittedError
from nwp500.models import Location, MaintenanceKind, PushSettings, TouPeriod
from tests.client.support.fixture_heater import fixture_rest_service
from tests.client.support.scripted_service import RECORDED, ScriptedService

CONTROLLER = "00000000BT00000001"
ONLINE = 2
SOURCE = {"name": "Example TOU plan"}


def answered(exchange: str) -> Any:  # noqa: ANN401 - decoded JSON of a fixture
    """Return the `data` of a recorded answer."""
    return RECORDED[exchange]["response"]["body"]["data"]


@pytest.fixture
async def cloud() -> AsyncIterator[ScriptedService]:
    async with fixture_rest_service() as service:
        yield service


@pytest.fixture
async def api(cloud: ScriptedService) -> AsyncIterator[NavienAPIClient]:
    async with NavienAuthClient("user@example.com", "correct horse", base_url=cloud.url) as auth_client:
        yield NavienAPIClient(auth_client)


@pytest.fixture
async def device(api: NavienAPIClient) -> Device:
    devices = await api.list_devices()
    return devices[0]


async def test_the_devices(api: NavienAPIClient) -> None:
    for device, row in zip(await api.list_devices(), answered("device_list"), strict=True):
        info, error, sequence = row["deviceInfo"], row["error"], row["location"]
        assert (device.mac_address, device.additional_value) == (info["macAddress"], info["additionalValue"])
        assert (device.name, device.home_seq) == (info["deviceName"], info["homeSeq"])
        assert device.connected is (info["connected"] == ONLINE)
        assert device.install_type == info.get("installType")
        assert (device.error_code, device.error_time) == (error["errorCode"], error["errorOccuredTime"])
        assert device.location == Location(**sequence)
    (simple,) = await api.list_simple_devices()
    (row,) = answered("device_simple_list")
    assert (simple.mac_address, simple.name) == (row["macAddress"], row["deviceName"])


async def test_one_device(api: NavienAPIClient, device: Device) -> None:
    info = await api.get_device_info(device)
    recorded = answered("device_info")
    assert (info.name, info.home_seq) == (recorded["deviceInfo"]["deviceName"], recorded["deviceInfo"]["homeSeq"])
    assert info.connected is (recorded["deviceInfo"]["connected"] == ONLINE)
    assert info.location == Location(**recorded["location"])
    alarms = recorded["alarmInfo"]
    settings = info.push_settings
    assert [settings.errors, settings.descaling, settings.others] == [
        alarms[name] == 1 for name in ("isErrorAlarm", "isDescalingAlarm", "isEtcAlarm")
    ]


async def test_its_firmware(api: NavienAPIClient, device: Device) -> None:
    for firmware, row in zip(
        await api.get_firmware_info(device), answered("device_firmware_info")["firmwares"], strict=True
    ):
        number = row["curVersion"]
        parts = [number // 256**sequence % 256 for sequence in (3, 2, 1, 0)]
        assert (firmware.software_code, firmware.current_version_raw) == (row["curSwCode"], number)
        assert firmware.current_version == ".".join(str(part) for part in parts)
        assert firmware.downloaded_version is None
        group = firmware.device_group
        assert (group and group.group_seq) == (row["deviceGroup"] and row["deviceGroup"]["groupSeq"])
    detail = await api.get_firmware_detail(33556241, 184877056)
    recorded = answered("firmware_info")
    assert (detail.description, detail.run_time_minutes) == (recorded["description"], recorded["runTime"])
    assert detail.registered_at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=recorded["registerAt"] / 1000)


def assert_period(period: TouPeriod, season: int, interval: dict[str, int]) -> None:
    """Check a period of a plan against the recorded one."""
    assert (period.season, period.week) == (season, interval["week"])
    assert (period.start_hour, period.start_minute) == (interval["startHour"], interval["startMinute"])
    assert (period.end_hour, period.end_minute) == (interval["endHour"], interval["endMinute"])
    assert period.price_min == Decimal(interval["priceMin"]) / 10 ** interval["decimalPoint"]


async def test_time_of_use(api: NavienAPIClient, device: Device) -> None:
    registered = await api.tou.read(device, CONTROLLER)
    assert registered is not None
    recorded = answered("tou_get")
    info = recorded["touInfo"]
    assert (registered.register_path, registered.source_type) == (recorded["registerPath"], recorded["sourceType"])
    plan = registered.plan
    assert (plan.name, plan.utility, plan.zip_code) == (info["name"], info["utility"], info["zipCode"])
    flat = [(season["season"], interval) for season in info["schedule"] for interval in season["interval"]]
    for period, (season, interval) in zip(plan.periods, flat, strict=True):
        assert_period(period, season, interval)
    (converted,) = await api.tou.convert([SOURCE])
    (conversion,) = answered("tou_convert")["touInfo"]
    (only_season,) = conversion["schedule"]
    for period, interval in zip(converted.periods, only_season["interval"], strict=True):
        assert_period(period, only_season["season"], interval)
    number = await api.tou.get_manufacture_id(device, CONTROLLER)
    assert number == answered("tou_manufacture_id")["manufactureId"]


async def test_the_account(api: NavienAPIClient, device: Device) -> None:
    user = await api.account.get_user_info()
    recorded = answered("user_info")
    assert (user.user_type, user.user_seq, user.email) == (
        recorded["userType"],
        recorded["userSeq"],
        recorded["userEmail"],
    )
    assert (user.first_name, user.last_name) == (recorded["userFirstName"], recorded["userLastName"])
    settings = await api.account.get_push_settings(device)
    assert settings.as_message() == answered("get_push_settings")
    version = await api.get_app_version()
    assert (version.newest, version.oldest_accepted) == tuple(answered("app_version").values())


async def test_the_maintenance_log(api: NavienAPIClient, device: Device) -> None:
    (entry,) = await api.maintenance.read(device, MaintenanceKind.FILTER)
    (row,) = answered("filter_history")
    year, month, day = (int(part) for part in row["maintenanceDate"].split("-"))
    assert (entry.day, entry.registered_raw) == (date(year, month, day), row["registerAt"])
    assert await api.maintenance.read(device, MaintenanceKind.DESCALING) == []


async def test_what_is_written_is_taken(api: NavienAPIClient, cloud: ScriptedService, device: Device) -> None:
    await api.change_device_info(device, name="Garage heater")
    await api.account.set_push_settings(device, PushSettings(errors=True, descaling=False))
    for kind in MaintenanceKind:
        await api.maintenance.write(device, kind, date(2026, 3, 7))
    written = [call.body for call in cloud.calls[-4:]]
    assert written[0]["deviceInfo"] == {
        "macAddress": device.mac_address,
        "additionalValue": device.additional_value,
        "deviceType": 52,
        "deviceName": "Garage heater",
    }
    assert (written[1]["isErrorAlarm"], written[1]["isDescalingAlarm"]) == (1, 2)
    assert [body["maintenanceDate"] for body in written[2:]] == ["2026-3-7", "2026-3-7"]


async def test_an_owner_may_not_read_past_errors(api: NavienAPIClient, device: Device) -> None:
    with pytest.raises(NotPermittedError):
        await api.get_error_history(device)
