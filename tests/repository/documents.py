"""The documents of the repository, and how to read them."""

from collections.abc import Iterator
from pathlib import Path
import re

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(document: Path) -> str:
    """Return the text of a document without its code blocks."""
    return _FENCED.sub("", document.read_text())


def links(document: Path) -> list[str]:
    """Return where the links and images of a document lead."""
    return _LINK.findall(prose(document))


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings of a document, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(document: Path, heading: str) -> str:
    """Return a section of a document, up to the next heading of any level."""
    _, found, rest = document.read_text().partition(f"\n{heading}\n")
    assert found, f"{document.name} has no section {heading}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def chapter(document: Path, heading: str) -> str:
    """Return a section of the second level of a document with all that is below it."""
    _, found, rest = document.read_text().partition(f"\n{heading}\n")
    assert found, f"{document.name} has no section {heading}"
    return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[list[str]]:
    """Give the cells of each row of the tables in a text, without their headings."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        is_heading = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("| ") and not is_heading:
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def quoted(text: str) -> list[str]:
    """Return the names in a text that are set as code; a call counts as its name."""
    return re.findall(r"`([A-Za-z_.]+)(?:\([^`]*\))?`", text)


def names(document: Path, heading: str) -> list[str]:
    """Return the names set as code in the first column of the tables of a section."""
    return [name for cells in rows(section(document, heading)) for name in quoted(cells[0])]
