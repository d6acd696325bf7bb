"""The releases of Home Assistant that the demo runs on, each in an environment of its own."""

from importlib.metadata import version
from pathlib import Path
import subprocess
import sys

from .exceptions import StartError

_REPOSITORY = Path(__file__).resolve().parent.parent
_LIST, _LIST_END = "requirements_home_assistant_", ".txt"

TESTED_RELEASE = version("homeassistant")
"""The one in the environment of the tests."""


def releases() -> tuple[str, ...]:
    """Return every release at hand: the one of the tests first, then those that have a list of packages."""
    lists = sorted((_REPOSITORY / "scripts").glob(f"{_LIST}*{_LIST_END}"))
    return (TESTED_RELEASE, *(path.name.removeprefix(_LIST).removesuffix(_LIST_END) for path in lists))


def python_of(release: str) -> Path:
    """Return the Python whose Home Assistant is this release, installed first if need be. `StartError` if it cannot.

    The first time takes a minute; it prints what it does.
    """
    if release == TESTED_RELEASE:
        return Path(sys.executable)
    command = (_REPOSITORY / "scripts" / "setup", "--home-assistant", release)
    # What it says is not the demo's output, of which a program may read every line.
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:  # noqa: S603 - the repository's own script
        raise StartError(f"Home Assistant {release} could not be installed")
    return _REPOSITORY / f".venv-{release}" / "bin" / "python"
