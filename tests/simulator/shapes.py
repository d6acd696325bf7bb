"""What a recorded message and a simulated one have to have in common."""

from collections.abc import Mapping
from typing import Any


# Any: JSON of any kind.
def shape(value: Any) -> object:  # noqa: ANN401 - see above
    """Reduce a message to its members, the lengths of its lists, and the types of its values."""
    if isinstance(value, Mapping):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return type(value)
