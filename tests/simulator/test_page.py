"""docs/simulator.md has every fault, every option and every folder."""

from pathlib import Path
import re

from simulator.control.control import FAULTS
from simulator.options import command_line

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "simulator.md").read_text()


def quoted(heading: str, pattern: str) -> set[str]:
    """Return the names set as code in the table rows under a heading."""
    rows = [
        line for line in PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].splitlines() if line[0:1] == "|"
    ]
    return set(re.findall(rf"`({pattern})`", "\n".join(rows)))


def test_every_fault_is_there() -> None:
    assert quoted("Faults", "[a-z_]+") == set(FAULTS)


def test_every_option_is_there() -> None:
    options = set(re.findall("--[a-z-]+", command_line().format_usage()))
    assert quoted("Command line", "--[a-z-]+") == options - {"--no-rotate-refresh-token"}


def test_every_folder_and_module_is_there() -> None:
    folder = ROOT / "simulator"
    parts = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")} | {
        path.name for path in folder.glob("*.py")
    }
    assert quoted("Rooms", "[a-z_.]+/?") == parts - {"__init__.py", "__main__.py"}
