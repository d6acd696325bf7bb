"""What the AWS runtime makes of servers that are not to be trusted, or that are not there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import ssl
from typing import override
import warnings

from aiohttp.test_utils import unused_port
from awscrt import io
import pytest

from nwp500 import ConnectionProblem, MqttConnectionConfig, NavienAuthClient, NavienMqttClient
from nwp500.transport.aws import AwsRuntime
from simulator.common.certificates import make_server_certificate
from simulator.common.listener import Listener
from tests.client.support.credentials import InventedCredentials
from tests.client.support.reports import failed, problem


@asynccontextmanager
async def tls_server(folder: Path, version: ssl.TLSVersion) -> AsyncIterator[tuple[NavienMqttClient, list[str | None]]]:
    """Serve one version of TLS; gives a client of that server, and the versions of the handshakes that succeeded."""
    certificate = make_server_certificate(folder)
    context = certificate.ssl_context
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    versions: list[str | None] = []

    class HangingUp(asyncio.Protocol):
        @override
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            versions.append(transport.get_extra_info("ssl_object").version())
            transport.close()

    listener = Listener(HangingUp, context)
    port = await listener.open("127.0.0.1", 0)
    config = MqttConnectionConfig(endpoint="localhost", port=port, ca_file=str(certificate.ca_file), reconnect_spread=0)
    client = NavienMqttClient(InventedCredentials(), config=config)
    try:
        yield client, versions
    finally:
        await client.disconnect()
        listener.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_tls_that_is_out_of_date_is_refused(tmp_path: Path, version: ssl.TLSVersion) -> None:
    async with tls_server(tmp_path, version) as (client, versions):
        await failed(client)
        assert versions == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_of_today_is_taken(tmp_path: Path, version: ssl.TLSVersion) -> None:
    async with tls_server(tmp_path, version) as (client, versions):
        assert problem(await failed(client))[0] is ConnectionProblem.NETWORK
        assert versions == [{"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]]


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_ca_file_that_is_none(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    config = MqttConnectionConfig(endpoint="localhost", port=1, ca_file=str(file), reconnect_spread=0)
    client = NavienMqttClient(InventedCredentials(), config=config)
    kind, detail = problem(await failed(client))
    assert kind is ConnectionProblem.CA_FILE
    # Where the file is concerns nobody who reads a report.
    assert str(tmp_path) not in detail
    await client.disconnect()


async def test_ca_file_that_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # One could be read without an end, the other is no path.
    for path in ("\0", str(pipe)):
        config = MqttConnectionConfig(endpoint="localhost", port=1, ca_file=path, reconnect_spread=0)
        client = NavienMqttClient(InventedCredentials(), config=config)
        async with asyncio.timeout(5):
            assert problem(await failed(client))[0] is ConnectionProblem.CA_FILE
        await client.disconnect()


async def test_sign_in_service_that_is_down() -> None:
    auth_client = NavienAuthClient("user@example.com", "pw", base_url=f"http://127.0.0.1:{unused_port()}")
    client = NavienMqttClient(auth_client, config=MqttConnectionConfig(reconnect_spread=0))
    assert problem(await failed(client)) == (ConnectionProblem.NETWORK, "sign-in service: ClientConnectorError")
    await client.disconnect()
    await auth_client.close()


async def test_clients_share_what_trusts_the_same_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[io.TlsContextOptions] = []
    make = io.ClientTlsContext

    def counted(options: io.TlsContextOptions) -> io.ClientTlsContext:
        made.append(options)
        return make(options)

    monkeypatch.setattr(io, "ClientTlsContext", counted)
    ca_file = make_server_certificate(tmp_path).ca_file
    config = MqttConnectionConfig(endpoint="localhost", port=1, ca_file=str(ca_file))

    async def transport() -> None:
        await AwsRuntime(config).make_transport(InventedCredentials().current_tokens, lambda _topic, _body: None)

    await transport()
    await transport()
    assert len(made) == 1
    # Another authority under the same name is another one.
    folder = tmp_path / "another"
    folder.mkdir()
    ca_file.write_bytes(make_server_certificate(folder).ca_file.read_bytes())
    await transport()
    assert len(made) == 2
