"""Every way of renewal of protocol.md 2.3, in success and failure."""

from collections.abc import Awaitable, Callable

import pytest

from nwp500.auth import NavienAuthClient
from nwp500.exceptions import ApiConnectionError, ApiError, AuthenticationError
from nwp500.rest.tokens import AuthTokens, AwsCredentials, JwtTokens
from tests.client.support.scripted_service import Answer, ScriptedService, recorded, refusal, success
from tests.client.support.sign_in_script import (
    EMAIL,
    PASSWORD,
    REFRESH,
    SECURED,
    SESSION,
    SIGN_IN,
    Clock,
    aws,
    jwt,
    marks,
    sign_in_answer,
)


@pytest.mark.parametrize(
    ("age", "calls"), [(0, []), (3299, []), (3300, [REFRESH, SESSION]), (9000, [REFRESH, SESSION])]
)
async def test_a_set_expires_300_seconds_before_its_end(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock, age: float, calls: list[str]
) -> None:
    clock.advance(age)
    tokens = await auth_client.ensure_valid_token()
    assert service.paths == calls
    assert marks(tokens) == (("refresh", "session") if calls else ("first", "first"))


REFUSED = refusal()
BROKEN = refusal(500, "INTERNAL_SERVER_ERROR")
JUNK = Answer(b"<html>", 502)
EMPTY = success({})
NOTHING = success(None)


@pytest.mark.parametrize("no", [REFUSED, refusal(403, "no"), BROKEN, JUNK, EMPTY, NOTHING])
@pytest.mark.parametrize(
    ("expired", "refused", "calls", "result"),
    [
        ("jwt", [], [REFRESH], ("refresh", "first")),
        ("jwt", [REFRESH], [REFRESH, SIGN_IN], ("again", "again")),
        ("aws", [], [SESSION], ("first", "session")),
        ("aws", [SESSION], [SESSION, SECURED], ("first", "secured")),
        ("aws", [SESSION, SECURED], [SESSION, SECURED, SIGN_IN], ("again", "again")),
        ("both", [], [REFRESH, SESSION], ("refresh", "session")),
        ("both", [SESSION], [REFRESH, SESSION, SECURED], ("refresh", "secured")),
        ("both", [SESSION, SECURED], [REFRESH, SESSION, SECURED, SIGN_IN], ("again", "again")),
        ("both", [REFRESH], [REFRESH, SIGN_IN], ("again", "again")),
        ("forced", [], [REFRESH, SESSION], ("refresh", "session")),
        ("forced", [SESSION], [REFRESH, SESSION, SECURED], ("refresh", "secured")),
        ("forced", [SESSION, SECURED], [REFRESH, SESSION, SECURED, SIGN_IN], ("again", "again")),
        ("forced", [REFRESH], [REFRESH, SIGN_IN], ("again", "again")),
        ("forced jwt", [], [REFRESH], ("refresh", "first")),
        ("forced jwt", [REFRESH], [REFRESH, SIGN_IN], ("again", "again")),
    ],
)
async def test_the_order_of_renewal(
    service: ScriptedService,
    clock: Clock,
    expired: str,
    refused: list[str],
    calls: list[str],
    result: tuple[str, str],
    no: Answer,
) -> None:
    lives = {"jwt": (3600, 9999), "aws": (9999, 3600)}.get(expired, (3600, 3600))
    service.answer(SIGN_IN, sign_in_answer(jwt("first", lives[0]) | aws("first", lives[1])))
    service.answer(REFRESH, success(jwt("refresh")))
    service.answer(SESSION, success(aws("session")))
    service.answer(SECURED, sign_in_answer(aws("secured")))
    for path in refused:
        service.answer(path, no)
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, now=clock) as auth_client:
        service.calls.clear()
        service.answer(SIGN_IN, sign_in_answer(jwt("again") | aws("again")))
        if expired == "forced":
            tokens = await auth_client.renew_aws_credentials()
        elif expired == "forced jwt":
            tokens = await auth_client.refresh_jwt()
        else:
            clock.advance(3500)
            tokens = await auth_client.ensure_valid_token()
        assert marks(tokens) == result
        assert auth_client.current_tokens == tokens
    assert service.paths == calls


async def test_what_the_renewals_send(service: ScriptedService, auth_client: NavienAuthClient) -> None:
    service.answer(SESSION, REFUSED)
    await auth_client.renew_aws_credentials()
    refresh, session, secured = service.calls
    assert refresh.body == {"refreshToken": "secret-refresh-first"}
    assert "authorization" not in refresh.headers
    assert session.body == secured.body == {"userId": EMAIL}
    assert session.headers["authorization"] == secured.headers["authorization"] == "secret-access-refresh"


async def test_aws_credentials_without_an_end_never_expire(service: ScriptedService, clock: Clock) -> None:
    service.answer(SIGN_IN, sign_in_answer(jwt("first") | aws("first", None)))
    service.answer(REFRESH, success(jwt("refresh")))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, now=clock) as auth_client:
        clock.advance(1e8)
        assert marks(await auth_client.ensure_valid_token()) == ("refresh", "first")
    assert service.paths == [SIGN_IN, REFRESH]


async def test_the_aws_set_keeps_its_issue_time_when_the_jwt_is_refreshed(
    service: ScriptedService, clock: Clock
) -> None:
    service.answer(SIGN_IN, sign_in_answer(jwt("first") | aws("first", 5000)))
    service.answer(REFRESH, success(jwt("refresh") | aws("first", 5000)))
    service.answer(SESSION, success(aws("session")))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, now=clock) as auth_client:
        clock.advance(3300)
        await auth_client.ensure_valid_token()
        assert service.paths == [SIGN_IN, REFRESH]
        clock.advance(1400)
        assert marks(await auth_client.ensure_valid_token()) == ("refresh", "session")
    assert service.paths == [SIGN_IN, REFRESH, SESSION]


async def test_new_aws_credentials_are_taken_from_a_refresh_that_has_them(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock
) -> None:
    service.answer(REFRESH, success(jwt("refresh") | aws("refresh")))
    clock.advance(1000)
    tokens = await auth_client.refresh_jwt()
    assert marks(tokens) == ("refresh", "refresh")
    assert tokens.aws.issued_at == clock()


@pytest.mark.parametrize("absent", [{}, {"refreshToken": "", "idToken": ""}, {"refreshToken": None, "idToken": 5}])
async def test_a_refresh_keeps_what_it_does_not_renew(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock, absent: dict[str, object]
) -> None:
    service.answer(REFRESH, success({"accessToken": "secret-access-refresh"} | absent))
    clock.advance(3300)
    tokens = await auth_client.refresh_jwt()
    assert tokens.jwt == JwtTokens(
        access_token="secret-access-refresh",
        refresh_token="secret-refresh-first",
        id_token="secret-id-first",
        issued_at=clock(),
        expires_in=3600,
    )


async def test_a_rotated_refresh_token_replaces_the_old_one(
    service: ScriptedService, auth_client: NavienAuthClient
) -> None:
    await auth_client.refresh_jwt()
    await auth_client.refresh_jwt()
    assert [call.body["refreshToken"] for call in service.calls] == ["secret-refresh-first", "secret-refresh-refresh"]


async def test_a_session_refresh_overwrites_only_what_came_back(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock
) -> None:
    service.answer(SESSION, success({"sessionToken": "secret-session-new", "secretKey": ""}))
    clock.advance(100)
    before = auth_client.current_tokens
    service.answer(REFRESH, success({"accessToken": "secret-access-refresh"}))
    tokens = await auth_client.renew_aws_credentials()
    assert tokens.aws == AwsCredentials(
        access_key_id=before.access_key_id,
        secret_key=before.secret_key,
        session_token="secret-session-new",
        issued_at=clock(),
        expires_in=3600,
    )


async def test_a_secured_sign_in_may_bring_a_whole_new_jwt_set(
    service: ScriptedService, auth_client: NavienAuthClient
) -> None:
    service.answer(SESSION, REFUSED)
    service.answer(SECURED, sign_in_answer(jwt("secured") | aws("secured")))
    assert marks(await auth_client.renew_aws_credentials()) == ("secured", "secured")


@pytest.mark.parametrize("no", [REFUSED, BROKEN])
async def test_a_refused_password_ends_a_renewal(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock, no: Answer
) -> None:
    before = auth_client.current_tokens
    service.answer(REFRESH, no)
    service.answer(SIGN_IN, recorded("sign_in_bad_password"))
    clock.advance(3500)
    with pytest.raises(AuthenticationError):
        await auth_client.ensure_valid_token()
    assert auth_client.current_tokens is before


@pytest.mark.parametrize(
    "renew",
    [NavienAuthClient.ensure_valid_token, NavienAuthClient.renew_aws_credentials, NavienAuthClient.refresh_jwt],
    ids=["ensure", "aws", "jwt"],
)
async def test_a_service_that_is_down_changes_nothing(
    service: ScriptedService,
    auth_client: NavienAuthClient,
    clock: Clock,
    renew: Callable[[NavienAuthClient], Awaitable[AuthTokens]],
) -> None:
    before = auth_client.current_tokens
    for path in (SIGN_IN, REFRESH, SESSION, SECURED):
        service.answer(path, refusal(503, "SERVICE_UNAVAILABLE"))
    clock.advance(3500)
    with pytest.raises(ApiError) as caught:
        await renew(auth_client)
    assert caught.value.code == 503
    assert auth_client.current_tokens is before
    service.answer(REFRESH, success(jwt("refresh")))
    service.answer(SESSION, success(aws("session")))
    assert marks(await renew(auth_client))[0] == "refresh"


@pytest.mark.parametrize(("broken", "calls"), [(REFRESH, [REFRESH]), (SESSION, [REFRESH, SESSION])])
async def test_a_lost_connection_ends_a_renewal_without_trying_the_password(
    service: ScriptedService, auth_client: NavienAuthClient, broken: str, calls: list[str]
) -> None:
    service.answer(broken, Answer(None))
    with pytest.raises(ApiConnectionError):
        await auth_client.renew_aws_credentials()
    assert service.paths == calls


async def test_what_was_renewed_before_a_failure_is_kept(
    service: ScriptedService, auth_client: NavienAuthClient
) -> None:
    service.answer(SESSION, Answer(None))
    with pytest.raises(ApiConnectionError):
        await auth_client.renew_aws_credentials()
    assert marks(auth_client.current_tokens) == ("refresh", "first")
