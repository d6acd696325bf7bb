"""Requests whose caller waits for the reply: each finds its own by its `sessionID`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import logging

from ..exceptions import MqttConnectionError, ResponseFormatError
from ..transport.callbacks import Message

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Expected:
    """A reply that is waited for."""

    mac_address: str
    take: Callable[[Message], None]
    fail: Callable[[str], None]


class PendingReplies:
    """The replies that are waited for; no wait outlives the link."""

    def __init__(self) -> None:
        self._expected: dict[str, _Expected] = {}

    @contextmanager
    def expecting[T](
        self, session_id: str, mac_address: str, read: Callable[[Message], T]
    ) -> Iterator[asyncio.Future[T]]:
        """Give a future for what `read` makes of a heater's reply; it fails with `MqttConnectionError` on a lost link.

        A reply that `read` refuses with `ResponseFormatError` is not the one that is waited for: a heater can answer
        in two forms, and another message can bear the same session.
        """
        reply: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def take(message: Message) -> None:
            if reply.done():
                return
            try:
                reply.set_result(read(message))
            except ResponseFormatError as error:
                _LOGGER.debug("Not the reply that is waited for: %s", error)

        def fail(reason: str) -> None:
            if not reply.done():
                reply.set_exception(MqttConnectionError(reason))

        self._expected[session_id] = _Expected(mac_address, take, fail)
        try:
            yield reply
        finally:
            del self._expected[session_id]
            reply.cancel()

    def asked(self, session_id: object) -> str | None:
        """Return the MAC of the heater whose reply a session is waiting for."""
        expected = self._expected.get(session_id) if isinstance(session_id, str) else None
        return None if expected is None else expected.mac_address

    def answered(self, session_id: str, mac_address: str, message: Message) -> None:
        """A heater has replied; what another heater than the one asked says is no reply."""
        expected = self._expected.get(session_id)
        if expected is not None and expected.mac_address == mac_address:
            expected.take(message)

    def link_lost(self, reason: str) -> None:
        """The link is gone, and with it the answers."""
        for expected in self._expected.values():
            expected.fail(f"the link was lost: {reason}")

    def heater_removed(self, mac_address: str) -> None:
        """A heater is not listened to any more, so no answer of its will come."""
        for expected in self._expected.values():
            if expected.mac_address == mac_address:
                expected.fail("the heater was removed")
