"""Changes of a weekly schedule that cannot wipe a heater (protocol.md 7.1).

A write replaces the whole list, is not checked by the heater, and is sometimes lost without a word. So the list is
read first, what is new in it is checked, and the list is read back until it shows what became of the write.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
import logging

from ..exceptions import (
    InvalidParameterError,
    MqttError,
    RequestTimeoutError,
    ResponseFormatError,
    ScheduleProblem,
    ScheduleReadError,
)
from ..json_types import JsonMessage
from ..models import Device
from ..models.schedule import WeeklyEntry, WeeklySchedule
from ..protocol.fields import Record
from ..protocol.queries import Write
from .queries import HeaterQueries

_LOGGER = logging.getLogger(__name__)

_ATTEMPTS = 3
_LOOK_PAUSES = (0.0, 2.0, 2.0, 3.0)
"""Seconds before each look at the list: what has landed can be read after 3 to 6 s."""


class WriteOutcome(StrEnum):
    """What became of a schedule write."""

    WRITTEN = "written"
    """The heater shows what was written."""
    ALREADY_SO = "already_so"
    """The heater had it already; nothing was sent."""
    LOST = "lost"
    """After several attempts the heater still shows what it had."""
    CONFLICT = "conflict"
    """The heater shows neither what it had nor what was written: somebody else has written, and was left alone."""
    UNKNOWN = "unknown"
    """The heater could not be asked any more, so the write may have landed or not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScheduleWrite[ContentT]:
    """What became of a schedule write, and what the heater had and has."""

    outcome: WriteOutcome
    before: ContentT | None
    after: ContentT | None
    """As it was last read; None when it could not be read after the write."""
    attempts: int
    """How often it was sent."""


class ScheduleEditor[EntryT: WeeklyEntry]:
    """Changes the schedules of one kind.

    `read` asks for the list, `decode` reads the echo of a `write`, and `entry` gives the members of an entry and their
    ranges, for one heater.
    """

    def __init__(
        self,
        heaters: HeaterQueries,
        *,
        read: Callable[[Device], Awaitable[WeeklySchedule[EntryT]]],
        decode: Callable[[Mapping[str, object]], WeeklySchedule[EntryT]],
        write: Write,
        entry: Callable[[Device], Record],
    ) -> None:
        self._heaters = heaters
        self._read = read
        self._decode = decode
        self._write = write
        self._entry = entry
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """One for each heater: its edits go one after another."""

    async def put(self, device: Device, entry: EntryT) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Add an entry, in the place of the one with the same days, hour and minute if there is one.

        Whether the schedule as a whole is on stays as it is.
        """
        self._entry(device).check(entry.raw)

        def with_entry(schedule: WeeklySchedule[EntryT]) -> WeeklySchedule[EntryT]:
            return replace(schedule, entries=(*_without_slot(schedule, entry), entry))

        return await self._change(device, with_entry)

    async def remove(self, device: Device, entry: EntryT) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Remove the entry with the same days, hour and minute."""
        return await self._change(device, lambda schedule: replace(schedule, entries=_without_slot(schedule, entry)))

    async def replace(
        self, device: Device, entries: Sequence[EntryT], *, on: bool | None = None
    ) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Replace all entries, and switch the schedule on or off unless `on` is None.

        An entry that the heater has already is written back as it is, also outside the ranges.
        """
        return await self.edit(device, lambda schedule: replace(schedule, entries=tuple(entries)).switched(on=on))

    async def edit(
        self, device: Device, change: Callable[[WeeklySchedule[EntryT]], WeeklySchedule[EntryT]]
    ) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Write what `change` makes of the schedule as the heater has it now; what it raises ends the edit.

        An entry that the heater has already is written back as it is, also outside the ranges.
        """

        def checked(schedule: WeeklySchedule[EntryT]) -> WeeklySchedule[EntryT]:
            wanted = change(schedule)
            _check_slots(schedule.entries, wanted.entries)
            ranges = self._entry(device)
            for entry in wanted.entries:
                if entry not in schedule.entries:
                    ranges.check(entry.raw)
            return wanted

        return await self._change(device, checked)

    async def clear(self, device: Device) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Remove all entries and switch the schedule off."""
        return await self.replace(device, (), on=False)

    async def set_use(self, device: Device, *, on: bool) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Switch the schedule as a whole on or off; its entries stay."""
        return await self._change(device, lambda schedule: schedule.switched(on=on))

    async def _change(
        self, device: Device, change: Callable[[WeeklySchedule[EntryT]], WeeklySchedule[EntryT]]
    ) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        async with self._locks[device.mac_address]:
            before = await self._read_first(device)
            wanted = change(before)
            if wanted.is_same_as(before):
                return ScheduleWrite(outcome=WriteOutcome.ALREADY_SO, before=before, after=before, attempts=0)
            return await self._write_until_seen(device, before, wanted)

    async def _read_first(self, device: Device) -> WeeklySchedule[EntryT]:
        try:
            schedule = await self._read(device)
        except MqttError as error:
            raise ScheduleReadError(ScheduleProblem.UNREACHABLE) from error
        except RequestTimeoutError as error:
            raise ScheduleReadError(ScheduleProblem.UNANSWERED) from error
        if not schedule.is_complete:
            raise ScheduleReadError(ScheduleProblem.INCOMPLETE)
        return schedule

    async def _write_until_seen(
        self, device: Device, before: WeeklySchedule[EntryT], wanted: WeeklySchedule[EntryT]
    ) -> ScheduleWrite[WeeklySchedule[EntryT]]:
        """Write and look what became of it; a write that got lost is repeated, anything less certain is not."""
        outcome, after, attempts = WriteOutcome.LOST, None, 0
        while outcome is WriteOutcome.LOST and attempts < _ATTEMPTS:
            attempts += 1
            try:
                await self._send(device, wanted)
                after = await self._look(device, before)
            except MqttError as error:
                _LOGGER.debug("The connection was lost while a schedule was written: %s", error)
                outcome, after = WriteOutcome.UNKNOWN, None
            else:
                outcome = _outcome(before, wanted, after)
        return ScheduleWrite(outcome=outcome, before=before, after=after, attempts=attempts)

    async def _send(self, device: Device, wanted: WeeklySchedule[EntryT]) -> None:
        """Send a write and wait for its echo; none proves nothing, neither does one."""

        def check_echo(message: JsonMessage) -> None:
            # Reads and writes are answered on the same topic: only the content shows whose reply it is.
            if not self._decode(message).is_same_as(wanted):
                raise ResponseFormatError(lacking="list that was written")

        try:
            await self._heaters.exchange(device, self._write, check_echo, content=wanted.content())
        except RequestTimeoutError as error:
            _LOGGER.debug("A schedule write was not echoed: %s", error)

    async def _look(self, device: Device, before: WeeklySchedule[EntryT]) -> WeeklySchedule[EntryT] | None:
        """Read until the list is another one than before, or for long enough; None when no read was answered."""
        seen = None
        for pause in _LOOK_PAUSES:
            await asyncio.sleep(pause)
            try:
                seen = await self._read(device)
            except RequestTimeoutError as error:
                _LOGGER.debug("A schedule could not be read back: %s", error)
                continue
            if not seen.is_same_as(before):
                return seen
        return seen


def _outcome[EntryT: WeeklyEntry](
    before: WeeklySchedule[EntryT], wanted: WeeklySchedule[EntryT], after: WeeklySchedule[EntryT] | None
) -> WriteOutcome:
    if after is None:
        return WriteOutcome.UNKNOWN
    if after.is_same_as(wanted):
        return WriteOutcome.WRITTEN
    return WriteOutcome.LOST if after.is_same_as(before) else WriteOutcome.CONFLICT


def _without_slot[EntryT: WeeklyEntry](schedule: WeeklySchedule[EntryT], entry: EntryT) -> tuple[EntryT, ...]:
    return tuple(other for other in schedule.entries if other.slot != entry.slot)


def _check_slots(old: Sequence[WeeklyEntry], new: Sequence[WeeklyEntry]) -> None:
    """Refuse two entries in one slot, unless the heater has them so already."""
    had = Counter(entry.slot for entry in old)
    for slot, count in Counter(entry.slot for entry in new).items():
        if count > max(1, had[slot]):
            raise InvalidParameterError("entries", slot, "entries of which no two share days, hour and minute")
