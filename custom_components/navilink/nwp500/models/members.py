"""How a member of a wire message is described, read and checked: the one mechanism of all models.

A message keeps its members exactly as they came. What they mean stands in a table of `Member` declarations, one line
each, and is worked out when it is read: decoding a message costs nothing for what is not read, and a member that
makes no sense is unknown (None) without harm to the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Self, TypeGuard, cast, overload, override

from ..exceptions import InvalidParameterError, ResponseFormatError

_LARGEST_NUMBER = 2**53
"""Every number on the wire is far smaller, and up to here integers and floats agree exactly."""


@dataclass(frozen=True, slots=True)
class Kind[T]:
    """How the values of a member are read: `read` gives None for what it cannot mean; `unit` is that of the result."""

    read: Callable[[object], T | None]
    unit: str = ""
    name: str = "number"
    """What the kind is called in the description of the protocol."""


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


def coded[T](meanings: Mapping[float, T], *, name: str = "number") -> Kind[T]:
    """Make the kind of a number that stands for something; unknown numbers are None."""
    return numeric(meanings.get, name=name)


def one_of[E: IntEnum](enumeration: type[E]) -> Kind[E]:
    """Make the kind of a number that stands for a member of an enumeration; unknown numbers are None."""
    return coded({member.value: member for member in enumeration}, name=enumeration.__name__)


def named[E: StrEnum](enumeration: type[E]) -> Kind[E]:
    """Make the kind of a text that stands for a member of an enumeration; unknown texts are None."""
    known: dict[str, E] = {member.value: member for member in enumeration}
    return Kind(lambda value: known.get(value) if isinstance(value, str) else None, name=enumeration.__name__)


NUMBER = Kind(_number)
WHOLE = Kind(_whole)


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
    """The members of one message; equal when all raw members are, known or not.

    Subclasses declare the `Member`s. They have no fields of their own, so they are no data classes: empty slots, and
    what this class generates, are all they need.
    """

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
        """Return the declared members by attribute name, in the order of their declaration, inherited ones first."""
        declared = (item for owner in reversed(cls.__mro__) for item in vars(owner).items())
        return {name: member for name, member in declared if isinstance(member, Member)}

    def decoded(self) -> dict[str, object]:
        """Return the value of every declared member by attribute name."""
        return {name: getattr(self, name) for name in self.members()}


REQUIRED = MISSING
"""Instead of a default: there is no object without this field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object of the REST service, whose fields are declared by `wire`; one may have others beside these."""

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the object; a field that is missing or unreadable has its default."""
        return cls(**cls.readable(message))

    # Any: each value is of its field's type.
    @classmethod
    def readable(cls, message: Mapping[str, object]) -> dict[str, Any]:
        """Return the fields that can be read, by attribute."""
        wired = [(each.name, *each.metadata["wire"]) for each in fields(cls) if each.metadata]
        read = {name: kind.read(_found(message, wire_name)) for name, wire_name, kind in wired}
        return {name: value for name, value in read.items() if value is not None}

    def by_wire_name(self) -> dict[str, object]:
        """Return the values of the declared fields by their names on the wire."""
        return {each.metadata["wire"][0]: getattr(self, each.name) for each in fields(self) if each.metadata}


def _found(message: Mapping[str, object], path: str) -> object:
    outer, _, name = path.rpartition(".")
    return (block(message, outer) if outer else message).get(name)


def wire[T](name: str, kind: Kind[T], *, default: object = None, repr: bool = True) -> T:  # noqa: A002 - as in `field`
    """Declare a field of a `Record`: its name on the wire, `object.name` for one in an object inside, and its kind."""
    return cast("T", field(default=default, repr=repr, metadata={"wire": (name, kind)}))


def inner[R: Record](kind: type[R]) -> Kind[R]:
    """Make the kind of an object in an object; one that is missing or empty is None."""
    return Kind(lambda value: kind.from_message(value) if isinstance(value, Mapping) and value else None)


def reply_members(message: Mapping[str, object]) -> Mapping[str, object]:
    """Return the members of a reply: under `response`, else at the top level (protocol.md 4.3)."""
    return block(message, "response") or message


def reply_content(message: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """Find the content of a reply: under `response`, else at the top level, under the first of `names` present.

    Content that is present counts even when it is empty (protocol.md 4.3).

    Raises `ResponseFormatError` if there is no such content, or it is not an object.
    """
    levels = (block(message, "response"), message)
    found = next((level[name] for level in levels for name in names if name in level), None)
    if isinstance(found, Mapping):
        return found
    raise ResponseFormatError(lacking=" or ".join(names))


def block(message: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return an object inside a message, empty when it is missing or is something else."""
    content = message.get(name)
    return content if isinstance(content, Mapping) else {}


def objects(message: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """Return a list inside a message, empty when it is something else; entries that are none become empty ones."""
    content = message.get(name)
    return [item if isinstance(item, Mapping) else {} for item in content] if isinstance(content, list) else []


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number and its range; never a boolean, which the heater would take for another number."""

    name: str
    low: int
    high: int
    unit: str = ""
    gap: int | None = None
    """The one number in the range that is not allowed."""
    step: int = 1
    """From one allowed number to the next."""

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        unit = f" {self.unit}" if self.unit else ""
        gap = "" if self.gap is None else f" but not {self.gap}"
        steps = "" if self.step == 1 else f" in steps of {self.step}"
        return f"a whole number from {self.low} to {self.high}{unit}{gap}{steps}"

    def check(self, value: object) -> int:
        """Return the value; raises `InvalidParameterError` unless it is a whole number in the range."""
        allowed = range(self.low, self.high + 1, self.step)
        if isinstance(value, int) and not isinstance(value, bool) and value in allowed and value != self.gap:
            return int(value)
        raise InvalidParameterError(self.name, value, self.allowed, minimum=self.low, maximum=self.high, unit=self.unit)

    def allows(self, value: object) -> TypeGuard[int]:
        """Return whether a value is a whole number in the range."""
        try:
            self.check(value)
        except InvalidParameterError:
            return False
        return True


def check_switch(on: object) -> bool:
    """Return whether something is switched on; raises `InvalidParameterError` for anything but True and False."""
    if not isinstance(on, bool):
        raise InvalidParameterError("on", on, "True or False")
    return on
