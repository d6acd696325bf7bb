"""The one request function: what goes out, and every way a call can end."""

import asyncio
from collections.abc import AsyncIterator
import json
import ssl

import aiohttp
from aiohttp.test_utils import unused_port
import pytest

from nwp500.exceptions import ApiConnectionError, ApiError, UnreadableAnswerError
from nwp500.rest import RestService
from tests.client.scripted_service import Answer, ScriptedService, recorded, success

SECRET = "eyJ.secret-token"


@pytest.fixture
async def rest(service: ScriptedService) -> AsyncIterator[RestService]:
    rest = RestService(service.url)
    yield rest
    await rest.close()


async def test_the_call_on_the_wire(service: ScriptedService, rest: RestService) -> None:
    service.answer("/device/list", success([]))
    await rest.request("/device/list", {"userId": "user@example.com", "offset": 0, "count": None}, access_token=SECRET)
    (call,) = service.calls
    assert call.body == {"userId": "user@example.com", "offset": 0}
    assert call.headers["authorization"] == SECRET
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["User-Agent"].startswith("navilink")


async def test_a_call_that_is_not_signed_has_no_authorization(service: ScriptedService, rest: RestService) -> None:
    service.answer("/user/sign-in", success({}))
    await rest.request("/user/sign-in", {})
    assert "authorization" not in {name.lower() for name in service.calls[0].headers}


@pytest.mark.parametrize(
    ("answer", "data"),
    [
        (success({"a": 1}), {"a": 1}),
        (success([1, 2]), [1, 2]),
        (success(None), None),
        (Answer({"code": 200, "msg": "SUCCESS"}), None),
        (Answer({"data": {"a": 1}}), {"a": 1}),
        (Answer({"code": None, "data": {"a": 1}}), {"a": 1}),
        (Answer({"code": 200, "data": "x"}, 201), "x"),
        (Answer({"code": 201, "data": "x"}, 201), "x"),
    ],
)
async def test_success(service: ScriptedService, rest: RestService, answer: Answer, data: object) -> None:
    service.answer("/path", answer)
    assert await rest.request("/path", {}) == data


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (recorded("expired_token"), 401, "UNAUTHORIZED"),
        (recorded("preferences_refused"), 400, "COMMON_BAD_REQUEST"),
        (recorded("device_error_list_owner_refused"), 404, "COMMON_NOT_AUTHORIZED"),
        (recorded("legacy_user_not_found"), 400, "USER_NOT_FOUND"),
        (Answer({"code": 404, "msg": "NOT_FOUND"}, 200), 404, "NOT_FOUND"),
        (Answer({"code": 200, "msg": "SUCCESS"}, 403), 403, "SUCCESS"),
        (Answer({"code": 200, "msg": "SUCCESS"}, 500), 500, "SUCCESS"),
        (Answer({"code": 401, "msg": "Unauthorized"}, 503), 503, "Unauthorized"),
        (Answer({"code": 0, "msg": "odd"}, 200), 0, "odd"),
        (Answer({"msg": ["not", "text"]}, 400), 400, "without a message"),
        (Answer({}, 401), 401, "without a message"),
        (Answer({"code": 400, "msg": "x" * 5000}, 400), 400, "x" * 200),
        (Answer({"code": 200, "data": {}}, 302, {"Location": "/api/v2.1/elsewhere"}), 302, "without a message"),
    ],
)
async def test_an_answered_error(
    service: ScriptedService, rest: RestService, answer: Answer, code: int, message: str
) -> None:
    service.answer("/path", answer)
    with pytest.raises(ApiError) as caught:
        await rest.request("/path", {})
    assert caught.value.path == "/path"
    assert caught.value.message == message
    assert caught.value.code == code
    assert service.paths == ["/path"]


@pytest.mark.parametrize("status", [200, 401, 502])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in to the hotel</html>",
        b"[]",
        b"null",
        b'"Unauthorized"',
        b'{"code": "200"}',
        b'{"code": true}',
        b'{"code": 200',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
async def test_something_unreadable(service: ScriptedService, rest: RestService, status: int, body: bytes) -> None:
    service.answer("/path", Answer(body, status))
    with pytest.raises(UnreadableAnswerError):
        await rest.request("/path", {})


async def test_an_unreadable_answer_is_not_kept_in_the_error(service: ScriptedService, rest: RestService) -> None:
    service.answer("/path", Answer(json.dumps({"accessToken": SECRET}).encode()[:-1]))
    with pytest.raises(UnreadableAnswerError) as caught:
        await rest.request("/path", {})
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_connection_closed_without_an_answer(service: ScriptedService, rest: RestService) -> None:
    service.answer("/path", Answer(None))
    with pytest.raises(ApiConnectionError):
        await rest.request("/path", {})


async def test_nobody_listens() -> None:
    rest = RestService(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(ApiConnectionError):
        await rest.request("/path", {})
    await rest.close()


async def test_no_answer_in_time(service: ScriptedService) -> None:
    service.gate.clear()
    rest = RestService(service.url, timeout=0.05)
    with pytest.raises(ApiConnectionError, match="in time"):
        await rest.request("/path", {})
    service.gate.set()
    await rest.close()


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1", "http://127.0.0.1:99999", "http://[::1", "http://"])
async def test_an_address_that_is_none(url: str) -> None:
    rest = RestService(url)
    with pytest.raises(ApiConnectionError):
        await rest.request("/path", {})
    await rest.close()


async def test_plain_http_where_tls_is_expected(service: ScriptedService) -> None:
    rest = RestService(service.url.replace("http:", "https:"))
    with pytest.raises(ApiConnectionError) as caught:
        await rest.request("/path", {})
    assert isinstance(caught.value.__cause__, aiohttp.ClientError | ssl.SSLError)
    await rest.close()


async def test_a_session_that_was_given_stays_open(service: ScriptedService) -> None:
    service.answer("/path", success(1))
    async with aiohttp.ClientSession() as session:
        rest = RestService(service.url, session)
        await rest.close()
        assert await rest.request("/path", {}) == 1
    with pytest.raises(ApiConnectionError, match="closed"):
        await rest.request("/path", {})


async def test_nothing_can_be_called_after_closing(service: ScriptedService, rest: RestService) -> None:
    service.answer("/path", success(1))
    assert await rest.request("/path", {}) == 1
    await rest.close()
    with pytest.raises(ApiConnectionError, match="closed"):
        await rest.request("/path", {})


async def test_a_cancelled_call_ends_as_cancelled(service: ScriptedService, rest: RestService) -> None:
    service.gate.clear()
    call = asyncio.create_task(rest.request("/path", {}))
    await service.arrivals(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    service.gate.set()
