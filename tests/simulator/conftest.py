"""What the simulator's tests share: real sockets, one server certificate, brokers that end with the test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
import ssl
from typing import Any

from aiohttp import ClientSession, TCPConnector
import pytest
import pytest_asyncio

from simulator.cloud import Cloud
from simulator.common.certificates import ServerCertificate, make_server_certificate
from simulator.mqtt.packets import ConnAck, Connect
from simulator.mqtt.service import Limits
from simulator.options import Options
from simulator.process import SimulatorProcess
from simulator.state import Addresses

from .heater_user import CLIENT_ID, HeaterUser, Open, sign_in
from .rest_user import RestUser, StartService
from .running_broker import RawClient, RunningBroker, presigned_path

_CONNECTION_NUMBERS = count()  # the broker takes one CONNECT a second from each client id

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

    async def start(**options: Any) -> RestUser:  # noqa: ANN401 - those of Options
        cloud = Cloud(Options(**options), tmp_path)
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


@pytest.fixture
def simulator_options() -> tuple[str, ...]:
    """Options of the simulator, as on its command line; a test parametrizes it to have others."""
    return ("--heaters", "2")


@pytest_asyncio.fixture(loop_scope="module")
async def simulator(
    running_simulator: Addresses, simulator_options: tuple[str, ...]
) -> AsyncIterator[SimulatorProcess]:
    """The simulator as if it had just been started."""
    async with SimulatorProcess(addresses=running_simulator) as simulator:
        await simulator.reset(*simulator_options)
        yield simulator


@pytest_asyncio.fixture(loop_scope="module")
async def connect(simulator: SimulatorProcess) -> AsyncIterator[Open]:
    """Connect over MQTT, each time as another client, with credentials that REST issued for the test."""
    trust = ssl.create_default_context(cafile=simulator.addresses["ca_file"])
    credentials = await sign_in(simulator)
    users: list[HeaterUser] = []  # a connection lasts as long as somebody knows it
    authority = f"localhost:{simulator.addresses['mqtt_port']}"
    async with ClientSession(connector=TCPConnector(ssl=trust, force_close=True)) as session:

        async def open_connection() -> HeaterUser:
            url = f"https://127.0.0.1:{simulator.addresses['mqtt_port']}{presigned_path(authority, credentials)}"
            websocket = await session.ws_connect(
                url, protocols=("mqtt",), headers={"Host": authority}, server_hostname="localhost", autoclose=False
            )
            client = RawClient(websocket)
            client_id = f"{CLIENT_ID}-{next(_CONNECTION_NUMBERS)}"
            await client.send(Connect(client_id=client_id, clean_session=True, keep_alive=60))
            await client.receive(ConnAck)
            users.append(HeaterUser(client, client_id))
            return users[-1]

        yield open_connection
