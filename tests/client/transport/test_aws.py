"""The transport of the AWS runtime, in front of servers that do not do their part."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
import ssl

import pytest

from nwp500 import MqttConnectionConfig
from nwp500.transport import aws
from nwp500.transport.base import Transport, TransportError, UpgradeRefusedError
from simulator.common.certificates import make_server_certificate
from tests.client.support.credentials import InventedTokens

type Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
"""What a server answers to the request of this number, counted from 1."""

FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@pytest.fixture
async def transport_to(tmp_path: Path) -> AsyncIterator[Callable[[Answer], Awaitable[Transport]]]:
    """Make a transport to a TLS server that answers as it is asked to."""
    certificate = make_server_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    servers: list[asyncio.Server] = []
    transports: list[Transport] = []

    async def make(answer: Answer) -> Transport:
        requests = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal requests
            await reader.readuntil(b"\r\n\r\n")
            requests += 1
            await answer(requests, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        config = MqttConnectionConfig(
            endpoint="localhost", port=server.sockets[0].getsockname()[1], ca_file=str(certificate.ca_file)
        )
        transport = await aws.AwsRuntime(config).make_transport(InventedTokens(), lambda _topic, _body: None)
        transports.append(transport)
        return transport

    yield make
    for transport in transports:
        await transport.close()
    for server in servers:
        server.close()
        # An abandoned connection ends when its client says so.
        await server.wait_closed()


async def test_a_server_that_never_answers_the_upgrade_is_abandoned(
    transport_to: Callable[[Answer], Awaitable[Transport]], monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()

    async def never(_: int, _writer: asyncio.StreamWriter) -> None:
        await released.wait()

    monkeypatch.setattr(aws, "_CONNECT_SECONDS", 0.5)
    transport = await transport_to(never)
    with pytest.raises(TransportError, match=r"no connection within 0\.5 s"):
        await transport.open()
    released.set()


@pytest.mark.parametrize(("repeats", "status"), [(True, 403), (False, None)])
async def test_the_status_of_a_refused_upgrade_is_reported_if_it_can_be_had(
    transport_to: Callable[[Answer], Awaitable[Transport]], repeats: bool, status: int | None
) -> None:
    async def forbid(number: int, writer: asyncio.StreamWriter) -> None:
        if repeats or number == 1:
            writer.write(FORBIDDEN)
            await writer.drain()

    transport = await transport_to(forbid)
    with pytest.raises(UpgradeRefusedError) as refused:
        await transport.open()
    assert refused.value.status == status
