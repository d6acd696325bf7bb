"""What the account lists can change or be wrong, and single requests can fail (protocol.md 2.1 and 2.4)."""

import json
from typing import Any
import zlib

import pytest

from simulator.common.reading import BadRequestError

from .rest_user import DEVICE, EMAIL, PASSWORD, RestUser, StartService

FIRST, SECOND, THIRD = "0478630a1b2c", "0478630a1b2d", "0478630a1b2e"
LIST: dict[str, Any] = {"userId": EMAIL, "offset": 0, "count": 20}


@pytest.fixture
async def user(start_service: StartService) -> RestUser:
    """An owner of two heaters, signed in."""
    user = await start_service(heaters=2)
    await user.sign_in()
    return user


async def listed(user: RestUser) -> list[str]:
    return [row["deviceInfo"]["macAddress"] for row in await user.list_devices()]


@pytest.mark.parametrize(("devices", "rows"), [(0, []), (1, [FIRST]), (2, [FIRST, SECOND])])
async def test_so_many_lists_are_short(user: RestUser, devices: int, rows: list[str]) -> None:
    user.fault("short_list", devices=devices, count=2)
    assert [await listed(user) for _ in range(3)] == [rows, rows, [FIRST, SECOND]]


async def test_a_list_can_be_null(user: RestUser) -> None:
    user.fault("short_list", devices=None)
    assert await user.post("/device/list", **LIST) == (200, {"code": 200, "msg": "SUCCESS", "data": None})
    assert await listed(user) == [FIRST, SECOND]


async def test_a_heater_that_leaves_the_account_is_unknown_to_rest_until_it_is_back(user: RestUser) -> None:
    user.fault("leave_account", mac=FIRST)
    assert await listed(user) == [SECOND]
    assert await user.post("/device/info", **DEVICE) == (404, {"code": 404, "msg": "NOT_FOUND"})
    assert FIRST in user.cloud.heaters  # the heater itself goes on
    user.fault("leave_account", mac=FIRST, on=False)
    assert await listed(user) == [FIRST, SECOND]
    assert await user.data("/device/info", **DEVICE)


async def test_a_heater_can_be_new_in_the_account(user: RestUser) -> None:
    user.fault("new_heater")
    assert await listed(user) == [FIRST, SECOND, THIRD]
    assert user.cloud.heaters[THIRD].now == pytest.approx(user.cloud.clock.now(), abs=60)


@pytest.mark.parametrize(
    ("form", "spelled"),
    [
        ("plain", "0478630a1b2c"),
        ("upper", "0478630A1B2C"),
        ("colons", "04:78:63:0a:1b:2c"),
        ("upper_dashes", "04-78-63-0A-1B-2C"),
    ],
)
async def test_the_list_can_spell_mac_addresses_in_other_ways(user: RestUser, form: str, spelled: str) -> None:
    user.fault("mac_form", form=form)
    assert (await listed(user))[0] == spelled


async def test_a_sign_in_is_refused_so_many_times_whatever_the_password(user: RestUser) -> None:
    user.fault("refuse_request", msg="UNAUTHORIZED", count=2)
    answers = [await user.post("/user/sign-in", userId=EMAIL, password=PASSWORD) for _ in range(3)]
    assert answers[:2] == [(401, {"code": 401, "msg": "UNAUTHORIZED"})] * 2
    assert answers[2][0] == 200
    assert [request["status"] for request in user.cloud.rest.requests[-3:]] == [401, 401, 200]


async def test_any_request_can_be_refused_and_the_others_are_answered(user: RestUser) -> None:
    user.fault("refuse_request", path="/device/list", code=429, msg="TOO_MANY_REQUESTS")
    assert await user.data("/device/info", **DEVICE)
    assert await user.post("/device/list", **LIST) == (429, {"code": 429, "msg": "TOO_MANY_REQUESTS"})
    assert await listed(user)


async def test_an_answer_can_be_far_larger_than_what_goes_over_the_wire(user: RestUser) -> None:
    user.fault("bloat", mebibytes=3)
    url, headers = f"{user.cloud.api_url}/device/list", {"authorization": user.access_token}
    async with user.session.post(url, json=LIST, headers=headers) as response:
        body = await response.read()
        packed = int(response.headers["Content-Length"])
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(body) > 3 * 2**20 > 300 * packed
    assert len(json.loads(body)["data"]) == 2
    assert len(zlib.compress(body)) < packed * 2
    assert await listed(user)


@pytest.mark.parametrize(
    ("kind", "members", "explanation"),
    [
        ("short_list", {"devices": -1}, "devices must be"),
        ("short_list", {"count": -1}, "count must be"),
        ("leave_account", {"mac": "nobody"}, "no heater nobody"),
        ("mac_form", {"form": "dots"}, "form must be one of"),
        ("refuse_request", {"code": 200}, "code must be 400 to 599"),
        ("refuse_request", {"path": "/nowhere"}, "path must be one of"),
        ("bloat", {"mebibytes": 5000}, "mebibytes must be"),
    ],
)
async def test_what_cannot_be_is_explained(
    user: RestUser, kind: str, members: dict[str, Any], explanation: str
) -> None:
    with pytest.raises(BadRequestError, match=explanation):
        user.fault(kind, **members)


async def test_there_are_not_too_many_heaters(start_service: StartService) -> None:
    user = await start_service(heaters=200)
    with pytest.raises(BadRequestError, match="more than 200"):
        user.fault("new_heater")
