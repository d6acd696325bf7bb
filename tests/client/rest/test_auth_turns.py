"""Renewals of one account run one at a time, and callers who wait share the result."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nwp500.auth import NavienAuthClient
from nwp500.rest.tokens import AuthTokens
from tests.client.support.scripted_service import ScriptedService
from tests.client.support.sign_in_script import REFRESH, SESSION, SIGN_IN, Clock, marks


@pytest.mark.parametrize(
    ("renew", "calls"),
    [
        (NavienAuthClient.ensure_valid_token, [REFRESH, SESSION]),
        (NavienAuthClient.renew_aws_credentials, [REFRESH, SESSION]),
        (NavienAuthClient.refresh_jwt, [REFRESH]),
        (NavienAuthClient.sign_in, [SIGN_IN]),
    ],
    ids=["ensure", "aws", "jwt", "sign-in"],
)
async def test_parallel_callers_share_one_renewal(
    service: ScriptedService,
    auth_client: NavienAuthClient,
    clock: Clock,
    renew: Callable[[NavienAuthClient], Awaitable[AuthTokens]],
    calls: list[str],
) -> None:
    clock.advance(3500)
    service.gate.clear()
    async with asyncio.TaskGroup() as callers:
        tasks = [callers.create_task(_run(renew(auth_client))) for _ in range(5)]
        await service.arrivals(1)
        service.gate.set()
    assert service.paths == calls
    assert len({id(task.result()) for task in tasks}) == 1


async def _run(renewal: Awaitable[AuthTokens]) -> AuthTokens:
    return await renewal


async def test_different_renewals_never_overlap(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock
) -> None:
    clock.advance(3500)
    service.gate.clear()
    async with asyncio.TaskGroup() as callers:
        callers.create_task(auth_client.refresh_jwt())
        await service.arrivals(1)
        forced = callers.create_task(auth_client.renew_aws_credentials())
        valid = callers.create_task(auth_client.ensure_valid_token())
        service.gate.set()
    # The forced renewal goes through although the JWT is new by then; after it, everything is valid.
    assert service.paths == [REFRESH, REFRESH, SESSION]
    assert [call.body.get("refreshToken") for call in service.calls] == [
        "secret-refresh-first",
        "secret-refresh-refresh",
        None,
    ]
    assert valid.result() is forced.result()


async def test_forced_renewals_one_after_the_other_are_two(
    service: ScriptedService, auth_client: NavienAuthClient
) -> None:
    await auth_client.renew_aws_credentials()
    await auth_client.renew_aws_credentials()
    assert service.paths == [REFRESH, SESSION] * 2


async def test_tokens_refused_before_a_refresh_do_not_cause_another(
    service: ScriptedService, auth_client: NavienAuthClient
) -> None:
    refused = auth_client.current_tokens
    renewed = await auth_client.refresh_jwt(refused)
    assert await auth_client.refresh_jwt(refused) is renewed
    assert service.paths == [REFRESH]


async def test_a_canceled_renewal_is_followed_by_the_next(
    service: ScriptedService, auth_client: NavienAuthClient, clock: Clock
) -> None:
    clock.advance(3500)
    service.gate.clear()
    first = asyncio.create_task(auth_client.ensure_valid_token())
    await service.arrivals(1)
    second = asyncio.create_task(auth_client.ensure_valid_token())
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    service.gate.set()
    assert marks(await second) == ("refresh", "session")
