"""How a table of docs/protocol.md is written."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = (header, ["---"] * len(header), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', '\\|') for cell in line)} |\n" for line in lines)


def code(text: str) -> str:
    """Write a name as it stands on the wire or in the code."""
    return f"`{text}`"


def in_words(constant: str) -> str:
    """Write the name of a constant."""
    return constant.lower().replace("_", " ")
