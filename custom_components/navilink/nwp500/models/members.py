"""How a member of a wire message is described and read: the one mechanism of all models.

A message keeps its members exactly as they came. What they mean stands in a table of `Member` declarations, one line
each, and is worked out when it is read: decoding a message costs nothing for what is not read, and a member that
makes no sense is unknown (None) without harm to the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Self, cast, overload, override

from ..exceptions import ResponseFormatError
from .conversions import WHOLE, Kind


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object of the REST service, whose fields are declared by `wire`. Nothing in it is required."""

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the object; a field that is missing or unreadable is None."""
        make: Callable[..., Self] = cls
        wired = [(each.name, *each.metadata["wire"]) for each in fields(cls)]
        return make(**{name: kind.read(message.get(wire_name)) for name, wire_name, kind in wired})

    def by_wire_name(self) -> dict[str, object]:
        """Return the values of all fields by their names on the wire."""
        return {each.metadata["wire"][0]: getattr(self, each.name) for each in fields(self)}


def wire[T](name: str, kind: Kind[T], *, repr: bool = True) -> T | None:  # noqa: A002 - the name that `field` has for it
    """Declare a field of a `Record`: its name on the wire and its kind."""
    return cast("T | None", field(default=None, repr=repr, metadata={"wire": (name, kind)}))


def inner[R: Record](kind: type[R]) -> Kind[R]:
    """Make the kind of an object in an object; one that is missing or empty is None."""
    return Kind(lambda value: kind.from_message(value) if isinstance(value, Mapping) and value else None)


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
