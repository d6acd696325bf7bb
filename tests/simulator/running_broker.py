"""A broker on a loopback port, and a client that can say anything to it, over real TLS WebSockets."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
import ssl
import time
from typing import Self
from urllib.parse import quote

from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType

from simulator.common.certificates import ServerCertificate
from simulator.common.sigv4 import ALGORITHM, SERVICE, AwsCredentials, canonical_request, sign
from simulator.mqtt.broker import Broker
from simulator.mqtt.codec import PacketDecoder, encode
from simulator.mqtt.packets import ConnAck, Connect, Packet, PubAck, Publish, SubAck, Subscribe
from simulator.mqtt.service import Limits
from simulator.mqtt.session import ReceivedMessage

DEADLINE = 20.0
"""Seconds after which what a test waits for counts as never coming."""

_LOOK_EVERY = 0.005

CREDENTIALS = AwsCredentials("ASIATEST000000000001", "secret+/key", "token+/=", time.time() + 3600)
QUICK_RECONNECTS = Limits(connect_interval=0)
WILL = Publish(topic="evt/52/navilink-0478630a1b2c/app-connection", payload=b"gone", qos=1)
UPGRADE_HEADERS = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: mqtt",
)
EXPIRED_CREDENTIALS = AwsCredentials("ASIATEST000000000002", "secret", "token", time.time() - 1)
_ISSUED = {issued.access_key_id: issued for issued in (CREDENTIALS, EXPIRED_CREDENTIALS)}


def presigned_path(host: str, credentials: AwsCredentials = CREDENTIALS, signed_at: datetime | None = None) -> str:
    """Return path and query of an upgrade request signed for a host."""
    moment = signed_at or datetime.now(UTC)
    scope = f"{moment:%Y%m%d}/us-east-1/{SERVICE}/aws4_request"
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
        "X-Amz-Date": f"{moment:%Y%m%dT%H%M%SZ}",
        "X-Amz-SignedHeaders": "host",
    }
    request = canonical_request(method="GET", path="/mqtt", parameters=parameters, headers={"host": host})
    parameters["X-Amz-Signature"] = sign(request, secret_key=credentials.secret_key, scope=scope, signed_at=moment)
    parameters["X-Amz-Security-Token"] = credentials.session_token
    return "/mqtt?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())


class RunningBroker:
    """A broker, what it received, and the clients that a test opened."""

    def __init__(self, certificate: ServerCertificate, limits: Limits) -> None:
        self.certificate = certificate
        self.received: list[ReceivedMessage] = []
        self.broker = Broker(
            certificate.ssl_context,
            credentials=_ISSUED.get,
            on_publish=self.received.append,
            limits=limits,
        )
        self.port = 0
        self._clients: list[RawClient] = []
        self._sessions: list[ClientSession] = []

    async def start(self) -> None:
        """Take a free port."""
        self.port = await self.broker.start("127.0.0.1", 0)

    async def stop(self) -> None:
        """End the broker and every client."""
        await self.broker.stop()
        for client in self._clients:
            await client.websocket.close()
        for session in self._sessions:
            await session.close()

    @property
    def reasons(self) -> list[str]:
        """Why each connection ended."""
        return [ended["reason"] for ended in self.broker.service.ended]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as the condition holds."""
        async with asyncio.timeout(DEADLINE):
            while not condition():  # noqa: ASYNC110 - the broker has no event for each condition
                await asyncio.sleep(_LOOK_EVERY)

    async def until_ended(self, reason: str) -> None:
        """Return as soon as a connection has ended for this reason."""
        await self.until(lambda: reason in self.reasons)

    async def open(self, path: str | None = None) -> RawClient:
        """Upgrade to a WebSocket; CONNECT is the test's own affair."""
        session = self.session()
        url = f"https://127.0.0.1:{self.port}" + (path or presigned_path(f"127.0.0.1:{self.port}"))
        async with asyncio.timeout(DEADLINE):
            websocket = await session.ws_connect(url, protocols=("mqtt",), autoclose=False, max_msg_size=0)
        client = RawClient(websocket)
        self._clients.append(client)
        return client

    async def open_stream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a signed upgrade by hand, to see how TCP ends; the answer is not read."""
        trust = ssl.create_default_context(cafile=str(self.certificate.ca_file))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=trust)
        lines = [f"GET {presigned_path('localhost')} HTTP/1.1", "Host: localhost", *UPGRADE_HEADERS, "", ""]
        writer.write("\r\n".join(lines).encode())
        return reader, writer

    def session(self, headers: Mapping[str, str] | None = None) -> ClientSession:
        """Return an HTTP session that trusts the broker; it is closed with the broker."""
        trust = ssl.create_default_context(cafile=str(self.certificate.ca_file))
        session = ClientSession(connector=TCPConnector(ssl=trust, force_close=True), headers=headers)
        self._sessions.append(session)
        return session

    async def connect(
        self,
        client_id: str,
        *,
        clean_session: bool = True,
        keep_alive: int = 1200,
        will: Publish | None = None,
    ) -> RawClient:
        """Open a connection and wait for its CONNACK."""
        client = await self.open()
        await client.send(Connect(client_id=client_id, clean_session=clean_session, keep_alive=keep_alive, will=will))
        client.session_present = (await client.receive(ConnAck)).session_present
        return client


class RawClient:
    """Sends any bytes; gives packets back one by one."""

    def __init__(self, websocket: ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self.session_present = False
        self._decoder = PacketDecoder()
        self._packets: list[Packet] = []

    async def send(self, *packets: Packet) -> Self:
        """Send packets in one WebSocket frame."""
        await self.websocket.send_bytes(b"".join(map(encode, packets)))
        return self

    async def receive_any(self) -> Packet:
        """Return the next packet."""
        while not self._packets:
            async with asyncio.timeout(DEADLINE):
                message = await self.websocket.receive()
            assert message.type is WSMsgType.BINARY, message
            self._packets += self._decoder.feed(message.data)
        return self._packets.pop(0)

    async def receive[PacketT: Packet](self, packet_class: type[PacketT]) -> PacketT:
        """Return the next packet, which must be of this class."""
        packet = await self.receive_any()
        assert isinstance(packet, packet_class), packet
        return packet

    async def receive_publish(self) -> Publish:
        """Return the next message and acknowledge it."""
        message = await self.receive(Publish)
        if message.packet_id is not None:
            await self.send(PubAck(message.packet_id))
        return message

    async def subscribe(self, *topic_filters: str, qos: int = 1) -> None:
        """Subscribe and wait for the SUBACK."""
        await self.send(Subscribe(1, tuple((topic_filter, qos) for topic_filter in topic_filters)))
        assert await self.receive(SubAck) == SubAck(1, (qos,) * len(topic_filters))

    async def publish(self, topic: str, payload: bytes = b"", *, packet_id: int = 1) -> None:
        """Publish with QoS 1 and wait for the PUBACK; nothing else may arrive in between."""
        await self.send(Publish(topic=topic, payload=payload, qos=1, packet_id=packet_id))
        assert await self.receive(PubAck) == PubAck(packet_id)

    async def until_closed(self) -> list[Packet]:
        """Return the packets that came before the server closed TCP; it must do so without a WebSocket farewell."""
        while True:
            async with asyncio.timeout(DEADLINE):
                message = await self.websocket.receive()
            if message.type is not WSMsgType.BINARY:
                break
            self._packets += self._decoder.feed(message.data)
        assert message.type in (WSMsgType.CLOSED, WSMsgType.ERROR), message
        await self.websocket.close()
        packets, self._packets = self._packets, []
        return packets

    def vanish(self) -> None:
        """Close TCP without a word."""
        transport = self.websocket.get_extra_info("socket")
        assert transport is not None
        transport.shutdown(2)
