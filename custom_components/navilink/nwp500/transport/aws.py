"""A connection made by the AWS runtime; the only module that knows it.

The runtime calls back on threads of its own. Every callback here does one thing: it hands its news to the event loop.
The runtime's own reconnection and its own queue are not used: a connection object serves for one connection and is
closed in the very callback of its interruption.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future as NativeFuture
import contextlib
from functools import lru_cache
from typing import override

# Not awsiotsdk's builder of connections (awsiot.mqtt_connection_builder), which makes a TLS context for each one and
# cannot set a minimum version of TLS: the runtime that awsiotsdk pins is used directly.
from awscrt import auth, http, io, mqtt
from awscrt.exceptions import AwsCrtError

from ..common.certificates import certificates_in
from ..config import MqttConnectionConfig
from .base import (
    CaFileError,
    MessageListener,
    PublishListener,
    SigningCredentials,
    SubscriptionRefusedError,
    Transport,
    TransportError,
    UpgradeRefusedError,
    declare_lost,
)
from .threads import LoopCalls, weakly

# The runtime has no limit of its own for a server that never answers the upgrade request. For a certificate that it
# does not trust it takes up to 30 s to report that, on purpose, and that is the better reason.
_CONNECT_SECONDS = 35.0
_CLOSE_SECONDS = 5.0
_PING_TIMEOUT_MS = 5000
# Never reached, since an interrupted connection is closed; long, so that a race cannot make it matter.
_NATIVE_RECONNECT_SECONDS = 3600
_HTTPS_PORT = 443
_STATUS_SECONDS = 10.0


class AwsRuntime:
    """What all connections of a client share: the runtime's threads and the TLS context. Made once, off the loop."""

    def __init__(self, config: MqttConnectionConfig) -> None:
        self._config = config
        self._client: mqtt.Client | None = None

    async def make_transport(self, credentials: SigningCredentials, on_message: MessageListener) -> Transport:
        """Return a new connection that is not open yet; raises `CaFileError`."""
        if self._client is None:
            # In a thread, since reading certificates blocks.
            tls_context = await asyncio.to_thread(self._make_tls_context)
            self._client = mqtt.Client(_bootstrap(), tls_context)
        return AwsTransport(self._client, self._config, credentials, on_message)

    def _make_tls_context(self) -> io.ClientTlsContext:
        has_alpn = self._config.port == _HTTPS_PORT
        if self._config.ca_file is None:
            return _tls_context(None, has_alpn)
        try:
            return _tls_context(certificates_in(self._config.ca_file), has_alpn)
        except (OSError, ValueError, RuntimeError, AwsCrtError) as error:
            raise CaFileError(f"the CA file cannot be used: {_error_name(error)}") from error


class AwsTransport(Transport):
    """One native connection with the credentials of now, used once."""

    def __init__(
        self,
        client: mqtt.Client,
        config: MqttConnectionConfig,
        credentials: SigningCredentials,
        on_message: MessageListener,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop_calls = LoopCalls(self._loop)
        self._client = client
        self._config = config
        self._credentials = credentials
        self._on_message = on_message
        self._is_closed = False
        self._signed_request: http.HttpRequest | None = None
        self._signing_error: Exception | None = None
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._connection = mqtt.Connection(
            client=client,
            host_name=config.endpoint,
            port=config.port,
            client_id=config.client_id,
            clean_session=config.clean_session,
            on_connection_interrupted=self._native_interrupted,
            reconnect_min_timeout_secs=_NATIVE_RECONNECT_SECONDS,
            reconnect_max_timeout_secs=_NATIVE_RECONNECT_SECONDS,
            keep_alive_secs=config.keep_alive_secs,
            ping_timeout_ms=_PING_TIMEOUT_MS,
            protocol_operation_timeout_ms=round(config.operation_timeout * 1000),
            use_websockets=True,
            websocket_handshake_transform=self._native_sign,
            disable_metrics=True,
        )
        self._connection.on_message(weakly(self._native_message))

    @override
    async def open(self) -> None:
        native = self._connection.connect()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._on_loop(native)
        except TimeoutError:
            raise TransportError(f"no connection within {_CONNECT_SECONDS:g} s") from None
        except UpgradeRefusedError as refusal:
            raise UpgradeRefusedError(refusal.name, await self._upgrade_status()) from refusal
        except TransportError:
            # The runtime hides what a callback of ours raised behind an error of its own.
            if self._signing_error is not None:
                raise self._signing_error from None
            raise
        finally:
            # An abandoned attempt can still succeed later, and would then push out its successor of the same client id.
            native.add_done_callback(self._native_opened)

    @override
    async def subscribe(self, topic_filter: str) -> None:
        native, _ = self._connection.subscribe(topic_filter, mqtt.QoS.AT_LEAST_ONCE)
        await self._on_loop(native)

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        native, _ = self._connection.unsubscribe(topic_filter)
        await self._on_loop(native)

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        native, packet_id = self._connection.publish(topic, body, mqtt.QoS(qos))
        if native.done() and (error := native.exception()) is not None:
            raise _transport_error(error)
        native.add_done_callback(lambda done: self._post(on_done, _transport_error_of(done)))
        return int(packet_id)

    @override
    async def close(self) -> None:
        self._is_closed = True
        native = self._connection.disconnect()
        closed = asyncio.Event()
        native.add_done_callback(lambda _: self._loop_calls.call(closed.set))
        # The runtime goes on closing by itself; a dead peer must not keep the successor waiting.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await closed.wait()

    def _native_interrupted(self, connection: mqtt.Connection, error: Exception, **_: object) -> None:
        connection.disconnect()
        self._post(declare_lost, self, _error_name(error))

    def _native_message(self, topic: str, payload: bytes, **_: object) -> None:
        self._post(self._on_message, topic, payload)

    def _native_opened(self, native: NativeFuture[object]) -> None:
        if self._is_closed and not native.cancelled() and native.exception() is None:
            self._connection.disconnect()

    def _native_sign(self, transform_args: mqtt.WebsocketHandshakeTransformArgs, **_: object) -> None:
        try:
            self._sign(transform_args)
        except Exception as error:
            # Raised on to the runtime, so that it gives the connection up.
            self._signing_error = error
            raise

    def _sign(self, transform_args: mqtt.WebsocketHandshakeTransformArgs) -> None:
        signing = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(
                self._credentials.access_key_id, self._credentials.secret_key, self._credentials.session_token
            ),
            region=self._config.region,
            service="iotdevicegateway",
            omit_session_token=True,
        )
        signed = auth.aws_sign_request(transform_args.http_request, signing)

        def signed_or_not(done: NativeFuture[object]) -> None:
            try:
                upgrade = transform_args.http_request
                host = http.HttpHeaders([("Host", upgrade.headers.get("host", self._config.endpoint))])
                self._signed_request = http.HttpRequest("GET", upgrade.path, host)
            finally:
                transform_args.set_done(done.exception())

        signed.add_done_callback(signed_or_not)

    async def _upgrade_status(self) -> int | None:
        """Ask for the status of a refused upgrade, which the runtime keeps to itself; None when it is not to be had.

        The service judges the signature of a plain GET of the same address in the same way.
        """
        if self._signed_request is None:
            return None
        host, port = self._config.endpoint, self._config.port
        tls = self._client.tls_ctx.new_connection_options()
        tls.set_server_name(host)
        try:
            async with asyncio.timeout(_STATUS_SECONDS):
                connection = await self._on_loop(
                    http.HttpClientConnection.new(host, port, _bootstrap(), tls_connection_options=tls)
                )
                with contextlib.closing(connection):
                    stream = connection.request(self._signed_request)
                    stream.activate()
                    return int(await self._on_loop(stream.completion_future))
        except TransportError, TimeoutError:
            return None

    def _on_loop[T](self, native: NativeFuture[T]) -> asyncio.Future[T]:
        """Return a future of the event loop that ends as the native one does; cancelling it leaves that one alone."""
        waiting: asyncio.Future[T] = self._loop.create_future()

        def complete() -> None:
            if waiting.done():
                return
            if (error := native.exception()) is not None:
                waiting.set_exception(_transport_error(error) if _is_of_the_connection(error) else error)
            else:
                waiting.set_result(native.result())

        native.add_done_callback(lambda _: self._loop_calls.call(complete))
        return waiting

    def _post[*Arguments](self, function: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """From any thread: call a function on the event loop, unless the connection has been closed by then."""

        def unless_closed() -> None:
            if not self._is_closed:
                function(*arguments)

        self._loop_calls.call(unless_closed)


@lru_cache(maxsize=4)
def _tls_context(certificates: str | None, has_alpn: bool) -> io.ClientTlsContext:  # noqa: FBT001 - a part of the key
    """Return what trusts these certificates, or the system's: about a megabyte, so clients share it."""
    options = io.TlsContextOptions()
    # The runtime's own default lets a service choose TLS 1.0.
    options.min_tls_ver = io.TlsVersion.TLSv1_2
    if has_alpn:
        options.alpn_list = ["http/1.1"]
    if certificates is not None:
        options.override_default_trust_store(certificates.encode())
    return io.ClientTlsContext(options)


def _bootstrap() -> io.ClientBootstrap:
    """Return what all connections of the process share: the runtime's threads."""
    return io.ClientBootstrap.get_or_create_static_default()


def _error_name(error: BaseException) -> str:
    """Return the runtime's name for an error, which it carries in one of several ways."""
    if isinstance(error, AwsCrtError):
        return str(error.name)
    if error.args and isinstance(error.args[0], mqtt.ConnectReturnCode):
        return f"CONNACK {error.args[0].name}"
    text = str(error)
    return text[text.find("AWS_") :].partition(")")[0] if "AWS_" in text else f"{type(error).__name__}: {text}"


def _is_of_the_connection(error: BaseException) -> bool:
    """Return whether an error is about the connection; any other shows a runtime that does not fit this module."""
    if isinstance(error, RuntimeError):
        return "AWS_" in str(error)
    is_connack = bool(error.args) and isinstance(error.args[0], mqtt.ConnectReturnCode)
    return is_connack or isinstance(error, AwsCrtError | mqtt.SubscribeError)


def _transport_error(error: BaseException) -> TransportError:
    name = _error_name(error)
    if isinstance(error, mqtt.SubscribeError):
        # Its text is the topic filter, which names the heater.
        made: TransportError = SubscriptionRefusedError(type(error).__name__)
    else:
        made = UpgradeRefusedError(name) if "UPGRADE_FAILURE" in name else TransportError(name)
    made.__cause__ = error
    return made


def _transport_error_of(native: NativeFuture[object]) -> TransportError | None:
    error = native.exception()
    return None if error is None else _transport_error(error)
