"""What an account has to find again after a restart: its heaters, and the commands that are not settled."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .const import DOMAIN, LOGGER
from .nwp500 import Device, StoredQueue, StoredQueueError, watched

VERSION = 1

# The address and the like of a heater are not needed for commands, so they are not kept.
DEVICE = vol.Schema(
    {
        # No service takes a topic with a longer one, or with one that has no digit.
        vol.Required("mac_address"): vol.All(str, vol.Length(max=64), vol.Match(r".*[0-9A-Za-z]")),
        vol.Required("additional_value"): str,
        vol.Required("device_type"): int,
        vol.Required("home_seq"): vol.Any(int, None),
        vol.Required("name"): str,
    }
)
STORED = vol.Schema({vol.Required("devices"): [DEVICE], vol.Required("queue"): dict})


class UnreadableStoreError(Exception):
    """What is stored cannot be used: it is damaged, or a newer version of the integration wrote it."""

    def __init__(self, reason: str, kept_as: Path) -> None:
        """Tell why, and in which file it is kept from now on."""
        super().__init__(reason)
        self.kept_as = kept_as


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


class CheckedStore(Store[dict[str, Any]]):
    """A store that knows whether it could be written; Home Assistant's own only logs that it could not."""

    has_failed = False

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        try:
            await super()._async_write_data(data)
        except HomeAssistantError, OSError:
            self.has_failed = True
            raise
        self.has_failed = False


class QueueStore:
    """Writes an account's commands to the disk as soon as something about them changes, one writing at a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        picture: Callable[[], StoredAccount],
        written: Callable[[], None],
    ) -> None:
        """Take the function that tells what there is to store now, and the one to call after each writing."""
        self._hass = hass
        self._picture = picture
        self._written = written
        self._store = _store(hass, entry_id)
        self._is_outdated = False
        self._is_closed = False
        self._saving: asyncio.Task[None] | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the last writing failed: what changed since the one before would not outlive a restart."""
        return self._store.has_failed

    async def async_load(self) -> StoredAccount | None:
        """Return what was stored, None when nothing was.

        What cannot be used is put aside, so that no later writing destroys it, and raises `UnreadableStoreError`. A
        file that is no JSON is put aside by Home Assistant itself, which also raises an issue for it.
        """
        try:
            stored = await self._store.async_load()
            return None if stored is None else StoredAccount.from_dict(stored)
        except UnsupportedStorageVersionError as err:
            raise UnreadableStoreError(str(err), await self._async_put_aside("newer")) from err
        except (HomeAssistantError, NotImplementedError, KeyError, TypeError) as err:
            # What the store raises for a file that cannot be read, for an older version, and for one without its frame.
            raise UnreadableStoreError(repr(err), await self._async_put_aside("corrupt")) from err
        except (vol.Invalid, StoredQueueError) as err:
            # Their texts may tell values, so only their kind is passed on.
            raise UnreadableStoreError(type(err).__name__, await self._async_put_aside("corrupt")) from err

    @callback
    def async_changed(self) -> None:
        """Write soon; everything that changes in one go is written once."""
        if self._is_closed:
            return
        self._is_outdated = True
        if self._saving is None:
            self._saving = watched(
                self._hass.async_create_task(self._async_save(), f"{DOMAIN} store", eager_start=False)
            )

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
                await self._async_write()
        finally:
            self._saving = None

    async def _async_write(self) -> None:
        try:
            await self._store.async_save(self._picture().to_dict())
        except OSError as err:
            # Of the folder; what goes wrong with the file itself is logged by the store.
            LOGGER.error("The folder for the queued commands cannot be used: %s", err)
        self._written()

    async def _async_put_aside(self, kind: str) -> Path:
        """Rename the file, and return its new name."""
        file = Path(self._store.path)
        # The same form as that of Home Assistant for what is no JSON.
        kept_as = file.with_name(f"{file.name}.{kind}.{dt_util.utcnow().isoformat()}")
        try:
            return await self._hass.async_add_executor_job(file.rename, kept_as)
        except OSError as err:
            # Where a file cannot be renamed it cannot be replaced either, so it stays as it is.
            LOGGER.error("The stored commands cannot be put aside: %s", err)
            return file


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what is stored of an account, and what was put aside of it."""
    store = _store(hass, entry_id)
    await store.async_remove()
    await hass.async_add_executor_job(_remove_aside, Path(store.path))


def _remove_aside(file: Path) -> None:
    for kept in file.parent.glob(f"{file.name}.*"):
        kept.unlink()


def _store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    return CheckedStore(hass, VERSION, f"{DOMAIN}.{entry_id}", private=True, atomic_writes=True)
