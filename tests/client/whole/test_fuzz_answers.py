"""Every call of the REST service with every odd answer: what it declares to return, or an error that it declares."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPMethod

import aiohttp
import pytest

from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from nwp500.exceptions import ApiConnectionError, ApiError, AuthenticationError
from nwp500.rest.service import RestService
from nwp500.rest.tokens import AuthTokens
from tests.client.support.fuzz_answers import OddAnswer, OddAnswers
from tests.client.support.fuzz_calls import CALLS, RENEWALS, Call, conforms
from tests.client.support.fuzz_service import OddService, odd_service, path_of
from tests.client.support.sign_in_script import EMAIL, PASSWORD

CASES, LONG_CASES, PARTS = 10_000, 100_000, 10
DECLARED = (AuthenticationError, ApiError, ApiConnectionError)
"""What every method of the two clients may raise."""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the second sign-in follow the refused one at once, and no call wait half a minute for an answer."""
    monkeypatch.setattr("nwp500.auth.SECOND_TRY_SECONDS", 0)
    defaults = RestService.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "timeout", 2.0)


@pytest.fixture
async def odd() -> AsyncIterator[OddService]:
    async with odd_service() as service:
        yield service


async def call(service: OddService, api: NavienAPIClient, made: Call, answers: OddAnswers, number: int) -> bool:
    """Make a call that gets an odd answer; returns whether it succeeded."""
    service.odd = (path_of(made.exchange), answers.case(number, made.exchange))
    try:
        await made.make(api)
    except DECLARED:
        return False
    except BaseException as error:
        error.add_note(f"answer {number}, {made.exchange}: {service.odd[1]!r:.2000}")
        raise
    return True


async def renew(service: OddService, session: aiohttp.ClientSession, answers: OddAnswers, number: int) -> bool:
    """Sign in and renew, one of the answers being odd; returns whether both succeeded."""
    exchange = list(RENEWALS)[number // len(CALLS) % len(RENEWALS)]
    auth_client = NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, session=session)
    service.odd = None
    if exchange != "sign_in":
        await auth_client.sign_in()
    service.odd = (path_of(exchange), answers.case(number, exchange))
    try:
        tokens = await RENEWALS[exchange](auth_client)
        assert conforms(tokens, AuthTokens)
        assert auth_client.user_type
        # The next call goes by what was read.
        service.odd = None
        assert conforms(await auth_client.ensure_valid_token(), AuthTokens)
        await NavienAPIClient(auth_client).list_devices()
    except DECLARED:
        return False
    except BaseException as error:
        error.add_note(f"answer {number}, {exchange}: {answers.case(number, exchange)!r:.2000}")
        raise
    return True


async def check(service: OddService, numbers: range) -> None:
    """Make the calls of these numbers: all of them in turn, and a renewal after each row."""
    # In debug mode asyncio notes a traceback for every future, which takes longer than all the rest.
    asyncio.get_running_loop().set_debug(False)
    answers = OddAnswers()
    successes = {True: 0, False: 0}
    async with aiohttp.ClientSession() as session:
        auth_client = NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, session=session)
        api = NavienAPIClient(auth_client)
        for number in numbers:
            turn = number % (len(CALLS) + 1)
            if turn == len(CALLS):
                successes[await renew(service, session, answers, number)] += 1
                continue
            successes[await call(service, api, CALLS[turn], answers, number)] += 1
        # Whatever came before, a right answer is a right answer.
        service.odd = None
        for made in CALLS:
            await made.make(api)
    assert service.calls > len(numbers)
    # Neither is everything refused nor everything taken.
    assert min(successes.values()) > len(numbers) / 5, successes


async def test_any_answer(odd: OddService) -> None:
    await check(odd, range(CASES))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
async def test_any_answer_many_times(odd: OddService, part: int) -> None:
    first = part * LONG_CASES // PARTS
    await check(odd, range(first, first + LONG_CASES // PARTS))


# What was found


async def test_a_body_that_is_not_in_its_coding_ends_in_time(odd: OddService) -> None:
    """The HTTP library loses the error of such a body on a connection that was used before, and waits for its rest."""
    rest = RestService(odd.url, timeout=0.5)
    try:
        for body in (b"[" * 100_000, b"[" * 1_000_000):
            odd.odd = ("/path", OddAnswer(b'{"code": 200, "data": [1]}'))
            assert await rest.request(HTTPMethod.POST, "/path") == [1]
            odd.odd = ("/path", OddAnswer(body, headers={"Content-Encoding": "deflate"}))
            with pytest.raises(ApiConnectionError):
                await rest.request(HTTPMethod.POST, "/path")
    finally:
        await rest.close()
