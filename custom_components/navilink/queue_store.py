"""What an account has to find again after a restart: its heaters, and the commands without an outcome.

Home Assistant's own `Store` logs that a file could not be written and goes on. Here an action returns once its command
is on the disk, so this reads and writes a file of the same form by itself, and knows whether it could. What is read is
checked here, and nowhere else.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
import os
from pathlib import Path
import shutil
import tempfile
from typing import Any, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.json import load_json
import voluptuous as vol

from .const import DOMAIN, LOGGER
from .nwp500 import CommandCompleted, Device, NavienError, StoredQueue, enums, migrated_queue, one_line, watched
from .schedules.switch_command import StoredSwitchCommands

VERSION = 1
# 2: commands by their parameters instead of their messages, and outcomes. 3: the sessions of each command. 4: codes
# instead of sentences as reasons, and the commands that expired or were dropped until the user has decided about them.
MINOR_VERSION = 4

# More than any account fills: what is larger is not even read.
MAX_FILE_BYTES = 16 * 2**20

UNREADABLE = "Could not read the stored command queue, starting with an empty one: %s"

# A file that cannot be read, one of another form, and content that is refused.
READ_ERRORS = (HomeAssistantError, LookupError, TypeError, ValueError, AttributeError, vol.Invalid, NavienError)

# A temporary file says whose it is within so many bytes.
MARK_BYTES = 200

# What a service may call a heater; topics leave room for this much.
MAX_NAME = 64
MAX_ADDITIONAL_VALUE = 256
# JSON numbers up to here are the same in every program.
MAX_NUMBER = 2**53


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_NUMBER:
        raise vol.Invalid("expected a whole number")
    return value


# The address and the like of a heater are not needed for commands, so they are not kept.
DEVICE = vol.Schema(
    {
        # No service takes a topic with a longer one, or with one that has no digit.
        vol.Required("mac_address"): vol.All(str, vol.Length(max=MAX_NAME), vol.Match(r".*[0-9A-Za-z]")),
        vol.Required("additional_value"): vol.All(str, vol.Length(max=MAX_ADDITIONAL_VALUE)),
        # The account's other products are never stored.
        vol.Required("device_type"): vol.All(_whole, vol.In([enums.DeviceType.HEAT_PUMP_WATER_HEATER.value])),
        vol.Required("home_seq"): vol.Any(None, _whole),
        vol.Required("name"): vol.All(str, one_line),
    }
)
# The name that the files of earlier versions have for it.
_SWITCH_COMMANDS = "wishes"
ACCOUNT = vol.Schema(
    {
        vol.Required("devices"): vol.All([DEVICE], vol.Length(max=1000)),
        vol.Required("queue"): dict,
        vol.Optional("lost", default=StoredQueue().to_dict): dict,
        vol.Optional(_SWITCH_COMMANDS, default=list): vol.All(list, vol.Length(max=1000)),
    }
)
FILE = vol.Schema(
    {
        vol.Required("version"): vol.All(int, vol.Range(min=VERSION)),
        vol.Optional("minor_version", default=1): int,
        vol.Optional("key"): object,
        vol.Required("data"): dict,
    }
)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """The heaters of an account, and its commands. Credentials are not part of it."""

    devices: tuple[Device, ...]
    queue: StoredQueue
    """Commands without an outcome."""
    lost: tuple[CommandCompleted, ...] = ()
    """Commands that were not sent, and about which the user has not decided yet."""
    switch_commands: StoredSwitchCommands = field(default_factory=StoredSwitchCommands)
    """Schedules that are to be switched on or off."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values only."""
        names = [str(marker) for marker in DEVICE.schema]
        # Left out without any, so that an earlier version can read the file.
        switch_commands = {_SWITCH_COMMANDS: stored} if (stored := self.switch_commands.to_list()) else {}
        return {
            "devices": [{name: getattr(device, name) for name in names} for device in self.devices],
            "queue": self.queue.to_dict(),
            "lost": StoredQueue(outcomes=self.lost).to_dict(),
            **switch_commands,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], client_id: str) -> Self:
        """Read what `to_dict` wrote; raises `vol.Invalid` or `StoredQueueError` for anything else.

        Commands that cannot be made anew for this client and one of the heaters are counted in the queue, no more.
        """
        content = ACCOUNT(stored)
        devices = tuple(Device(**device) for device in content["devices"])
        queue = StoredQueue.from_dict(content["queue"], devices, client_id)
        lost = StoredQueue.from_dict(content["lost"], devices, client_id)
        switch_commands = StoredSwitchCommands.from_list(
            content[_SWITCH_COMMANDS], {device.mac_address for device in devices}
        )
        unreadable = queue.unreadable + lost.unreadable + switch_commands.unreadable
        return cls(devices, replace(queue, unreadable=unreadable), lost.outcomes, switch_commands)


class QueueStore:
    """Writes an account's commands to the disk as soon as something about them changes, one writing at a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        snapshot: Callable[[], StoredAccount],
        written: Callable[[StoredAccount], None],
    ) -> None:
        """Take what returns what there is to store now, and what is called with it after each writing, failed too."""
        self._hass = hass
        self._file = _store_file(hass, entry_id)
        self._snapshot = snapshot
        self._written = written
        self.has_failed = False
        """Whether the last writing failed: what changed since the one before would not outlive a restart."""
        self.kept_as: Path | None = None
        """The file that keeps what could not be read, if there was such."""
        self._is_outdated = False
        self._is_closed = False
        self._saving: asyncio.Task[None] | None = None
        self._due: asyncio.TimerHandle | None = None

    async def async_load(self, client_id: str) -> StoredAccount | None:
        """Return what was stored, with its commands for a client of this id; None when nothing was.

        What cannot be used is kept beside it, so that no later writing destroys it: `kept_as` names that file.
        """
        try:
            content = await self._hass.async_add_executor_job(_read, self._file)
            if content is None:
                return None
            content = FILE(content)
            stored = None if content["version"] > VERSION else StoredAccount.from_dict(_migrated(content), client_id)
        except READ_ERRORS as err:
            # Its text may contain values, so only its kind is logged.
            LOGGER.error(UNREADABLE, type(err).__name__)
            self.kept_as = await self._async_quarantine("corrupt")
            return None
        if stored is None:
            LOGGER.error(UNREADABLE, "a newer version wrote it")
            self.kept_as = await self._async_quarantine("newer")
        elif stored.queue.unreadable:
            LOGGER.error("Could not read %d of the stored commands, the others are restored", stored.queue.unreadable)
            self.kept_as = await self._async_quarantine("corrupt", shutil.copyfile)
        return stored

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
        """Wait until everything that has changed so far is on the disk, or could not be written."""
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
        snapshot = self._snapshot()
        version = {"version": VERSION, "minor_version": MINOR_VERSION}
        content = {**version, "key": self._file.name, "data": snapshot.to_dict()}
        try:
            await self._hass.async_add_executor_job(_write, self._file, content)
        except OSError as err:
            # Once, not with each attempt.
            if not self.has_failed:
                LOGGER.error("Cannot write the command queue to %s: %s", self._file, err)
            self.has_failed = True
        else:
            if self.has_failed:
                LOGGER.info("The command queue can be written again")
            self.has_failed = False
        self._written(snapshot)

    def _cancel_due(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    async def _async_quarantine(self, kind: str, put: Callable[[Path, Path], object] = Path.rename) -> Path:
        """Give the file another name, or put a copy under it; return that name."""
        # The same form as that of Home Assistant for what is no JSON.
        kept_as = self._file.with_name(f"{self._file.name}.{kind}.{dt_util.utcnow().isoformat()}")
        try:
            await self._hass.async_add_executor_job(put, self._file, kept_as)
        except OSError as err:
            # Where a file cannot be renamed it cannot be replaced either, so it stays as it is.
            LOGGER.error("Cannot rename the unreadable queue file: %s", err)
            return self._file
        return kept_as


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Remove what is stored of an account, and what was quarantined of it."""
    await hass.async_add_executor_job(_remove, _store_file(hass, entry_id))


def _store_file(hass: HomeAssistant, entry_id: str) -> Path:
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}"))


def _read(file: Path) -> object:
    """Return the content of a file, None when there is none."""
    _remove_strays(file)
    if not file.exists():
        return None
    if file.stat().st_size > MAX_FILE_BYTES:
        raise ValueError("the file is too large")
    content = load_json(file)
    # An empty file of JSON is damaged, not missing.
    return {} if content is None else content


def _migrated(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an earlier minor version in today's form; a newer one can be read as it is."""
    data: dict[str, Any] = content["data"]
    if content["minor_version"] >= MINOR_VERSION:
        return data
    return {**data, "queue": migrated_queue(data["queue"])}


def _write(file: Path, content: dict[str, Any]) -> None:
    """Write a file as a whole, or leave nothing in it.

    What is in the file is not so any more when it cannot be written, and must not come back: an old command would win
    over newer ones.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json_bytes(content))
    except OSError:
        # Neither way needs room on the disk.
        for void in (Path.unlink, lambda stored: os.truncate(stored, 0)):
            with suppress(OSError):
                void(file)
                break
        raise


def replace_file(file: Path, data: bytes) -> None:
    """Put other content in a file, so that whatever happens it has one or the other, for nobody else to read.

    Home Assistant's own way leaves a file of any name behind when the process is killed, and logs every failure.
    """
    temporary = _temporary(file)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _temporary(file: Path) -> Path:
    """Return the name of what a file is to become; one writing at a time needs one only."""
    return file.with_name(f"{tempfile.gettempprefix()}.{file.name}")


def _remove(file: Path) -> None:
    for stored in (file, _temporary(file), *file.parent.glob(f"{file.name}.*")):
        stored.unlink(missing_ok=True)


def _remove_strays(file: Path) -> None:
    """Remove what killed processes left of their writings; the names of earlier versions do not say whose it is."""
    with suppress(OSError):
        _temporary(file).unlink(missing_ok=True)
    mark = f'"{file.name}"'.encode()
    for stray in file.parent.glob(f"{tempfile.gettempprefix()}*"):
        with suppress(OSError):
            with stray.open("rb") as content:
                is_ours = mark in content.read(MARK_BYTES)
            if is_ours:
                stray.unlink()
