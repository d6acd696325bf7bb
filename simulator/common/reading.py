"""What comes from outside as JSON, read strictly, and the error of everything that makes no sense."""

from collections.abc import Mapping
import json

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]
type Members = Mapping[str, object]
"""A JSON object whose members are still to be read."""


class BadRequestError(ValueError):
    """What was asked for makes no sense, or does not fit; nothing was changed, and the text says why."""


def json_object(data: bytes, name: str = "the body") -> JsonObject:
    """Read the JSON object that these bytes are."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as err:
        raise BadRequestError(f"{name} is not JSON") from err
    return _of_kind(value, dict, name, "an object")


def text(members: Members, name: str) -> str:
    """Read a text."""
    return _of_kind(members.get(name), str, name, "a text")


def number(members: Members, name: str, allowed: range) -> int:
    """Read a whole number."""
    return _whole(members.get(name), name, allowed)


def numbers(members: Members, name: str, allowed: range) -> tuple[int, ...]:
    """Read a list of whole numbers, which must not be empty."""
    values = sequence(members, name)
    if not values:
        raise BadRequestError(f"{name} is empty")
    return tuple(_whole(value, name, allowed) for value in values)


def part(members: Members, name: str) -> JsonObject:
    """Read an object within."""
    return _of_kind(members.get(name), dict, name, "an object")


def sequence(members: Members, name: str) -> list[Json]:
    """Read a list of anything."""
    return _of_kind(members.get(name), list, name, "a list")


def parts(members: Members, name: str) -> list[JsonObject]:
    """Read a list of objects."""
    return [_of_kind(value, dict, name, "an object") for value in sequence(members, name)]


def _of_kind[KindT](value: object, kind: type[KindT], name: str, described: str) -> KindT:
    if not isinstance(value, kind):
        raise BadRequestError(f"{name} is not {described}")
    return value


def _whole(value: object, name: str, allowed: range) -> int:
    if type(value) is not int or value not in allowed:
        raise BadRequestError(f"{name} is not a whole number of {allowed.start} to {allowed.stop - 1}")
    return value
