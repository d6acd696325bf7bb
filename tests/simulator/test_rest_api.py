"""The REST service answers as protocol.md 2 says, over real sockets: its rules, credentials and devices."""

from aiohttp import ServerDisconnectedError
import pytest

from tests import read_fixture

from .rest_user import DEVICE, EMAIL, PASSWORD, RestUser, StartService

RECORDED = read_fixture("rest_all")


async def test_sign_in_has_the_recorded_shape(user: RestUser) -> None:
    status, envelope = await user.post("/user/sign-in", userId=EMAIL, password=PASSWORD)
    recorded = RECORDED["sign_in"]["response"]["body"]
    assert (status, envelope["msg"]) == (200, "SUCCESS")
    assert envelope["data"].keys() == recorded["data"].keys()
    assert envelope["data"]["userInfo"] == recorded["data"]["userInfo"]
    assert envelope["data"]["token"].keys() == recorded["data"]["token"].keys()


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), (EMAIL, "")])
async def test_wrong_credentials_are_refused(user: RestUser, email: str, password: str) -> None:
    status, envelope = await user.post("/user/sign-in", userId=email, password=password)
    assert (status, envelope) == (401, RECORDED["sign_in_bad_password"]["response"]["body"])


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"userId": 5, "password": {}}'])
async def test_bad_bodies_are_refused(user: RestUser, body: bytes) -> None:
    status, envelope = await user.send("/user/sign-in", body)
    assert (status, envelope["msg"]) == (400, "COMMON_BAD_REQUEST")


async def test_refresh_renews_the_jwt_set_alone_and_makes_the_old_refresh_token_stale(user: RestUser) -> None:
    token = await user.sign_in()
    status, envelope = await user.post("/auth/refresh", authorization="", refreshToken=token["refreshToken"])
    assert status == 200
    renewed = envelope["data"]
    assert renewed.keys() == RECORDED["auth_refresh_rotating"]["response"]["body"]["data"].keys()
    assert renewed["accessToken"] != token["accessToken"]
    user.access_token = renewed["accessToken"]
    assert await user.list_devices()
    status, _ = await user.post("/auth/refresh", authorization="", refreshToken=token["refreshToken"])
    assert status == 401
    status, _ = await user.post("/auth/refresh", authorization="", refreshToken=renewed["refreshToken"])
    assert status == 200


async def test_refresh_without_rotation_keeps_the_refresh_token(start_service: StartService) -> None:
    user = await start_service(rotate_refresh_token=False)
    token = await user.sign_in()
    for _ in range(2):
        status, envelope = await user.post("/auth/refresh", authorization="", refreshToken=token["refreshToken"])
        assert status == 200
        assert envelope["data"].keys() == RECORDED["auth_refresh"]["response"]["body"]["data"].keys()


async def test_session_refresh_renews_the_aws_set_alone(user: RestUser) -> None:
    token = await user.sign_in()
    status, envelope = await user.post("/auth/session/refresh", userId=EMAIL)
    assert status == 200
    issued = envelope["data"]
    assert issued.keys() == RECORDED["session_refresh"]["response"]["body"]["data"].keys()
    assert issued["accessKeyId"] != token["accessKeyId"]
    found = user.cloud.accounts.aws.get(issued["accessKeyId"])
    assert found is not None
    assert (found.secret_key, found.session_token) == (issued["secretKey"], issued["sessionToken"])


async def test_secured_sign_in_has_the_aws_members_alone(user: RestUser) -> None:
    await user.sign_in()
    status, envelope = await user.post("/user/secured-sign-in", userId=EMAIL)
    recorded = RECORDED["secured_sign_in"]["response"]["body"]["data"]
    assert status == 200
    assert envelope["data"].keys() == recorded.keys()
    assert envelope["data"]["token"].keys() == recorded["token"].keys()


@pytest.mark.parametrize(
    "path", ["/device/list", "/device/info", "/device/firmware/info", "/auth/session/refresh", "/user/secured-sign-in"]
)
@pytest.mark.parametrize("form", ["", "invented", "Bearer {}"])
async def test_signed_in_calls_need_the_bare_access_token(user: RestUser, path: str, form: str) -> None:
    token = await user.sign_in()
    status, envelope = await user.post(path, authorization=form.format(token["accessToken"]), userId=EMAIL)
    assert (status, envelope["code"]) == (401, 401)


async def test_expired_tokens_no_longer_hold(user: RestUser) -> None:
    token = await user.sign_in()
    user.cloud.accounts.expire_web_tokens(refresh_tokens=False)
    status, _ = await user.post("/device/list", userId=EMAIL, offset=0, count=20)
    assert status == 401
    status, _ = await user.post("/auth/refresh", authorization="", refreshToken=token["refreshToken"])
    assert status == 200
    user.cloud.accounts.expire_web_tokens(refresh_tokens=True)
    status, _ = await user.post("/auth/refresh", authorization="", refreshToken=token["refreshToken"])
    assert status == 401


async def test_lifetimes_are_announced_and_kept(start_service: StartService) -> None:
    user = await start_service(jwt_lifetime=0, aws_lifetime=7)
    token = await user.sign_in()
    assert (token["authenticationExpiresIn"], token["authorizationExpiresIn"]) == (0, 7)
    status, _ = await user.post("/device/list", userId=EMAIL, offset=0, count=20)
    assert status == 401


async def test_device_list_has_the_recorded_shape(user: RestUser) -> None:
    await user.sign_in()
    (row,) = await user.list_devices()
    recorded = RECORDED["device_list"]["response"]["body"]["data"][0]
    assert row["deviceInfo"] == recorded["deviceInfo"]
    assert {name: value.keys() for name, value in row.items()} == {
        name: value.keys() for name, value in recorded.items()
    }


async def test_device_list_comes_in_pages(start_service: StartService) -> None:
    user = await start_service(heaters=45)
    await user.sign_in()
    pages = [await user.list_devices(offset) for offset in (0, 20, 40, 60)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    assert len({row["deviceInfo"]["macAddress"] for page in pages for row in page}) == 45


@pytest.mark.parametrize(("offset", "count"), [(0, 21), (0, 0), (-1, 20), ("0", 20), (0, 1.5), (0, None), (True, 20)])
async def test_impossible_pages_are_refused(user: RestUser, offset: object, count: object) -> None:
    await user.sign_in()
    status, envelope = await user.post("/device/list", userId=EMAIL, offset=offset, count=count)
    assert (status, envelope["msg"]) == (400, "COMMON_BAD_REQUEST")


async def test_offline_heaters_foreign_devices_and_odd_error_codes(start_service: StartService) -> None:
    user = await start_service(heaters=3, offline_heaters=1, foreign_device=True)
    first, second, _third = user.cloud.heaters.values()
    first.registration.error_code, second.registration.error_code = None, 9999
    await user.sign_in()
    rows = await user.list_devices()
    assert [row["deviceInfo"]["deviceType"] for row in rows] == [2, 52, 52, 52]
    assert [row["deviceInfo"]["connected"] for row in rows] == [2, 2, 2, 1]
    assert [row["error"]["errorCode"] for row in rows] == [None, None, 9999, 0]


async def test_device_info_and_firmware_have_the_recorded_shape(user: RestUser) -> None:
    await user.sign_in()
    status, envelope = await user.post("/device/info", **DEVICE)
    assert (status, envelope["data"]) == (200, RECORDED["device_info"]["response"]["body"]["data"])
    status, envelope = await user.post("/device/firmware/info", **DEVICE)
    recorded = RECORDED["device_firmware_info"]["response"]["body"]["data"]["firmwares"]
    assert status == 200
    assert envelope["data"]["firmwares"] == [recorded[0], recorded[1] | {"downloadedVersion": None}]


@pytest.mark.parametrize("device", [("000000000000", "5322"), ("0478630a1b2c", "1")])
async def test_unknown_devices_are_not_found(user: RestUser, device: tuple[str, str]) -> None:
    await user.sign_in()
    mac_address, additional_value = device
    status, envelope = await user.post(
        "/device/info", macAddress=mac_address, additionalValue=additional_value, userId=EMAIL
    )
    assert (status, envelope["msg"]) == (404, "NOT_FOUND")


async def test_another_account_is_none_of_ones_business(user: RestUser) -> None:
    await user.sign_in()
    status, envelope = await user.post("/device/list", userId="somebody@example.com", offset=0, count=20)
    assert (status, envelope["msg"]) == (404, "COMMON_NOT_AUTHORIZED")


@pytest.mark.parametrize("path", ["/no/such/thing", "", "/user/sign-in/"])
async def test_unknown_paths_are_not_found(user: RestUser, path: str) -> None:
    status, envelope = await user.post(path)
    assert (status, envelope["msg"]) == (404, "NOT_FOUND")


async def test_app_version_needs_no_sign_in_and_reports_maintenance(user: RestUser) -> None:
    status, envelope = await user.post("/app/version", authorization="", os="A")
    assert (status, envelope["data"].keys()) == (200, {"appVersion", "appForceVersion"})
    user.cloud.rest.faults.maintenance = True
    status, envelope = await user.post("/app/version", authorization="", os="A")
    assert status == 403
    assert "\\n" in envelope["data"]["serverCheckText"]


async def test_service_that_is_down_answers_503_or_not_at_all(user: RestUser) -> None:
    user.cloud.rest.faults.down = True
    status, _ = await user.post("/user/sign-in", userId=EMAIL, password=PASSWORD)
    assert status == 503
    user.cloud.rest.faults.closes = True
    with pytest.raises((ServerDisconnectedError, ConnectionResetError)):
        await user.post("/user/sign-in", userId=EMAIL, password=PASSWORD)
    user.cloud.rest.faults.down = False
    await user.sign_in()
    assert [request["status"] for request in user.cloud.rest.requests] == [503, 0, 200]


async def test_journal_keeps_no_secret(user: RestUser) -> None:
    token = await user.sign_in()
    await user.post("/auth/refresh", refreshToken=token["refreshToken"])
    journal = repr(user.cloud.rest.requests) + repr(user.cloud.options)
    assert "/api/v2.1/auth/refresh" in journal
    for secret in (PASSWORD, *token.values()):
        assert isinstance(secret, int) or secret not in journal


async def test_reset_voids_what_was_issued_and_keeps_the_addresses(user: RestUser) -> None:
    token = await user.sign_in()
    addresses = (user.cloud.api_url, user.cloud.mqtt_port)
    await user.cloud.reset()
    assert (user.cloud.api_url, user.cloud.mqtt_port) == addresses
    assert token["accessKeyId"] not in user.cloud.accounts.aws
    status, _ = await user.post("/device/list", userId=EMAIL, offset=0, count=20)
    assert status == 401
    await user.sign_in()
    assert await user.list_devices()
