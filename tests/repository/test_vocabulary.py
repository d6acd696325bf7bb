"""One vocabulary: the words of Home Assistant, MQTT and AWS in all that people read."""

import ast
from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re

import pytest

from tests.repository.documents import DOCUMENTS, ROOT

INTEGRATION = ROOT / "custom_components" / "navilink"

OLD_WORDS: Mapping[str, str] = {
    r"tells?|told|teller": "reports, reported, describes, notifies",
    r"settled?": "completed, result, outcome, acknowledged",
    r"the link|links? (?:is|was|are) (?:up|down|back|lost|cut)": "the connection; connected, disconnected",
    r"set points?": "target temperature (user interface), setpoint (code and wire)",
    r"(?:weekly )?programmes?": "schedule",
    r"for ?ever": "never, no limit, indefinitely",
    r"off line|on line|back on line": "offline, online",
    r"in doubt": "sent but not confirmed",
    r"costly": "peak period",
    r"gave way|give way|given up|taken back": "superseded, dropped, cleared",
    r"(?:became|become|becomes) too old": "expired",
    r"already so": "redundant",
    r"listen(?:s|ed|ing)? to (?:a|the|each|every) heater": "subscribe to",
    r"longest (?:wait|time)": "maximum",
    r"goes by itself|go by themselves": "is resolved automatically",
    r"put aside": "quarantined, renamed, kept",
    r"passed over": "ignored",
    r"behaviour|colou?red|favour|honour": "American English: behavior",
    r"litres?|licence|organis\w+|normalis\w+|recognis\w+|initialis\w+|serialis\w+": "American English: liter, -ize",
    r"grey|centre|cancelled": "American English: gray, center, canceled",
}
"""Words that are not used here, as regular expressions, and what to write instead."""

_OLD = re.compile(rf"\b(?:{'|'.join(OLD_WORDS)})\b", re.IGNORECASE)

WIRE_WORDS = ("ALREADY_SO", "already_so")
"""Names of the code and of the wire that look like old words."""

_GENERATED = re.compile(r"<!-- table: .*?<!-- end of table -->", re.DOTALL)
"""What a script writes from the tables of the client, which are looked at there."""


SOURCES = ("custom_components", "simulator", "examples", "benchmarks", "demo", "drills", "scripts")
"""Folders of which the Python sources are read as well."""


def old_words(text: str) -> list[str]:
    """Return the old words in a text, each with the line in which it stands."""
    for name in WIRE_WORDS:
        text = text.replace(name, "")
    return [f"{line.strip()[:100]}  <- {found[0]}" for line in text.splitlines() for found in _OLD.finditer(line)]


def sentences(value: object) -> Iterator[str]:
    """Give every text in a JSON value, without its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from sentences(each)
    elif isinstance(value, list):
        for each in value:
            yield from sentences(each)


def read_in_source(path: Path) -> Iterator[str]:
    """Give what people read in a module: docstrings, and the texts of log messages and errors."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_LOGGER"))) | ast.Raise():
                yield from (
                    each.value
                    for each in ast.walk(node)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents(document: Path) -> None:
    assert old_words(_GENERATED.sub("", document.read_text())) == []


@pytest.mark.parametrize("name", ["translations/en.json", "icons.json"])
def test_texts_of_the_integration(name: str) -> None:
    texts = sentences(json.loads((INTEGRATION / name).read_text()))
    assert [found for text in texts for found in old_words(text)] == []


@pytest.mark.parametrize(
    "path",
    [
        INTEGRATION / "services.yaml",
        *sorted((ROOT / "blueprints").rglob("*.yaml")),
        *sorted((ROOT / ".github").rglob("*.yml")),
    ],
    ids=lambda path: path.name,
)
def test_other_texts(path: Path) -> None:
    assert old_words(path.read_text()) == []


@pytest.mark.parametrize("folder", SOURCES)
def test_docstrings_and_messages(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    assert [
        f"{path.relative_to(ROOT)}: {found}"
        for path in paths
        for text in read_in_source(path)
        for found in old_words(text)
    ] == []


@pytest.mark.parametrize("folder", [*SOURCES, "tests"])
def test_names(folder: str) -> None:
    named = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for found in old_words(node.name.replace("_", " "))
    ]
    assert named == []


def test_a_source_is_read_as_people_read_it(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        '"""A docstring."""\n'
        "NAME = 'not read'\n"
        "class Thing:\n"
        '    """Its docstring."""\n'
        "    value: int\n"
        '    """Of an attribute."""\n'
        "    def method(self):\n"
        "        _LOGGER.info('A message of %s', self.value)\n"
        "        raise ValueError(f'An error of {self.value}')\n"
    )
    expected = {"A docstring.", "Its docstring.", "Of an attribute.", "A message of %s", "An error of "}
    assert set(read_in_source(source)) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The heater tells its status.", 1),
        ("It is told that the link is down, for ever.", 3),
        ("A set point, a programme", 2),
        ("The setpoint of a program; WriteOutcome.ALREADY_SO", 0),
        ("an intelligent tellurian hyperlink", 0),
    ],
)
def test_old_words_are_found(text: str, count: int) -> None:
    assert len(old_words(text)) == count
