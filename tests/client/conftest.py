"""What the client's tests share: real sockets on the loopback interface, and a REST service to talk to."""

from collections.abc import AsyncIterator

import pytest

from nwp500.auth import NavienAuthClient
from tests.client.scripted_service import ScriptedService, scripted_service, success
from tests.client.sign_in_script import (
    EMAIL,
    PASSWORD,
    REFRESH,
    SECURED,
    SESSION,
    SIGN_IN,
    Clock,
    aws,
    jwt,
    sign_in_answer,
)


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Lift the block that the Home Assistant plugin puts on sockets."""


@pytest.fixture
async def service() -> AsyncIterator[ScriptedService]:
    """Run a REST service that answers what the test lays out."""
    async with scripted_service() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def auth_client(service: ScriptedService, clock: Clock) -> AsyncIterator[NavienAuthClient]:
    """Sign in, and forget the calls that it took. Every later way of renewal succeeds unless a test says otherwise."""
    service.answer(SIGN_IN, sign_in_answer(jwt("first") | aws("first")), sign_in_answer(jwt("again") | aws("again")))
    service.answer(REFRESH, success(jwt("refresh")))
    service.answer(SESSION, success(aws("session")))
    service.answer(SECURED, sign_in_answer(aws("secured")))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url, now=clock) as auth_client:
        service.calls.clear()
        yield auth_client
