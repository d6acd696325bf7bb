"""How clients come in: a TLS port that can be taken down without losing its number, and the names of this machine.

A page on the internet can point a name of its own at a loopback address: no request under such a name is answered.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
import socket
import ssl

from yarl import URL

_BACKLOG = 128
_TLS_SHUTDOWN_SECONDS = 1


class Listener:
    """Accepts connections on one address while it is up; what becomes of them is the protocol's concern.

    Not an asyncio server: that one cannot begin to listen within a plain function call, as the end of a fault must.
    """

    def __init__(self, protocol_factory: Callable[[], asyncio.BaseProtocol], ssl_context: ssl.SSLContext) -> None:
        self._protocol_factory = protocol_factory
        self.ssl_context = ssl_context
        """By which hands are shaken; connections that are open stay as they are."""
        self._loop = asyncio.get_running_loop()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._socket: socket.socket | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen on the first address of ``host``, on any port for 0; returns the port or raises OSError."""
        family, _, _, _, address = (await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
        self._socket = _bind(family, address)
        self.bring_up()
        bound: int = self._socket.getsockname()[1]
        return bound

    def bring_up(self) -> None:
        """Accept connections."""
        if self._socket is not None:
            self._socket.listen(_BACKLOG)
            self._loop.add_reader(self._socket, self._accept, self._socket)

    def take_down(self) -> None:
        """Refuse connections, those in the middle of their TLS handshake too; the port stays reserved."""
        if self._socket is not None:
            family, address = self._socket.family, self._socket.getsockname()
            self.close()
            # Bound but not listening: nobody else gets the port, and whoever connects is refused.
            self._socket = _bind(family, address)

    def close(self) -> None:
        """Give up the port."""
        for handshake in self._handshakes:
            handshake.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _accept(self, listening: socket.socket) -> None:
        # A client may be gone before it is accepted.
        with suppress(BlockingIOError, ConnectionAbortedError):
            accepted, _ = listening.accept()
            accepted.setblocking(False)
            handshake = self._loop.create_task(self._shake_hands(accepted))
            self._handshakes.add(handshake)
            handshake.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, accepted: socket.socket) -> None:
        # A client that does not trust the certificate or goes away is no error of the server.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(
                self._protocol_factory, accepted, ssl=self.ssl_context, ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS
            )


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setblocking(False)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def is_loopback_host(host: str) -> bool:
    """Whether a `Host` header, with or without a port, names this machine and nothing that somebody else can point."""
    try:
        name = URL.build(scheme="http", authority=host).host or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
