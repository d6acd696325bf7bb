"""What a home's network does to names and addresses: names that nobody knows, addresses that swallow packets."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
import os
from pathlib import Path
import socket
import subprocess
import tempfile
from typing import Any
from unittest.mock import patch

from awscrt import mqtt
from yarl import URL

from simulator.state import Addresses

from .drill import DrillImpossibleError, Step
from .home import Home

_NAME = "localhost"
_UNKNOWN_NAME = "navilink-drill.invalid"
_HOSTS = "::1 localhost\n127.0.0.1 localhost\n"
_LOOPBACK = "::1"
_BACKLOG_SECONDS = 0.5
_MAX_BACKLOG = 16


def by_name(addresses: Addresses) -> Addresses:
    """Have both services asked for by name."""
    return {
        **addresses,
        "api_url": str(URL(addresses["api_url"]).with_host(_NAME)),
        "mqtt_endpoint": _NAME,
    }


class NameService:
    """Resolves the name of both services, or asks for one in its place that does not exist."""

    def __init__(self) -> None:
        self._is_down = False

    def down(self, *, is_down: bool) -> Step:
        """Know no name any more, or know them again."""

        async def change(_home: Home) -> None:
            self._is_down = is_down

        return change

    @asynccontextmanager
    async def between(self, addresses: Addresses) -> AsyncIterator[Addresses]:
        """Be the one that is asked while the context lasts, by the AWS runtime and by Home Assistant."""
        make_connection, resolve = mqtt.Connection, socket.getaddrinfo

        def connection(*, host_name: str, **members: Any) -> mqtt.Connection:  # noqa: ANN401 - those of the class
            return make_connection(host_name=self._asked_for(host_name), **members)

        def resolved(host: str, *arguments: Any, **members: Any) -> Sequence[object]:  # noqa: ANN401 - those of `resolve`
            return resolve(self._asked_for(host), *arguments, **members)

        with patch.object(mqtt, "Connection", connection), patch.object(socket, "getaddrinfo", resolved):
            yield by_name(addresses)

    def _asked_for(self, name: str) -> str:
        return _UNKNOWN_NAME if self._is_down and name == _NAME else name


class SwallowingAddress:
    """An IPv6 address of both services beside the one that works; it swallows every packet or refuses connections."""

    def __init__(self) -> None:
        self._ports: tuple[int, ...] = ()
        self._sockets = ExitStack()

    @asynccontextmanager
    async def between(self, addresses: Addresses) -> AsyncIterator[Addresses]:
        """Have the services asked for by a name that has both addresses; raises `DrillImpossibleError` without IPv6."""
        self._ports = addresses["mqtt_port"], int(addresses["api_url"].split(":")[2].partition("/")[0])
        with _two_addresses(), patch.object(socket, "getaddrinfo", _all_addresses), self._sockets:
            yield by_name(addresses)

    async def swallow(self, _home: Home) -> None:
        """Answer nothing on the IPv6 address from now on, not even with a refusal."""
        for port in self._ports:
            await self._fill(port)

    async def refuse(self, _home: Home) -> None:
        """Refuse connections on the IPv6 address."""
        self._sockets.close()

    async def _fill(self, port: int) -> None:
        """Listen and accept nothing: once the backlog is full, the system drops what comes."""
        listener = self._sockets.enter_context(socket.socket(socket.AF_INET6))
        listener.bind((_LOOPBACK, port))
        listener.listen(0)
        for _ in range(_MAX_BACKLOG):
            waiting = self._sockets.enter_context(socket.socket(socket.AF_INET6))
            waiting.setblocking(False)
            try:
                async with asyncio.timeout(_BACKLOG_SECONDS):
                    await asyncio.get_running_loop().sock_connect(waiting, (_LOOPBACK, port))
            except TimeoutError:
                return
        raise DrillImpossibleError("a full backlog does not swallow connections on this system")


_getaddrinfo = socket.getaddrinfo


def _all_addresses(
    host: str | None, port: int | None, family: int = 0, kind: int = 0, proto: int = 0, flags: int = 0
) -> Sequence[object]:
    """Resolve a name to its IPv6 addresses too where a machine has no other IPv6 address than its loopback."""
    return _getaddrinfo(host, port, family, kind, proto, flags & ~socket.AI_ADDRCONFIG)


@contextmanager
def _two_addresses() -> Iterator[None]:
    """Have the name of the services resolve to an IPv6 address first, then to IPv4; only for this process."""
    if not socket.has_ipv6 or not _can_bind():
        raise DrillImpossibleError("there is no ::1 on this machine")
    if _has_two_addresses():
        yield
        return
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.write(_HOSTS)
        hosts.flush()
        Path(hosts.name).chmod(0o644)
        try:
            # The runtime's threads, begun later, see what this one sees.
            os.unshare(os.CLONE_NEWNS)
            _mount("--make-rprivate", "/")
            _mount("--bind", hosts.name, "/etc/hosts")
        except (OSError, subprocess.CalledProcessError) as error:
            raise DrillImpossibleError(f"{_NAME} has no IPv6 address, and it cannot be given one: {error}") from error
        if not _has_two_addresses():
            raise DrillImpossibleError(f"{_NAME} has no IPv6 address in spite of /etc/hosts")
        yield


def _mount(*arguments: str) -> None:
    subprocess.run(("/bin/mount", *arguments), check=True, capture_output=True)  # noqa: S603 - the system's own program


def _can_bind() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind((_LOOPBACK, 0))
        except OSError:
            return False
    return True


def _has_two_addresses() -> bool:
    families = [family for family, *_ in _getaddrinfo(_NAME, 1, type=socket.SOCK_STREAM)]
    return families == [socket.AF_INET6, socket.AF_INET]
