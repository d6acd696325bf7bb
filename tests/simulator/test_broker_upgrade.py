"""The TLS port, its certificate and the signed WebSocket upgrade."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
import ssl
import stat

from aiohttp import WSServerHandshakeError
from awscrt.exceptions import AwsCrtError
import pytest

from simulator.common.certificates import make_server_certificate
from simulator.common.reading import BadRequestError
from simulator.common.sigv4 import AwsCredentials
from simulator.control.control import inject

from .aws_client import AwsClient
from .rest_user import RestUser, StartService
from .running_broker import CREDENTIALS, EXPIRED_CREDENTIALS, RunningBroker, presigned_path

FORGED = AwsCredentials(CREDENTIALS.access_key_id, "another secret", CREDENTIALS.session_token, CREDENTIALS.expires_at)
STRANGER = AwsCredentials("ASIATEST000000000009", "secret", "token", CREDENTIALS.expires_at)
UPGRADE_FAILURE = "AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE"


def signed(broker: RunningBroker, *, credentials: AwsCredentials = CREDENTIALS, age: timedelta = timedelta()) -> str:
    return presigned_path(f"127.0.0.1:{broker.port}", credentials, datetime.now(UTC) - age)


async def refusal(broker: RunningBroker, path: str) -> WSServerHandshakeError:
    with pytest.raises(WSServerHandshakeError) as refused:
        await broker.open(path)
    return refused.value


async def test_a_signed_upgrade_is_accepted(broker: RunningBroker) -> None:
    client = await broker.open()
    assert client.websocket.protocol == "mqtt"


async def test_a_wrong_signature_is_forbidden(broker: RunningBroker) -> None:
    paths = [
        "/mqtt",
        signed(broker, credentials=FORGED),
        signed(broker, credentials=STRANGER),
        signed(broker, credentials=EXPIRED_CREDENTIALS),
        signed(broker, age=timedelta(minutes=6)),
        signed(broker, age=timedelta(minutes=-6)),
        signed(broker) + "x",
        presigned_path("another.host"),
    ]
    for path in paths:
        error = await refusal(broker, path)
        assert error.status == 403
        assert error.headers is not None
        assert error.headers["x-amzn-ErrorType"] == "ForbiddenException"
    assert broker.broker.service.connections == []


async def test_there_is_nothing_beside_the_mqtt_path(broker: RunningBroker) -> None:
    assert (await refusal(broker, signed(broker).replace("/mqtt", "/mqtt2"))).status == 404


async def test_the_subprotocol_is_required(broker: RunningBroker) -> None:
    async with broker.session().get(f"https://127.0.0.1:{broker.port}{signed(broker)}") as response:
        assert response.status == 400


@pytest.mark.parametrize("credentials", [FORGED, STRANGER, EXPIRED_CREDENTIALS])
async def test_the_aws_runtime_is_refused_without_good_credentials(
    broker: RunningBroker, credentials: AwsCredentials
) -> None:
    with pytest.raises(AwsCrtError) as refused:
        await AwsClient(broker, "client", credentials=credentials).connect()
    assert refused.value.name == UPGRADE_FAILURE


@pytest.mark.parametrize("status", [400, 403, 429, 503, 511])
async def test_upgrades_are_refused_until_they_are_allowed_again(broker: RunningBroker, status: int) -> None:
    staying = await broker.connect("staying")
    broker.broker.faults.upgrade_status = HTTPStatus(status)
    for _ in range(2):
        assert (await refusal(broker, signed(broker))).status == status
    with pytest.raises(AwsCrtError) as refused:
        await AwsClient(broker, "client").connect()
    assert refused.value.name == UPGRADE_FAILURE
    broker.broker.faults.upgrade_status = None
    await broker.open()
    await staying.publish("cmd/x")


@pytest.mark.parametrize("status", [101, 200, 302, 399, 600, 0])
async def test_only_an_error_status_refuses(user: RestUser, status: int) -> None:
    with pytest.raises(BadRequestError, match=f"not {status}"):
        user.fault("refuse_upgrade", status=status)
    assert user.cloud.broker.faults.upgrade_status is None


async def test_a_client_that_does_not_trust_the_certificate_gets_nowhere(broker: RunningBroker) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", broker.port, ssl=ssl.create_default_context())
    await broker.open()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
async def test_the_certificate_holds_for_this_machine_by_any_name(broker: RunningBroker, name: str) -> None:
    trust = ssl.create_default_context(cafile=str(broker.certificate.ca_file))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    _, writer = await asyncio.open_connection("127.0.0.1", broker.port, ssl=trust, server_hostname=name)
    writer.close()
    await writer.wait_closed()


def test_the_private_key_is_the_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "server.key").write_text("left by an earlier run")
    (tmp_path / "server.key").chmod(0o644)
    first, second = (make_server_certificate(tmp_path).ca_file.read_bytes() for _ in range(2))
    assert first != second
    keys = [path.name for path in tmp_path.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert keys == ["server.key"]
    assert stat.S_IMODE((tmp_path / "server.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(("newest", "agreed"), [("1.0", "TLSv1"), ("1.1", "TLSv1.1"), ("1.2", "TLSv1.2")])
async def test_a_broker_can_be_outdated(start_service: StartService, newest: str, agreed: str) -> None:
    cloud = (await start_service()).cloud
    inject(cloud, {"kind": "tls", "newest": newest})

    def client(*, lenient: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(cloud.certificate.ca_file))
        if lenient:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context

    _, writer = await asyncio.open_connection("localhost", cloud.mqtt_port, ssl=client(lenient=True))
    assert writer.get_extra_info("ssl_object").version() == agreed
    writer.close()
    if newest != "1.2":
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await asyncio.open_connection("localhost", cloud.mqtt_port, ssl=client(lenient=False))
    inject(cloud, {"kind": "tls", "newest": None})
    _, writer = await asyncio.open_connection("localhost", cloud.mqtt_port, ssl=client(lenient=False))
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    writer.close()
