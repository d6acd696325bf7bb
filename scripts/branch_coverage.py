"""Judges a report of `coverage json`: each module of integration and client needs enough branch coverage.

    python scripts/branch_coverage.py REPORT

Lines and branches count together, as coverage itself does with branches measured.
"""

import argparse
from collections.abc import Iterable, Mapping
import json
from pathlib import Path
import sys
from typing import TypedDict

MINIMUM = 95.0

EXEMPT: Mapping[str, str] = {}
"""Modules that may have less, each with the reason."""


class _Summary(TypedDict):
    percent_covered: float


class _Module(TypedDict):
    summary: _Summary
    missing_lines: list[int]
    missing_branches: list[list[int]]


class Report(TypedDict):
    """What this reads of a report."""

    files: dict[str, _Module]
    totals: _Summary


def too_low(report: Report) -> list[str]:
    """Return a line for each module that has too little, with the lines and branches that are missing."""
    return [
        f"{module['summary']['percent_covered']:6.1f} %  {name}  lines {_listed(module['missing_lines'])};"
        f" branches {_listed(f'{start}->{end}' for start, end in module['missing_branches'])}"
        for name, module in sorted(report["files"].items())
        if module["summary"]["percent_covered"] < MINIMUM and not any(name.endswith(exempt) for exempt in EXEMPT)
    ]


def _listed(missing: Iterable[object]) -> str:
    return ", ".join(map(str, missing)) or "none"


def main(arguments: list[str] | None = None) -> int:
    """Print what is missing, and return 1 if that is too much."""
    parser = argparse.ArgumentParser(description="Judges a report of coverage json.")
    parser.add_argument("report", type=Path)
    report: Report = json.loads(parser.parse_args(arguments).report.read_text())
    if not report["files"]:
        print("coverage: the report has no module")
        return 1
    low = too_low(report)
    for line in low:
        print(f"coverage: {line}")
    total = f"{report['totals']['percent_covered']:.1f} % in {len(report['files'])} modules"
    print(f"coverage: {total}; {len(low) or 'none'} under {MINIMUM:.0f} %")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
