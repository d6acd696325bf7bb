"""The files of Home Assistant's storage."""

import json
from pathlib import Path
from typing import Any


class StoredFiles:
    """Reads and writes them by their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, key: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self._folder / key).read_text())
        return content

    def __setitem__(self, key: str, content: dict[str, Any]) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / key).write_text(json.dumps(content))

    def of(self, entry_id: str) -> list[str]:
        """Return the keys of all that is stored of an account."""
        return [file.name for file in self._folder.glob(f"*{entry_id}*")]

    def __contains__(self, key: str) -> bool:
        return (self._folder / key).exists()
