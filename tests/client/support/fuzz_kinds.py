"""What a kind of message is to the fuzz test: a recorded one, where it arrives, and what its parts decode to.

The kinds themselves stand in `fuzz_heater_kinds` (what heaters say over MQTT) and `fuzz_rest_kinds` (what the REST
service answers).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
import json
from operator import attrgetter
from typing import Any

from nwp500 import NavienMqttClient
from nwp500.models import Message
from nwp500.protocol.queries import Request
from tests import FIXTURES
from tests.client.support.mutations import Path

# Any: decoded JSON, as it comes off the wire.
type Document = dict[str, Any]
type Parts = dict[Path, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a message answers, where the client reads it only for whoever has asked."""

    request: Request
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of message.

    `read` makes of a message what the client makes of it, and may refuse it with `ResponseFormatError` when something
    that decides about all of it was touched. `parts` gives, for each place in the message, what that place decodes to:
    it must stay the same when a mutation touches other places. A kind without `read` is only taken in.
    """

    name: str
    document: Document
    topic: str | None = None
    """Where it arrives; None for what the REST service answers."""
    # Any: what `read` returns, `parts` takes, and it is another class for each kind.
    read: Callable[[Document], Any] | None = None
    parts: Callable[[Any], Parts] = lambda _: {}
    kept: Callable[[NavienMqttClient], object] | None = None
    """What the client itself has of the message when it has taken it in."""
    question: Question | None = None
    keys: Callable[[Path], Path | None] = lambda _: None
    """For a place that decides about more than itself: what of the message it decides about, () for all of it."""


def fixture(name: str, *inside: str) -> Any:  # noqa: ANN401 - decoded JSON
    """Read a recorded message, or what is inside it."""
    found = json.loads((FIXTURES / f"{name}.json").read_text())
    for step in inside:
        found = found[step]
    return found


def parts_of_message(message: Message, *sequence: str | int) -> Parts:
    """Give every member of a message that was read from a place."""
    read_derived(message)
    return {
        (*sequence, wire_name, attribute): getattr(message, attribute)
        for attribute, wire_name in _wire_names(type(message)).items()  # type: ignore[arg-type]  # classes are hashable
    }


@cache
def _wire_names(model: type[Message]) -> Mapping[str, str]:
    return {attribute: member.wire_name for attribute, member in model.members().items()}


def parts_at(sequences: Mapping[Path, str], *prefix: str | int) -> Callable[[object], Parts]:
    """Give attributes of a model by the places that they are read from; of no model, none."""
    readers = {(*prefix, *path): attrgetter(attribute) for path, attribute in sequences.items()}

    def parts(model: object) -> Parts:
        if model is None:
            return {}
        read_derived(model)
        return {path: reader(model) for path, reader in readers.items()}

    return parts


def parts_of_rows(sequences: Mapping[Path, str], *prefix: str | int) -> Callable[[Iterable[object]], Parts]:
    """Give attributes of the models of a list by the places that they are read from."""

    def parts(rows: Iterable[object]) -> Parts:
        return merged(parts_at(sequences, *prefix, number)(row) for number, row in enumerate(rows))

    return parts


def merged(parts: Iterable[Parts]) -> Parts:
    """Give all of several parts."""
    return {sequence: value for each in parts for sequence, value in each.items()}


def read_derived(message: object) -> None:
    """Read what is worked out from several members: whatever they are, it must not fail."""
    for name in _properties(type(message)):  # type: ignore[arg-type]  # classes are hashable
        getattr(message, name)


@cache
def _properties(model: type) -> tuple[str, ...]:
    return tuple(name for base in model.__mro__ for name, value in vars(base).items() if isinstance(value, property))
