"""The one request function: what goes out, and every way a call can end."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPMethod
import json
import ssl
import traceback

import aiohttp
from aiohttp.test_utils import unused_port
import pytest

from nwp500.exceptions import (
    ApiConnectionError,
    ApiError,
    InvalidResponseError,
    MaintenanceError,
    NotFoundError,
    NotPermittedError,
    ServerError,
)
from nwp500.rest.service import RestService
from tests.client.support.scripted_service import Answer, ScriptedService, recorded, success

SECRET = "eyJ.secret-token"


@pytest.fixture
async def rest(service: ScriptedService) -> AsyncIterator[RestService]:
    rest = RestService(service.url)
    yield rest
    await rest.close()


async def test_the_call_on_the_wire(service: ScriptedService, rest: RestService) -> None:
    service.answer("/device/list", success([]))
    await rest.request(
        HTTPMethod.POST,
        "/device/list",
        body={"userId": "user@example.com", "offset": 0, "count": None},
        query={"page": 0, "of": None, "who": "a+b@example.com"},
        access_token=SECRET,
    )
    (call,) = service.calls
    assert call.method == "POST"
    assert call.body == {"userId": "user@example.com", "offset": 0}
    assert call.query == {"page": "0", "who": "a+b@example.com"}
    assert call.headers["authorization"] == SECRET
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["User-Agent"].startswith("navilink")


@pytest.mark.parametrize("method", [HTTPMethod.GET, HTTPMethod.POST, HTTPMethod.PUT, HTTPMethod.DELETE])
async def test_a_call_without_a_body(service: ScriptedService, rest: RestService, method: HTTPMethod) -> None:
    service.answer("/path", success(None))
    await rest.request(method, "/path", query={"a": "b"})
    (call,) = service.calls
    assert (call.method, call.query, call.body) == (method, {"a": "b"}, {})
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers.get("Content-Length", "0") == "0"


async def test_a_call_that_is_not_signed_has_no_authorization(service: ScriptedService, rest: RestService) -> None:
    service.answer("/user/sign-in", success({}))
    await rest.request(HTTPMethod.POST, "/user/sign-in", body={})
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
    assert await rest.request(HTTPMethod.POST, "/path") == data


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
        await rest.request(HTTPMethod.POST, "/path")
    assert caught.value.path == "/path"
    assert caught.value.message == message
    assert caught.value.code == code
    assert service.paths == ["/path"]


NOTICE = "Scheduled maintenance\\nBack at 04:00 UTC"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (recorded("device_error_list_owner_refused"), NotPermittedError),
        (Answer({"code": 404, "msg": "COMMON_NOT_AUTHORIZED"}, 200), NotPermittedError),
        (recorded("not_found"), NotFoundError),
        (Answer({"code": 404, "msg": "something else"}, 404), ApiError),
        (recorded("tou_manufacture_id_wrong_controller"), ServerError),
        (Answer({"code": 503, "msg": "NOT_FOUND"}, 200), ServerError),
        (Answer({"code": 404, "msg": "NOT_FOUND"}, 500), ServerError),
        (recorded("app_version_maintenance"), MaintenanceError),
        (Answer({"code": 403, "msg": "x", "data": {"serverCheckText": NOTICE}}, 200), MaintenanceError),
        (Answer({"code": 403, "msg": "x", "data": {"serverCheckText": None}}, 403), ApiError),
        (Answer({"code": 403, "msg": "x", "data": [NOTICE]}, 403), ApiError),
        (Answer({"code": 400, "msg": "x", "data": {"serverCheckText": NOTICE}}, 400), ApiError),
        (recorded("expired_token"), ApiError),
        (recorded("preferences_refused"), ApiError),
    ],
)
async def test_the_kinds_of_error(
    service: ScriptedService, rest: RestService, answer: Answer, kind: type[ApiError]
) -> None:
    service.answer("/path", answer)
    with pytest.raises(ApiError) as caught:
        await rest.request(HTTPMethod.POST, "/path")
    assert type(caught.value) is kind
    if isinstance(caught.value, MaintenanceError):
        assert caught.value.notice == "Scheduled maintenance Back at 04:00 UTC"


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
    with pytest.raises(InvalidResponseError):
        await rest.request(HTTPMethod.POST, "/path")


async def test_an_unreadable_answer_is_not_kept_in_the_error(service: ScriptedService, rest: RestService) -> None:
    service.answer("/path", Answer(json.dumps({"accessToken": SECRET}).encode()[:-1]))
    with pytest.raises(InvalidResponseError) as caught:
        await rest.request(HTTPMethod.POST, "/path")
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_what_is_no_http_names_nobody_in_the_error() -> None:
    account = "user@example.com"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 999999 what\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        rest = RestService(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ApiConnectionError) as caught:
            await rest.request(HTTPMethod.GET, "/device/tou", query={"userId": account})
        await rest.close()
    assert "/device/tou answered something other than HTTP" in str(caught.value)
    reported = "".join(traceback.format_exception(caught.value))
    assert [private for private in (account, "999999") if private in reported] == []


async def test_a_connection_closed_without_an_answer(service: ScriptedService, rest: RestService) -> None:
    service.answer("/path", Answer(None))
    with pytest.raises(ApiConnectionError):
        await rest.request(HTTPMethod.POST, "/path")


async def test_nobody_listens() -> None:
    rest = RestService(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(ApiConnectionError):
        await rest.request(HTTPMethod.POST, "/path")
    await rest.close()


async def test_no_answer_in_time(service: ScriptedService) -> None:
    service.gate.clear()
    rest = RestService(service.url, timeout=0.05)
    with pytest.raises(ApiConnectionError, match="in time"):
        await rest.request(HTTPMethod.POST, "/path")
    service.gate.set()
    await rest.close()


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1", "http://127.0.0.1:99999", "http://[::1", "http://"])
async def test_an_address_that_is_none(url: str) -> None:
    rest = RestService(url)
    with pytest.raises(ApiConnectionError):
        await rest.request(HTTPMethod.POST, "/path")
    await rest.close()


async def test_plain_http_where_tls_is_expected(service: ScriptedService) -> None:
    rest = RestService(service.url.replace("http:", "https:"))
    with pytest.raises(ApiConnectionError) as caught:
        await rest.request(HTTPMethod.POST, "/path")
    assert isinstance(caught.value.__cause__, aiohttp.ClientError | ssl.SSLError)
    await rest.close()


async def test_a_session_that_was_given_stays_open(service: ScriptedService) -> None:
    service.answer("/path", success(1))
    async with aiohttp.ClientSession() as session:
        rest = RestService(service.url, session)
        await rest.close()
        assert await rest.request(HTTPMethod.POST, "/path") == 1
    with pytest.raises(ApiConnectionError, match="closed"):
        await rest.request(HTTPMethod.POST, "/path")


async def test_nothing_can_be_called_after_closing(service: ScriptedService, rest: RestService) -> None:
    service.answer("/path", success(1))
    assert await rest.request(HTTPMethod.POST, "/path") == 1
    await rest.close()
    with pytest.raises(ApiConnectionError, match="closed"):
        await rest.request(HTTPMethod.POST, "/path")


async def test_a_canceled_call_ends_as_canceled(service: ScriptedService, rest: RestService) -> None:
    service.gate.clear()
    call = asyncio.create_task(rest.request(HTTPMethod.POST, "/path"))
    await service.arrivals(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    service.gate.set()
