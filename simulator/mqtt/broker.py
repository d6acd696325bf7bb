"""The MQTT side of the simulated cloud: signed WebSocket upgrades over TLS, and every fault of the connections.

What the service does with MQTT packets is in `service`, how bytes come and go in `connection`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
import logging
import ssl
import time
from uuid import uuid4

from aiohttp import hdrs, web

from ..common.faults import Countdowns, portal_page
from ..common.listener import Listener
from ..common.sigv4 import CredentialLookup, SignatureRefusedError, verify_presigned_upgrade
from .connection import Connection, Withheld
from .packets import REFUSED, Connect, Packet, PubAck, Publish, SubAck, Subscribe
from .service import Limits, MqttService
from .session import ReceivedMessage

_LOGGER = logging.getLogger(__name__)
_PATH = "/mqtt"
_SUBPROTOCOL = "mqtt"
_ROOM_FOR_TOPIC_AND_PACKET_ID = 1024
_SHUTDOWN_SECONDS = 1
_ERROR_TYPES = {
    HTTPStatus.FORBIDDEN: "ForbiddenException",
    HTTPStatus.TOO_MANY_REQUESTS: "ThrottlingException",
    HTTPStatus.INTERNAL_SERVER_ERROR: "InternalFailureException",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailableException",
}


@dataclass(slots=True)
class BrokerFaults:
    """What is wrong at the moment."""

    is_down: bool = False
    upgrades_black_holed: bool = False
    withheld: frozenset[Withheld] = frozenset()
    """From connections still to come."""
    upgrade_status: HTTPStatus | None = None
    portal: bool = False
    """Something in between answers each upgrade with a page of its own."""
    upcoming: Countdowns = field(default_factory=Countdowns)
    """By the kind of fault: SUBSCRIBEs, connections, and messages up to the last before a cut."""
    cut_with_fin: bool = True
    cut_acknowledges: bool = True
    round_trip: float = 0
    """Seconds, half of them in each direction."""


class Broker:
    """Serves MQTT over WebSocket to clients whose upgrade is signed with credentials that ``credentials`` knows.

    ``on_publish`` is called for each message received, in order, after its PUBACK and its delivery to subscribers.
    ``permits`` is the policy by which clients may use a topic, ``now`` the service's clock in seconds of Unix time.
    Everything here belongs on the event loop.
    """

    def __init__(
        self,
        ssl_context: ssl.SSLContext,
        *,
        credentials: CredentialLookup,
        on_publish: Callable[[ReceivedMessage], None],
        limits: Limits = Limits(),  # noqa: B008 - immutable
        permits: Callable[[str], bool] = lambda _: True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._credentials = credentials
        self._max_packet_bytes = limits.message_bytes + _ROOM_FOR_TOPIC_AND_PACKET_ID
        self._now = now
        self.upgrades = 0
        """How many upgrades were asked for, granted or not."""
        self._make_service = partial(MqttService, limits, on_publish=on_publish, permits=permits)
        self.service = self._make_service()
        self._connections: set[Connection] = set()
        self.faults = BrokerFaults()
        self._black_hole_over = asyncio.Event()
        self._server = web.Server(self.handle_upgrade, access_log=None)
        self.listener = Listener(self._server, ssl_context)

    async def start(self, host: str, port: int) -> int:
        """Serve on an own TLS port, 0 for any; returns the port or raises OSError."""
        return await self.listener.open(host, port)

    async def stop(self) -> None:
        """Reset all connections and give up the port."""
        self.listener.close()
        self._black_hole_over.set()
        for connection in tuple(self._connections):
            connection.reset("broker stopped")
        await self._server.shutdown(_SHUTDOWN_SECONDS)

    def reset(self) -> None:
        """End every fault, connection and session and forget what was recorded; the address stays."""
        self.bring_up()
        self.faults = BrokerFaults()
        self.hang_up_all("reset")
        self.service = self._make_service()
        self.upgrades = 0

    def take_down(self) -> None:
        """Cut every connection and refuse new ones until `bring_up`."""
        self.faults.is_down = True
        self.listener.take_down()
        self.hang_up_all("broker is down")

    def bring_up(self) -> None:
        """End `take_down`, `blackhole` and `withhold`; what is still in the black hole is reset."""
        if self.faults.is_down:
            self.listener.bring_up()
        self.faults.is_down = self.faults.upgrades_black_holed = False
        self._black_hole_over.set()
        self._black_hole_over = asyncio.Event()
        self.faults.withheld = frozenset()
        for connection in tuple(self._connections):
            connection.withheld = frozenset()
            if connection.black_holed:
                connection.reset("black hole is over")

    def cut(self, *, fin: bool = True, after: int | None = None, puback: bool = True) -> None:
        """Cut every connection now, or with the last of so many further messages, which is processed in any case."""
        if after is None:
            self.hang_up_all("cut", fin=fin)
        else:
            self.faults.upcoming["cut"] = after
            self.faults.cut_with_fin, self.faults.cut_acknowledges = fin, puback

    def blackhole(self, *, new_connections: bool = False) -> None:
        """Leave the present connections open, but dead; with ``new_connections`` leave upgrades unanswered too."""
        self.faults.upgrades_black_holed = new_connections
        for connection in self._connections:
            connection.black_holed = True

    def withhold(self, what: Withheld, *, new_connections: bool = False) -> None:
        """Let nothing of a kind get through the present connections, with ``new_connections`` also later ones."""
        if new_connections:
            self.faults.withheld |= {what}
        for connection in self._connections:
            connection.withheld |= {what}

    async def handle_upgrade(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one client from its WebSocket upgrade to its end."""
        self.upgrades += hdrs.UPGRADE in request.headers
        was_black_holed = self.faults.upgrades_black_holed
        if was_black_holed:
            await self._black_hole_over.wait()
        if request.transport is None:
            return web.Response()
        if was_black_holed or self.faults.is_down:
            request.transport.abort()
            return web.Response()
        if self.faults.portal:
            return portal_page()
        if (refusal := self._refusal(request)) is not None:
            refusal.headers[hdrs.DATE] = formatdate(self._now(), usegmt=True)
            return refusal
        websocket = web.WebSocketResponse(protocols=(_SUBPROTOCOL,), autoclose=False, autoping=False)
        connection = Connection(
            websocket,
            request.transport,
            max_packet_bytes=self._max_packet_bytes,
            latency=lambda: self.faults.round_trip / 2,
            on_packet=self._packet_received,
            on_end=self.service.connection_ended,
        )
        connection.withheld = self.faults.withheld
        self._connections.add(connection)
        try:
            await websocket.prepare(request)
            self.service.connection_opened(connection)
            await connection.serve()
        finally:
            self._connections.discard(connection)
        return websocket

    def _refusal(self, request: web.BaseRequest) -> web.Response | None:
        if self.faults.upgrade_status is not None:
            return _refuse(self.faults.upgrade_status)
        path, _, query = request.raw_path.partition("?")
        if (request.method, path) != (hdrs.METH_GET, _PATH):
            return _refuse(HTTPStatus.NOT_FOUND)
        try:
            verify_presigned_upgrade(
                method=request.method,
                path=path,
                query=query,
                credentials=self._credentials,
                now=datetime.fromtimestamp(self._now(), UTC),
                headers={name.lower(): value for name, value in request.headers.items()},
            )
        except SignatureRefusedError as err:
            _LOGGER.debug("Upgrade refused: %s", err)
            return _refuse(HTTPStatus.FORBIDDEN)
        offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
        if _SUBPROTOCOL not in (subprotocol.strip() for subprotocol in offered):
            return _refuse(HTTPStatus.BAD_REQUEST)
        return None

    def _packet_received(self, connection: Connection, packet: Packet) -> None:
        upcoming = self.faults.upcoming
        if isinstance(packet, Subscribe) and upcoming.due("lose_suback"):
            return
        if isinstance(packet, Subscribe) and upcoming.due("refuse_suback"):
            connection.send(SubAck(packet.packet_id, (REFUSED,) * len(packet.requests)))
            return
        if isinstance(packet, Publish) and Withheld.REQUESTS in connection.withheld:
            if packet.packet_id is not None:
                connection.send(PubAck(packet.packet_id))
            return
        is_last = isinstance(packet, Publish) and upcoming.due("cut") and not upcoming["cut"]
        if is_last and not self.faults.cut_acknowledges:
            # Acknowledgements of earlier messages may be on their way and still have to arrive.
            connection.mute()
        self.service.packet_received(connection, packet)
        if is_last:
            self.hang_up_all("cut", fin=self.faults.cut_with_fin, flush=True)
        if isinstance(packet, Connect) and upcoming.due("hang_up_after_connack"):
            connection.hang_up("ended after CONNACK", flush=True)

    def hang_up_all(self, reason: str, *, fin: bool = True, flush: bool = False) -> None:
        """End every connection, now or after everything sent so far."""
        for connection in tuple(self._connections):
            connection.hang_up(reason, fin=fin, flush=flush)


def _refuse(status: HTTPStatus) -> web.Response:
    response = web.json_response(
        {"message": status.phrase, "traceId": str(uuid4())},
        status=status,
        headers={"x-amzn-ErrorType": _ERROR_TYPES.get(status, "InvalidRequestException")},
    )
    response.force_close()
    return response
