"""Schedules of one kind, of all heaters of an account: read, kept, and changed."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..nwp500 import Device, ScheduleWrite, WriteOutcome, models

# Changes made in the app are noticed as they are made; this is for those at the panel, and for those that were missed.
READ_INTERVAL = timedelta(hours=6)

type Entries[EntryT: models.WeeklyEntry] = models.WeeklySchedule[EntryT]
type Write[EntryT: models.WeeklyEntry] = ScheduleWrite[Entries[EntryT]]
type Change[EntryT: models.WeeklyEntry] = Callable[[Entries[EntryT]], Entries[EntryT]]
"""Makes the new schedule of the present one."""


@dataclass(frozen=True, slots=True)
class ReadSchedule[ScheduleT]:
    """A schedule as the heater, or the service for it, had it at a time, aware."""

    schedule: ScheduleT
    read_at: datetime


class ScheduleChangedError(Exception):
    """Raised by a `Change` when the schedule is not the one that the change was made for."""


class KeptLists[EntryT: models.WeeklyEntry, ScheduleT]:
    """The schedules of one kind, by the MAC address of their heater: reads them, keeps them, and changes them."""

    def __init__(
        self,
        read: Callable[[Device], Awaitable[ScheduleT]],
        edit: Callable[[Device, Change[EntryT]], Awaitable[Write[EntryT]]],
        as_schedule: Callable[[Entries[EntryT]], ScheduleT],
        on_read: Callable[[str], None],
    ) -> None:
        """Take how they are read and changed, and whom to call with each MAC address of which one was read."""
        self._read = read
        self._edit = edit
        self._as_schedule = as_schedule
        self._on_read = on_read
        self._kept: dict[str, ReadSchedule[ScheduleT]] = {}
        self._outdated: set[str] = set()
        self._edits: Counter[str] = Counter()
        """How often an edit has begun or ended: what was read meanwhile may be older than what it wrote."""

    def get(self, mac_address: str) -> ReadSchedule[ScheduleT] | None:
        """Return the schedule of a heater as it was last read."""
        return self._kept.get(mac_address)

    def is_due(self, mac_address: str) -> bool:
        """Return whether the schedule of a heater should be read again."""
        kept = self._kept.get(mac_address)
        is_old = kept is None or dt_util.utcnow() - kept.read_at >= READ_INTERVAL
        return is_old or mac_address in self._outdated

    @callback
    def outdate(self, mac_address: str) -> None:
        """Have the schedule of a heater read again, with the next occasion."""
        self._outdated.add(mac_address)

    @callback
    def outdate_all(self) -> None:
        """Have all schedules read again."""
        self._outdated.update(self._kept)

    @callback
    def forget(self, mac_address: str) -> None:
        """Forget a heater."""
        self._kept.pop(mac_address, None)
        self._outdated.discard(mac_address)
        self._edits.pop(mac_address, None)

    async def async_read(self, device: Device) -> ReadSchedule[ScheduleT]:
        """Ask a heater for its schedule now; raises as the client's queries do."""
        edits = self._edits[device.mac_address]
        read = ReadSchedule(await self._read(device), dt_util.utcnow())
        if self._edits[device.mac_address] == edits:
            self._keep(device, read)
        return read

    async def async_edit(self, device: Device, change: Change[EntryT]) -> Write[EntryT]:
        """Change the schedule of a heater, now or not at all; raises as the client's edits do.

        A schedule that is not the one which the change was made for is left alone: that is a conflict.
        """
        seen: list[Entries[EntryT]] = []

        def noting(schedule: Entries[EntryT]) -> Entries[EntryT]:
            seen.append(schedule)
            return change(schedule)

        self._edits[device.mac_address] += 1
        try:
            write = await self._edit(device, noting)
        except ScheduleChangedError:
            write = ScheduleWrite(outcome=WriteOutcome.CONFLICT, before=seen[-1], after=seen[-1], attempts=0)
        finally:
            self._edits[device.mac_address] += 1
        if write.after is None:
            self.outdate(device.mac_address)
        else:
            self._keep(device, ReadSchedule(self._as_schedule(write.after), dt_util.utcnow()))
        return write

    def _keep(self, device: Device, read: ReadSchedule[ScheduleT]) -> None:
        self._kept[device.mac_address] = read
        self._outdated.discard(device.mac_address)
        self._on_read(device.mac_address)
