"""What stands around the code: the lists of packages with their hashes, the tests' marks, the tools for the tests."""

from collections.abc import Callable
from pathlib import Path
import re
import subprocess
import tomllib

import pytest

REPOSITORY = Path(__file__).parents[2]
LISTS = {
    "test": "requirements_test.txt",
    "bootstrap": "scripts/requirements_bootstrap.txt",
    "home-assistant-2026.11.0": "scripts/requirements_home_assistant_2026.11.0.txt",
}
"""The list that scripts/lock writes, by dependency group."""

_PACKAGE = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; [^\\]+)?"  # a mark may say on which platforms
    r"(?: \\\n    --hash=sha256:\w{64})+"
)

type RunTool = Callable[..., list[str]]


def packages(group: str) -> dict[str, str]:
    """Read a list, of which every entry must have a version and hashes: the versions by the packages' normal names."""
    text = "\n".join(line for line in (REPOSITORY / LISTS[group]).read_text().splitlines() if not line.startswith("#"))
    found = {package: _PACKAGE.fullmatch(package) for package in re.split(r"\n(?! )", text)}
    assert [package for package, match in found.items() if match is None] == []
    return {normal(match["name"]): match["version"] for match in found.values() if match is not None}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("group", LISTS)
def test_every_package_of_a_list_is_pinned_with_hashes_and_names_no_index(group: str) -> None:
    assert packages(group)
    assert not re.search(r"://|index-url|find-links", (REPOSITORY / LISTS[group]).read_text())


@pytest.mark.parametrize("group", LISTS)
def test_the_lists_are_as_the_groups_of_pyproject_say(group: str) -> None:
    pins = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"][group]
    wanted = dict(pin.split("==") for pin in pins)
    listed = packages(group)
    assert {name: listed.get(normal(name)) for name in wanted} == wanted, "run scripts/lock"


@pytest.fixture
def install_test_tools(tmp_path: Path) -> RunTool:
    """Run scripts/install-test-tools as root of a machine that has some tools; returns the commands that it gave."""
    given = tmp_path / "given"

    def stub(name: str, body: str = "") -> None:
        path = tmp_path / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>{given}\n{body}\n')
        path.chmod(0o755)

    def run(*present: str) -> list[str]:
        for name in ("apt-get", "service", *present):
            stub(name)
        stub("id", "echo 0")
        # The broker is looked for where Debian has it, which may well be so on this machine.
        script = (REPOSITORY / "scripts" / "install-test-tools").read_text().replace("/usr/sbin/", f"{tmp_path}/")
        subprocess.run(  # noqa: S603 - the repository's own script
            ["/bin/bash", "-c", script],
            env={"PATH": str(tmp_path)},
            check=True,
            timeout=20,
        )
        return given.read_text().splitlines() if given.exists() else []

    return run


def test_a_broker_that_was_there_before_goes_on(install_test_tools: RunTool) -> None:
    given = install_test_tools("python3", "g++", "mosquitto")
    assert "apt-get -qq install --yes --no-install-recommends chromium fonts-nanum" in given
    assert not [command for command in given if command.startswith("service")]


def test_a_broker_that_was_installed_is_stopped(install_test_tools: RunTool) -> None:
    given = install_test_tools("python3", "g++", "chromium")
    assert given[-2:] == [
        "apt-get -qq install --yes --no-install-recommends mosquitto",
        "service mosquitto stop",
    ]


def test_nothing_is_done_when_nothing_is_missing(install_test_tools: RunTool) -> None:
    assert install_test_tools("python3", "g++", "mosquitto", "chromium") == ["python3 -c import ensurepip, venv"]


def test_deep_searches_have_a_mark_of_their_own(pytestconfig: pytest.Config) -> None:
    marks = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert {"slow", "long"} <= marks
    assert '-m "not slow and not long" "$@"' in (REPOSITORY / "scripts" / "test").read_text()
