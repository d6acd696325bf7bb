"""What the arguments of a fault may be: its annotations define it, and every request is checked against them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Annotated, get_args, override

MAX_COUNT = 1_000_000


class FaultError(Exception):
    """The kind or a member of a fault is wrong; nothing was changed."""


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


def check(fault: Callable[..., None], arguments: Mapping[str, object]) -> None:
    """Compare members of a request with the keyword parameters of a fault."""
    parameters = {
        name: parameter
        for name, parameter in signature(fault).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    }
    unknown = arguments.keys() - parameters.keys()
    if unknown:
        raise FaultError(f"{fault.__name__} has no {', '.join(sorted(unknown))}")
    for name, parameter in parameters.items():
        if name in arguments:
            _check_value(name, arguments[name], parameter.annotation)
        elif parameter.default is Parameter.empty:
            raise FaultError(f"{fault.__name__} needs {name}")


def _check_value(name: str, value: object, annotation: object) -> None:
    """Compare a JSON value with an annotation, in which `Annotated` has the allowed values of the type."""
    restricted = hasattr(annotation, "__metadata__")
    alternatives = [annotation] if restricted else get_args(annotation) or [annotation]
    for alternative in alternatives:
        kind, *allowed = get_args(alternative) or (alternative,)
        # A whole number may stand for a decimal one.
        if type(value) is kind or (type(value) is int and kind is float):
            if allowed and value not in allowed[0]:
                raise FaultError(f"{name} must be {_described(allowed[0])}, not {value!r}")
            return
    raise FaultError(f"{name} cannot be {value!r}")


def _described(allowed: Span | Collection[object]) -> str:
    return str(allowed) if isinstance(allowed, Span) else f"one of {', '.join(map(str, sorted(allowed, key=str)))}"
