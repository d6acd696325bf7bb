"""What the rest of the client asks of one connection to the broker, whoever makes it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from ..exceptions import MqttConnectionError

type MessageListener = Callable[[str, bytes], None]
type PublishListener = Callable[[TransportError | None], None]


class TransportError(MqttConnectionError):
    """The connection could not be made, was lost, or did not do as asked; `name` is the runtime's own name for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class CaFileError(TransportError):
    """The file with the certificates to trust cannot be read, or holds none."""


class UpgradeRefusedError(TransportError):
    """The service answered the WebSocket upgrade with an HTTP error: as a rule, credentials that have expired.

    `status` is that of the answer; None when it could not be learned.
    """

    def __init__(self, name: str, status: int | None = None) -> None:
        super().__init__(name)
        self.status = status


class SubscriptionRefusedError(TransportError):
    """The service answered a SUBSCRIBE with a refusal."""


class SubscriptionUnansweredError(TransportError):
    """The service answered no SUBSCRIBE, however often it was sent."""

    def __init__(self) -> None:
        super().__init__("no SUBACK")


class SigningCredentials(Protocol):
    """The temporary credentials that sign the upgrade request (protocol.md 3)."""

    @property
    def access_key_id(self) -> str:
        """The public part."""

    @property
    def secret_key(self) -> str:
        """What signs."""

    @property
    def session_token(self) -> str:
        """What makes them temporary ones."""


class Transport(Protocol):
    """One connection, used once: opened, lost or closed, never opened again. Lives on the event loop."""

    lost: asyncio.Future[str]
    """Completed with the reason when the connection ends, for whatever reason but `close()`."""

    async def open(self) -> None:
        """Connect; raises `TransportError`, or `UpgradeRefusedError`. What was not foreseen comes as it is."""

    async def subscribe(self, topic_filter: str) -> None:
        """Subscribe at QoS 1 and wait for the SUBACK; raises `TransportError`, or `SubscriptionRefusedError`."""

    async def unsubscribe(self, topic_filter: str) -> None:
        """Unsubscribe and wait for the UNSUBACK; raises `TransportError`."""

    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        """Write a message and return its packet id; `on_done` is called on its PUBACK, or with the error.

        Raises `TransportError` when the message could not be written.
        """

    async def close(self) -> None:
        """End the connection; nothing is called or completed afterwards."""


type TransportFactory = Callable[[SigningCredentials, MessageListener], Awaitable[Transport]]


def declare_lost(transport: Transport, reason: str) -> None:
    """Have a connection replaced that does not do as it should; nothing happens when it is lost already."""
    if not transport.lost.done():
        transport.lost.set_result(reason)
