"""What an account has to find again after a restart: its heaters, and the commands that are not settled."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
import voluptuous as vol

from .const import DOMAIN
from .nwp500 import Device, StoredQueue, StoredQueueError

VERSION = 1

# The address and the like of a heater are not needed for commands, so they are not kept.
DEVICE = vol.Schema(
    {
        vol.Required("mac_address"): str,
        vol.Required("additional_value"): str,
        vol.Required("device_type"): int,
        vol.Required("home_seq"): vol.Any(int, None),
        vol.Required("name"): str,
    }
)
STORED = vol.Schema({vol.Required("devices"): [DEVICE], vol.Required("queue"): dict})


class UnreadableStoreError(Exception):
    """What is stored cannot be used: it is damaged, or a newer version of the integration wrote it."""


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """The heaters of an account, and its commands without an outcome. Credentials are not part of it."""

    devices: tuple[Device, ...]
    queue: StoredQueue

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values only."""
        names = [str(marker) for marker in DEVICE.schema]
        return {
            "devices": [{name: getattr(device, name) for name in names} for device in self.devices],
            "queue": self.queue.to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: object) -> Self:
        """Read what `to_dict` wrote; raises `vol.Invalid` or `StoredQueueError` for anything else."""
        content = STORED(stored)
        return cls(tuple(Device(**device) for device in content["devices"]), StoredQueue.from_dict(content["queue"]))


class QueueStore:
    """Writes an account's commands to the disk as soon as something about them changes, one writing at a time."""

    def __init__(self, hass: HomeAssistant, entry_id: str, picture: Callable[[], StoredAccount]) -> None:
        """Take the function that tells what there is to store now."""
        self._hass = hass
        self._picture = picture
        self._store: Store[dict[str, Any]] = _store(hass, entry_id)
        self._is_outdated = False
        self._is_closed = False
        self._saving: asyncio.Task[None] | None = None

    async def async_load(self) -> StoredAccount | None:
        """Return what was stored, None when nothing was; raises `UnreadableStoreError`.

        Home Assistant itself puts a file that is no JSON aside and raises an issue for it.
        """
        try:
            stored = await self._store.async_load()
            return None if stored is None else StoredAccount.from_dict(stored)
        except (HomeAssistantError, NotImplementedError, KeyError, TypeError) as err:
            # What the store raises for a newer version, an older one, and a file without its usual frame.
            raise UnreadableStoreError(repr(err)) from err
        except (vol.Invalid, StoredQueueError) as err:
            # Their texts may tell values, so only their kind is passed on.
            raise UnreadableStoreError(type(err).__name__) from err

    @callback
    def async_changed(self) -> None:
        """Write soon; everything that changes in one go is written once."""
        if self._is_closed:
            return
        self._is_outdated = True
        if self._saving is None:
            self._saving = self._hass.async_create_task(self._async_save(), f"{DOMAIN} store", eager_start=False)

    async def async_saved(self) -> None:
        """Wait until everything that has changed so far is on the disk."""
        if self._saving is not None:
            await asyncio.shield(self._saving)

    async def async_close(self) -> None:
        """Write for the last time: what the client still does to its commands is no longer about them."""
        self.async_changed()
        self._is_closed = True
        await self.async_saved()

    async def _async_save(self) -> None:
        try:
            while self._is_outdated:
                self._is_outdated = False
                await self._store.async_save(self._picture().to_dict())
        finally:
            self._saving = None


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what is stored of an account."""
    await _store(hass, entry_id).async_remove()


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(hass, VERSION, f"{DOMAIN}.{entry_id}", private=True, atomic_writes=True, max_readable_version=VERSION)
