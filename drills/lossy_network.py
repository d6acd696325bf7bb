"""A network between client and broker that loses packets: TCP sends each again, and makes of the loss a delay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import random
import socket
import struct

from simulator.state import Addresses

from .drill import Step
from .home import Home

_CHUNK_BYTES = 64 * 1024
_FIRST_PAUSE_SECONDS = 0.2
"""Until a lost packet is sent again; doubled each time, as TCP does it."""
_PATIENCE_SECONDS = 15.0
"""What is held back longer ends the connection with a reset."""
_NO_LINGERING = struct.pack("ii", 1, 0)


class LossyNetwork:
    """A proxy on this machine in front of the broker, which loses a share of what passes, in both directions."""

    def __init__(self, seed: int) -> None:
        """Take what decides about each packet, the same in each run."""
        self._random = random.Random(seed)  # noqa: S311 - chance of a drill, not secrecy
        self._share = 0.0
        self._broker: tuple[str, int] = ("", 0)
        self._connections: set[asyncio.Task[None]] = set()

    def losing(self, share: float) -> Step:
        """Lose this share of all packets from now on, 0 to 1."""

        async def lose(_home: Home) -> None:
            self._share = share

        return lose

    @asynccontextmanager
    async def between(self, addresses: Addresses) -> AsyncIterator[Addresses]:
        """Lead the way to the broker through this network while the context lasts."""
        self._broker = addresses["mqtt_endpoint"], addresses["mqtt_port"]
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield {**addresses, "mqtt_port": server.sockets[0].getsockname()[1]}
        finally:
            server.close()
            for connection in tuple(self._connections):
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._carry(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_client = reader, writer
        try:
            to_broker = await asyncio.open_connection(*self._broker)
        except OSError:
            _reset(writer)
            return
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._pass_on(to_client[0], to_broker[1]))
                directions.create_task(self._pass_on(to_broker[0], to_client[1]))
        except* OSError:
            # One side is gone, or TCP gave up: so it ends for both.
            pass
        finally:
            _reset(to_broker[1])
            _reset(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK_BYTES):
            await self._send_until_it_arrives()
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _send_until_it_arrives(self) -> None:
        """Let as much time pass as sending a packet again and again takes; raises TimeoutError, an OSError."""
        held_back, pause = 0.0, _FIRST_PAUSE_SECONDS
        while self._random.random() < self._share:
            held_back += pause
            pause *= 2
        if held_back > _PATIENCE_SECONDS:
            raise TimeoutError
        await asyncio.sleep(held_back)


def _reset(writer: asyncio.StreamWriter) -> None:
    peer: socket.socket | None = writer.get_extra_info("socket")
    if not writer.transport.is_closing() and peer is not None and peer.fileno() >= 0:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    writer.transport.abort()
