"""The subscriptions by which heaters are heard (protocol.md 4.1)."""

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

    def covers(self, device: Device) -> bool:
        """Tell whether all that a heater says is subscribed, or will be with the next link."""
        return all(map(self._subscriptions.covers, self._filters(device)))

    def is_refused(self, device: Device) -> bool:
        """Tell whether the service does not let us hear something that a heater says."""
        return any(map(self._subscriptions.is_refused, self._filters(device)))

    def is_for_any(self, topic_filter: str, devices: Iterable[Device]) -> bool:
        """Tell whether a filter is one by which one of these heaters is heard."""
        return any(topic_filter in self._all_filters(device) for device in devices)

    async def subscribe(self, device: Device) -> None:
        """Subscribe to all that a heater says and wait for the SUBACKs; raises `MqttSubscribeError`."""
        # Begun at once, so that they are written before whatever the heater is asked next.
        await all_of("A subscription", *(self._subscriptions.subscribe(each) for each in self._filters(device)))

    async def try_presence(self, device: Device) -> None:
        """Listen to a heater's coming and going, if the service lets us: its silence tells as well, only later.

        Nobody is known to have subscribed to this topic, so it is tried, and only once.
        """
        topic = connection_topic(device)
        if topic not in self._presence_tried:
            self._presence_tried.add(topic)
            if not await self._subscriptions.try_subscribe(topic):
                _LOGGER.debug("A heater's coming and going is not listened to")

    async def unsubscribe(self, device: Device, is_needed: Callable[[str], bool]) -> None:
        """Listen to a heater no more; what is needed for another one, or by a caller, stays."""
        self._presence_tried.discard(connection_topic(device))
        unneeded = [topic_filter for topic_filter in self._all_filters(device) if not is_needed(topic_filter)]
        await all_of("Unsubscribing from a heater", *map(self._subscriptions.unsubscribe, unneeded))

    def _all_filters(self, device: Device) -> tuple[str, ...]:
        """Return every filter that there can be for a heater, made or not."""
        return (*self._filters(device), connection_topic(device), five_segment_filter(device, self._client_id))

    def _filters(self, device: Device) -> tuple[str, str]:
        return device_filter(device), client_filter(device, self._client_id)
