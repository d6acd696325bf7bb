"""What is listened to for each heater (protocol.md 4.1): its topics, the replies to this client, and its presence."""

import logging

from .connection import Connection
from .exceptions import NavienError
from .models import Device
from .topics import client_filter, connection_topic, device_filter

_LOGGER = logging.getLogger(__name__)


class HeaterSubscriptions:
    """Subscribes for a heater once; the connection makes the subscriptions again with every link."""

    def __init__(self, connection: Connection, client_id: str) -> None:
        self._connection = connection
        self._client_id = client_id
        self._filters: set[str] = set()

    def __contains__(self, topic_filter: str) -> bool:
        """Tell whether a filter is one that heaters need."""
        return topic_filter in self._filters

    def listens_to(self, device: Device) -> bool:
        """Tell whether the subscriptions for a heater are made, or being made."""
        return device_filter(device) in self._filters

    async def listen(self, device: Device) -> None:
        """Listen to a heater and wait for the SUBACKs; raises `MqttSubscribeError`."""
        filters = (device_filter(device), client_filter(device, self._client_id))
        self._filters.update(filters)
        try:
            for topic_filter in filters:
                await self._connection.subscribe(topic_filter)
        except NavienError:
            # Tried again with the next request: there may be room by then.
            self._filters.difference_update(filters)
            raise

    async def listen_to_presence(self, device: Device) -> None:
        """Listen to a heater's coming and going, if the service lets us: its silence tells as well, only later.

        Nobody is known to have subscribed to this topic, so it is tried, and only once.
        """
        topic = connection_topic(device)
        if topic not in self._filters:
            self._filters.add(topic)
            if not await self._connection.try_subscribe(topic):
                _LOGGER.debug("A heater's coming and going is not listened to")
