"""Weekly schedules as a heater keeps them: reservations (protocol.md 7.1) and recirculation (7.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .members import OFF, ON

SUNDAY = 128
EVERY_DAY = 254
"""Sunday is bit 7, Saturday bit 1; bit 0 means nothing."""


class ScheduleError(ValueError):
    """A schedule that a heater would not understand; nothing was changed."""


class Entry(NamedTuple):
    """One entry, its members named and ordered as on the wire."""

    enable: int
    week: int
    hour: int
    min: int
    mode: int
    param: int

    def is_due(self, local: datetime) -> bool:
        """Whether it is active and fires in this minute."""
        return (
            self.enable == ON
            and bool(self.week & day_bit(local))
            and (self.hour, self.min) == (local.hour, local.minute)
        )


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """A whole list with its own switch."""

    use: int = OFF
    entries: tuple[Entry, ...] = ()

    @classmethod
    def of_wire(cls, members: Mapping[str, object], *, most_entries: int) -> WeeklySchedule:
        """Read the members of a write, of whose values none is checked; further entries than so many are not kept.

        ScheduleError for what is not even of the right shape. An entry whose values make no sense stays as it is,
        and never fires (protocol.md 7.1).
        """
        entries = (read_members(row, Entry._fields) for row in read_list(members))
        kept = [Entry(*entry) for entry in entries if any(entry)]
        return cls(read_use(members), tuple(kept[:most_entries]))

    @property
    def is_on(self) -> bool:
        """Whether the programme as a whole is on."""
        return self.use == ON

    def due(self, local: datetime) -> tuple[Entry, ...]:
        """Give the entries that fire in this minute of local time."""
        return tuple(entry for entry in self.entries if entry.is_due(local)) if self.is_on else ()

    def as_wire(self) -> dict[str, object]:
        """Give the members of a reply, the entries as a JSON list."""
        return {"reservationUse": self.use, "reservation": [entry._asdict() for entry in self.entries]}

    def as_hex(self, *, empty_slots: int = 0) -> str:
        """Give the entries as six bytes each; a list that is not empty may be followed by empty slots."""
        slots = [bytes(value & 0xFF for value in entry) for entry in self.entries]
        padding = [bytes(len(Entry._fields))] * empty_slots if slots else []
        return b"".join(slots + padding).hex()


def day_bit(local: datetime) -> int:
    """Give the bit of a day of the week, as reservations and time-of-use plans number them."""
    return SUNDAY >> local.isoweekday() % 7


def read_use(members: Mapping[str, object]) -> int:
    """Read `reservationUse`: 2 is on, anything else off."""
    return ON if members.get("reservationUse") == ON else OFF


def read_list(members: Mapping[str, object]) -> list[object]:
    """Read `reservation`, which must be a list."""
    rows = members.get("reservation")
    if not isinstance(rows, list):
        raise ScheduleError("reservation is not a list")
    return rows


def read_members(row: object, names: tuple[str, ...]) -> tuple[int, ...]:
    """Read whole numbers by name; `true` is 1, as it was for older callers (protocol.md 14, 21)."""
    if not isinstance(row, dict):
        raise ScheduleError("an entry is not an object")
    values = [row.get(name) for name in names]
    if not all(isinstance(value, int) for value in values):
        raise ScheduleError(f"an entry needs {', '.join(names)} as whole numbers")
    return tuple(int(value) for value in values if isinstance(value, int))


def clamp(value: int, allowed: range) -> int:
    """Bring a value to the nearest one allowed."""
    return min(max(value, allowed.start), allowed.stop - 1)
