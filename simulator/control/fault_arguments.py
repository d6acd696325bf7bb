"""What members of a request may be: the annotations of the function that they go to define it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Annotated, get_args, override

from ..common.reading import BadRequestError

MAX_COUNT = 1_000_000


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
