"""The one owner of the connection: makes it, notices its end, backs off and makes it again, indefinitely.

States: idle -> connecting -> connected -> (waiting -> connecting)* -> closed. Connected means subscribed: every
subscription of the table has its SUBACK. Only a definite refusal of the credentials by the sign-in service ends it;
an error that nobody foresaw is logged, backed off from, and the next attempt made.
"""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
import logging
from typing import Protocol

from ..common.background import UnexpectedErrors, begun, watched
from ..config import MqttConnectionConfig
from ..exceptions import AuthenticationError, MqttConnectionError
from .backoff import FINDS_NOBODY, HURRY_SECONDS, Pause
from .base import MessageListener, SigningCredentials, Transport, TransportFactory, UpgradeRefusedError, declare_lost
from .failures import failure_of, failure_of_loss
from .report import ConnectionFailure, ConnectionProblem, ConnectionReport, ConnectionState
from .subscriptions import ConnectionSubscriptions

_LOGGER = logging.getLogger(__name__)

_STABLE_SECONDS = 10.0
"""A connection that held this long starts the pauses from the beginning."""
_MAX_SHORT_CONNECTIONS = 3
"""Connections that break soon lengthen the pause this often, to 4 s: the service is there after all."""
_CONNECT_INTERVAL = 1.1
"""The service allows one connect a second for each client id."""
_RENEWAL_FLOOR_SECONDS = 60.0
"""Refused upgrades renew the credentials at most this often: a wrong clock must not hammer the sign-in service."""
_STATUSES_OF_OLD_CREDENTIALS = (None, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_CANCEL_SECONDS = 1.0
"""The source of the credentials may be the caller's own, and let a cancellation pass."""


class CredentialSource(Protocol):
    """All that the MQTT side asks of an auth client."""

    @property
    def current_tokens(self) -> SigningCredentials:
        """The credentials of now."""

    @property
    def user_seq(self) -> int:
        """The account's sequence number."""

    async def ensure_valid_token(self) -> object:
        """Renew what is about to expire."""

    async def renew_aws_credentials(self) -> object:
        """Renew the AWS credentials, whatever their age."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConnectionListener:
    """What is called when a connection comes and goes."""

    on_connected: Callable[[Transport, bool], None]
    """Connected and subscribed; with whether `connect()` itself has waited for it."""
    on_disconnected: Callable[[str], None]
    on_refused: Callable[[AuthenticationError], None]
    """The sign-in service refused the credentials definitely: the loop has ended."""
    on_changed: Callable[[ConnectionReport], None]
    """The state is another one, or what is known about it."""


class Connection:
    """Keeps one connection alive and its subscriptions in place."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        credentials: CredentialSource,
        make_transport: TransportFactory,
        on_message: MessageListener,
        listener: ConnectionListener,
        *,
        is_urgent: Callable[[], bool],
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._make_transport = make_transport
        self._on_message = on_message
        self._listener = listener
        self._is_urgent = is_urgent
        self._looks_again = asyncio.Event()
        self.subscriptions = ConnectionSubscriptions(config.operation_timeout, lambda: self.transport)
        self.report = ConnectionReport()
        self._errors = UnexpectedErrors()
        self.transport: Transport | None = None
        """What is connected and subscribed, if anything is."""
        self._runner: asyncio.Task[None] | None = None
        self._renewed_at: float | None = None
        self._opened_at: float | None = None
        self._lost_at = 0.0
        """Since when there is no connection, on the loop's clock."""

    async def connect(self, *, wait: bool) -> None:
        """Start; with `wait`, return when the first attempt succeeded.

        Raises `AuthenticationError` when the credentials are refused, `MqttConnectionError` for any other failure.
        """
        if self._runner is not None:
            raise MqttConnectionError(f"in use already, or being ended: {self.report.state}")
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        running = self._run(first if wait else None)
        runner = self._runner = watched(begun("The connection to NaviLink", running, at_once=False))
        if not wait:
            return
        try:
            await asyncio.wait((first, runner), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.close()
            raise
        if not first.done():
            raise MqttConnectionError("closed while connecting")
        first.result()

    async def close(self) -> None:
        """End the connection and the loop; until that is done nobody can connect."""
        runner = self._runner
        # First of all: who waits for a SUBACK gets an error, and is not canceled together with the loop.
        self.fail("closed")
        while runner is not None and not runner.done():
            runner.cancel()
            await asyncio.wait((runner,), timeout=_CANCEL_SECONDS)
        # The state changes before the transport is closed: nobody may take it for usable meanwhile.
        transport, self.transport = self.transport, None
        self._change(self.report.ended(ConnectionState.CLOSED))
        if transport is not None:
            await transport.close()
        if self._runner is runner:
            self._runner = None

    def hurry(self) -> None:
        """Look again at whether anything waits to be sent, and if so, wait no longer than that allows.

        Each pause ends at its urgent length at the earliest, however often this is called.
        """
        self._looks_again.set()

    def fail(self, reason: str) -> None:
        """Have the connection replaced: something showed that it is dead or delivers nothing."""
        if self.transport is not None:
            declare_lost(self.transport, reason)

    async def _run(self, first: asyncio.Future[None] | None) -> None:
        if first is None or await self._establish_first(first):
            await self._keep_up()
        self._runner = None

    async def _establish_first(self, first: asyncio.Future[None]) -> bool:
        """Make the attempt that somebody waits for, and complete their wait."""
        try:
            await self._establish(is_awaited=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits gets it
            self._attempt_failed(error)
            self._change(self.report.ended(ConnectionState.IDLE))
            first.set_exception(_as_connection_error(error))
            return False
        first.set_result(None)
        return True

    async def _keep_up(self) -> None:
        failures = 0
        self._lost_at = asyncio.get_running_loop().time()
        while True:
            try:
                if self.transport is not None:
                    held = await self._hold(self.transport)
                    failures = (
                        0 if held >= _STABLE_SECONDS else max(failures, min(failures + 1, _MAX_SHORT_CONNECTIONS))
                    )
                    if not self._config.auto_reconnect:
                        return
                if failures or self.report.state is ConnectionState.WAITING:
                    await self._back_off(failures)
                await self._establish(is_awaited=False)
            except AuthenticationError as error:
                self._attempt_failed(error)
                self._change(self.report.ended(ConnectionState.CLOSED))
                self._listener.on_refused(error)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not be the end of the connection
                failure = self._attempt_failed(error)
                hurries = failure.problem in FINDS_NOBODY and self._may_hurry()
                failures = max(1, failures) if hurries else failures + 1

    def _may_hurry(self) -> bool:
        """Return whether the loss is recent and no broker has answered since."""
        is_recent = asyncio.get_running_loop().time() - self._lost_at < HURRY_SECONDS
        return is_recent and (self._opened_at is None or self._opened_at < self._lost_at)

    def _attempt_failed(self, error: Exception) -> ConnectionFailure:
        """Note why, and return it; what nobody foresaw is logged as an error."""
        failure = failure_of(error)
        self.report = self.report.attempt_failed(datetime.now(UTC), failure)
        if failure.problem is ConnectionProblem.UNEXPECTED_ERROR:
            self._errors.log("The connection to NaviLink", error)
        else:
            _LOGGER.debug("Connection attempt failed, %d in a row: %s", self.report.failed_attempts, error)
        return failure

    async def _hold(self, transport: Transport) -> float:
        """Wait for the end of the connection, close it, and return how many seconds it held."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        reason = await transport.lost
        self.transport = None
        self._lost_at = loop.time()
        lost = self.report.lost(datetime.now(UTC), failure_of_loss(reason))
        try:
            self._change(lost.waiting(None) if self._config.auto_reconnect else lost.ended(ConnectionState.CLOSED))
            self._listener.on_disconnected(reason)
        finally:
            await transport.close()
        return self._lost_at - since

    async def _back_off(self, failures: int) -> None:
        pause = Pause.drawn(self._config, failures=failures, failed_attempts=self.report.failed_attempts)
        loop = asyncio.get_running_loop()
        soonest = loop.time() + pause.urgent
        if not self._is_urgent():
            self._will_try_in(pause.unhurried)
            try:
                async with asyncio.timeout(pause.unhurried):
                    await self._urgency()
            except TimeoutError:
                return
        left = max(0.0, soonest - loop.time())
        self._will_try_in(left)
        await asyncio.sleep(left)

    def _will_try_in(self, seconds: float) -> None:
        self._change(self.report.waiting(datetime.now(UTC) + timedelta(seconds=seconds)))

    async def _urgency(self) -> None:
        """Wait until something waits to be sent."""
        while not self._is_urgent():
            self._looks_again.clear()
            await self._looks_again.wait()

    async def _establish(self, *, is_awaited: bool) -> None:
        """Make a connection, opened and subscribed, with credentials that are valid now."""
        self._change(self.report.connecting(datetime.now(UTC)))
        await self._credentials.ensure_valid_token()
        try:
            transport = await self._open_transport()
        except UpgradeRefusedError as refusal:
            if refusal.status not in _STATUSES_OF_OLD_CREDENTIALS or not self._renewal_is_due():
                raise
            _LOGGER.debug("The service refused the upgrade: renewing the credentials")
            await self._credentials.renew_aws_credentials()
            transport = await self._open_transport()
        self.transport = transport
        self.report = self.report.connected(datetime.now(UTC))
        # The queue comes first: a listener of the state may have something to send.
        self._listener.on_connected(transport, is_awaited)
        self._listener.on_changed(self.report)

    async def _open_transport(self) -> Transport:
        await self._keep_connect_interval()
        transport = await self._make_transport(self._credentials.current_tokens, self._on_message)
        async with contextlib.AsyncExitStack() as unless_subscribed:
            unless_subscribed.push_async_callback(transport.close)
            await transport.open()
            self._opened_at = asyncio.get_running_loop().time()
            await self.subscriptions.make_on(transport)
            unless_subscribed.pop_all()
        return transport

    async def _keep_connect_interval(self) -> None:
        if self._opened_at is not None:
            await asyncio.sleep(self._opened_at + _CONNECT_INTERVAL - asyncio.get_running_loop().time())

    def _renewal_is_due(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._renewed_at is not None and now - self._renewed_at < _RENEWAL_FLOOR_SECONDS:
            return False
        self._renewed_at = now
        return True

    def _change(self, report: ConnectionReport) -> None:
        if report != self.report:
            self.report = report
            self._listener.on_changed(report)


def _as_connection_error(error: Exception) -> AuthenticationError | MqttConnectionError:
    """Return what `connect()` raises for an error."""
    if isinstance(error, AuthenticationError | MqttConnectionError):
        return error
    failure = MqttConnectionError(f"cannot connect: {error}")
    failure.__cause__ = error
    return failure
