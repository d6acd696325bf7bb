"""Every recorded REST exchange: what the client asks is what was recorded, and what it makes of the answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from http import HTTPMethod
from typing import Any

import pytest

from nwp500 import AuthenticationError, NavienError
from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from nwp500.enums import InstallType
from nwp500.exceptions import ApiError, MaintenanceError, NotPermittedError, ServerError
from nwp500.models import Device, Location, MaintenanceKind, PushSettings, TouPlan
from nwp500.rest.service import RestService
from tests.client.support.scripted_service import RECORDED, Call, ScriptedService, recorded

ACCESS_TOKEN = RECORDED["sign_in"]["response"]["body"]["data"]["token"]["accessToken"]

EMAIL = "user@example.com"
CONTROLLER = "00000000BT00000001"
DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322", install_type=InstallType.RESIDENTIAL)
HOME = Location(state="Ohio", city="Anytown", address="1 Example Street")
SOURCE = {"label": "000000000000000000000001", "name": "Example TOU plan", "utility": "Example Electric Co"}
PLAN = TouPlan.from_message(RECORDED["tou_put"]["request"]["body"]["touInfo"])

SIGNED: dict[str, Callable[[NavienAPIClient], Awaitable[object]]] = {
    "device_list": lambda api: api.list_devices(),
    "device_simple_list": lambda api: api.list_simple_devices(),
    "device_info": lambda api: api.get_device_info(DEVICE),
    "device_firmware_info": lambda api: api.get_firmware_info(DEVICE),
    "firmware_info": lambda api: api.get_firmware_detail(33556241, 184877056),
    "device_change_info": lambda api: api.change_device_info(DEVICE, name="Garage heater", location=HOME),
    "filter_change_info": lambda api: api.maintenance.write(DEVICE, MaintenanceKind.FILTER, date(2026, 3, 7)),
    "filter_history": lambda api: api.maintenance.read(DEVICE, MaintenanceKind.FILTER),
    "cip_change_info": lambda api: api.maintenance.write(DEVICE, MaintenanceKind.DESCALING, date(2026, 11, 21)),
    "cip_history_empty": lambda api: api.maintenance.read(DEVICE, MaintenanceKind.DESCALING),
    "tou_get": lambda api: api.tou.read(DEVICE, CONTROLLER),
    "tou_put": lambda api: api.tou.write(DEVICE, PLAN, SOURCE),
    "tou_delete": lambda api: api.tou.delete(DEVICE),
    "tou_manufacture_id": lambda api: api.tou.get_manufacture_id(DEVICE, CONTROLLER),
    "tou_manufacture_id_none": lambda api: api.tou.get_manufacture_id(DEVICE, CONTROLLER),
    "tou_convert": lambda api: api.tou.convert([SOURCE]),
    "user_info": lambda api: api.account.get_user_info(),
    "get_push_settings": lambda api: api.account.get_push_settings(DEVICE),
    "set_push_settings": lambda api: api.account.set_push_settings(
        DEVICE, PushSettings(errors=True, descaling=False, others=False)
    ),
}
"""Calls that succeed, by the exchange they make."""

UNSIGNED: dict[str, Callable[[NavienAPIClient], Awaitable[object]]] = {
    "app_version": lambda api: api.get_app_version(),
}

RENEWALS: dict[str, Callable[[NavienAuthClient], Awaitable[object]]] = {
    "auth_refresh": lambda auth_client: auth_client.refresh_jwt(),
    "auth_refresh_rotating": lambda auth_client: auth_client.refresh_jwt(),
}

REFUSED: dict[str, tuple[Callable[[NavienAPIClient], Awaitable[object]], type[NavienError], int]] = {
    "device_error_list_owner_refused": (lambda api: api.get_error_history(DEVICE), NotPermittedError, 404),
    "tou_manufacture_id_wrong_controller": (lambda api: api.tou.get_manufacture_id(DEVICE, "nope"), ServerError, 500),
    "app_version_maintenance": (lambda api: api.get_app_version(), MaintenanceError, 403),
}

SEPARATE = {
    "sign_in",
    "sign_in_bad_password",
    "session_refresh",
    "secured_sign_in",
    "legacy_user_not_found",
    "device_error_list_installer",
    "expired_token",
}
"""Exchanges with a test of their own below."""

NOT_MADE = {
    # No heater of this kind takes these settings.
    "preferences_refused",
    # There is no phone that could be notified.
    "update_push_token",
    # An answer to any path.
    "not_found",
}


def path_of(name: str) -> str:
    """Return the path of a recorded exchange."""
    url: str = RECORDED[name]["request"]["url"]
    return url.removeprefix("https://nlus.naviensmartcontrol.com/api/v2.1")


def asked_as_recorded(call: Call, name: str) -> None:
    """Check a call against the request of a recorded exchange, to the letter."""
    request: dict[str, Any] = RECORDED[name]["request"]
    query = {member: str(value) for member, value in request.get("query", {}).items()}
    assert (call.method, call.path, call.query) == (request["method"], path_of(name), query)
    assert call.body == request.get("body", {})
    assert (call.headers.get("Content-Length", "0") != "0") == ("body" in request)
    assert call.headers["Content-Type"] == request["headers"]["Content-Type"]
    signature = ACCESS_TOKEN if "authorization" in request["headers"] else None
    assert call.headers.get("authorization") == signature


@pytest.fixture
async def auth_client(service: ScriptedService) -> AsyncIterator[NavienAuthClient]:
    """Sign in as recorded, and forget the call that it took."""
    service.answer("/user/sign-in", recorded("sign_in"))
    async with NavienAuthClient(EMAIL, "correct horse", base_url=service.url) as auth_client:
        asked_as_recorded(service.calls.pop(), "sign_in")
        yield auth_client


@pytest.fixture
def api(auth_client: NavienAuthClient) -> NavienAPIClient:
    return NavienAPIClient(auth_client)


def test_every_recorded_exchange_is_accounted_for() -> None:
    groups: list[set[str]] = [set(SIGNED), set(UNSIGNED), set(RENEWALS), set(REFUSED), SEPARATE, NOT_MADE]
    assert set.union(*groups) == RECORDED.keys()
    assert sum(len(group) for group in groups) == len(RECORDED)


@pytest.mark.parametrize("name", [*SIGNED, *UNSIGNED])
async def test_a_call(service: ScriptedService, api: NavienAPIClient, name: str) -> None:
    service.answer(path_of(name), recorded(name))
    await (SIGNED | UNSIGNED)[name](api)
    (call,) = service.calls
    asked_as_recorded(call, name)


@pytest.mark.parametrize("name", REFUSED)
async def test_a_call_that_is_refused(service: ScriptedService, api: NavienAPIClient, name: str) -> None:
    service.answer(path_of(name), recorded(name))
    ask, kind, code = REFUSED[name]
    with pytest.raises(ApiError) as caught:
        await ask(api)
    assert (type(caught.value), caught.value.code) == (kind, code)
    (call,) = service.calls
    asked_as_recorded(call, name)


@pytest.mark.parametrize("name", RENEWALS)
async def test_a_renewal(service: ScriptedService, auth_client: NavienAuthClient, name: str) -> None:
    service.answer(path_of(name), recorded(name))
    await RENEWALS[name](auth_client)
    asked_as_recorded(service.calls[0], name)
    assert auth_client.current_tokens.access_token == "eyJ.new-access"
    rotated = RECORDED[name]["response"]["body"]["data"].get("refreshToken")
    assert auth_client.current_tokens.jwt.refresh_token == (rotated or "eyJjdHkiOiJKV1QifQ.refresh-example.c2ln")


async def test_new_aws_credentials(service: ScriptedService, auth_client: NavienAuthClient) -> None:
    service.answer("/auth/refresh", recorded("auth_refresh"))
    service.answer("/auth/session/refresh", recorded("not_found"))
    service.answer("/user/secured-sign-in", recorded("secured_sign_in"))
    before = auth_client.current_tokens.aws
    await auth_client.renew_aws_credentials()
    renewals = [call for call in service.calls if call.headers.get("authorization") == "eyJ.new-access"]
    for call, name in zip(renewals, ("session_refresh", "secured_sign_in"), strict=True):
        call.headers["authorization"] = ACCESS_TOKEN
        asked_as_recorded(call, name)
    assert auth_client.current_tokens.aws is not before
    service.answer("/auth/session/refresh", recorded("session_refresh"))
    service.calls.clear()
    await auth_client.renew_aws_credentials()
    assert service.paths == ["/auth/refresh", "/auth/session/refresh"]


@pytest.mark.parametrize(
    ("name", "email", "password"),
    [("sign_in_bad_password", EMAIL, "wrong"), ("legacy_user_not_found", "nobody@example.com", "x")],
)
async def test_a_sign_in_that_is_refused(service: ScriptedService, name: str, email: str, password: str) -> None:
    service.answer("/user/sign-in", recorded(name))
    with pytest.raises(AuthenticationError):
        async with NavienAuthClient(email, password, base_url=service.url):
            pytest.fail("signed in")
    asked_as_recorded(service.calls[0], name)


async def test_an_installer_reads_the_errors_of_a_device(service: ScriptedService) -> None:
    name = "device_error_list_installer"
    service.answer("/user/sign-in", recorded("sign_in"))
    service.answer(path_of(name), recorded(name))
    async with NavienAuthClient("installer@example.com", "correct horse", base_url=service.url) as auth_client:
        history = await NavienAPIClient(auth_client).get_error_history(DEVICE)
    asked_as_recorded(service.calls[1], name)
    assert history.time_zone == "America/Los_Angeles"
    assert [(error.error_code, error.occurred_raw) for error in history.errors] == [(96, 1790000000000)]


async def test_an_expired_token(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer("/device/list", recorded("expired_token"), recorded("device_list"))
    service.answer("/auth/refresh", recorded("auth_refresh"))
    assert len(await api.list_devices()) == 3
    asked_as_recorded(service.calls[0], "expired_token")


@pytest.mark.parametrize("name", RECORDED)
async def test_any_exchange_by_the_one_request_function(service: ScriptedService, name: str) -> None:
    request, response = RECORDED[name]["request"], RECORDED[name]["response"]
    service.answer(path_of(name), recorded(name))
    rest = RestService(service.url)
    ask = rest.request(
        HTTPMethod(request["method"]),
        path_of(name),
        body=request.get("body"),
        query=request.get("query"),
        access_token=ACCESS_TOKEN if "authorization" in request["headers"] else None,
    )
    if (response["status"], response["body"]["code"]) == (200, 200):
        assert await ask == response["body"].get("data")
    else:
        with pytest.raises(ApiError) as caught:
            await ask
        assert (caught.value.code, caught.value.message) == (response["body"]["code"], response["body"]["msg"])
    await rest.close()
    asked_as_recorded(service.calls[0], name)
