"""The subscriptions for the messages of heaters (protocol.md 4.1)."""

from collections.abc import Callable, Iterable
import logging

from ..common.background import all_of
from ..models import Device
from ..protocol.topics import client_filter, connection_topic, device_filter, five_segment_filter
from ..transport.subscriptions import ConnectionSubscriptions

_LOGGER = logging.getLogger(__name__)


class HeaterSubscriptions:
    """Makes the subscriptions of each heater, and knows which of the table are theirs."""

    def __init__(self, subscriptions: ConnectionSubscriptions, client_id: str) -> None:
        self._subscriptions = subscriptions
        self._client_id = client_id
        self._presence_tried: set[str] = set()

    def is_for_any(self, topic_filter: str, devices: Iterable[Device]) -> bool:
        """Return whether messages of one of these heaters come by a filter."""
        return any(topic_filter in self._all_filters(device) for device in devices)

    async def subscribe(self, device: Device) -> None:
        """Subscribe to all messages of a heater and wait for the SUBACKs; raises `MqttSubscribeError`."""
        # Begun at once, so that they are written before whatever the heater is asked next.
        filters = device_filter(device), client_filter(device, self._client_id)
        await all_of("A subscription", *map(self._subscriptions.subscribe, filters))

    async def try_presence(self, device: Device) -> None:
        """Subscribe to a heater's presence, if the service allows it; unanswered requests show its absence too, later.

        Nobody is known to have subscribed to this topic, so it is tried, and only once.
        """
        topic = connection_topic(device)
        if topic not in self._presence_tried:
            self._presence_tried.add(topic)
            if not await self._subscriptions.try_subscribe(topic):
                _LOGGER.debug("Presence topic not available; relying on timeouts")

    async def unsubscribe(self, device: Device, is_needed: Callable[[str], bool]) -> None:
        """Unsubscribe from a heater; what is needed for another one, or by a caller, stays."""
        self._presence_tried.discard(connection_topic(device))
        unneeded = [topic_filter for topic_filter in self._all_filters(device) if not is_needed(topic_filter)]
        await all_of("Unsubscribing from a heater", *map(self._subscriptions.unsubscribe, unneeded))

    def _all_filters(self, device: Device) -> tuple[str, ...]:
        """Return every filter that there can be for a heater, made or not."""
        return (
            device_filter(device),
            client_filter(device, self._client_id),
            connection_topic(device),
            five_segment_filter(device, self._client_id),
        )
