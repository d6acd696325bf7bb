"""The device calls: paging, odd entries, and what happens when the access token is refused."""

import asyncio
from collections.abc import AsyncIterator
import logging

import pytest

from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from nwp500.exceptions import ApiConnectionError, ApiError, AuthenticationError, NavienError, UnreadableAnswerError
from nwp500.models import Device
from tests.client.scripted_service import Answer, ScriptedService, recorded, refusal, success

EMAIL = "user@example.com"

SIGN_IN = "/user/sign-in"
REFRESH = "/auth/refresh"
DEVICE_LIST = "/device/list"
DEVICE_INFO = "/device/info"
FIRMWARE_INFO = "/device/firmware/info"

DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")


def entry(number: int, device_type: int = 52) -> dict[str, object]:
    return {
        "deviceInfo": {
            "macAddress": f"0478630a{number:04x}",
            "additionalValue": "5322",
            "deviceType": device_type,
            "deviceName": f"Heater {number}",
            "connected": 2,
        }
    }


@pytest.fixture
async def api(service: ScriptedService) -> AsyncIterator[NavienAPIClient]:
    """Sign in, and forget the calls that it took."""
    service.answer(SIGN_IN, recorded("sign_in"))
    service.answer(REFRESH, recorded("auth_refresh"))
    async with NavienAuthClient(EMAIL, "correct horse", base_url=service.url) as auth_client:
        service.calls.clear()
        yield NavienAPIClient(auth_client)


async def test_the_devices(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, recorded("device_list"))
    devices = await api.list_devices()
    assert [(d.mac_address, d.additional_value, d.home_seq, d.name, d.connected, d.error_code) for d in devices] == [
        ("0478630a1b2c", "5322", 10001, "NWP500", True, 0),
        ("0478630a1b2d", "5322", 10002, "Guest house", False, None),
        ("0478630a1b2e", "5322", 10003, "Cabin", True, 9999),
    ]
    (call,) = service.calls
    assert call.body == {"userId": EMAIL, "offset": 0, "count": 20}
    assert call.headers["authorization"] == "eyJraWQiOiJhY2Nlc3MtZXhhbXBsZSJ9.e30.c2ln"


@pytest.mark.parametrize(("count", "offsets"), [(0, [0]), (19, [0]), (20, [0, 20]), (45, [0, 20, 40])])
async def test_paging(service: ScriptedService, api: NavienAPIClient, count: int, offsets: list[int]) -> None:
    entries = [entry(number) for number in range(count)]
    service.answer(DEVICE_LIST, *(success(entries[offset : offset + 20]) for offset in offsets))
    assert [device.name for device in await api.list_devices()] == [f"Heater {number}" for number in range(count)]
    assert [call.body["offset"] for call in service.calls] == offsets


async def test_a_device_on_two_pages_is_listed_once(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, success([entry(n) for n in range(20)]), success([entry(19), entry(20)]))
    assert [device.name for device in await api.list_devices()] == [f"Heater {number}" for number in range(21)]


async def test_a_service_that_ignores_the_offset_is_not_asked_for_ever(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(DEVICE_LIST, success([entry(number) for number in range(20)]))
    assert len(await api.list_devices()) == 20
    assert len(service.calls) == 50


async def test_other_products_are_left_out_unless_wanted(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, success([entry(1, 1), entry(2), entry(3, 9999)]))
    assert [device.device_type for device in await api.list_devices()] == [52]
    assert [device.device_type for device in await api.list_devices(device_type=9999)] == [9999]
    assert [device.device_type for device in await api.list_devices(device_type=None)] == [1, 52, 9999]


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}, {"deviceInfo": None}, {"deviceInfo": {"macAddress": 5}}])
async def test_an_odd_entry_does_not_hide_the_others(
    service: ScriptedService, api: NavienAPIClient, caplog: pytest.LogCaptureFixture, odd: object
) -> None:
    caplog.set_level(logging.DEBUG)
    service.answer(DEVICE_LIST, success([entry(1), odd, entry(2)]))
    assert [device.name for device in await api.list_devices()] == ["Heater 1", "Heater 2"]
    assert "cannot be read" in caplog.text
    assert "0478630a" not in caplog.text


async def test_no_data_is_no_devices(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, success(None))
    assert await api.list_devices() == []


async def test_the_info_of_a_device(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_INFO, recorded("device_info"))
    info = await api.get_device_info(DEVICE)
    assert info.name == "NWP500"
    assert info.connected is True
    assert info.location is not None
    assert (info.location.city, info.location.latitude, info.location.altitude) == ("Anytown", 40.0, None)
    assert (info.error_alarm, info.descaling_alarm, info.other_alarm) == (True, False, True)
    assert service.calls[0].body == {"macAddress": "0478630a1b2c", "additionalValue": "5322", "userId": EMAIL}


async def test_the_firmware_of_a_device(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(FIRMWARE_INFO, recorded("device_firmware_info"))
    firmwares = await api.get_firmware_info(DEVICE)
    assert [(f.software_code, f.current_version, f.downloaded_version) for f in firmwares] == [
        (33556241, "11.5.0.0", None),
        (268435985, "2.7.0.0", None),
        (268435761, "0.0.236.38", None),
    ]
    assert service.calls[0].body == {"macAddress": "0478630a1b2c", "additionalValue": "5322", "userId": EMAIL}


@pytest.mark.parametrize("data", [{}, "text", 5, True, {"firmwares": {}}])
async def test_data_of_the_wrong_kind(service: ScriptedService, api: NavienAPIClient, data: object) -> None:
    service.answer(DEVICE_LIST, success(data))
    service.answer(FIRMWARE_INFO, success(data))
    service.answer(DEVICE_INFO, success([data]))
    with pytest.raises(UnreadableAnswerError):
        await api.list_devices()
    with pytest.raises(UnreadableAnswerError):
        await api.get_firmware_info(DEVICE)
    with pytest.raises(UnreadableAnswerError):
        await api.get_device_info(DEVICE)


# --- A refused access token -------------------------------------------------------------------------------------------


async def test_after_a_401_the_jwt_is_refreshed_and_the_call_repeated(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(DEVICE_LIST, recorded("expired_token"), recorded("device_list"))
    assert len(await api.list_devices()) == 3
    assert service.paths == [DEVICE_LIST, REFRESH, DEVICE_LIST]
    assert service.calls[-1].headers["authorization"] == "eyJ.new-access"


async def test_a_refused_refresh_goes_on_to_the_password(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, recorded("expired_token"), recorded("device_list"))
    service.answer(REFRESH, refusal())
    assert len(await api.list_devices()) == 3
    assert service.paths == [DEVICE_LIST, REFRESH, SIGN_IN, DEVICE_LIST]


async def test_a_second_401_is_reported(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, recorded("expired_token"))
    with pytest.raises(ApiError) as caught:
        await api.list_devices()
    assert (caught.value.path, caught.value.code) == (DEVICE_LIST, 401)
    assert service.paths == [DEVICE_LIST, REFRESH, DEVICE_LIST]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(refusal(500, "no"), ApiError), (refusal(404, "NOT_FOUND"), ApiError), (Answer(None), ApiConnectionError)],
)
async def test_other_errors_are_reported_at_once(
    service: ScriptedService, api: NavienAPIClient, answer: Answer, error: type[NavienError]
) -> None:
    service.answer(DEVICE_LIST, answer)
    with pytest.raises(error):
        await api.list_devices()
    assert service.paths == [DEVICE_LIST]


@pytest.mark.parametrize(
    ("sign_in", "error"),
    [(recorded("sign_in_bad_password"), AuthenticationError), (refusal(503, "down"), ApiError)],
)
async def test_a_failed_refresh_after_a_401(
    service: ScriptedService, api: NavienAPIClient, sign_in: Answer, error: type[NavienError]
) -> None:
    service.answer(DEVICE_LIST, recorded("expired_token"))
    service.answer(REFRESH, refusal())
    service.answer(SIGN_IN, sign_in)
    with pytest.raises(error):
        await api.list_devices()
    assert service.paths == [DEVICE_LIST, REFRESH, SIGN_IN]


async def test_parallel_calls_share_the_refresh(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, *[recorded("expired_token")] * 3, recorded("device_list"))
    service.gate.clear()
    async with asyncio.TaskGroup() as callers:
        calls = [callers.create_task(api.list_devices()) for _ in range(3)]
        await service.arrivals(3)
        service.gate.set()
    assert [len(call.result()) for call in calls] == [3, 3, 3]
    assert service.paths.count(REFRESH) == 1


async def test_a_401_that_comes_after_another_callers_refresh_needs_none(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    late = Answer({"code": 401, "msg": "UNAUTHORIZED"}, 401, after=asyncio.Event())
    service.answer(DEVICE_LIST, recorded("expired_token"), late, recorded("device_list"))
    first = asyncio.create_task(api.list_devices())
    await service.arrivals(1)
    second = asyncio.create_task(api.list_devices())
    await first
    assert late.after is not None
    late.after.set()
    assert len(await second) == 3
    assert service.paths.count(REFRESH) == 1
