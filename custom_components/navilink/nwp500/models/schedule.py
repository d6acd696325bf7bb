"""The weekly schedule and the recirculation schedule (protocol.md 7.1 and 7.2), which come in two forms.

A JSON list and a hexadecimal text with six bytes an entry decode to equal objects. An entry keeps its raw numbers, also
those whose meaning is not known, so that it can be written back as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Self, cast, override

from ..enums import ReservationMode
from ..exceptions import ResponseFormatError
from .conversions import DAY_MASK, HALF, TRI_STATE, Weekday, bytes_from_hex, day_mask, days_in
from .members import WHOLE, Kind, Member, Message, check_switch, one_of, reply_members

_WIRE_NAMES = ("enable", "week", "hour", "min", "mode", "param")
"""The members of an entry, in the order of its bytes."""
ON, OFF = 2, 1
"""Raw values of every switch in a schedule."""
_USES = (0, OFF, ON)
_NO_PARAMETER = -1
_NO_PARAMETER_BYTE = 0xFF


_DAYS = Kind(lambda value: days_in(value) if DAY_MASK.allows(value) else None, name="day mask")


class WeeklyEntry(Message):
    """What the entries of both schedules share: six whole numbers, and nothing else is kept."""

    __slots__ = ()

    is_enabled = Member("enable", TRI_STATE, "Whether the entry is active; off, it is only stored")
    days = Member("week", _DAYS, "The days on which it acts")
    hour = Member("hour", WHOLE, "Hour, 0-23")
    minute = Member("min", WHOLE, "Minute, 0-59")

    @override
    def __post_init__(self) -> None:
        numbers = {name: self._number(name, self.raw[name]) for name in _WIRE_NAMES if name in self.raw}
        object.__setattr__(self, "raw", MappingProxyType(numbers))

    @classmethod
    def from_bytes(cls, numbers: bytes) -> Self:
        """Decode the six bytes of an entry."""
        return cls(dict(zip(_WIRE_NAMES, numbers, strict=True)))

    @property
    def is_complete(self) -> bool:
        """Whether all six members are whole numbers, so that the entry can be written back."""
        return None not in self._numbers()

    @property
    def is_empty_slot(self) -> bool:
        """Whether it stands for no entry: all zeros."""
        return all(number == 0 for number in self._numbers())

    @property
    def slot(self) -> tuple[int | None, int | None, int | None]:
        """Day mask, hour and minute: two entries cannot share them."""
        week, hour, minute = (WHOLE.read(self.raw.get(name)) for name in ("week", "hour", "min"))
        return week, hour, minute

    def switched(self, *, on: bool) -> Self:
        """Return the entry active, or only stored."""
        return type(self)({**self.raw, "enable": ON if check_switch(on) else OFF})

    @classmethod
    def _number(cls, name: str, value: object) -> object:  # noqa: ARG003 - one kind of entry goes by the name
        """Write a whole number as an integer; anything else stays as it is."""
        number = WHOLE.read(value)
        return value if number is None else number

    def _numbers(self) -> tuple[int | None, ...]:
        return tuple(WHOLE.read(self.raw.get(name)) for name in _WIRE_NAMES)


class ReservationEntry(WeeklyEntry):
    """Sets mode and setpoint at a minute of some weekdays, in the heater's local time."""

    __slots__ = ()

    mode = Member("mode", one_of(ReservationMode), "The mode that it sets")
    setpoint = Member("param", HALF, "The setpoint that it sets")
    setpoint_raw = setpoint.in_raw()

    @classmethod
    def of(
        cls,
        days: Iterable[Weekday],
        hour: int,
        minute: int,
        mode: ReservationMode,
        setpoint_raw: int,
        *,
        is_enabled: bool = True,
    ) -> Self:
        """Make an entry, with the setpoint in half-degrees Celsius; it is checked when it is written.

        Raises `InvalidParameterError` if there is no day.
        """
        return cls(_raw(days, hour, minute, mode, setpoint_raw, is_enabled=is_enabled))


class RecirculationEntry(WeeklyEntry):
    """Switches the recirculation pump at a minute of some weekdays, in the heater's local time."""

    __slots__ = ()

    pump_on = Member("mode", TRI_STATE, "Whether the pump is switched on or off")
    parameter = Member("param", WHOLE, "Always -1, in the hexadecimal form ff")

    @classmethod
    def of(cls, days: Iterable[Weekday], hour: int, minute: int, *, pump_on: bool, is_enabled: bool = True) -> Self:
        """Make an entry, which is checked when it is written; raises `InvalidParameterError` if there is no day."""
        return cls(_raw(days, hour, minute, ON if pump_on else OFF, _NO_PARAMETER, is_enabled=is_enabled))

    @classmethod
    @override
    def _number(cls, name: str, value: object) -> object:
        """Write 255 as -1, so that both forms compare equal."""
        number = super()._number(name, value)
        return _NO_PARAMETER if name == "param" and number == _NO_PARAMETER_BYTE else number


@dataclass(frozen=True, slots=True)
class WeeklySchedule[EntryT: WeeklyEntry]:
    """A whole schedule; the order of its entries means nothing."""

    use: int | None
    """The raw `reservationUse`: 2 on, 1 off, 0 unknown or none."""
    entries: tuple[EntryT, ...]

    entry_class: ClassVar[type[WeeklyEntry]]

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Decode a whole reply; raises `ResponseFormatError` if the message has no list of entries in either form."""
        reply = reply_members(message)
        match reply.get("reservation"):
            case str() as text:
                entries = [cls.entry_class.from_bytes(numbers) for numbers in _six_bytes_each(text)]
            case list() as listed:
                # What is no entry becomes one without members: it must not be forgotten when the list is written back.
                entries = [cls.entry_class(entry if isinstance(entry, Mapping) else {}) for entry in listed]
            case _:
                raise ResponseFormatError(lacking="reservation list")
        used = tuple(entry for entry in entries if not entry.is_empty_slot)
        # The type of a class variable cannot name that of the entries.
        return cls(WHOLE.read(reply.get("reservationUse")), cast("tuple[EntryT, ...]", used))

    @property
    def is_on(self) -> bool | None:
        """Whether the schedule as a whole is switched on, apart from each entry's own switch."""
        return TRI_STATE.read(self.use)

    @property
    def is_complete(self) -> bool:
        """Whether everything in it could be read, so that it can be written back without loss."""
        return self.use in _USES and all(entry.is_complete for entry in self.entries)

    def is_same_as(self, other: WeeklySchedule[EntryT]) -> bool:
        """Return whether both have the same content: the order does not matter, and 0 is off (protocol.md 7.1)."""
        return (
            self.is_complete
            and other.is_complete
            and (self.use == ON) == (other.use == ON)
            and self._sorted() == other._sorted()
        )

    def switched(self, *, on: bool | None) -> Self:
        """Return the schedule switched on or off with the same entries; None leaves it as it is."""
        return self if on is None else replace(self, use=ON if check_switch(on) else OFF)

    def content(self) -> dict[str, object]:
        """Return the members of a write."""
        return {
            "reservationUse": ON if self.use == ON else OFF,
            "reservation": [dict(entry.raw) for entry in self.entries],
        }

    def _sorted(self) -> list[tuple[object, ...]]:
        return sorted(tuple(entry.raw[name] for name in _WIRE_NAMES) for entry in self.entries)


class ReservationSchedule(WeeklySchedule[ReservationEntry]):
    """The weekly schedule."""

    __slots__ = ()

    entry_class = ReservationEntry


class RecirculationSchedule(WeeklySchedule[RecirculationEntry]):
    """When the recirculation pump runs."""

    __slots__ = ()

    entry_class = RecirculationEntry


def _six_bytes_each(text: str) -> list[bytes]:
    """Split the hexadecimal form: whole entries, or no list, since one read as shorter would be written back."""
    numbers = bytes_from_hex(text)
    size = len(_WIRE_NAMES)
    if len(numbers) % size:
        raise ResponseFormatError(lacking="whole entries in its reservation list")
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _raw(
    days: Iterable[Weekday], hour: int, minute: int, mode: int, parameter: int, *, is_enabled: bool
) -> dict[str, object]:
    enable = ON if is_enabled else OFF
    return dict(zip(_WIRE_NAMES, (enable, day_mask(days), hour, minute, int(mode), parameter), strict=True))
