"""Benchmarks: what is listed can be run and has its place in the document, and figures come out as measured."""

import ast
import json

import pytest

from benchmarks.catalog import BENCHMARKS, Benchmark, Runs, chosen
from benchmarks.figures import Figure, Target, at_least, at_most, from_json, ratio_at_least, ratio_at_most
from benchmarks.report import between_markers, markdown, number, table
from tests.repository.documents import DOCS, ROOT

FOLDER = ROOT / "benchmarks"
PERFORMANCE = DOCS / "performance.md"
RATIO = Figure(name="slower than bare", value=300.0, beside=200.0, unit="µs", target=ratio_at_most(1.15))
PLAIN = Figure(name="drained", value=1.0, unit="s", target=at_most(1.2))


def functions(name: str) -> set[str]:
    """Return the functions of a module of the benchmarks, which is not imported: that may take seconds."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_benchmark_is_listed() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py") if "measured" in functions(path.stem)}
    assert {each.name for each in BENCHMARKS} == modules
    assert len(BENCHMARKS) == len(modules)


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda benchmark: benchmark.name)
def test_each_has_its_place_in_the_document(benchmark: Benchmark) -> None:
    document = PERFORMANCE.read_text()
    assert between_markers(document, benchmark.name, "| new |") != document


def test_those_by_name_run_only_when_asked_for() -> None:
    by_name = {each.name for each in BENCHMARKS if each.runs is Runs.BY_NAME}
    everything = {each.name for each in chosen((), quick=False)}
    assert everything.isdisjoint(by_name)
    assert everything | by_name == {each.name for each in BENCHMARKS}
    assert {each.name for each in chosen((), quick=True)} < everything
    assert [each.name for each in chosen(("fleet", "drain"), quick=True)] == ["fleet", "drain"]


@pytest.mark.parametrize(
    ("target", "value", "beside", "is_met"),
    [
        (at_most(1.2), 1.2, None, True),
        (at_most(1.2), 1.21, None, False),
        (at_least(50), 49.0, None, False),
        (ratio_at_most(1.15), 115.0, 100.0, True),
        (ratio_at_most(1.15), 116.0, 100.0, False),
        (ratio_at_least(0.5), 50.0, 100.0, True),
        (ratio_at_least(0.5), 49.0, 100.0, False),
        (None, 7.0, 1.0, None),
    ],
)
def test_target(target: Target | None, value: float, beside: float | None, is_met: bool | None) -> None:
    assert Figure(name="x", value=value, beside=beside, unit="", target=target).is_met is is_met


def test_ratio_without_anything_beside_it_is_an_error() -> None:
    figure = Figure(name="x", value=1.0, unit="", target=ratio_at_most(2))
    with pytest.raises(ValueError, match="nothing beside"):
        _ = figure.is_met


@pytest.mark.parametrize("figure", [RATIO, PLAIN, Figure(name="bare", value=3, unit="")])
def test_figure_survives_json(figure: Figure) -> None:
    assert from_json(json.loads(json.dumps(figure.as_json()))) == figure


def test_what_is_no_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="no figure"):
        from_json({"name": "x", "value": "fast", "unit": "", "target": None, "beside": None})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (0.0, "0"),
        (100000.0, "100,000"),
        (123.4, "123"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.1234, "0.123"),
    ],
)
def test_number(value: float | None, words: str) -> None:
    assert number(value) == words


def test_both_tables_have_every_figure() -> None:
    for made in (table((RATIO, PLAIN)), markdown((RATIO, PLAIN))):
        header, _, ratio, plain = made.splitlines()
        assert "Beside" in header
        assert all(cell in ratio for cell in ("slower than bare", "300", "200", "1.50", "≤ 1.15 times", "no"))
        assert all(cell in plain for cell in ("drained", "1", "≤ 1.2", "yes"))


def test_only_what_is_between_the_markers_changes() -> None:
    document = "a\n<!-- figures: x -->\nold\n<!-- end of figures -->\nb\n<!-- figures: y -->\n<!-- end of figures -->\n"
    changed = between_markers(document, "x", "new")
    assert changed == document.replace("\nold\n", "\n\nnew\n\n")
    with pytest.raises(ValueError, match="no place for z"):
        between_markers(document, "z", "new")
