"""The calls about devices, account and maintenance: paging, odd entries, and what is refused before it is sent."""

from dataclasses import replace
from datetime import date
import logging

import pytest

from nwp500.api_client import NavienAPIClient
from nwp500.enums import InstallType
from nwp500.exceptions import InvalidParameterError, InvalidResponseError, MaintenanceError
from nwp500.models import Device, Location, MaintenanceKind, PushSettings, RegisterPath, TouPlan
from tests.client.support.scripted_service import Answer, ScriptedService, recorded, success

EMAIL = "user@example.com"

DEVICE_LIST = "/device/list"
DEVICE_INFO = "/device/info"
FIRMWARE_INFO = "/device/firmware/info"
CHANGE_INFO = "/device/change-info"
SIMPLE_LIST = "/device/simple-list"
ERROR_LIST = "/device/error/list"

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


async def test_a_service_that_ignores_the_offset_is_not_asked_without_end(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(DEVICE_LIST, success([entry(number) for number in range(20)]))
    listing = await api.device_listing()
    assert len(listing.devices) == 20
    # Whatever stands on the pages that never came has not left the account for that.
    assert not listing.is_complete
    assert len(service.calls) == 2


async def test_other_products_are_left_out_unless_wanted(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, success([entry(1, 1), entry(2), entry(3, 9999)]))
    assert [device.device_type for device in await api.list_devices()] == [52]
    assert [device.device_type for device in await api.list_devices(device_type=9999)] == [9999]
    assert [device.device_type for device in await api.list_devices(device_type=None)] == [1, 52, 9999]


def nameless(mac_address: object) -> dict[str, object]:
    """Give an entry that says little but which device it is."""
    return {"deviceInfo": {"macAddress": mac_address, "additionalValue": "5322", "deviceType": 52}}


@pytest.mark.parametrize(
    "odd", [None, 7, "text", [], {}, {"deviceInfo": None}, nameless(5), nameless(":-:"), nameless("04" * 200)]
)
async def test_an_odd_entry_does_not_hide_the_others(
    service: ScriptedService, api: NavienAPIClient, caplog: pytest.LogCaptureFixture, odd: object
) -> None:
    caplog.set_level(logging.DEBUG)
    service.answer(DEVICE_LIST, success([entry(1), odd, entry(2)]))
    assert [device.name for device in await api.list_devices()] == ["Heater 1", "Heater 2"]
    assert "unreadable entry" in caplog.text
    assert "0478630a" not in caplog.text


async def test_no_data_is_no_list_of_devices(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, success(None))
    service.answer(SIMPLE_LIST, success(None))
    for listing in (api.list_devices(), api.list_simple_devices()):
        with pytest.raises(InvalidResponseError):
            await listing


async def test_no_data_on_a_later_page_hides_no_device(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_LIST, success([entry(number) for number in range(20)]), success(None))
    with pytest.raises(InvalidResponseError):
        await api.list_devices()


@pytest.mark.parametrize(
    ("row", "is_complete"),
    [
        (entry(1), True),
        # Of another product, so it need not be understood.
        ({"deviceInfo": {"deviceType": 9999}}, True),
        (None, False),
        ({"deviceInfo": {"macAddress": "0478630a1b2c", "deviceType": 52}}, False),
        ({"deviceInfo": {"macAddress": "0478630a1b2c", "additionalValue": "5322"}}, False),
    ],
)
async def test_a_list_with_an_unreadable_row_is_not_complete(
    service: ScriptedService, api: NavienAPIClient, row: object, is_complete: bool
) -> None:
    service.answer(DEVICE_LIST, success([entry(1), row]))
    listing = await api.device_listing()
    assert [device.name for device in listing.devices] == ["Heater 1"]
    assert listing.is_complete is is_complete


async def test_a_list_without_an_end_is_not_complete(service: ScriptedService, api: NavienAPIClient) -> None:
    pages = [[entry(number) for number in range(start, start + 20)] for start in range(0, 1000, 20)]
    service.answer(DEVICE_LIST, *map(success, pages))
    listing = await api.device_listing()
    assert (len(listing.devices), listing.is_complete) == (1000, False)


async def test_the_info_of_a_device(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(DEVICE_INFO, recorded("device_info"))
    info = await api.get_device_info(DEVICE)
    assert info.name == "NWP500"
    assert info.connected is True
    assert info.location is not None
    assert (info.location.city, info.location.latitude, info.location.altitude) == ("Anytown", 40.0, None)
    assert info.push_settings == PushSettings(errors=True, descaling=False, others=True)
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
    with pytest.raises(InvalidResponseError):
        await api.list_devices()
    with pytest.raises(InvalidResponseError):
        await api.get_firmware_info(DEVICE)
    with pytest.raises(InvalidResponseError):
        await api.get_device_info(DEVICE)


# --- Names and places -------------------------------------------------------------------------------------------------


async def test_a_new_name_leaves_the_rest(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(CHANGE_INFO, success(None))
    await api.change_device_info(DEVICE, name="Garage heater")
    assert service.calls[0].body == {
        "userId": EMAIL,
        "deviceInfo": {
            "macAddress": "0478630a1b2c",
            "additionalValue": "5322",
            "deviceType": 52,
            "deviceName": "Garage heater",
        },
    }


async def test_a_new_place_keeps_the_name(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(CHANGE_INFO, success(None))
    device = replace(DEVICE, name="Cabin", install_type=InstallType.RESIDENTIAL)
    sequence = Location(city="Anytown", address="", latitude=0.0, longitude=-83.0)
    await api.change_device_info(device, install_type=InstallType.COMMERCIAL, location=sequence)
    body = service.calls[0].body
    assert body["location"] == {"city": "Anytown", "longitude": -83.0}
    assert body["deviceInfo"] == {
        "macAddress": "0478630a1b2c",
        "additionalValue": "5322",
        "deviceType": 52,
        "deviceName": "Cabin",
        "installType": "C",
    }


async def test_what_cannot_be_set_is_not_sent(service: ScriptedService, api: NavienAPIClient) -> None:
    with pytest.raises(InvalidParameterError, match="name must be a text that is not empty"):
        await api.change_device_info(DEVICE, name=" ")
    with pytest.raises(InvalidParameterError, match="location"):
        await api.change_device_info(DEVICE, location=Location(latitude=40.0, longitude=-83.0))
    with pytest.raises(InvalidParameterError, match="settings"):
        await api.account.set_push_settings(DEVICE, PushSettings())
    with pytest.raises(InvalidParameterError, match="controller_id"):
        await api.tou.delete(DEVICE, register_path=RegisterPath.BLUETOOTH)
    with pytest.raises(InvalidParameterError, match="periods"):
        await api.tou.write(DEVICE, TouPlan(periods=()), {})
    assert service.calls == []


# --- Lists of more than a page ----------------------------------------------------------------------------------------


async def test_the_simple_list(service: ScriptedService, api: NavienAPIClient) -> None:
    rows = [entry(number)["deviceInfo"] for number in range(21)]
    service.answer(SIMPLE_LIST, success(rows[:20]), success([None, rows[20]]))
    devices = await api.list_simple_devices("owner@example.com")
    assert [device.name for device in devices] == [f"Heater {number}" for number in range(21)]
    assert [(call.body["targetUserId"], call.body["offset"]) for call in service.calls] == [
        ("owner@example.com", 0),
        ("owner@example.com", 20),
    ]


async def test_the_log_of_maintenance(service: ScriptedService, api: NavienAPIClient) -> None:
    rows = [{"maintenanceDate": f"2026-{12 - month}-7", "registerAt": 99 - month} for month in range(12)]
    service.answer("/device/filter/history", success([*rows, *rows[:8]]), success([{"maintenanceDate": 5}, "odd"]))
    log = await api.maintenance.read(DEVICE, MaintenanceKind.FILTER)
    assert [done.day for done in log[:2]] == [date(2026, 12, 7), date(2026, 11, 7)]
    assert (len(log), log[-1].day, log[-1].registered_raw) == (21, None, None)
    assert [call.body["offset"] for call in service.calls] == [0, 20]


def past_error(number: int) -> dict[str, object]:
    return {"errorCode": 96, "subError": 0, "errorOccuredTime": 1790000000000 - number}


def page_of_errors(*numbers: int) -> Answer:
    return success({"timeZone": "America/Los_Angeles", "errorInfo": [past_error(number) for number in numbers]})


@pytest.mark.parametrize("first_of_next", [19, 20], ids=["the last row again", "the row after it"])
async def test_past_errors_of_two_pages(service: ScriptedService, api: NavienAPIClient, first_of_next: int) -> None:
    rest = success({"errorInfo": [past_error(number) for number in range(first_of_next, 25)]})
    service.answer(ERROR_LIST, page_of_errors(*range(20)), rest)
    history = await api.get_error_history(DEVICE)
    assert [error.occurred_raw for error in history.errors] == [1790000000000 - number for number in range(25)]
    assert history.time_zone == "America/Los_Angeles"
    assert [call.body.get("continuousKey") for call in service.calls] == [None, 1790000000000 - 19]


async def test_a_service_that_ignores_the_key_is_not_asked_without_end(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(ERROR_LIST, page_of_errors(*range(20)))
    assert len((await api.get_error_history(DEVICE)).errors) == 20
    assert len(service.calls) == 2


@pytest.mark.parametrize(
    ("data", "errors"),
    [(None, []), ({}, []), ({"errorInfo": None}, []), ({"errorInfo": [None, past_error(1)]}, [None, 96])],
)
async def test_odd_lists_of_errors(
    service: ScriptedService, api: NavienAPIClient, data: object, errors: list[int | None]
) -> None:
    service.answer(ERROR_LIST, success(data))
    assert [error.error_code for error in (await api.get_error_history(DEVICE)).errors] == errors


async def test_a_page_that_ends_with_an_unreadable_time_is_the_last(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(ERROR_LIST, success({"errorInfo": [*(past_error(number) for number in range(19)), {}]}))
    history = await api.get_error_history(DEVICE)
    assert (len(history.errors), history.errors[-1].occurred_at, len(service.calls)) == (20, None, 1)


async def test_the_notice_of_a_closed_service(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer("/app/version", recorded("app_version_maintenance"))
    with pytest.raises(MaintenanceError) as caught:
        await api.get_app_version()
    assert caught.value.notice == "Scheduled maintenance Back at 04:00 UTC"
    assert service.paths == ["/app/version"]
