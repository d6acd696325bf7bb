"""Somebody with the vendor's app: another client, whose traffic every device wildcard delivers (protocol.md 4.5).

It needs no connection of its own: what it sends is delivered and answered as if it had come over one.
"""

from collections.abc import Callable, Mapping
import time

from .answers.messages import Reply, app_connection, envelope
from .heater.heater import Heater
from .heater.registration import DEVICE_TYPE
from .mqtt.session import ReceivedMessage

CLIENT_ID = "app-5f0c1e7a"

_STATUS = ("st", 16777219)
_DEVICE_INFO = ("st/did", 16777217)
_RESERVATIONS = ("st/rsv/rd", 16777222)
_ANY_USER = 0


class VendorApp:
    """While it shows the heaters, it asks every one in turn."""

    def __init__(
        self,
        heaters: Mapping[str, Heater],
        publish: Callable[[str, bytes], None],
        handle: Callable[[ReceivedMessage], None],
    ) -> None:
        self._heaters = heaters
        self._publish = publish
        self._handle = handle
        self._interval: float | None = None
        self._next_at = 0.0
        self._session_id = f"{time.time() * 1000:.0f}"

    def show(self, interval: float | None) -> None:
        """Show the heaters from now on, asking every so many real seconds; `None`: go away."""
        if (interval is None) is not (self._interval is None):
            self._announce(connected=interval is not None)
        self._interval, self._next_at = interval, time.monotonic()

    def look(self) -> None:
        """Ask again if it is time to."""
        now = time.monotonic()
        if self._interval is None or now < self._next_at:
            return
        self._next_at = now + self._interval
        for heater in self._heaters.values():
            acknowledgements = f"{heater.identity.topic}/{CLIENT_ID}/res"
            lists = f"cmd/{DEVICE_TYPE}/{heater.identity.home_seq}/{_ANY_USER}/{CLIENT_ID}/res/rsv/rd"
            self._request(heater, *_DEVICE_INFO, acknowledgements)
            self._request(heater, *_STATUS, acknowledgements)
            self._request(heater, *_RESERVATIONS, lists)

    def control(self, heater: Heater, command: int, mode: str, param: list[int]) -> None:
        """Change something."""
        response_topic = f"{heater.identity.topic}/{CLIENT_ID}/res"
        self._request(heater, "ctrl", command, response_topic, mode=mode, param=param, paramStr="")

    def _request(self, heater: Heater, suffix: str, command: int, response_topic: str, **members: object) -> None:
        topic = f"{heater.identity.topic}/{suffix}"
        message = {
            **envelope(CLIENT_ID, self._session_id, topic),
            "request": {"command": command, **heater.identity.as_wire(), **members},
            "responseTopic": response_topic,
        }
        payload = Reply(topic=topic, message=message).payload
        self._publish(topic, payload)
        self._handle(
            ReceivedMessage(client_id=CLIENT_ID, topic=topic, payload=payload, qos=1, time=time.time(), sequence=0)
        )

    def _announce(self, *, connected: bool) -> None:
        for heater in self._heaters.values():
            event = app_connection(heater, CLIENT_ID, self._session_id, connected=connected)
            self._publish(event.topic, event.payload)
