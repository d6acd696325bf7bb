"""What comes from outside as JSON, read strictly, and the error of everything that makes no sense.

Members that go to a function as its arguments are defined by its annotations.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
import json
from typing import Annotated, get_args, override

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]
type Members = Mapping[str, object]
"""A JSON object whose members are still to be read."""

MAX_COUNT = 1_000_000

_KINDS = {dict: "an object", list: "a list", str: "a text"}


class BadRequestError(ValueError):
    """What was asked for makes no sense, or does not fit; nothing was changed, and the text says why."""


def json_object(data: bytes, name: str = "the body") -> JsonObject:
    """Read the JSON object that these bytes are."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as err:
        raise BadRequestError(f"{name} is not JSON") from err
    return of_kind(value, dict, name)


def of_kind[KindT: (JsonObject, list[Json], str)](value: object, kind: type[KindT], name: str) -> KindT:
    """Read an object, a list or a text."""
    if not isinstance(value, kind):
        raise BadRequestError(f"{name} is not {_KINDS[kind]}")
    return value


def whole_number(value: object, name: str, allowed: range) -> int:
    """Read a whole number."""
    if type(value) is not int or value not in allowed:
        raise BadRequestError(f"{name} is not a whole number of {allowed.start} to {allowed.stop - 1}")
    return value


def text(members: Members, name: str) -> str:
    """Read a text."""
    return of_kind(members.get(name), str, name)


def number(members: Members, name: str, allowed: range) -> int:
    """Read a whole number by its name."""
    return whole_number(members.get(name), name, allowed)


def numbers(members: Members, name: str, allowed: range) -> tuple[int, ...]:
    """Read a list of whole numbers."""
    return tuple(whole_number(value, name, allowed) for value in sequence(members, name))


def part(members: Members, name: str) -> JsonObject:
    """Read an object within."""
    return of_kind(members.get(name), dict, name)


def sequence(members: Members, name: str) -> list[Json]:
    """Read a list of anything."""
    return of_kind(members.get(name), list, name)


def parts(members: Members, name: str) -> list[JsonObject]:
    """Read a list of objects."""
    return [of_kind(value, dict, name) for value in sequence(members, name)]


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from a minimum to a maximum."""

    minimum: float
    maximum: float

    def __contains__(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum

    @override
    def __str__(self) -> str:
        return f"{self.minimum:g} to {self.maximum:g}"


Count = Annotated[int, Span(0, MAX_COUNT - 1)]
Seconds = Annotated[float, Span(0, 600)]
Interval = Annotated[float, Span(0.1, 600)]


def checked[ResultT](function: Callable[..., ResultT], arguments: Mapping[str, object]) -> Callable[..., ResultT]:
    """Compare members of a request with the keyword parameters of a function, and give the function with these."""
    parameters = {
        name: parameter
        for name, parameter in signature(function).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    }
    unknown = arguments.keys() - parameters.keys()
    if unknown:
        raise BadRequestError(f"{function.__name__} has no {', '.join(sorted(unknown))}")
    for name, parameter in parameters.items():
        if name in arguments:
            _check_value(name, arguments[name], parameter.annotation)
        elif parameter.default is Parameter.empty:
            raise BadRequestError(f"{function.__name__} needs {name}")
    return partial(function, **arguments)


def _check_value(name: str, value: object, annotation: object) -> None:
    """Compare a JSON value with an annotation, in which `Annotated` has the allowed values of the type."""
    restricted = hasattr(annotation, "__metadata__")
    alternatives = [annotation] if restricted else get_args(annotation) or [annotation]
    for alternative in alternatives:
        kind, *allowed = get_args(alternative) or (alternative,)
        # A whole number may stand for a decimal one.
        if kind is object or type(value) is kind or (type(value) is int and kind is float):
            if allowed and value not in allowed[0]:
                raise BadRequestError(f"{name} must be {_described(allowed[0])}, not {value!r}")
            return
    raise BadRequestError(f"{name} cannot be {value!r}")


def _described(allowed: Span | Collection[object]) -> str:
    return str(allowed) if isinstance(allowed, Span) else f"one of {', '.join(map(str, sorted(allowed, key=str)))}"
