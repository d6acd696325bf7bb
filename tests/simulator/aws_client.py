"""The real AWS runtime as a client of the broker."""

import asyncio
from concurrent.futures import Future
from typing import Self

from awscrt import auth, io, mqtt
from awscrt.exceptions import AwsCrtError

from simulator.common.sigv4 import AwsCredentials

from .running_broker import CREDENTIALS, DEADLINE, RunningBroker

type Outcome = BaseException | None


def _result(native: Future[object]) -> asyncio.Future[Outcome]:
    """Return a future of how the native one ends; cancelling it never reaches the native code."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Outcome] = loop.create_future()

    def complete() -> None:
        if not outcome.done():
            outcome.set_result(native.exception())

    native.add_done_callback(lambda _: loop.call_soon_threadsafe(complete))
    return outcome


class AwsClient:
    """One connection of the AWS runtime, which is closed for good when it is interrupted."""

    def __init__(
        self,
        broker: RunningBroker,
        client_id: str,
        *,
        credentials: AwsCredentials = CREDENTIALS,
        clean_session: bool = True,
        keep_alive: int = 30,
    ) -> None:
        self.interruptions: asyncio.Queue[str] = asyncio.Queue()
        self.messages: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.session_present = False
        self._loop = asyncio.get_running_loop()
        self._credentials = auth.AwsCredentialsProvider.new_static(
            credentials.access_key_id, credentials.secret_key, credentials.session_token
        )
        options = io.TlsContextOptions()
        options.override_default_trust_store_from_path(None, str(broker.certificate.ca_file))
        bootstrap = io.ClientBootstrap.get_or_create_static_default()
        self._connection = mqtt.Connection(
            mqtt.Client(bootstrap, io.ClientTlsContext(options)),
            "localhost",
            broker.port,
            client_id,
            clean_session=clean_session,
            keep_alive_secs=keep_alive,
            ping_timeout_ms=500,
            use_websockets=True,
            websocket_handshake_transform=self._sign,
            on_connection_interrupted=self._interrupted,
            disable_metrics=True,
        )
        self._connection.on_message(self._message)

    async def connect(self) -> Self:
        """Connect, or raise AwsCrtError."""
        native = self._connection.connect()
        await self._wait(native)
        self.session_present = native.result()["session_present"]
        return self

    async def disconnect(self) -> None:
        """Take leave."""
        await self._wait(self._connection.disconnect())

    async def subscribe(self, topic_filter: str) -> None:
        """Subscribe and wait for the SUBACK."""
        await self._wait(self._connection.subscribe(topic_filter, mqtt.QoS.AT_LEAST_ONCE)[0])

    def start_subscribing(self, topic_filter: str) -> asyncio.Future[Outcome]:
        """Send a SUBSCRIBE; the future has its result, if there is one."""
        return _result(self._connection.subscribe(topic_filter, mqtt.QoS.AT_LEAST_ONCE)[0])

    async def publish(self, topic: str, *payloads: bytes) -> list[bool]:
        """Publish all at once with QoS 1; returns which of them were acknowledged."""
        natives = [self._connection.publish(topic, payload, mqtt.QoS.AT_LEAST_ONCE)[0] for payload in payloads]
        async with asyncio.timeout(DEADLINE):
            return [outcome is None for outcome in await asyncio.gather(*map(_result, natives))]

    async def interrupted(self) -> str:
        """Return the error name with which the connection was lost."""
        async with asyncio.timeout(DEADLINE):
            return await self.interruptions.get()

    async def message(self) -> tuple[str, bytes]:
        """Return the next message, topic and payload."""
        async with asyncio.timeout(DEADLINE):
            return await self.messages.get()

    async def _wait(self, native: Future[object]) -> None:
        async with asyncio.timeout(DEADLINE):
            outcome = await _result(native)
        if outcome is not None:
            raise outcome

    def _sign(self, transform_args: mqtt.WebsocketHandshakeTransformArgs, **_: object) -> None:
        signing = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
            credentials_provider=self._credentials,
            region="us-east-1",
            service="iotdevicegateway",
            omit_session_token=True,
        )
        signed = auth.aws_sign_request(transform_args.http_request, signing)
        signed.add_done_callback(lambda done: transform_args.set_done(done.exception()))

    # The runtime calls these two on its own thread.

    def _interrupted(self, connection: mqtt.Connection, error: AwsCrtError, **_: object) -> None:
        connection.disconnect()
        self._loop.call_soon_threadsafe(self.interruptions.put_nowait, error.name)

    def _message(self, topic: str, payload: bytes, **_: object) -> None:
        self._loop.call_soon_threadsafe(self.messages.put_nowait, (topic, payload))
