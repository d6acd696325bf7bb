"""What happens to a signed-in call when the access token is refused."""

import asyncio
from datetime import time
from decimal import Decimal

import pytest

from nwp500.api_client import NavienAPIClient
from nwp500.exceptions import ApiConnectionError, ApiError, AuthenticationError, NavienError
from nwp500.models import Device, TouPeriod, TouPlan
from tests.client.support.days import EVERY_DAY
from tests.client.support.scripted_service import Answer, ScriptedService, recorded, refusal, success

SIGN_IN = "/user/sign-in"
REFRESH = "/auth/refresh"
DEVICE_LIST = "/device/list"
TOU = "/device/tou"

CONTROLLER = "00000000BT00000001"
DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")
PLAN = TouPlan(periods=(TouPeriod.of([1], EVERY_DAY, time(0), time(23, 59), Decimal(1)),))


async def test_after_a_401_the_jwt_is_refreshed_and_the_call_repeated(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(DEVICE_LIST, recorded("expired_token"), recorded("device_list"))
    assert len(await api.list_devices()) == 3
    assert service.paths == [DEVICE_LIST, REFRESH, DEVICE_LIST]
    assert service.calls[-1].headers["authorization"] == "eyJ.new-access"


async def test_calls_of_every_method_are_repeated(service: ScriptedService, api: NavienAPIClient) -> None:
    calls = (
        api.tou.read(DEVICE, CONTROLLER),
        api.tou.write(DEVICE, PLAN, {"label": "a"}),
        api.tou.delete(DEVICE),
    )
    for call, method in zip(calls, ("GET", "PUT", "DELETE"), strict=True):
        service.calls.clear()
        service.answer(TOU, recorded("expired_token"), success(None))
        await call
        first, refresh, second = service.calls
        assert (first.method, refresh.path, second.method) == (method, REFRESH, method)
        assert (first.query, first.body) == (second.query, second.body)
        assert second.headers["authorization"] == "eyJ.new-access"


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
