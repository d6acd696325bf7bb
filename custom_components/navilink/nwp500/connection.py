"""The one owner of the link: connects, notices its end, backs off and connects again, for as long as it takes.

States: idle -> connecting -> connected -> (waiting -> connecting)* -> closed. Connected means subscribed: every
subscription of the table has its SUBACK. Only a definite refusal of the credentials by the sign-in service ends it.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
import contextlib
from enum import StrEnum
import logging
import random
from typing import Protocol

from .config import MqttConnectionConfig
from .exceptions import AuthenticationError, MqttConnectionError, MqttSubscribeError, NavienError
from .link import (
    AwsCredentials,
    Link,
    LinkError,
    LinkFactory,
    MessageListener,
    SubscriptionRefusedError,
    UpgradeRefusedError,
)

_LOGGER = logging.getLogger(__name__)

MAX_SUBSCRIPTIONS = 50
_SUBSCRIBE_ATTEMPTS = 3
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

    def link_up(self, link: Link) -> None:
        """A link is connected and subscribed."""

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
        self._filters: dict[str, None] = {}
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
            raise MqttConnectionError(f"already {self._state}")
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._runner = asyncio.create_task(self._run(first if wait else None), name="nwp500 connection")
        if not wait:
            return
        try:
            await first
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """End the link and the loop."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait((runner,))
        link, self._link = self._link, None
        self._set_state(ConnectionState.CLOSED)
        if link is not None:
            await link.close()

    def fail(self, reason: str) -> None:
        """Have the link replaced: something showed that it is dead or deaf."""
        if self._link is not None:
            _end(self._link, reason)

    async def subscribe(self, topic_filter: str) -> None:
        """Add a filter to the table; when connected, wait for its SUBACK.

        A SUBACK that does not come shows that the link is dead; the subscription is then made with the next one.
        Raises `MqttSubscribeError` when the table is full or the service refuses the filter.
        """
        if topic_filter in self._filters:
            return
        if len(self._filters) >= MAX_SUBSCRIPTIONS:
            raise MqttSubscribeError(f"at most {MAX_SUBSCRIPTIONS} subscriptions are allowed on one connection")
        self._filters[topic_filter] = None
        if (link := self._link) is None:
            return
        try:
            await self._subscribe_on(link, topic_filter)
        except SubscriptionRefusedError as error:
            self._filters.pop(topic_filter, None)
            raise MqttSubscribeError(f"the service refused the subscription: {error.name}") from error
        except LinkError as error:
            # The filter stays in the table, so the subscription is made with the next link.
            _end(link, error.name)

    async def try_subscribe(self, topic_filter: str) -> bool:
        """Subscribe on the present link, and put the filter on the table only if that works; tells whether it did.

        For what one can do without: no link is given up for it, now or later.
        """
        if (link := self._link) is None or len(self._filters) >= MAX_SUBSCRIPTIONS:
            return False
        try:
            async with asyncio.timeout(self._config.operation_timeout):
                await _unless_lost(link, link.subscribe(topic_filter))
        except LinkError, TimeoutError:
            return False
        self._filters[topic_filter] = None
        return True

    async def unsubscribe(self, topic_filter: str) -> None:
        """Take a filter off the table."""
        if self._filters.pop(topic_filter, "absent") is None and self._link is not None:
            with contextlib.suppress(LinkError, TimeoutError):
                async with asyncio.timeout(self._config.operation_timeout):
                    await self._link.unsubscribe(topic_filter)

    async def _run(self, first: asyncio.Future[None] | None) -> None:
        try:
            if first is None or await self._establish_first(first):
                await self._keep_up()
        finally:
            self._runner = None
            if first is not None and not first.done():
                first.set_exception(MqttConnectionError("closed while connecting"))

    async def _establish_first(self, first: asyncio.Future[None]) -> bool:
        """Make the attempt that somebody waits for; tell them how it went."""
        try:
            await self._establish()
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
                await self._establish()
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

    async def _establish(self) -> None:
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
        self._listener.link_up(link)
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
            # A filter that comes to the table meanwhile belongs to this link too.
            subscribed: set[str] = set()
            while missing := self._filters.keys() - subscribed:
                await asyncio.gather(*(self._subscribe_again(link, topic_filter) for topic_filter in missing))
                subscribed |= missing
            unless_subscribed.pop_all()
        return link

    async def _keep_connect_interval(self) -> None:
        if self._opened_at is not None:
            await asyncio.sleep(self._opened_at + _CONNECT_INTERVAL - asyncio.get_running_loop().time())

    async def _subscribe_again(self, link: Link, topic_filter: str) -> None:
        try:
            await self._subscribe_on(link, topic_filter)
        except SubscriptionRefusedError as error:
            # One filter that the service does not want must not keep all the others from being heard.
            self._filters.pop(topic_filter, None)
            _LOGGER.warning("A subscription was refused and is given up: %s", error.name)

    async def _subscribe_on(self, link: Link, topic_filter: str) -> None:
        """Subscribe with a time-out and a retry for each SUBACK that does not come; raises `LinkError`."""
        for _ in range(_SUBSCRIBE_ATTEMPTS):
            try:
                async with asyncio.timeout(self._config.operation_timeout):
                    await _unless_lost(link, link.subscribe(topic_filter))
            except TimeoutError:
                continue
            return
        raise LinkError("no SUBACK")

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


def _end(link: Link, reason: str) -> None:
    if not link.lost.done():
        link.lost.set_result(reason)


async def _unless_lost[T](link: Link, work: Coroutine[object, object, T]) -> T:
    """Return what `work` gives; raises `LinkError` as soon as the link is lost."""
    # Started at once, so that what is asked of the link is written in the order in which it is asked.
    task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
    try:
        await asyncio.wait((task, link.lost), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise LinkError(link.lost.result())
        return task.result()
    finally:
        task.cancel()
