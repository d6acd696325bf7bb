"""One client's WebSocket: MQTT packets in and out with a simulated latency, and every way in which it can end."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum, auto
from functools import partial
import socket
import struct

from aiohttp import WSMsgType, web

from ..common.clock import DelayLine
from .codec import PacketDecoder, ProtocolViolationError, UnsupportedProtocolError, encode
from .packets import ConnAck, ConnectReturnCode, Packet, PubAck, Publish

LIFETIME_IS_OVER = "connection lifetime is over"
"""Why the service ends a connection after a day."""
_LINGER_SECONDS = 2
_LINGER_FOR_NO_TIME = struct.pack("ii", 1, 0)


class Withheld(StrEnum):
    """What does not get through a connection that otherwise works."""

    ACKNOWLEDGEMENTS = auto()
    """A message of the client is processed, without a PUBACK."""
    DELIVERIES = auto()
    """No message reaches the client."""
    REQUESTS = auto()
    """A message of the client is acknowledged, and goes nowhere."""


_OUTGOING: Mapping[type[Packet], Withheld] = {PubAck: Withheld.ACKNOWLEDGEMENTS, Publish: Withheld.DELIVERIES}


class Connection:
    """Reads, decodes, delays; hands packets to ``on_packet`` in order of arrival until the connection ends.

    ``on_packet`` may raise ProtocolViolationError. ``on_end`` is called once, with the reason; from then on no packet
    is handed over or sent, though TCP may take a moment longer. ``latency`` gives the seconds of one direction.
    """

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        max_packet_bytes: int,
        latency: Callable[[], float],
        on_packet: Callable[[Connection, Packet], None],
        on_end: Callable[[Connection, str], None],
    ) -> None:
        self._websocket = websocket
        self._transport = transport
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._decoder = PacketDecoder(max_packet_bytes)
        self._latency = latency
        self._on_packet = on_packet
        self._on_end = on_end
        self._inbound = DelayLine(self._process)
        self._outbound = DelayLine(self._write)
        self._ended = False
        self._tcp_ended = False
        self._muted = False
        self.black_holed = False
        """TCP is open, but nothing is read, answered or sent any more."""
        self.withheld: frozenset[Withheld] = frozenset()
        self._loop = asyncio.get_running_loop()
        self._aborted = asyncio.Event()
        self._last_packet_at = self._loop.time()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def serve(self) -> None:
        """Serve the client until TCP is over."""
        try:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._outbound.run())
                processing = tasks.create_task(self._inbound.run())
                await self._receive()
                self._inbound.close()
                await processing
                await self._websocket.close()
                writing.cancel()
        finally:
            self._end("closed by the client")
            for timer in self._timers.values():
                timer.cancel()
            self._abort()

    def send(self, packet: Packet, on_written: Callable[[], None] = lambda: None) -> None:
        """Send a packet, unless the connection has ended or withholds it; say so when it was really written."""
        if not self._muted and _OUTGOING.get(type(packet)) not in self.withheld:
            self._outbound.put((encode(packet), on_written), self._latency())

    def mute(self) -> None:
        """Take no further packet to send; those on their way still arrive."""
        self._muted = True

    def hang_up(self, reason: str, *, fin: bool = True, flush: bool = False) -> None:
        """End the connection with a FIN or a reset of TCP alone, now or, with ``flush``, after everything sent so far.

        Neither an MQTT nor a WebSocket close is sent.
        """
        if self._ended:
            return
        self._end(reason)
        if flush:
            self._outbound.put((b"", partial(self._end_tcp, fin=fin)), self._latency())
        elif not self.black_holed:
            self._end_tcp(fin=fin)

    def reset(self, reason: str) -> None:
        """End the connection with a TCP reset, a black-holed one too."""
        self._end(reason)
        self._end_tcp(fin=False)

    def limit_silence(self, seconds: float) -> None:
        """From now on, hang up when the client sends no packet for so long."""
        due = self._last_packet_at + seconds
        if due <= self._loop.time():
            self.hang_up(f"no packet for {seconds} seconds")
        else:
            self._schedule("silence", due, lambda: self.limit_silence(seconds))

    def limit_lifetime(self, seconds: float) -> None:
        """Hang up so long from now, whatever happens."""
        self._schedule("lifetime", self._loop.time() + seconds, lambda: self.hang_up(LIFETIME_IS_OVER))

    def _schedule(self, name: str, when: float, action: Callable[[], None]) -> None:
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = self._loop.call_at(when, action)

    async def _receive(self) -> None:
        async for message in self._websocket:
            if self.black_holed:
                break
            if message.type is WSMsgType.BINARY:
                self._inbound.put(message.data, self._latency())
            elif message.type is WSMsgType.PING:
                await self._websocket.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                self.hang_up("not a binary WebSocket frame")
        if self.black_holed:
            # Neither a frame nor the client's own close gets through: the server notices nothing of it.
            await self._aborted.wait()

    async def _process(self, data: bytes) -> None:
        if self.black_holed:
            return
        try:
            for packet in self._decoder.feed(data):
                if self._ended:
                    return
                self._last_packet_at = self._loop.time()
                self._on_packet(self, packet)
        except UnsupportedProtocolError as err:
            self.send(ConnAck(session_present=False, return_code=ConnectReturnCode.UNACCEPTABLE_PROTOCOL_VERSION))
            self.hang_up(str(err), flush=True)
        except ProtocolViolationError as err:
            self.hang_up(str(err))

    async def _write(self, item: tuple[bytes, Callable[[], None]]) -> None:
        """Write a packet, none at the end of the connection, and do what follows when TCP has taken it."""
        data, on_written = item
        if self.black_holed or self._tcp_ended:
            return
        with suppress(ConnectionResetError):
            if data:
                await self._websocket.send_bytes(data)
            on_written()

    def _end(self, reason: str) -> None:
        self.mute()
        if not self._ended:
            self._ended = True
            self._on_end(self, reason)

    def _end_tcp(self, *, fin: bool) -> None:
        self._tcp_ended = True
        # The client may have closed first.
        with suppress(OSError):
            if fin:
                # What was sent stays readable for the client: were the socket closed, unread packets from it would
                # turn the FIN into a reset. It is closed when the client has closed its side, or after a while.
                self._socket.shutdown(socket.SHUT_WR)
                self._schedule("linger", self._loop.time() + _LINGER_SECONDS, self._abort)
                return
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_FOR_NO_TIME)
        self._abort()

    def _abort(self) -> None:
        self._transport.abort()
        self._aborted.set()
