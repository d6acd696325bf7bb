"""How a member of a wire message is described and read: the one mechanism of all models.

A message keeps its members exactly as they came. What they mean stands in a table of `Member` declarations, one line
each, and is worked out when it is read: decoding a message costs nothing for what is not read, and a member that
makes no sense is unknown (None) without harm to the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Self, cast, overload, override

from ..common.text import LONG, SHORT, one_line
from ..exceptions import ResponseFormatError
from . import conversions

_LARGEST_NUMBER = 2**53
"""Every number on the wire is far smaller, and up to here integers and floats agree exactly."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Kind[T]:
    """How the values of a member are read: `read` gives None for what it cannot mean; `unit` is that of the result."""

    read: Callable[[object], T | None]
    unit: str = ""
    name: str = "number"
    """What the kind is called in the description of the protocol."""


class Member[T]:
    """One member of a message: its name on the wire, its kind and its meaning. Read from an instance, its value."""

    def __init__(self, wire_name: str, kind: Kind[T], meaning: str) -> None:
        self.wire_name = wire_name
        self.kind = kind
        self._read = kind.read
        self.meaning = meaning
        self.__doc__ = f"{meaning} [{kind.unit}]" if kind.unit else meaning

    @overload
    def __get__(self, message: None, owner: type[Message]) -> Self: ...

    @overload
    def __get__(self, message: Message, owner: type[Message]) -> T | None: ...

    def __get__(self, message: Message | None, owner: type[Message]) -> Self | T | None:
        if message is None:
            return self
        return self._read(message.raw.get(self.wire_name))

    def in_raw(self) -> Member[int]:
        """Describe the same member as its raw number, for comparisons that must be exact."""
        return Member(self.wire_name, WHOLE, f"Raw number of: {self.__doc__}")


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """The members of one message; equal when all raw members are, known or not. Subclasses declare the `Member`s."""

    raw: Mapping[str, object]
    """Every member as it was received, also those that no `Member` describes; read-only."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw", MappingProxyType(dict(self.raw)))

    @override
    def __repr__(self) -> str:
        """Show nothing of the content: a serial number must not reach a log."""
        return f"<{type(self).__name__} of {len(self.raw)} members>"

    @classmethod
    def members(cls) -> dict[str, Member[object]]:
        """Return the declared members by attribute name, in the order of their declaration."""
        return {name: member for name, member in vars(cls).items() if isinstance(member, Member)}

    def decoded(self) -> dict[str, object]:
        """Return the value of every declared member by attribute name."""
        return {name: getattr(self, name) for name in self.members()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object of the REST service, whose fields are declared by `wire`. Nothing in it is required."""

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the object; a field that is missing or unreadable is None."""
        make: Callable[..., Self] = cls
        wired = [(each.name, *each.metadata["wire"]) for each in fields(cls)]
        return make(**{name: kind.read(message.get(wire_name)) for name, wire_name, kind in wired})


def wire[T](name: str, kind: Kind[T], *, repr: bool = True) -> T | None:  # noqa: A002 - the name that `field` has for it
    """Declare a field of a `Record`: its name on the wire and its kind."""
    return cast("T | None", field(default=None, repr=repr, metadata={"wire": (name, kind)}))


def reply_content(message: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """Find the content of a reply: under `response`, else at the top level, under the first of `names` present.

    Content that is present counts even when it is empty (protocol.md 4.3).

    Raises `ResponseFormatError` if there is no such content, or it is not an object.
    """
    for sequence in (block(message, "response"), message):
        for name in names:
            if name not in sequence:
                continue
            found = sequence[name]
            if isinstance(found, Mapping):
                return found
            raise ResponseFormatError(lacking=" or ".join(names))
    raise ResponseFormatError(lacking=" or ".join(names))


def block(message: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return an object inside a message, empty when it is missing or is something else."""
    content = message.get(name)
    return content if isinstance(content, Mapping) else {}


def objects(message: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """Return a list inside a message, empty when it is something else; entries that are none become empty ones."""
    content = message.get(name)
    return [item if isinstance(item, Mapping) else {} for item in content] if isinstance(content, list) else []


def _number(value: object) -> float | None:
    """Let pass what can be a number of the wire: no boolean, text or list, not NaN, not infinite, not enormous."""
    if type(value) is int and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        # Nearly every member of every message.
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST_NUMBER:
        return value
    return None


def _whole(value: object) -> int | None:
    """Let pass whole numbers, also one written as 3.0."""
    if type(value) is int and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        # Nearly every member of every message.
        return value
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _version(value: object) -> str | None:
    number = _whole(value)
    return None if number is None else conversions.version_text(number)


def _text(value: object) -> str | None:
    return one_line(value, SHORT) if isinstance(value, str) else None


def _long_text(value: object) -> str | None:
    return one_line(value, LONG) if isinstance(value, str) else None


def _key(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= SHORT and value.isprintable() else None


def _from_epoch_milliseconds(raw: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=raw)
    except OverflowError:
        return None


def _date(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        year, month, day = (int(part) for part in value.split("-"))
        return date(year, month, day)
    except ValueError, OverflowError:
        return None


def numeric[T](decode: Callable[[float], T | None], unit: str = "", *, name: str = "number") -> Kind[T]:
    """Make the kind of a number that `decode` gives its meaning."""

    def read(value: object) -> T | None:
        # Nearly every member of every message is an integer: the call that this one saves is a fifth of the reading.
        number = value if type(value) is int and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER else _number(value)
        return None if number is None else decode(number)

    return Kind(read, unit, name)


def measured(unit: str) -> Kind[float]:
    """Make the kind of a quantity that the wire carries in its unit."""
    return Kind(_number, unit)


def one_of[E: IntEnum](enumeration: type[E]) -> Kind[E]:
    """Make the kind of a number that stands for a member of an enumeration; unknown numbers are None."""
    known: dict[float, E] = {member.value: member for member in enumeration}
    return numeric(known.get, name=enumeration.__name__)


def named[E: StrEnum](enumeration: type[E]) -> Kind[E]:
    """Make the kind of a text that stands for a member of an enumeration; unknown texts are None."""
    known: dict[str, E] = {member.value: member for member in enumeration}
    return Kind(lambda value: known.get(value) if isinstance(value, str) else None, name=enumeration.__name__)


TEXT = Kind(_text, name="text")
"""A text that is shown to people: one printable line of at most 64 characters."""
LONG_TEXT = Kind(_long_text, name="text")
"""The same with at most 500 characters, for descriptions and addresses."""
KEY = Kind(_key, name="text")
"""A text that is sent back as it came: cut or mended it would name something else, so it is exact or unknown."""
NUMBER = Kind(_number)
WHOLE = Kind(_whole)
VERSION = Kind(_version, name="version")
DAYS = Kind(_whole, "d", "days")
HALF = numeric(conversions.celsius_from_half, "°C", name="half")
DECI = numeric(conversions.celsius_from_deci, "°C", name="deci")
DELTA = numeric(conversions.celsius_from_delta, "Celsius degrees of difference", name="delta")
OUTSIDE = numeric(conversions.celsius_from_half, "°C", name="outside")
FLOW = numeric(conversions.liters_per_minute, "L/min", name="0.1 L/min")
TANK_ENERGY = numeric(conversions.watt_hours, "Wh", name="4 Wh")
FLAG = numeric(conversions.flag, name="b")
TRI_STATE = numeric(conversions.tri_state, name="t")
TOU_STATUS = numeric(conversions.tou_enabled, name="TOU status")
TOU_OVERRIDE = numeric(conversions.tou_overridden, name="TOU override")
CAPABILITY = numeric(conversions.capability, name="capability")
EPOCH_MILLISECONDS = numeric(_from_epoch_milliseconds)
DATE = Kind(_date)
"""A date, with or without leading zeros (protocol.md 2.8)."""
