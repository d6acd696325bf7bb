"""All figures in one table: `python -m benchmarks`, or those of some benchmarks: `python -m benchmarks NAME`.

Each benchmark runs in a process of its own, so that none pays for what another has imported or left in memory.
"""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import subprocess
import sys
import time

from .catalog import BENCHMARKS, Benchmark, chosen
from .figures import Figure, from_json
from .report import between_markers, markdown, table, write_json
from .support import machine

_ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = _ROOT / "docs" / "performance.md"


def figures_of(benchmark: Benchmark) -> list[Figure]:
    """Run a benchmark and return its figures; raises `CalledProcessError` when it fails."""
    command = (sys.executable, "-m", f"benchmarks.{benchmark.name}", "--json", "-")
    printed = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own module
    return [from_json(members) for members in json.loads(printed)]


def run(benchmarks: Sequence[Benchmark]) -> tuple[dict[Benchmark, list[Figure]], list[Benchmark]]:
    """Run benchmarks one after the other; return the figures of each, and those that failed."""
    figures: dict[Benchmark, list[Figure]] = {}
    failed: list[Benchmark] = []
    for benchmark in benchmarks:
        began = time.monotonic()
        print(f"{benchmark.name} (about {benchmark.seconds} s): ", end="", file=sys.stderr, flush=True)
        try:
            figures[benchmark] = figures_of(benchmark)
        except subprocess.CalledProcessError as error:
            failed.append(benchmark)
            # What it logs on the way is of interest only then.
            print(f"failed with exit status {error.returncode}\n{error.stderr}", file=sys.stderr, flush=True)
        else:
            print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return figures, failed


def write_markdown(figures: dict[Benchmark, list[Figure]]) -> None:
    """Write the table of each benchmark to its place in the document, and what it was measured on."""
    document = between_markers(DOCUMENT.read_text(), "machine", machine.words())
    for benchmark, measured in figures.items():
        document = between_markers(document, benchmark.name, markdown(measured))
    DOCUMENT.write_text(document)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure the client and the integration.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="run these only (default: all but those by name)")
    parser.add_argument("--list", action="store_true", help="list the benchmarks, and run none")
    parser.add_argument("--quick", action="store_true", help="run those that take seconds")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; with -, instead of the table")
    parser.add_argument("--markdown", action="store_true", help=f"write the tables to docs/{DOCUMENT.name}")
    parsed = parser.parse_args(arguments)
    unknown = set(parsed.names) - {each.name for each in BENCHMARKS}
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; --list gives their names")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit status is 1 when a benchmark failed, whatever the figures are."""
    options = _arguments(arguments)
    if options.list:
        for each in BENCHMARKS:
            print(f"{each.name:14} {each.runs:8} {each.seconds:4} s  {each.summary}")
        return 0
    measured, failed = run(chosen(tuple(options.names), quick=options.quick))
    figures = [figure for figures in measured.values() for figure in figures]
    if options.json != "-":
        print(table(figures))
    if options.json is not None:
        write_json(figures, options.json)
    if options.markdown:
        write_markdown(measured)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
