"""What a query or write carries beside its code: each member described once, with its range (protocol.md 5.3).

Everything is checked before anything is sent: the heater answers a wrong value with no error at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..exceptions import InvalidParameterError
from ..json_types import JsonValue
from ..models.members import Number


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A list of whole numbers, at least one; what stands in it twice is sent once."""

    each: Number

    @property
    def name(self) -> str:
        """The member's name on the wire."""
        return self.each.name

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return f"a list of at least one, each {self.each.allowed}"

    def check(self, value: object) -> JsonValue:
        """Return the numbers in the order in which they were given; raises `InvalidParameterError`."""
        if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not value:
            raise InvalidParameterError(self.name, value, self.allowed)
        return list(dict.fromkeys(self.each.check(number) for number in value))


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text that is not empty."""

    name: str

    allowed: ClassVar = "a text that is not empty"

    def check(self, value: object) -> JsonValue:
        """Return the text; raises `InvalidParameterError`."""
        if not isinstance(value, str) or not value:
            raise InvalidParameterError(self.name, value, self.allowed)
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object of exactly these whole numbers."""

    name: str
    members: tuple[Number, ...]

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return f"an object of the whole numbers {', '.join(member.name for member in self.members)}"

    def check(self, value: object) -> dict[str, JsonValue]:
        """Return the object with its members in their order, each within its range; raises `InvalidParameterError`."""
        found = self._found(value)
        return {member.name: member.check(found[member.name]) for member in self.members}

    def whole(self, value: object) -> dict[str, JsonValue]:
        """Return the object with its members in their order, whatever their numbers; raises `InvalidParameterError`."""
        found = self._found(value)
        numbers = {member.name: found[member.name] for member in self.members}
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers.values()):
            raise InvalidParameterError(self.name, value, self.allowed)
        return numbers

    def _found(self, value: object) -> Mapping[str, JsonValue]:
        if not isinstance(value, Mapping) or value.keys() != {member.name for member in self.members}:
            raise InvalidParameterError(self.name, value, self.allowed)
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """A list of such objects.

    Whole lists are written, with entries that others made and that may be outside the ranges; they have to go back as
    they were. So `check` requires whole numbers only, and a new entry is checked by `each`.
    """

    name: str
    each: Record
    min_entries: int = 0
    max_entries: int | None = None

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        limit = "any number of entries" if self.max_entries is None else f"at most {self.max_entries} entries"
        return f"a list of {limit}, at least {self.min_entries}, each {self.each.allowed}"

    def check(self, value: object) -> JsonValue:
        """Return the list with the members of each entry in their order; raises `InvalidParameterError`."""
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise InvalidParameterError(self.name, value, self.allowed)
        if len(value) < self.min_entries or (self.max_entries is not None and len(value) > self.max_entries):
            raise InvalidParameterError(self.name, f"{len(value)} entries", self.allowed)
        return [self.each.whole(entry) for entry in value]


type RequestMember = Number | Numbers | Text | Record | Records
"""A member of a request: `name` on the wire, `allowed` values in words, and `check`, which gives what goes out."""
