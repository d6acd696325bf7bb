"""The transport of the AWS runtime, in front of servers that do not do their part."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
import gc
from pathlib import Path
import ssl
import weakref

from awscrt import io
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


async def test_a_server_that_never_answers_the_upgrade_is_given_up(
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


def test_what_the_runtime_reports_after_the_event_loop_has_ended_is_dropped() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    called: list[str] = []
    aws._call_on(loop, lambda: called.append("called"))  # noqa: SLF001 - as the runtime's threads do
    assert called == []


async def contexts_of(configs: Iterable[MqttConnectionConfig]) -> int:
    """Ask for the TLS context of each, all at once, and return how many different ones that gives."""
    return len(set(await asyncio.gather(*(asyncio.to_thread(aws.tls_context, config) for config in configs))))


async def test_clients_that_trust_the_same_certificates_share_a_tls_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = MqttConnectionConfig(
        endpoint="localhost", port=1, ca_file=str(make_server_certificate(folder(tmp_path, "one")).ca_file)
    )
    made: list[object] = []

    def make(options: io.TlsContextOptions) -> object:
        made.append(context := real(options))
        return context

    real = io.ClientTlsContext
    monkeypatch.setattr(io, "ClientTlsContext", make)
    runtimes = [aws.AwsRuntime(config) for _ in range(3)]
    transports = await asyncio.gather(
        *(each.make_transport(InventedTokens(), lambda _topic, _body: None) for each in runtimes)
    )
    assert len(made) == 1
    for transport in transports:
        await transport.close()


async def test_what_makes_a_tls_context_another_one(tmp_path: Path) -> None:
    one, other = (make_server_certificate(folder(tmp_path, name)).ca_file for name in ("one", "other"))
    copy = tmp_path / "copy.pem"
    copy.write_bytes(one.read_bytes())
    same = [MqttConnectionConfig(endpoint="localhost", port=1, ca_file=str(file)) for file in (one, one, copy)]
    assert await contexts_of(same) == 1
    assert await contexts_of([*same, replace(same[0], ca_file=str(other))]) == 2
    assert await contexts_of([*same, replace(same[0], ca_file=None)]) == 2
    # On the port of HTTPS the protocol is negotiated.
    assert await contexts_of([*same, replace(same[0], port=443)]) == 2


async def test_a_changed_ca_file_is_read_anew(tmp_path: Path) -> None:
    one, other = (make_server_certificate(folder(tmp_path, name)).ca_file for name in ("one", "other"))
    config = MqttConnectionConfig(endpoint="localhost", port=1, ca_file=str(one))
    before = aws.tls_context(config)
    assert aws.tls_context(config) is before
    one.write_bytes(other.read_bytes())
    after = aws.tls_context(config)
    assert after is not before
    assert aws.tls_context(config) is after


def test_a_tls_context_that_nobody_uses_any_more_is_released(tmp_path: Path) -> None:
    config = MqttConnectionConfig(port=1, ca_file=str(make_server_certificate(tmp_path).ca_file))
    released = weakref.ref(aws.tls_context(config))
    gc.collect()
    assert released() is None


def folder(parent: Path, name: str) -> Path:
    """Make a folder."""
    made = parent / name
    made.mkdir()
    return made
