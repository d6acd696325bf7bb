"""Connections whose every PUBACK, reply and end a test decides on, and a client over them."""

import asyncio
from dataclasses import replace
import json
from typing import override

from nwp500 import (
    Device,
    MqttConnectionConfig,
    NavienMqttClient,
)
from nwp500.transport.base import MessageListener, PublishListener, SigningCredentials, Transport, TransportError
from tests.client.support.credentials import InventedCredentials
from tests.client.support.stage import MAC

DEVICE = Device(mac_address=MAC, additional_value="5322")


class OwnTransport(Transport):
    """A connection whose every PUBACK, reply and end the test decides on."""

    def __init__(self, on_message: MessageListener, *, acknowledges: bool) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.acknowledges = acknowledges
        self.refuses = False
        self.topics: list[str] = []
        """Of what was written, in order."""
        self.session_ids: list[str] = []
        """As `topics`."""
        self.written = asyncio.Event()
        """Set by every message; whoever waits for one clears it first."""
        self.filters: list[str] = []
        self.message = on_message
        self._pending: list[PublishListener] = []

    @override
    async def open(self) -> None:
        """Succeed."""

    @override
    async def subscribe(self, topic_filter: str) -> None:
        self.filters.append(topic_filter)

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        self.filters.remove(topic_filter)

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        if self.refuses:
            raise TransportError("AWS_ERROR_MQTT_NOT_CONNECTED")
        self.topics.append(topic)
        self.session_ids.append(json.loads(body)["sessionID"])
        self.written.set()
        if self.acknowledges:
            asyncio.get_running_loop().call_soon(on_done, None)
        else:
            self._pending.append(on_done)
        return len(self.session_ids)

    @override
    async def close(self) -> None:
        self._pending.clear()

    def reply(self, suffix: str, **response: object) -> None:
        """Let the heater answer the last message."""
        message = {"sessionID": self.session_ids[-1], "response": {"macAddress": MAC, **response}}
        self.message(f"cmd/52/navilink-{MAC}/{suffix}", json.dumps(message).encode())

    def refuse(self) -> None:
        """Let the runtime give up on the PUBACK of the oldest message."""
        self._pending.pop(0)(TransportError("AWS_ERROR_MQTT_TIMEOUT"))

    def acknowledge(self) -> bool:
        """Let the PUBACK of the oldest message arrive; returns whether there was one to come."""
        if not self._pending:
            return False
        self._pending.pop(0)(None)
        return True

    def drop(self) -> None:
        """Lose the connection; what is in flight is cancelled first, as with the real runtime."""
        for on_done in self._pending:
            on_done(TransportError("AWS_ERROR_MQTT_CANCELLED_FOR_CLEAN_SESSION"))
        if not self.lost.done():
            self.lost.set_result("AWS_ERROR_MQTT_UNEXPECTED_HANGUP")


async def scripted(
    config: MqttConnectionConfig | None = None, *, acknowledges: bool = True
) -> tuple[NavienMqttClient, list[OwnTransport]]:
    """Connect a client over connections of the test's own; the newest is the last. It reconnects without a spread."""
    transports: list[OwnTransport] = []

    async def make_transport(_: SigningCredentials, on_message: MessageListener) -> Transport:
        transports.append(OwnTransport(on_message, acknowledges=acknowledges))
        return transports[-1]

    config = replace(config or MqttConnectionConfig(), reconnect_spread=0)
    client = NavienMqttClient(InventedCredentials(), config=config, make_transport=make_transport)
    await client.connect()
    return client, transports
