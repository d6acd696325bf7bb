"""Questions that go around the queue: asked now or not at all, and never worth keeping."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from ..exceptions import MqttConnectionError, NotConnectedError, RequestTimeoutError
from ..models import Device
from ..protocol.queries import DEVICE_INFO, SESSION_END, STATUS, Query, Request
from ..protocol.topics import ReplyForm, five_segment_filter
from ..queue.queue import JsonValue, QueuedCommand
from ..queue.requests import query_request
from ..transport.base import LinkError
from ..transport.callbacks import Message
from ..transport.connection import Connection
from .pending_replies import PendingReplies
from .watchdog import AnswerWatch

_FAREWELL_SECONDS = 2.0


class Probes:
    """Writes queries straight to the link."""

    def __init__(
        self,
        connection: Connection,
        client_id: str,
        answers: AnswerWatch,
        replies: PendingReplies,
        on_written: Callable[[QueuedCommand], None],
    ) -> None:
        self._connection = connection
        self._client_id = client_id
        self._answers = answers
        self._replies = replies
        self._on_written = on_written

    def ask(self, query: Query, device: Device) -> bool:
        """Ask a heater; tells whether there was a link to ask over."""
        request = query_request(query, device, self._client_id)
        try:
            self._write(request, self._acknowledged)
        except LinkError as error:
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
        read: Callable[[Message], T],
        seconds: float,
    ) -> T:
        """Ask a heater and return what `read` makes of its reply, the first that it does not refuse.

        Raises `NotConnectedError`, `MqttConnectionError` when the link is lost meanwhile, `RequestTimeoutError`, and
        `MqttSubscribeError` when the topic of the reply cannot be heard.
        """
        if request.reply is ReplyForm.FIVE_SEGMENT:
            # Once for each heater's home: from then on the connection makes this subscription on every link.
            await self._connection.subscriptions.subscribe(five_segment_filter(device, self._client_id))
        message = query_request(request, device, self._client_id, content)
        with self._replies.expecting(message.id, device.mac_address, read) as reply:
            try:
                self._write(message, self._acknowledged)
            except LinkError as error:
                self._connection.fail(error.name)
                raise MqttConnectionError(f"the request could not be written: {error.name}") from error
            try:
                async with asyncio.timeout(seconds):
                    return await reply
            except TimeoutError:
                raise RequestTimeoutError(f"the heater did not answer within {seconds:g} s") from None

    async def say_farewell(self, devices: Iterable[Device]) -> None:
        """Tell each heater that this session ends (protocol.md 5.3)."""
        loop = asyncio.get_running_loop()
        said: list[asyncio.Future[None]] = []
        for device in devices:
            acknowledged: asyncio.Future[None] = loop.create_future()
            try:
                self._write(query_request(SESSION_END, device, self._client_id), _completing(acknowledged))
            except LinkError, NotConnectedError:
                return
            said.append(acknowledged)
        if said:
            await asyncio.wait(said, timeout=_FAREWELL_SECONDS)

    def written(self, command: QueuedCommand) -> None:
        """A message was written, around the queue or out of it; some of them a reachable heater always answers."""
        if command.mac_address is not None and command.kind in (STATUS.name, DEVICE_INFO.name):
            self._answers.asked(command.mac_address)

    def _write(self, request: QueuedCommand, on_done: Callable[[LinkError | None], None]) -> None:
        link = self._connection.link
        if link is None or link.lost.done():
            raise NotConnectedError("not connected")
        link.publish(request.topic, request.body, request.qos, on_done)
        self.written(request)
        self._on_written(request)

    def _acknowledged(self, error: LinkError | None) -> None:
        if error is not None:
            self._connection.fail(error.name)


def _completing(future: asyncio.Future[None]) -> Callable[[LinkError | None], None]:
    def complete(_: LinkError | None) -> None:
        if not future.done():
            future.set_result(None)

    return complete
