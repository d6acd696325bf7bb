"""The subscriptions of the connection: a table of topic filters, and their making on one connection after the other."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
import contextlib
import logging

from ..common.background import all_of, begun
from ..exceptions import MqttSubscribeError
from .base import SubscriptionRefusedError, SubscriptionUnansweredError, Transport, TransportError, declare_lost

_LOGGER = logging.getLogger(__name__)

MAX_SUBSCRIPTIONS = 50
_ATTEMPTS = 3


class ConnectionSubscriptions:
    """What is subscribed on the present connection, and will be on the next."""

    def __init__(self, operation_timeout: float, present_transport: Callable[[], Transport | None]) -> None:
        self._operation_timeout = operation_timeout
        self._present_transport = present_transport
        self._filters: dict[str, bool] = {}
        """The table: each filter, and whether it is needed or one can do without."""
        self.filters = self._filters.keys()
        """What is on the table, at any time."""
        self._subscribing: dict[str, asyncio.Event] = {}
        """The filters whose SUBACK is waited for on the present connection, each with the end of that."""
        self.refused: set[str] = set()
        """What was needed and refused when it was last tried, by the service or for lack of room."""
        self.denied: set[str] = set()
        """What of that the service itself has refused."""

    async def subscribe(self, topic_filter: str) -> None:
        """Add a filter to the table; when connected, wait for its SUBACK.

        A SUBACK that does not come shows that the connection is dead; the subscription is then made with the next one.
        Raises `MqttSubscribeError` when the table is full or the service refuses the filter.
        """
        while (under_way := self._subscribing.get(topic_filter)) is not None:
            await under_way.wait()
        if topic_filter not in self._filters:
            await self._make_room(topic_filter)
        is_made = topic_filter in self._filters
        self._filters[topic_filter] = True
        if is_made or (transport := self._present_transport()) is None:
            return
        with self._waiting_for_suback(topic_filter):
            try:
                await self._subscribe_on(transport, topic_filter)
            except SubscriptionRefusedError as error:
                self._refuse(topic_filter)
                raise MqttSubscribeError(f"the service refused the subscription: {error.name}") from error
            except TransportError as error:
                # The filter stays in the table, so the subscription is made with the next connection.
                declare_lost(transport, error.name)
            except BaseException:
                # Canceled, or broken in a way that nobody foresaw: whoever wants it next makes it.
                self._filters.pop(topic_filter, None)
                raise

    async def try_subscribe(self, topic_filter: str) -> bool:
        """Subscribe to what one can do without, on the present connection; returns whether that worked.

        If not, the filter is off the table again and no connection is closed for it; if so, it goes when there is no
        room left for one that is needed.
        """
        if topic_filter in self._filters:
            return True
        if (transport := self._present_transport()) is None or len(self._filters) >= MAX_SUBSCRIPTIONS:
            return False
        self._filters[topic_filter] = False
        with self._waiting_for_suback(topic_filter):
            try:
                await self._subscribe_on(transport, topic_filter, attempts=1)
            except BaseException as error:
                self._filters.pop(topic_filter, None)
                if isinstance(error, TransportError):
                    return False
                raise
        return True

    async def unsubscribe(self, topic_filter: str) -> None:
        """Take a filter off the table; a subscription that is being made is ended once it is."""
        if self._filters.pop(topic_filter, None) is None:
            return
        while (under_way := self._subscribing.get(topic_filter)) is not None:
            await under_way.wait()
        if topic_filter not in self._filters and (transport := self._present_transport()) is not None:
            with contextlib.suppress(TransportError, TimeoutError):
                async with asyncio.timeout(self._operation_timeout):
                    await transport.unsubscribe(topic_filter)

    async def make_on(self, transport: Transport) -> None:
        """Make every subscription of the table on a new connection; raises `TransportError`."""
        # A filter that comes to the table meanwhile belongs to this connection too.
        subscribed: set[str] = set()
        while missing := self._filters.keys() - subscribed:
            await all_of(
                "A subscription", *(self._subscribe_again(transport, topic_filter) for topic_filter in missing)
            )
            subscribed |= missing

    @contextlib.contextmanager
    def _waiting_for_suback(self, topic_filter: str) -> Iterator[None]:
        """Have whoever wants the same subscription meanwhile wait for the same SUBACK."""
        ended = self._subscribing[topic_filter] = asyncio.Event()
        try:
            yield
        finally:
            del self._subscribing[topic_filter]
            ended.set()

    async def _make_room(self, topic_filter: str) -> None:
        """Take what one can do without off a full table; raises `MqttSubscribeError` when nothing is left of that."""
        while len(self._filters) >= MAX_SUBSCRIPTIONS:
            dispensable = next((name for name, is_needed in self._filters.items() if not is_needed), None)
            if dispensable is None:
                self.refused.add(topic_filter)
                raise MqttSubscribeError(f"at most {MAX_SUBSCRIPTIONS} subscriptions are allowed on one connection")
            await self.unsubscribe(dispensable)

    def _refuse(self, topic_filter: str) -> None:
        self._filters.pop(topic_filter, None)
        self.refused.add(topic_filter)
        self.denied.add(topic_filter)

    async def _subscribe_again(self, transport: Transport, topic_filter: str) -> None:
        try:
            await self._subscribe_on(transport, topic_filter)
        except SubscriptionRefusedError as error:
            # One filter that the service does not want must not prevent all the others.
            self._refuse(topic_filter)
            # Whoever needs it makes it again, and reports if it is refused once more.
            _LOGGER.debug("A subscription was refused: %s", error.name)

    async def _subscribe_on(self, transport: Transport, topic_filter: str, *, attempts: int = _ATTEMPTS) -> None:
        """Subscribe with a time-out and a retry for each SUBACK that does not come; raises `TransportError`."""
        for _ in range(attempts):
            try:
                async with asyncio.timeout(self._operation_timeout):
                    await _unless_lost(transport, transport.subscribe(topic_filter))
            except TimeoutError:
                continue
            self.refused.discard(topic_filter)
            self.denied.discard(topic_filter)
            return
        raise SubscriptionUnansweredError


async def _unless_lost[T](transport: Transport, work: Coroutine[object, object, T]) -> T:
    """Return what `work` gives; raises `TransportError` as soon as the connection is lost."""
    # Begun at once, so that what is asked of the connection is written in the order in which it is asked.
    task = begun("A subscription", work)
    try:
        await asyncio.wait((task, transport.lost), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TransportError(transport.lost.result())
        return task.result()
    finally:
        task.cancel()
