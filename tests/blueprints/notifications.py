"""The notifications that Home Assistant shows, and waiting for them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from homeassistant.components.persistent_notification import Notification, UpdateType, async_register_callback
from homeassistant.core import HomeAssistant, callback

DEADLINE = 20.0


class Notifications:
    """Follows the notifications of a Home Assistant: those shown now, by id, and every one ever made."""

    def __init__(self) -> None:
        self.shown: dict[str, Notification] = {}
        self.made: list[Notification] = []
        self._changed = asyncio.Condition()

    @callback
    def follow(self, kind: UpdateType, notifications: dict[str, Notification]) -> None:
        """Take in a change."""
        for key, notification in notifications.items():
            if kind is UpdateType.REMOVED:
                self.shown.pop(key, None)
            else:
                self.shown[key] = notification
                self.made.append(notification)
        asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, holds: Callable[[], bool], seconds: float = DEADLINE) -> None:
        """Wait until `holds` says so, looking again at each change."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(holds)
        except TimeoutError:
            raise AssertionError(f"there are only {self.made}") from None


@asynccontextmanager
async def followed(hass: HomeAssistant) -> AsyncIterator[Notifications]:
    """Follow the notifications while the context lasts."""
    notifications = Notifications()
    stop = async_register_callback(hass, notifications.follow)
    yield notifications
    stop()
