"""Checks that a release is in order, and packs it: dist/navilink.zip and dist/notes.md.

    python3 scripts/release.py v0.2.0

Any Python that GitHub's machines have will do, so it uses nothing but the standard library.
"""

import argparse
import json
from pathlib import Path
import re
import sys
import tomllib
import zipfile

ROOT = Path(__file__).resolve().parent.parent


class ReleaseError(Exception):
    """The release is not in order."""


def check_version(root: Path, version: str) -> None:
    """Compare a version with every place that states one."""
    manifest = json.loads((root / "custom_components" / "navilink" / "manifest.json").read_text())
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for place, found in (("manifest.json", manifest["version"]), ("pyproject.toml", project["version"])):
        if found != version:
            msg = f"{place} has version {found}, not {version}"
            raise ReleaseError(msg)


def notes(root: Path, version: str) -> str:
    """Return what CHANGELOG.md says about a version."""
    changelog = (root / "CHANGELOG.md").read_text()
    section = re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |^\[|\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if section is None or not section[1].strip():
        msg = f"CHANGELOG.md has no section [{version}] with a date"
        raise ReleaseError(msg)
    return section[1].strip() + "\n"


def pack(root: Path, archive: Path) -> None:
    """Pack the integration; its files are at the top of the archive, as HACS expects."""
    folder = root / "custom_components" / "navilink"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                packed.write(path, path.relative_to(folder))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Check and pack the release of a tag."""
    parser = argparse.ArgumentParser(description="Checks that a release is in order, and packs it.")
    parser.add_argument("tag", help="the tag, such as v0.2.0")
    version = parser.parse_args(arguments).tag.removeprefix("v")
    try:
        check_version(root, version)
        text = notes(root, version)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    dist = root / "dist"
    dist.mkdir(exist_ok=True)
    (dist / "notes.md").write_text(text)
    pack(root, dist / "navilink.zip")
    print(f"release: dist/navilink.zip and dist/notes.md for {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
