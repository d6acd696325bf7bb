"""The scripts that a release and the coverage of each module are judged by."""

import json
from pathlib import Path
import shutil
import zipfile

import pytest

from scripts import branch_coverage, release
from tests.repository.documents import ROOT

VERSION = json.loads((ROOT / "custom_components" / "navilink" / "manifest.json").read_text())["version"]
CHANGELOG = f"""# Changelog

## [Unreleased]

## [{VERSION}] - 2026-11-28

- Something new.

## [0.0.1] - 2026-01-01

- Old.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the version of this one, which its changelog knows."""
    shutil.copytree(ROOT / "custom_components", tmp_path / "custom_components")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_a_release_is_packed_with_its_notes(repository: Path) -> None:
    assert release.main([f"v{VERSION}"], repository) == 0
    assert (repository / "dist" / "notes.md").read_text() == "- Something new.\n"
    packed = zipfile.ZipFile(repository / "dist" / "navilink.zip").namelist()
    assert {"manifest.json", "translations/en.json", "nwp500/__init__.py", "brand/icon.png"} <= set(packed)
    assert [name for name in packed if "__pycache__" in name] == []


def test_a_tag_of_another_version_is_rejected(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["v9.9.9"], repository) == 1
    assert f"manifest.json has version {VERSION}, not 9.9.9" in capsys.readouterr().err
    assert not (repository / "dist").exists()


@pytest.mark.parametrize(
    "changelog", ["", CHANGELOG.replace(" - 2026-11-28", ""), CHANGELOG.replace("- Something new.", "")]
)
def test_a_version_needs_its_section_in_the_changelog(
    repository: Path, changelog: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "CHANGELOG.md").write_text(changelog)
    assert release.main([f"v{VERSION}"], repository) == 1
    assert f"CHANGELOG.md has no section [{VERSION}] with a date" in capsys.readouterr().err


@pytest.mark.parametrize(("percent", "result"), [(95.0, 0), (94.9, 1)])
def test_a_module_needs_enough_coverage(
    tmp_path: Path, percent: float, result: int, capsys: pytest.CaptureFixture[str]
) -> None:
    module = {"summary": {"percent_covered": percent}, "missing_lines": [7], "missing_branches": [[8, 9], [8, -1]]}
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"files": {"sensor.py": module}, "totals": {"percent_covered": percent}}))
    assert branch_coverage.main([str(report)]) == result
    assert ("sensor.py  lines 7; branches 8->9, 8->-1" in capsys.readouterr().out) == bool(result)


def test_a_report_without_modules_is_none(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"files": {}, "totals": {"percent_covered": 100.0}}))
    assert branch_coverage.main([str(report)]) == 1


def test_every_exempt_module_exists_and_has_a_reason() -> None:
    for name, reason in branch_coverage.EXEMPT.items():
        assert (ROOT / "custom_components" / "navilink" / name).exists()
        assert reason
