"""The account dialogs with a service on the loopback interface, and no way to any other address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import socket
from typing import override

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

from tests.client.support.fuzz_inputs import Entered
from tests.client.support.scripted_service import recorded, scripted_service

HOSTS = (
    "localhost",
    "127.0.0.1",
    "::1",
    "[::1]",
    "127.1",
    "0x7f000001",
    "local host",
    "localhost:8883",
    "a..b",
    ".",
    "-",
)
URLS = (
    *(
        "http://",
        "https://",
        "http:///",
        "//localhost",
        "ftp://localhost",
        "javascript:alert(1)",
        "http://[::1",
        "http://[::g]",
    ),
    *(
        "http://localhost:0",
        "http://localhost:99999",
        "http://user:secret@localhost",
        "http://localhost/?q",
        "http://localhost/#f",
    ),
    *(
        "http://example.com/api",
        "http://192.0.2.1",
        "http://127.0.0.1\\@example.com",
        "http://localhost/\u00e5",
        "http://localhost/%zz",
    ),
    *(
        "HTTP://LOCALHOST:1/",
        "https://127.0.0.1:1/",
        "http://[::ffff:127.0.0.1]:1",
        "http://[fe80::1%25eth0]:1",
        "http://a.local:1",
    ),
)
FILES = ("/dev/zero", "/dev/null", "/", "/nonexistent/ca.pem", __file__, ".", "~", "a" * 300, "/proc/self/mem", "a\0b")


class NoNames(AbstractResolver):
    """Knows no host."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(f"{host} is not looked up in tests")

    @override
    async def close(self) -> None:
        """Nothing is open."""


def loopback_socket(address: AddrInfoType) -> socket.socket:
    """Make the socket of a connection, if it is one to the loopback interface."""
    family, kind, protocol, _, (host, *_) = address
    if host not in ("127.0.0.1", "::1"):
        raise OSError(f"{host} is not called in tests")
    return socket.socket(family=family, type=kind, proto=protocol)


@asynccontextmanager
async def account_service() -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """Run a service that takes every sign-in; returns its address, and a session that reaches no other machine."""
    connector = aiohttp.TCPConnector(resolver=NoNames(), socket_factory=loopback_socket)
    async with scripted_service() as service, aiohttp.ClientSession(connector=connector) as session:
        service.answer("/user/sign-in", recorded("sign_in"))
        service.answer("/device/list", recorded("device_list"))
        yield service.url, session


def account(url: str, ca_file: Path) -> Entered:
    """Return what is entered for an account of that service."""
    server = {"api_url": url, "mqtt_endpoint": "localhost", "mqtt_port": 8883, "ca_file": str(ca_file)}
    return {"email": "user@example.com", "password": "correct horse", "private_server": server}


def special(url: str) -> dict[str, tuple[object, ...]]:
    """Return values that are odd for their fields only."""
    return {"api_url": (url, f"{url}/", url.upper(), *URLS), "mqtt_endpoint": HOSTS, "ca_file": FILES}
