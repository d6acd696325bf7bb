"""Requests whose caller waits for the reply: each finds its own by its `sessionID`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from .exceptions import MqttConnectionError
from .subscriptions import Message


class PendingReplies:
    """The replies that are waited for; no wait outlives the link."""

    def __init__(self) -> None:
        self._expected: dict[str, asyncio.Future[Message]] = {}

    @contextmanager
    def expecting(self, session_id: str) -> Iterator[asyncio.Future[Message]]:
        """Give a future for a reply; it fails with `MqttConnectionError` when the link ends before."""
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._expected[session_id] = reply
        try:
            yield reply
        finally:
            del self._expected[session_id]
            reply.cancel()

    def answered(self, session_id: str, message: Message) -> None:
        """A reply has come."""
        reply = self._expected.get(session_id)
        if reply is not None and not reply.done():
            reply.set_result(message)

    def link_lost(self, reason: str) -> None:
        """The link is gone, and with it the answers."""
        for reply in self._expected.values():
            if not reply.done():
                reply.set_exception(MqttConnectionError(f"the link was lost: {reason}"))
