"""What the client's tests share: real sockets on the loopback interface, and a REST service to talk to."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import pytest_asyncio

from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from simulator.process import SimulatorProcess
from simulator.state import Addresses
from tests.client.support.scripted_service import ScriptedService, recorded, scripted_service, success
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
    sign_in_answer,
)
from tests.client.support.stage import Stage, signed_in


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Lift the block that the Home Assistant plugin puts on sockets."""


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    """Options of the simulator; a module that needs some has a fixture of its own of this name."""
    return ()


@pytest_asyncio.fixture(loop_scope="module")
async def simulator(
    running_simulator: Addresses, simulator_options: tuple[str, ...]
) -> AsyncIterator[SimulatorProcess]:
    """The simulator as if it had just been started."""
    # The loop outlives the test, but no thread of its executor may.
    with ThreadPoolExecutor() as executor:
        asyncio.get_running_loop().set_default_executor(executor)
        async with SimulatorProcess(addresses=running_simulator) as simulator:
            await simulator.reset(*simulator_options)
            yield simulator


@pytest_asyncio.fixture(loop_scope="module")
async def stage(simulator: SimulatorProcess) -> AsyncIterator[Stage]:
    """An account signed in to the simulator, and clients made for the test."""
    async with signed_in(simulator) as stage:
        yield stage


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


@pytest.fixture
async def api(service: ScriptedService) -> AsyncIterator[NavienAPIClient]:
    """Sign in as recorded, and forget the calls that it took."""
    service.answer(SIGN_IN, recorded("sign_in"))
    service.answer(REFRESH, recorded("auth_refresh"))
    async with NavienAuthClient(EMAIL, PASSWORD, base_url=service.url) as auth_client:
        service.calls.clear()
        yield NavienAPIClient(auth_client)
