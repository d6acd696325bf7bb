"""Every endpoint for an owner answers as it was recorded, and keeps what is written (protocol.md 2.5 to 2.8)."""

from collections.abc import Mapping
import json
from typing import Any

import pytest

from simulator.common.reading import BadRequestError, Json
from simulator.heater.heater import Heater
from simulator.heater.report import feature, status
from simulator.heater.schedules import TouPlan
from simulator.rest.openei import convert
from tests import read_fixture

from .requests_on_file import send
from .rest_user import DEVICE, EMAIL, Answer, RestUser, StartService
from .shapes import shape

RECORDED = read_fixture("rest_all")
PLAN = RECORDED["tou_get"]["response"]["body"]["data"]
TOU_QUERY: dict[str, str] = RECORDED["tou_get"]["request"]["query"]
DELETE_QUERY: dict[str, str] = RECORDED["tou_delete"]["request"]["query"]
PUT_BODY: dict[str, Any] = RECORDED["tou_put"]["request"]["body"]

RATES = [[{"rate": 0.31794}], [{"rate": 0.38967, "unit": "kWh"}], [{"rate": 0.1, "max": 5}, {"rate": 0.2, "adj": 0.05}]]
FLAT, PEAK = [0] * 24, [0] * 15 + [1] * 6 + [0] * 3
SUMMER = [2] * 24
OPENEI_PLAN = {
    "label": "000000000000000000000001",
    "name": "Example TOU plan",
    "utility": "Example Electric Co",
    "energyratestructure": RATES,
    "energyweekdayschedule": [PEAK] * 4 + [SUMMER] * 6 + [PEAK] * 2,
    "energyweekendschedule": [FLAT] * 4 + [SUMMER] * 6 + [FLAT] * 2,
}


def heater_of(user: RestUser) -> Heater:
    return next(iter(user.cloud.heaters.values()))


async def replay(user: RestUser, name: str) -> Answer:
    """Make a recorded request."""
    request = RECORDED[name]["request"]
    body, query = request.get("body"), request.get("query")
    return await user.call(
        request["method"],
        request["url"].split("/api/v2.1")[1],
        body=None if body is None else json.dumps(body).encode(),
        query=None if query is None else {name: str(value) for name, value in query.items()},
    )


@pytest.mark.parametrize(
    "name",
    [
        "device_info",
        "firmware_info",
        "device_change_info",
        "device_simple_list",
        "filter_change_info",
        "cip_change_info",
        "cip_history_empty",
        "tou_put",
        "tou_manufacture_id_none",
        "update_push_token",
        "user_info",
        "get_push_settings",
        "set_push_settings",
        "app_version",
    ],
)
async def test_recorded_request_has_the_recorded_answer(user: RestUser, name: str) -> None:
    await user.sign_in()
    assert await replay(user, name) == (200, RECORDED[name]["response"]["body"])


@pytest.mark.parametrize(
    "name",
    ["device_error_list_owner_refused", "preferences_refused", "tou_manufacture_id_wrong_controller", "not_found"],
)
async def test_recorded_refusal_has_its_status_and_message(user: RestUser, name: str) -> None:
    await user.sign_in()
    status, envelope = await replay(user, name)
    expected = RECORDED[name]["response"]
    assert (status, envelope["code"], envelope["msg"]) == (
        expected["status"],
        expected["body"]["code"],
        expected["body"]["msg"],
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/device/tou"),
        ("PUT", "/device/tou"),
        ("DELETE", "/device/tou"),
        ("GET", "/device/tou/manufacture-id"),
        ("POST", "/device/tou/convert"),
        ("POST", "/user/info"),
        ("POST", "/device/change-info"),
        ("POST", "/device/error/list"),
        ("GET", "/device/preferences/format"),
    ],
)
async def test_endpoints_need_a_sign_in(user: RestUser, method: str, path: str) -> None:
    status, _ = await user.call(method, path, body=b"{}" if method in ("PUT", "POST") else None)
    assert status == 401


async def test_change_of_name_and_place_shows_everywhere(user: RestUser) -> None:
    await user.sign_in()
    device = {"macAddress": "0478630a1b2c", "additionalValue": "5322", "deviceType": 52}
    sequence = {"city": "Elsewhere", "latitude": 41.5}
    await user.data(
        "/device/change-info",
        userId=EMAIL,
        deviceInfo=device | {"deviceName": "Garage heater", "installType": "C"},
        location=sequence,
    )
    info = await user.data("/device/info", **DEVICE)
    assert (info["deviceInfo"]["deviceName"], info["deviceInfo"]["installType"]) == ("Garage heater", "C")
    assert info["location"] == RECORDED["device_info"]["response"]["body"]["data"]["location"] | sequence
    (row,) = await user.list_devices()
    assert (row["deviceInfo"]["deviceName"], row["location"]["city"]) == ("Garage heater", "Elsewhere")
    (simple,) = await user.data("/device/simple-list", userId=EMAIL, targetUserId=EMAIL, offset=0, count=20)
    assert simple["deviceName"] == "Garage heater"
    await user.data("/device/change-info", userId=EMAIL, deviceInfo=device)
    assert await user.data("/device/info", **DEVICE) == info


@pytest.mark.parametrize(
    "members",
    [
        {"deviceInfo": None},
        {"deviceInfo": {"deviceName": ""}},
        {"deviceInfo": {"deviceName": 5}},
        {"deviceInfo": {"deviceType": 2}},
        {"deviceInfo": {"installType": "X"}},
        {"location": {"city": 5}},
        {"location": {"latitude": "40"}},
    ],
)
async def test_bad_changes_change_nothing(user: RestUser, members: Mapping[str, Any]) -> None:
    await user.sign_in()
    request = RECORDED["device_change_info"]["request"]["body"]
    info = members.get("deviceInfo", {})
    body = request | members | {"deviceInfo": None if info is None else request["deviceInfo"] | info}
    status, _ = await user.post("/device/change-info", **body)
    assert status == 400
    assert heater_of(user).registration.name == "NWP500"


async def test_simple_list_of_somebody_else_is_refused(user: RestUser) -> None:
    await user.sign_in()
    members = RECORDED["device_simple_list"]["request"]["body"] | {"targetUserId": "owner@example.com"}
    status, envelope = await user.post("/device/simple-list", **members)
    assert (status, envelope["msg"]) == (404, "COMMON_NOT_AUTHORIZED")


async def test_push_settings_change_one_by_one(user: RestUser) -> None:
    await user.sign_in()
    await user.data("/user/set-push-settings", **DEVICE, isErrorAlarm=2)
    expected = {"isErrorAlarm": 2, "isDescalingAlarm": 2, "isEtcAlarm": 1}
    assert await user.data("/user/get-push-settings", **DEVICE) == expected
    assert (await user.data("/device/info", **DEVICE))["alarmInfo"] == expected
    status, _ = await user.post("/user/set-push-settings", **DEVICE, isErrorAlarm=1, isEtcAlarm=0)
    assert status == 400
    assert await user.data("/user/get-push-settings", **DEVICE) == expected


@pytest.mark.parametrize(("log", "other"), [("filter", "cip"), ("cip", "filter")])
async def test_maintenance_logs_are_two_and_newest_first(user: RestUser, log: str, other: str) -> None:
    await user.sign_in()
    for day in ("2026-3-7", "2026-11-21", "2026-12-1"):
        await user.data(f"/device/{log}/change-info", **DEVICE, deviceType=52, maintenanceDate=day)
    rows = await user.data(f"/device/{log}/history", **DEVICE, offset=0, count=2)
    assert [row["maintenanceDate"] for row in rows] == ["2026-12-1", "2026-11-21"]
    assert shape(rows[:1]) == shape(RECORDED["filter_history"]["response"]["body"]["data"])
    (last,) = await user.data(f"/device/{log}/history", **DEVICE, offset=2, count=20)
    assert last["maintenanceDate"] == "2026-3-7"
    assert await user.data(f"/device/{other}/history", **DEVICE, offset=0, count=20) is None


@pytest.mark.parametrize("day", ["2026-03-07", "2026-3-07", "2026-2-30", "2026-0-1", "26-3-7", "2026-3-7 ", "", 7])
async def test_maintenance_dates_have_no_leading_zeros(user: RestUser, day: object) -> None:
    await user.sign_in()
    status, envelope = await user.post("/device/filter/change-info", **DEVICE, deviceType=52, maintenanceDate=day)
    assert (status, envelope["msg"]) == (400, "COMMON_BAD_REQUEST")


async def test_fetched_firmware_shows_and_has_details(user: RestUser) -> None:
    await user.sign_in()
    heater_of(user).fetched_firmware = {1: 184942592}
    controller, wifi = (await user.data("/device/firmware/info", **DEVICE))["firmwares"]
    assert (controller["downloadedVersion"], wifi["downloadedVersion"]) == (184942592, None)
    detail = await user.data("/firmware/info", swCode=33556241, swVersion=184942592)
    assert (detail["swVersion"], detail["runTime"]) == (184942592, 15)
    detail = await user.data("/firmware/info", swCode=268435985, swVersion=34013184)
    assert (detail["swCode"], detail["description"], detail["registerAt"]) == (268435985, None, None)
    status, _ = await user.post("/firmware/info", swCode=33556241, swVersion=1)
    assert status == 404


async def test_stored_plan_is_read_as_it_was_recorded_and_reaches_the_heater(user: RestUser) -> None:
    await user.sign_in()
    info = PLAN["touInfo"]
    described = {name: info[name] for name in ("name", "utility", "zipCode", "schedule")}
    status_code, envelope = await user.call(
        "PUT", "/device/tou", body=json.dumps(PUT_BODY | {"touInfo": described}).encode()
    )
    assert (status_code, envelope["data"]) == (200, {"sourceType": "openei", "touInfo": described})
    status_code, envelope = await user.call("GET", "/device/tou", query=TOU_QUERY)
    assert (status_code, envelope["data"]) == (200, PLAN)
    heater = heater_of(user)
    assert len(heater.schedules.tou.periods) == 5
    assert heater.schedules.tou.as_list()[:4] == read_fixture("tou_write_echo")["payload"]["response"]["reservation"]
    assert status(heater)["touStatus"] == 1
    _, envelope = await replay(user, "tou_manufacture_id")
    assert envelope == RECORDED["tou_manufacture_id"]["response"]["body"]


async def test_plan_written_over_mqtt_is_read_over_rest(user: RestUser) -> None:
    await user.sign_in()
    await replay(user, "tou_put")
    send(heater_of(user), "tou_write")
    _, envelope = await user.call("GET", "/device/tou", query=TOU_QUERY)
    info = envelope["data"]["touInfo"]
    assert info["name"] == "Example TOU plan"
    assert info["schedule"] == PLAN["touInfo"]["schedule"][:1]


async def test_heater_without_a_plan_has_no_seasons(user: RestUser) -> None:
    await user.sign_in()
    _, envelope = await user.call("GET", "/device/tou", query=TOU_QUERY)
    assert envelope["data"]["touInfo"]["schedule"] == []
    assert "zipCode" not in envelope["data"]["touInfo"]  # what would stand there is not attested
    assert envelope["data"]["touInfo"]["manufactureId"] == "000000000000000"
    status_code, _ = await replay(user, "tou_delete")
    assert status_code == 404


@pytest.mark.parametrize("path", ["wifi", "bt"])
async def test_plan_is_deleted_by_the_way_it_was_registered(user: RestUser, path: str) -> None:
    await user.sign_in()
    by_address = {name: DELETE_QUERY[name] for name in ("macAddress", "additionalValue")}
    rest = {name: value for name, value in DELETE_QUERY.items() if name not in by_address}
    queries = {
        "wifi": rest | by_address,
        "bt": rest | {"registerPath": "bt", "controllerId": TOU_QUERY["controllerId"]},
    }
    await user.call("PUT", "/device/tou", body=json.dumps(PUT_BODY | {"registerPath": path}).encode())
    (other,) = queries.keys() - {path}
    answers = [await user.call("DELETE", "/device/tou", query=queries[name]) for name in (other, path, path)]
    assert [code for code, _ in answers] == [404, 200, 404]
    assert answers[1][1] == RECORDED["tou_delete"]["response"]["body"]
    assert heater_of(user).schedules.tou == TouPlan()
    assert status(heater_of(user))["touStatus"] == 0


@pytest.mark.parametrize("left_out", ["userId", "userType", "macAddress", "additionalValue", "controllerId"])
async def test_plan_is_read_only_with_every_parameter(user: RestUser, left_out: str) -> None:
    await user.sign_in()
    query = {name: value for name, value in TOU_QUERY.items() if name != left_out}
    status_code, _ = await user.call("GET", "/device/tou", query=query)
    assert status_code == 400


INTERVAL = PUT_BODY["touInfo"]["schedule"][0]["interval"][0]


@pytest.mark.parametrize(
    "change",
    [
        {"registerPath": "lan"},
        {"sourceData": []},
        {"zipCode": 90000},
        {"touInfo": None},
        {"schedule": []},
        {"schedule": [{"season": 4096, "interval": [INTERVAL]}]},
        {"schedule": [{"season": 5, "nickname": 7, "interval": [INTERVAL]}]},
        {"schedule": [{"season": 5, "interval": {}}]},
        {"schedule": [{"season": 5, "interval": [INTERVAL | {"endHour": 24}]}]},
        {"schedule": [{"season": 5, "interval": [INTERVAL | {"priceMax": 0.3}]}]},
    ],
)
async def test_bad_plans_are_refused(user: RestUser, change: dict[str, Any]) -> None:
    await user.sign_in()
    body = PUT_BODY | {"touInfo": PUT_BODY["touInfo"] | change} if "schedule" in change else PUT_BODY | change
    status_code, _ = await user.call("PUT", "/device/tou", body=json.dumps(body).encode())
    assert status_code == 400
    assert heater_of(user).schedules.tou == TouPlan()


async def test_openei_plan_is_converted_as_recorded(user: RestUser) -> None:
    await user.sign_in()
    request = RECORDED["tou_convert"]["request"]["body"]
    data = await user.data("/device/tou/convert", **request | {"sourceData": [OPENEI_PLAN, request["sourceData"][0]]})
    converted, without_rates = data["touInfo"]
    winter, summer = converted["schedule"]
    expected = RECORDED["tou_convert"]["response"]["body"]["data"]["touInfo"][0]
    assert converted | {"schedule": [winter]} == expected | {"schedule": [expected["schedule"][0] | {"season": 3087}]}
    assert summer == {
        "season": 1008,
        "interval": [
            {
                "week": 254,
                "startHour": 0,
                "startMinute": 0,
                "endHour": 23,
                "endMinute": 59,
                "priceMin": 10000,
                "priceMax": 25000,
                "decimalPoint": 5,
            }
        ],
    }
    assert without_rates == expected | {"schedule": []}
    assert heater_of(user).schedules.tou == TouPlan()  # a conversion stores nothing


@pytest.mark.parametrize(("rate", "price"), [(0.000005, 1), (0.0000049, 0), (1, 100000), (0.34831, 34831)])
def test_prices_are_rounded_half_up(rate: float, price: int) -> None:
    plan: dict[str, Json] = {
        "energyratestructure": [[{"rate": rate}]],
        "energyweekdayschedule": [[0] * 24] * 12,
        "energyweekendschedule": [[0] * 24] * 12,
    }
    (period,) = convert(plan)
    assert (period.season, period.week, period.price_max) == (4095, 254, price)


@pytest.mark.parametrize(
    "change",
    [
        {"energyratestructure": None},
        {"energyratestructure": [[]]},
        {"energyratestructure": [[5]]},
        {"energyratestructure": [[{"rate": "0.3"}]]},
        {"energyratestructure": [[{"rate": float("nan")}]]},
        {"energyratestructure": [[{"rate": 1e300}]]},
        {"energyweekdayschedule": [[0] * 24] * 11},
        {"energyweekdayschedule": [[0] * 23] * 12},
        {"energyweekdayschedule": [[3] * 24] * 12},
        {"energyweekendschedule": [["0"] * 24] * 12},
        {"energyweekendschedule": 5},
    ],
)
def test_plans_that_make_no_sense_are_not_converted(change: dict[str, Json]) -> None:
    plan = json.loads(json.dumps(OPENEI_PLAN)) | change
    with pytest.raises(BadRequestError):
        convert(plan)


async def test_every_heater_has_a_number_of_its_own(start_service: StartService) -> None:
    user = await start_service(heaters=2)
    await user.sign_in()
    first, second = user.cloud.heaters.values()
    send(first, "tou_write")
    query = TOU_QUERY | {
        "macAddress": second.identity.mac_address,
        "controllerId": str(feature(second)["controllerSerialNumber"]),
    }
    _, envelope = await user.call("GET", "/device/tou", query=query)
    assert envelope["data"]["touInfo"]["schedule"] == []
