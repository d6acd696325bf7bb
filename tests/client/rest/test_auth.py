"""Signing in: what counts as a refusal, what as trouble; whose session is closed; that no secret shows."""

from collections.abc import Callable
import logging
import time

import aiohttp
from aiohttp.test_utils import unused_port
import pytest

from nwp500 import MqttConnectionConfig, NavienMqttClient
from nwp500.auth import NavienAuthClient
from nwp500.exceptions import ApiConnectionError, ApiError, AuthenticationError, InvalidResponseError, NavienError
from nwp500.transport.base import MessageListener, SigningCredentials, Transport
from tests.client.support.own_transport import OwnTransport
from tests.client.support.scripted_service import Answer, ScriptedService, recorded, refusal, success
from tests.client.support.sign_in_script import (
    EMAIL,
    PASSWORD,
    REFRESH,
    SECURED,
    SESSION,
    SIGN_IN,
    USER,
    Clock,
    aws,
    jwt,
    marks,
    sign_in_answer,
)
from tests.client.support.stage import expected


async def test_signing_in(service: ScriptedService) -> None:
    service.answer(SIGN_IN, recorded("sign_in"))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url) as client:
        tokens = client.current_tokens
        assert (client.email, client.user_seq, client.user_type) == (EMAIL, 20002, "O")
    assert tokens.access_token == "eyJraWQiOiJhY2Nlc3MtZXhhbXBsZSJ9.e30.c2ln"
    assert tokens.jwt.refresh_token == "eyJjdHkiOiJKV1QifQ.refresh-example.c2ln"
    assert tokens.access_key_id == "ASIAEXAMPLEACCESSKEY"
    assert tokens.secret_key == "exampleSecretKeyExampleSecretKeyExample1"
    assert tokens.session_token == "IQoJb3JpZ2luX2VjEXAMPLE=="
    (call,) = service.calls
    assert call.body == {"userId": EMAIL, "password": PASSWORD}
    assert "authorization" not in {name.lower() for name in call.headers}


async def test_the_token_object_may_be_called_tokens(service: ScriptedService) -> None:
    service.answer(SIGN_IN, success({"userInfo": USER, "tokens": jwt("first") | aws("first")}))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url) as client:
        assert marks(client.current_tokens) == ("first", "first")


async def test_a_user_type_that_is_not_named_is_an_owner(service: ScriptedService) -> None:
    service.answer(SIGN_IN, sign_in_answer(jwt("first") | aws("first"), {"userSeq": 20002}))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url) as client:
        assert client.user_type == "O"


@pytest.mark.parametrize(
    "answer",
    [
        recorded("sign_in_bad_password"),
        recorded("legacy_user_not_found"),
        Answer({"code": 401, "msg": "INVALID_PASSWORD"}, 200),
        Answer({"code": 404, "msg": "user_not_found"}, 200),
    ],
)
async def test_a_definite_refusal(service: ScriptedService, answer: Answer) -> None:
    service.answer(SIGN_IN, answer)
    client = NavienAuthClient(EMAIL, "wrong", base_url=service.url)
    with pytest.raises(AuthenticationError):
        async with client:
            pytest.fail("signed in with a wrong password")
    assert service.paths == [SIGN_IN]


BAD_PASSWORD = recorded("sign_in_bad_password")
DOUBTFUL = [
    refusal(401, "Unauthorized"),
    Answer({"code": 401, "msg": "no"}, 200),
    Answer({"msg": "no"}, 401),
    Answer({}, 401),
    refusal(400, "INVALID_PASSWORD"),
    refusal(403, "You are Unauthorized"),
]
"""Refusals that do not say that e-mail or password are wrong: a proxy's, or those of a service out of order."""


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> float:
    """Make the pause before a second try short, and return it."""
    monkeypatch.setattr("nwp500.auth.SECOND_TRY_SECONDS", 0.05)
    return 0.05


@pytest.mark.parametrize("answer", DOUBTFUL)
async def test_a_refusal_that_passes_is_no_refusal(service: ScriptedService, answer: Answer, pause: float) -> None:
    service.answer(SIGN_IN, answer, recorded("sign_in"))
    since = time.monotonic()
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url) as client:
        assert client.user_seq == 20002
    assert service.paths == [SIGN_IN, SIGN_IN]
    assert time.monotonic() - since >= pause


@pytest.mark.usefixtures("pause")
@pytest.mark.parametrize("answer", DOUBTFUL)
async def test_a_refusal_that_comes_twice_is_believed(service: ScriptedService, answer: Answer) -> None:
    service.answer(SIGN_IN, answer)
    client = NavienAuthClient(EMAIL, "wrong", base_url=service.url)
    with pytest.raises(AuthenticationError):
        await client.sign_in()
    assert service.paths == [SIGN_IN, SIGN_IN]
    await client.close()


@pytest.mark.usefixtures("pause")
@pytest.mark.parametrize("second", [refusal(503, "invalid upstream"), Answer(None)])
async def test_trouble_at_the_second_try_is_no_refusal(service: ScriptedService, second: Answer) -> None:
    service.answer(SIGN_IN, refusal(401, "Unauthorized"), second)
    client = NavienAuthClient(EMAIL, PASSWORD, base_url=service.url)
    with pytest.raises((ApiError, ApiConnectionError)):
        await client.sign_in()
    assert service.paths == [SIGN_IN, SIGN_IN]
    await client.close()


@pytest.mark.usefixtures("pause")
async def test_the_connection_outlives_a_refusal_that_passes(service: ScriptedService, clock: Clock) -> None:
    service.answer(SIGN_IN, recorded("sign_in"), refusal(401, "Unauthorized"), recorded("sign_in"))
    service.answer(REFRESH, refusal())
    transports: list[OwnTransport] = []

    async def make_transport(_: SigningCredentials, on_message: MessageListener) -> Transport:
        transports.append(OwnTransport(on_message, acknowledges=True))
        return transports[-1]

    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, now=clock) as auth_client:
        client = NavienMqttClient(
            auth_client, config=MqttConnectionConfig(reconnect_spread=0), make_transport=make_transport
        )
        await client.connect()
        refused = expected(client, "connection_refused")
        resumed = expected(client, "connection_resumed")
        clock.advance(3500)
        transports[0].drop()
        await resumed
        assert not refused.done()
        assert service.paths == [SIGN_IN, REFRESH, SIGN_IN, SIGN_IN]
        await client.disconnect()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(500, "INTERNAL_SERVER_ERROR"), ApiError),
        (refusal(503, "invalid upstream"), ApiError),
        (Answer({"code": 401, "msg": "Unauthorized"}, 502), ApiError),
        (Answer({"code": 500, "msg": "invalid state"}, 200), ApiError),
        (recorded("app_version_maintenance"), ApiError),
        (Answer({"code": 403, "msg": "invalid", "data": {"serverCheckText": "Back soon"}}, 403), ApiError),
        (refusal(400, "COMMON_BAD_REQUEST"), ApiError),
        (Answer({}, 302, {"Location": "/api/v2.1/login"}), ApiError),
        (Answer(b"<html>Unauthorized</html>", 401), InvalidResponseError),
        (Answer(b"", 401), InvalidResponseError),
        (Answer(b"invalid", 200), InvalidResponseError),
        (Answer(["invalid"], 401), InvalidResponseError),
        (success(None), InvalidResponseError),
        (success([]), InvalidResponseError),
        (success({"userInfo": USER}), InvalidResponseError),
        (success({"userInfo": USER, "token": "invalid"}), InvalidResponseError),
        (success({"token": jwt("first") | aws("first")}), InvalidResponseError),
        (sign_in_answer(jwt("first")), InvalidResponseError),
        (sign_in_answer(aws("first")), InvalidResponseError),
        (sign_in_answer(jwt("first") | aws("first") | {"accessToken": "two\r\nlines: x"}), InvalidResponseError),
        (sign_in_answer(jwt("first") | aws("first") | {"secretKey": 17}), InvalidResponseError),
        (sign_in_answer(jwt("first") | aws("first"), {"userSeq": True}), InvalidResponseError),
        (Answer(None), ApiConnectionError),
    ],
)
async def test_trouble_is_no_refusal(service: ScriptedService, answer: Answer, error: type[NavienError]) -> None:
    service.answer(SIGN_IN, answer)
    client = NavienAuthClient(EMAIL, PASSWORD, base_url=service.url)
    with pytest.raises(error):
        await client.sign_in()
    with pytest.raises(NavienError, match="not signed in"):
        _ = client.current_tokens
    service.answer(SIGN_IN, recorded("sign_in"))
    assert await client.sign_in() == client.current_tokens
    await client.close()


async def test_a_service_out_of_reach_is_no_refusal() -> None:
    client = NavienAuthClient(EMAIL, PASSWORD, base_url=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(ApiConnectionError):
        await client.ensure_valid_token()
    await client.close()


@pytest.mark.parametrize(
    "ask", [lambda c: c.current_tokens, lambda c: c.user_seq, lambda c: c.user_type], ids=["tokens", "number", "type"]
)
async def test_nothing_is_known_before_signing_in(ask: Callable[[NavienAuthClient], object]) -> None:
    client = NavienAuthClient(EMAIL, PASSWORD)
    with pytest.raises(NavienError, match="not signed in"):
        ask(client)


async def test_valid_tokens_are_to_be_had_without_entering(service: ScriptedService) -> None:
    service.answer(SIGN_IN, recorded("sign_in"))
    client = NavienAuthClient(EMAIL, PASSWORD, base_url=service.url)
    assert await client.ensure_valid_token() == client.current_tokens
    await client.close()


async def test_its_own_session_is_closed_also_when_entering_fails(service: ScriptedService) -> None:
    service.answer(SIGN_IN, recorded("sign_in_bad_password"), recorded("sign_in"))
    client = NavienAuthClient(EMAIL, PASSWORD, base_url=service.url)
    with pytest.raises(AuthenticationError):
        async with client:
            pytest.fail("signed in with a wrong password")
    with pytest.raises(ApiConnectionError, match="closed"):
        await client.sign_in()


async def test_a_session_that_was_given_is_left_open(service: ScriptedService) -> None:
    service.answer(SIGN_IN, recorded("sign_in"))
    async with aiohttp.ClientSession() as session:
        async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, session=session):
            pass
        assert not session.closed


async def test_no_secret_shows(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.answer(REFRESH, refusal(500, "INTERNAL_SERVER_ERROR"), success(jwt("refresh")), Answer(b"<html>", 502))
    service.answer(SESSION, success({"secret": "secret"}))
    service.answer(SECURED, Answer(b'{"secret-unfinished'))
    service.answer(
        SIGN_IN, sign_in_answer(jwt("again") | aws("again")), sign_in_answer(jwt("3") | aws("3")), BAD_PASSWORD
    )
    clock.advance(3500)
    await auth_client.ensure_valid_token()
    await auth_client.renew_aws_credentials()
    with pytest.raises(AuthenticationError) as caught:
        await auth_client.renew_aws_credentials()
    assert service.paths == [REFRESH, SIGN_IN, REFRESH, SESSION, SECURED, SIGN_IN, REFRESH, SIGN_IN]
    assert caplog.text.count("Token renewal was refused") == 4
    shown = [
        caplog.text,
        repr(caught.value),
        repr(auth_client),
        repr(auth_client.current_tokens),
        str(auth_client.current_tokens),
    ]
    for text in shown:
        assert "secret" not in text
        assert PASSWORD not in text
        assert EMAIL not in text
