"""What the simulator's tests share: real sockets, one server certificate, brokers that end with the test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
import pytest

from simulator.certificates import ServerCertificate, make_server_certificate
from simulator.cloud import Cloud, CloudOptions
from simulator.limits import Limits

from .rest_user import RestUser, StartService
from .running_broker import RunningBroker

type StartBroker = Callable[[Limits], Awaitable[RunningBroker]]


@pytest.fixture(autouse=True)
def _real_sockets(socket_enabled: None) -> None:
    """Home Assistant's test plugin forbids sockets otherwise."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def start_broker(certificate: ServerCertificate) -> AsyncIterator[StartBroker]:
    """Start brokers with limits of their own."""
    running: list[RunningBroker] = []

    async def start(limits: Limits) -> RunningBroker:
        broker = RunningBroker(certificate, limits)
        running.append(broker)
        await broker.start()
        return broker

    yield start
    for broker in running:
        await broker.stop()


@pytest.fixture
async def broker(start_broker: StartBroker) -> RunningBroker:
    """A broker with the service's own limits."""
    return await start_broker(Limits())


@pytest.fixture
async def start_service(tmp_path: Path) -> AsyncIterator[StartService]:
    """Start clouds with options of their own and give a user of each."""
    clouds, sessions = [], []

    async def start(**options: Any) -> RestUser:  # noqa: ANN401 - the options of CloudOptions
        cloud = Cloud(CloudOptions(directory=tmp_path, **options))
        clouds.append(cloud)
        await cloud.start()
        sessions.append(ClientSession())
        return RestUser(cloud, sessions[-1])

    yield start
    for session in sessions:
        await session.close()
    for cloud in clouds:
        await cloud.stop()


@pytest.fixture
async def user(start_service: StartService) -> RestUser:
    """A user of a cloud with one heater."""
    return await start_service()
