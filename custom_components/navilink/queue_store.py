"""What an account has to find again after a restart: its heaters, and the commands that are not settled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import os
from pathlib import Path
import shutil
import tempfile
from typing import Any, override

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .const import DOMAIN, LOGGER
from .nwp500 import NavienError, migrated_queue, watched
from .stored_account import StoredAccount

VERSION = 1
# 2: commands by their parameters instead of their messages, and outcomes. 3: the sessions of each command. 4: codes
# instead of sentences as reasons.
MINOR_VERSION = 4

# More than any account fills: what is larger is not even read.
MAX_FILE_BYTES = 16 * 2**20

# A temporary file says whose it is within so many bytes.
MARK_BYTES = 200


class UnreadableStoreError(Exception):
    """What is stored cannot be used: it is damaged, or a newer version of the integration wrote it."""

    def __init__(self, reason: str, kept_as: Path) -> None:
        """Tell why, and in which file it is kept from now on."""
        super().__init__(reason)
        self.kept_as = kept_as


class CheckedStore(Store[dict[str, Any]]):
    """A store that knows whether it could be written; Home Assistant's own only logs that it could not."""

    has_failed = False

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        try:
            await super()._async_write_data(data)
        except HomeAssistantError, OSError:
            self.has_failed = True
            # What is in the file is not so any more, and must not come back: an old command would win over newer ones.
            await self.hass.async_add_executor_job(_void, Path(self.path))
            raise
        self.has_failed = False

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: dict[str, Any]
    ) -> dict[str, Any]:
        if old_major_version != VERSION:
            raise NotImplementedError
        if old_minor_version >= MINOR_VERSION:
            # A newer minor version can be read as it is.
            return old_data
        data = {**old_data, "queue": migrated_queue(old_data["queue"])}
        # What is damage as a whole is found before it is written over the old file; commands are made later.
        StoredAccount.from_dict(data, client_id="")
        return data


class QueueStore:
    """Writes an account's commands to the disk as soon as something about them changes, one writing at a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        snapshot: Callable[[], StoredAccount],
        written: Callable[[StoredAccount], None],
    ) -> None:
        """Take the function that tells what there is to store now, and the one to call with it after each writing.

        It is called as well when the writing failed, but not while Home Assistant stops, for then nothing is written
        before its end.
        """
        self._hass = hass
        self._snapshot = snapshot
        self._written = written
        self._store = _store(hass, entry_id)
        self._is_outdated = False
        self._is_closed = False
        self._saving: asyncio.Task[None] | None = None
        self._due: asyncio.TimerHandle | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the last writing failed: what changed since the one before would not outlive a restart."""
        return self._store.has_failed

    async def async_load(self, client_id: str) -> StoredAccount | None:
        """Return what was stored, with its commands for a client of this id; None when nothing was.

        What cannot be used is set aside, so that no later writing destroys it, and raises `UnreadableStoreError`. A
        file that is no JSON is set aside by Home Assistant itself, which also raises an issue for it.
        """
        file = Path(self._store.path)
        await self._hass.async_add_executor_job(_remove_strays, file)
        if await self._hass.async_add_executor_job(_size, file) > MAX_FILE_BYTES:
            raise UnreadableStoreError("the file is too large", await self._async_set_aside("corrupt"))
        try:
            stored = await self._store.async_load()
            return None if stored is None else StoredAccount.from_dict(stored, client_id)
        except UnsupportedStorageVersionError as err:
            raise UnreadableStoreError(str(err), await self._async_set_aside("newer")) from err
        except (
            # What the store raises for a file that cannot be read, an older version, and a frame of other kinds.
            HomeAssistantError,
            NotImplementedError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            # What checking the content raises.
            vol.Invalid,
            NavienError,
        ) as err:
            # Its text may tell values, so only its kind is passed on.
            raise UnreadableStoreError(type(err).__name__, await self._async_set_aside("corrupt")) from err

    async def async_keep_copy(self) -> Path:
        """Keep the file as it is beside its place, and return the name of the copy."""
        return await self._async_set_aside("corrupt", shutil.copyfile)

    @callback
    def async_changed(self, delay: float = 0) -> None:
        """Write soon, or within so many seconds; everything that changes until then is written once."""
        if self._is_closed:
            return
        if delay:
            due = self._hass.loop.time() + delay
            if self._due is None or due < self._due.when():
                self._cancel_due()
                self._due = self._hass.loop.call_at(due, self.async_changed)
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
        self._cancel_due()
        await self.async_saved()

    async def _async_save(self) -> None:
        try:
            while self._is_outdated:
                self._is_outdated = False
                await self._async_write()
        finally:
            self._saving = None

    async def _async_write(self) -> None:
        self._cancel_due()
        picture = self._snapshot()
        is_deferred = self._hass.state is CoreState.stopping
        try:
            await self._store.async_save(picture.to_dict())
        except OSError as err:
            # Of the folder; what goes wrong with the file itself is logged by the store.
            LOGGER.error("The folder for the queued commands cannot be used: %s", err)
        if not is_deferred:
            self._written(picture)

    def _cancel_due(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    async def _async_set_aside(self, kind: str, put: Callable[[Path, Path], object] = Path.rename) -> Path:
        """Give the file another name, or put a copy under it; return that name."""
        file = Path(self._store.path)
        # The same form as that of Home Assistant for what is no JSON.
        kept_as = file.with_name(f"{file.name}.{kind}.{dt_util.utcnow().isoformat()}")
        try:
            await self._hass.async_add_executor_job(put, file, kept_as)
        except OSError as err:
            # Where a file cannot be renamed it cannot be replaced either, so it stays as it is.
            LOGGER.error("The stored commands cannot be set aside: %s", err)
            return file
        return kept_as


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what is stored of an account, and what was set aside of it."""
    store = _store(hass, entry_id)
    await store.async_remove()
    await hass.async_add_executor_job(_remove_aside, Path(store.path))


def _remove_aside(file: Path) -> None:
    for kept in file.parent.glob(f"{file.name}.*"):
        kept.unlink()


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _void(file: Path) -> None:
    """Leave nothing in a file that cannot be written; neither way needs room on the disk."""
    for void in (Path.unlink, _truncate):
        with suppress(OSError):
            void(file)
            return


def _truncate(file: Path) -> None:
    os.truncate(file, 0)


def _remove_strays(file: Path) -> None:
    """Remove what killed processes left of their writings; the name of such a file does not say whose it is."""
    mark = f'"{file.name}"'.encode()
    for stray in file.parent.glob(f"{tempfile.gettempprefix()}*"):
        with suppress(OSError):
            with stray.open("rb") as content:
                is_ours = mark in content.read(MARK_BYTES)
            if is_ours:
                stray.unlink()


def _store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    return CheckedStore(
        hass, VERSION, f"{DOMAIN}.{entry_id}", private=True, atomic_writes=True, minor_version=MINOR_VERSION
    )
