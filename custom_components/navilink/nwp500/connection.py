"""The one owner of the link: connects, notices its end, backs off and connects again, for as long as it takes.

States: idle -> connecting -> connected -> (waiting -> connecting)* -> closed. Connected means subscribed: every
subscription of the table has its SUBACK. Only a definite refusal of the credentials by the sign-in service ends it.
"""

import asyncio
from collections.abc import Awaitable
import contextlib
from enum import StrEnum
import logging
import random
from typing import Protocol

from .config import MqttConnectionConfig
from .exceptions import AuthenticationError, MqttConnectionError, NavienError
from .link import (
    AwsCredentials,
    Link,
    LinkFactory,
    MessageListener,
    UpgradeRefusedError,
    declare_lost,
)
from .link_subscriptions import LinkSubscriptions

_LOGGER = logging.getLogger(__name__)

_STABLE_SECONDS = 10.0
"""A link that held this long starts the pauses from the beginning."""
_MOST_SHORT_LINKS = 3
"""Links that break soon after they were made lengthen the pause this often, to 4 s: the service is there after all."""
_LEAST_DELAY = 1.0
_CONNECT_INTERVAL = 1.1
"""The service allows one connect a second for each client id."""
_RENEWAL_FLOOR_SECONDS = 60.0
"""Refused upgrades renew the credentials at most this often: a wrong clock must not hammer the sign-in service."""


class CredentialSource(Protocol):
    """All that the MQTT side asks of an auth client."""

    @property
    def current_tokens(self) -> AwsCredentials:
        """The credentials of now."""

    @property
    def user_seq(self) -> int:
        """The account's sequence number."""

    async def ensure_valid_token(self) -> object:
        """Renew what is about to expire."""

    async def renew_aws_credentials(self) -> object:
        """Renew the AWS credentials, whatever their age."""


class ConnectionState(StrEnum):
    """Where the connection is."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    CLOSED = "closed"


class ConnectionListener(Protocol):
    """Who is told of the link's coming and going."""

    def link_up(self, link: Link, *, is_awaited: bool) -> None:
        """A link is connected and subscribed; tells whether `connect()` itself has waited for it."""

    def link_lost(self, reason: str) -> None:
        """The link is gone."""

    def credentials_refused(self, error: AuthenticationError) -> None:
        """The sign-in service refused the credentials for good: the loop has ended."""

    def state_changed(self, state: ConnectionState) -> None:
        """The state is another one."""


class Connection:
    """Keeps one link alive and its subscriptions in place."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        credentials: CredentialSource,
        make_link: LinkFactory,
        on_message: MessageListener,
        listener: ConnectionListener,
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._make_link = make_link
        self._on_message = on_message
        self._listener = listener
        self.subscriptions = LinkSubscriptions(config.operation_timeout, lambda: self._link)
        """The subscriptions of every link."""
        self._state = ConnectionState.IDLE
        self._link: Link | None = None
        self._runner: asyncio.Task[None] | None = None
        self._renewed_at: float | None = None
        self._opened_at: float | None = None

    @property
    def state(self) -> ConnectionState:
        """Where the connection is."""
        return self._state

    @property
    def link(self) -> Link | None:
        """The link, when connected."""
        return self._link

    async def connect(self, *, wait: bool) -> None:
        """Start; with `wait`, return when the first attempt succeeded.

        Raises `AuthenticationError` when the credentials are refused, `MqttConnectionError` for any other failure.
        """
        if self._runner is not None:
            raise MqttConnectionError(f"in use already, or being ended: {self._state}")
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        runner = self._runner = asyncio.create_task(self._run(first if wait else None), name="nwp500 connection")
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
        """End the link and the loop; until that is done nobody can connect."""
        runner = self._runner
        # First of all: who waits for a SUBACK is told so, and not cancelled together with the loop.
        self.fail("closed")
        if runner is not None:
            runner.cancel()
            await asyncio.wait((runner,))
        link, self._link = self._link, None
        self._set_state(ConnectionState.CLOSED)
        if link is not None:
            await link.close()
        if self._runner is runner:
            self._runner = None

    def fail(self, reason: str) -> None:
        """Have the link replaced: something showed that it is dead or deaf."""
        if self._link is not None:
            declare_lost(self._link, reason)

    async def _run(self, first: asyncio.Future[None] | None) -> None:
        if first is None or await self._establish_first(first):
            await self._keep_up()
        self._runner = None

    async def _establish_first(self, first: asyncio.Future[None]) -> bool:
        """Make the attempt that somebody waits for; tell them how it went."""
        try:
            await self._establish(is_awaited=True)
        except NavienError as error:
            self._set_state(ConnectionState.IDLE)
            if isinstance(error, AuthenticationError | MqttConnectionError):
                first.set_exception(error)
            else:
                failure = MqttConnectionError(f"cannot connect: {error}")
                failure.__cause__ = error
                first.set_exception(failure)
            return False
        first.set_result(None)
        return True

    async def _keep_up(self) -> None:
        failures = 0
        while True:
            if self._link is not None:
                held = await self._hold(self._link)
                failures = 0 if held >= _STABLE_SECONDS else min(failures + 1, _MOST_SHORT_LINKS)
                if not self._config.auto_reconnect:
                    return
            try:
                if failures or self._state is ConnectionState.WAITING:
                    await self._back_off(failures)
                await self._establish(is_awaited=False)
            except AuthenticationError as error:
                self._set_state(ConnectionState.CLOSED)
                self._listener.credentials_refused(error)
                return
            except NavienError as error:
                failures += 1
                _LOGGER.debug("Connection attempt failed, %d in a row: %s", failures, error)

    async def _hold(self, link: Link) -> float:
        """Wait for the link's end, clear it away, and return how many seconds it held."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        reason = await link.lost
        self._link = None
        self._set_state(ConnectionState.WAITING if self._config.auto_reconnect else ConnectionState.CLOSED)
        self._listener.link_lost(reason)
        await link.close()
        return loop.time() - since

    async def _back_off(self, failures: int) -> None:
        self._set_state(ConnectionState.WAITING)
        doubled = self._config.initial_reconnect_delay * 2.0 ** min(max(0, failures - 1), 30)
        longest = max(_LEAST_DELAY, min(doubled, self._config.max_reconnect_delay))
        # Spread, so that a thousand homes do not return in the same second after an outage.
        await asyncio.sleep(random.uniform(max(_LEAST_DELAY, longest / 2), longest))  # noqa: S311 - spread, not secrecy

    async def _establish(self, *, is_awaited: bool) -> None:
        """Make a link, opened and subscribed, with credentials that are valid now."""
        self._set_state(ConnectionState.CONNECTING)
        await self._renewed(self._credentials.ensure_valid_token())
        try:
            link = await self._open_link()
        except UpgradeRefusedError:
            if not self._renewal_is_due():
                raise
            _LOGGER.debug("The service refused the upgrade: renewing the credentials")
            await self._renewed(self._credentials.renew_aws_credentials())
            link = await self._open_link()
        self._link = link
        self._state = ConnectionState.CONNECTED
        # The queue comes first: who hears of the state may have something to send.
        self._listener.link_up(link, is_awaited=is_awaited)
        self._listener.state_changed(self._state)

    async def _renewed(self, renewal: Awaitable[object]) -> None:
        """Await a renewal; whatever but a definite refusal goes wrong is trouble of the moment."""
        try:
            await renewal
        except NavienError:
            raise
        except Exception as error:
            # The source of the credentials may be the caller's own, with errors that are not known here.
            raise MqttConnectionError(f"the credentials could not be renewed: {error!r}") from error

    async def _open_link(self) -> Link:
        await self._keep_connect_interval()
        link = await self._make_link(self._credentials.current_tokens, self._on_message)
        async with contextlib.AsyncExitStack() as unless_subscribed:
            unless_subscribed.push_async_callback(link.close)
            await link.open()
            self._opened_at = asyncio.get_running_loop().time()
            await self.subscriptions.make_on(link)
            unless_subscribed.pop_all()
        return link

    async def _keep_connect_interval(self) -> None:
        if self._opened_at is not None:
            await asyncio.sleep(self._opened_at + _CONNECT_INTERVAL - asyncio.get_running_loop().time())

    def _renewal_is_due(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._renewed_at is not None and now - self._renewed_at < _RENEWAL_FLOOR_SECONDS:
            return False
        self._renewed_at = now
        return True

    def _set_state(self, state: ConnectionState) -> None:
        if state is not self._state:
            self._state = state
            self._listener.state_changed(state)
