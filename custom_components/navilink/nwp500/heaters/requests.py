"""Requests that go around the queue, made now or not at all and never worth keeping, and those that are repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import logging
from typing import Any

from ..common.background import UnexpectedErrors, begun
from ..exceptions import (
    InvalidParameterError,
    MqttConnectionError,
    NotConnectedError,
    RequestTimeoutError,
    ResponseFormatError,
)
from ..json_types import JsonMessage, JsonValue
from ..models import Device
from ..protocol.queries import SESSION_END, Query, Request
from ..protocol.topics import ReplyForm, five_segment_filter
from ..queue.command import QueuedCommand, query_request
from ..transport.base import TransportError
from ..transport.connection import Connection
from .watchdog import ResponseWatchdog

_LOGGER = logging.getLogger(__name__)

_SESSION_END_SECONDS = 2.0
_LONGEST_PERIOD = 7 * 86400


@dataclass(frozen=True, slots=True, eq=False)
class _Expected[T]:
    """A reply that is waited for, and what `read` makes of it."""

    mac_address: str
    read: Callable[[JsonMessage], T]
    reply: asyncio.Future[T]


class PendingReplies:
    """The replies that are waited for; no wait outlives the connection."""

    def __init__(self) -> None:
        self._expected: dict[str, _Expected[Any]] = {}  # Any: each has a type of its own

    @contextmanager
    def expecting[T](
        self, session_id: str, mac_address: str, read: Callable[[JsonMessage], T]
    ) -> Iterator[asyncio.Future[T]]:
        """Give a future for what `read` makes of a reply; it fails with `MqttConnectionError` when disconnected.

        A reply that `read` refuses with `ResponseFormatError` is not the one that is waited for: a heater can answer
        in two forms, and another message can have the same session.
        """
        reply: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._expected[session_id] = _Expected(mac_address, read, reply)
        try:
            yield reply
        finally:
            del self._expected[session_id]
            reply.cancel()

    def asked(self, session_id: object) -> str | None:
        """Return the MAC of the heater whose reply a session is waiting for."""
        expected = self._expected.get(session_id) if isinstance(session_id, str) else None
        return None if expected is None else expected.mac_address

    def answered(self, session_id: str, mac_address: str, message: JsonMessage) -> None:
        """A heater has replied; a message of another heater than the one asked is no reply."""
        expected = self._expected.get(session_id)
        if expected is None or expected.mac_address != mac_address or expected.reply.done():
            return
        try:
            expected.reply.set_result(expected.read(message))
        except ResponseFormatError as error:
            _LOGGER.debug("Not the reply that is waited for: %s", error)

    def fail(self, reason: str, mac_address: str | None = None) -> None:
        """No answer comes any more, from one heater or from all of them."""
        for expected in self._expected.values():
            if mac_address in (None, expected.mac_address) and not expected.reply.done():
                expected.reply.set_exception(MqttConnectionError(reason))


class HeaterRequests:
    """Writes queries straight to the transport."""

    def __init__(
        self,
        connection: Connection,
        client_id: str,
        answers: ResponseWatchdog,
        replies: PendingReplies,
        on_written: Callable[[QueuedCommand], None],
    ) -> None:
        self._connection = connection
        self._client_id = client_id
        self._answers = answers
        self._replies = replies
        self._on_written = on_written

    def ask(self, query: Query, device: Device) -> bool:
        """Ask a heater; returns whether there was a connection to ask over."""
        request = query_request(query, device, self._client_id)
        try:
            self._write(request, self._acknowledged)
        except TransportError as error:
            self._connection.fail(error.name)
            return False
        except NotConnectedError:
            return False
        return True

    async def request[T](
        self,
        request: Request,
        device: Device,
        content: Mapping[str, JsonValue],
        read: Callable[[JsonMessage], T],
        seconds: float,
    ) -> T:
        """Ask a heater and return what `read` makes of its reply; raises as the methods of `HeaterQueries` do."""
        if request.reply is ReplyForm.FIVE_SEGMENT:
            # Once for each heater's home: from then on every connection makes this subscription.
            await self._connection.subscriptions.subscribe(five_segment_filter(device, self._client_id))
        message = query_request(request, device, self._client_id, content)
        with self._replies.expecting(message.id, device.mac_address, read) as reply:
            try:
                self._write(message, self._acknowledged)
            except TransportError as error:
                self._connection.fail(error.name)
                raise MqttConnectionError(f"the request could not be written: {error.name}") from error
            try:
                async with asyncio.timeout(seconds):
                    return await reply
            except TimeoutError:
                raise RequestTimeoutError(f"the heater did not answer within {seconds:g} s") from None

    async def announce_disconnect(self, devices: Iterable[Device]) -> None:
        """Announce to each heater that this session ends (protocol.md 5.3)."""
        loop = asyncio.get_running_loop()
        announced: list[asyncio.Future[None]] = []
        for device in devices:
            acknowledged: asyncio.Future[None] = loop.create_future()
            try:
                self._write(query_request(SESSION_END, device, self._client_id), _completing(acknowledged))
            except TransportError, NotConnectedError:
                return
            announced.append(acknowledged)
        if announced:
            await asyncio.wait(announced, timeout=_SESSION_END_SECONDS)

    def _write(self, request: QueuedCommand, on_done: Callable[[TransportError | None], None]) -> None:
        transport = self._connection.transport
        if transport is None or transport.lost.done():
            raise NotConnectedError("not connected")
        transport.publish(request.topic, request.body, request.qos, on_done)
        self._answers.written(request)
        self._on_written(request)

    def _acknowledged(self, error: TransportError | None) -> None:
        if error is not None:
            self._connection.fail(error.name)


def _completing(future: asyncio.Future[None]) -> Callable[[TransportError | None], None]:
    def complete(_: TransportError | None) -> None:
        if not future.done():
            future.set_result(None)

    return complete


class PeriodicRequests:
    """One repeating request for each key; starting one anew replaces the old one."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, key: str, request: Callable[[], Awaitable[object]], period_seconds: float) -> None:
        """Make the request now and every `period_seconds`; raises `InvalidParameterError` for a wild one."""
        is_number = isinstance(period_seconds, int | float) and not isinstance(period_seconds, bool)
        if not is_number or not 0 < period_seconds <= _LONGEST_PERIOD:
            raise InvalidParameterError("period_seconds", period_seconds, "a number over 0, at most a week")
        self._cancel(key)
        self._tasks[key] = begun("A periodic request", _repeat(request, period_seconds), at_once=False)

    async def stop(self, key: str) -> None:
        """End a repeating request; nothing happens if there is none."""
        if (task := self._cancel(key)) is not None:
            await asyncio.wait((task,))

    async def close(self) -> None:
        """End them all."""
        for key in tuple(self._tasks):
            await self.stop(key)

    def _cancel(self, key: str) -> asyncio.Task[None] | None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()
        return task


async def _repeat(request: Callable[[], Awaitable[object]], period_seconds: float) -> None:
    errors = UnexpectedErrors()
    while True:
        try:
            await request()
        except NotConnectedError:
            # Without a queue nothing waits for the connection; the next request may find one.
            pass
        except Exception as error:  # noqa: BLE001 - the request is the caller's, and one failure is not the end of all
            errors.log("A periodic request", error)
        await asyncio.sleep(period_seconds)
