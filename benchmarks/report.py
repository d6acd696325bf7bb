"""The one place that prints: figures as a table, as Markdown, and as JSON."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
import json
from pathlib import Path
import sys

from .figures import Figure

type Measure = Callable[[], Awaitable[list[Figure]]]

_HEADINGS = ("Figure", "Value", "Unit", "Beside", "Ratio", "Target", "Met")
_MET = {None: "", True: "yes", False: "**no**"}
_DECIMALS = ((100.0, 0), (10.0, 1), (1.0, 2), (0.1, 3))
"""How many of them a number of at least that size is printed with."""
_MARKERS = ("<!-- figures: {} -->", "<!-- end of figures -->")


def number(value: float | None) -> str:
    """Return a number with about three digits."""
    if value is None:
        return ""
    if value == int(value):
        return f"{value:,.0f}"
    decimals = next((digits for least, digits in _DECIMALS if abs(value) >= least), 4)
    return f"{value:,.{decimals}f}"


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    target = "" if figure.target is None else figure.target.words
    return (
        figure.name,
        number(figure.value),
        figure.unit,
        number(figure.beside),
        ratio,
        target,
        _MET[figure.is_met],
    )


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table of text."""
    rows = [_HEADINGS, *(tuple(cell.replace("*", "") for cell in _cells(figure)) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join((lines[0], "  ".join("-" * width for width in widths), *lines[1:]))


def markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = (_HEADINGS, ("---",) * len(_HEADINGS), *map(_cells, figures))
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |").replace("|  |", "| |") for row in rows)


def between_markers(document: str, name: str, content: str) -> str:
    """Return a document with other content between the markers of a name; raises `ValueError` without these."""
    begin, end = _MARKERS[0].format(name), _MARKERS[1]
    before, found, rest = document.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"the document has no place for {name}")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def write_json(figures: Sequence[Figure], file: str) -> None:
    """Write the figures to a file, `-` for standard output."""
    text = json.dumps([figure.as_json() for figure in figures], indent=2, ensure_ascii=False)
    if file == "-":
        print(text)
    else:
        Path(file).write_text(f"{text}\n")


def run_alone(measured: Measure, arguments: Sequence[str] | None = None) -> list[Figure]:
    """Measure and print: what `python -m benchmarks.NAME` does; return the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", metavar="FILE", help="write JSON to FILE, - for standard output, instead of a table")
    file = parser.parse_args(arguments).json
    figures = asyncio.run(_finished(measured))
    if file is None:
        print(table(figures))
    else:
        write_json(figures, file)
    sys.stdout.flush()
    return figures


async def _finished(measured: Measure) -> list[Figure]:
    return await measured()
