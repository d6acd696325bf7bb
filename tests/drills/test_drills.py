"""Every drill is named, described and can fail; all of them pass (`-m long`)."""

from pathlib import Path
import re
import subprocess
import sys

import pytest

from drills.__main__ import DOCUMENT, DRILLS, GROUPS, chosen, read_command_line
from drills.drill import Drill, Result
from drills.protections import PROTECTIONS, Protection
from drills.table import HEADER, cells, described, write_between

ROOT = Path(__file__).parents[2]
MAX_QUICK = 12
"""Each of them takes about 35 s, and four run at a time: three minutes at most."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "drills", *arguments], cwd=ROOT, text=True, capture_output=True, check=False
    )


def test_names_are_unique() -> None:
    assert len(DRILLS) == sum(len(group.DRILLS) for group in GROUPS)


@pytest.mark.parametrize("drill", DRILLS.values(), ids=DRILLS.keys())
def test_each_is_described_and_can_fail(drill: Drill) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", drill.name)
    assert drill.about.endswith(".")
    assert drill.protection in PROTECTIONS


@pytest.mark.parametrize("protection", PROTECTIONS.values(), ids=PROTECTIONS.keys())
def test_each_protection_is_where_it_is_taken_out(protection: Protection) -> None:
    with protection.taken_out():
        assert protection.about.endswith(".")


def test_every_protection_is_taken_out_by_a_drill() -> None:
    assert PROTECTIONS.keys() == {drill.protection for drill in DRILLS.values()}


def test_the_page_has_every_drill() -> None:
    assert described(DRILLS) in DOCUMENT.read_text()


def test_the_quick_ones_are_few() -> None:
    assert 0 < len(chosen(read_command_line(["--quick"]))) <= MAX_QUICK


def test_a_result_survives_its_line() -> None:
    result = Result(name="a-drill", seconds=1.5, given=3, confirmed=2, lost=1, breaches=["lost: one"])
    read = Result.from_json(result.to_json())
    assert cells(read) == cells(result)
    assert len(cells(read)) == len(HEADER)
    assert not read.is_passed


def test_only_what_is_between_the_marks_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- results begins -->\nold\n<!-- results ends -->\nafter\n")
    write_between(page, "results", "new\n")
    assert page.read_text() == "before\n<!-- results begins -->\nnew\n<!-- results ends -->\nafter\n"


def test_a_name_that_no_drill_has() -> None:
    process = run("no-such-drill")
    assert process.returncode == 2
    assert "there is no drill no-such-drill" in process.stderr


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_of_them_pass() -> None:
    process = run("--all")
    assert process.returncode == 0, process.stdout


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_each_of_them_fails_without_its_protection() -> None:
    process = run("--all", "--without-protection")
    assert process.returncode == 0, process.stdout
