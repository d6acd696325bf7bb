"""Who is called for a message: callbacks by the topic filters that they want."""

from collections.abc import Callable
import logging

from ..json_types import JsonMessage
from ..protocol.topics import matches

_LOGGER = logging.getLogger(__name__)

type MessageCallback = Callable[[str, JsonMessage], None]


class MessageDispatcher:
    """Calls the callers' callbacks whose filters cover the topic of a message."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[MessageCallback]] = {}

    def add(self, topic_filter: str, callback: MessageCallback) -> None:
        """Register a callback for a filter; the same one twice counts once."""
        callbacks = self._callbacks.setdefault(topic_filter, [])
        if callback not in callbacks:
            callbacks.append(callback)

    def remove(self, topic_filter: str, callback: MessageCallback | None = None) -> bool:
        """Forget a callback of a filter, or all of them; returns whether the filter is of no more use to anybody."""
        callbacks = self._callbacks.get(topic_filter, [])
        if callback is None:
            callbacks.clear()
        elif callback in callbacks:
            callbacks.remove(callback)
        if not callbacks:
            self._callbacks.pop(topic_filter, None)
        return not callbacks

    def has(self, topic_filter: str) -> bool:
        """Return whether anybody wants the messages of this very filter."""
        return topic_filter in self._callbacks

    def deliver(self, topic: str, message: JsonMessage) -> None:
        """Hand a message to every callback whose filter covers its topic."""
        for topic_filter, callbacks in tuple(self._callbacks.items()):
            if matches(topic_filter, topic):
                for callback in tuple(callbacks):
                    try:
                        callback(topic, message)
                    except Exception:
                        # It is the caller's own code: whatever it raises must not reach the others or the client.
                        _LOGGER.exception("A message callback failed")
