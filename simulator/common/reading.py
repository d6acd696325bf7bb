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
    if not isinstance(value, dict):
        raise BadRequestError(f"{name} is not an object")
    return value


def text(members: Members, name: str) -> str:
    """Read a text."""
    value = members.get(name)
    if not isinstance(value, str):
        raise BadRequestError(f"{name} is not a text")
    return value


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
    value = members.get(name)
    if not isinstance(value, dict):
        raise BadRequestError(f"{name} is not an object")
    return value


def sequence(members: Members, name: str) -> list[Json]:
    """Read a list of anything."""
    values = members.get(name)
    if not isinstance(values, list):
        raise BadRequestError(f"{name} is not a list")
    return values


def parts(members: Members, name: str) -> list[JsonObject]:
    """Read a list of objects."""
    return [part({name: value}, name) for value in sequence(members, name)]


def _whole(value: object, name: str, allowed: range) -> int:
    if type(value) is not int or value not in allowed:
        raise BadRequestError(f"{name} is not a whole number of {allowed.start} to {allowed.stop - 1}")
    return value
