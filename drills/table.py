"""How results are shown: a line each in the terminal, a table in the documentation."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from .drill import Drill, Result
from .protections import PROTECTIONS

HEADER = (
    "Drill",
    "Back after",
    "Given",
    "Confirmed",
    "Lost",
    "Reordered",
    "Doubled",
    "Tasks",
    "Threads",
    "Sockets",
    "Files",
    "Log lines",
    "Took",
)


def cells(result: Result) -> tuple[str, ...]:
    """Return the cells of a result, one for each of `HEADER`."""
    return (
        result.name,
        _back_after(result),
        *(
            str(count)
            for count in (
                result.given,
                result.confirmed,
                result.lost,
                result.reordered,
                result.doubled,
                result.tasks,
                result.threads,
                result.sockets,
                result.descriptors,
                result.log_lines,
            )
        ),
        f"{result.took:.0f} s",
    )


def _back_after(result: Result) -> str:
    if result.impossible is not None:
        return "skipped"
    return "never" if result.seconds is None else f"{result.seconds:.1f} s"


def line(cells: Iterable[str]) -> str:
    """Write cells for the terminal."""
    first, *others = cells
    return f"{first:<34}" + "".join(f"{cell:>11}" for cell in others)


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table."""
    titles = list(header)
    return "".join(f"| {' | '.join(row)} |\n" for row in (titles, ["---"] * len(titles), *rows))


def described(drills: Mapping[str, Drill]) -> str:
    """Write what the drills are, and what each fails without."""
    rows = ((f"`{drill.name}`", drill.about, PROTECTIONS[drill.protection].about) for drill in drills.values())
    return markdown(("Drill", "What happens", "It fails without this"), rows)


def write_between(path: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a name in a document."""
    begin, end = f"<!-- {name} begins -->\n", f"<!-- {name} ends -->\n"
    before, rest = path.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    path.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")
