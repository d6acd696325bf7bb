"""Tests, and where the recorded messages are."""

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"


# Any: decoded JSON, as it came off the wire.
def read_fixture(name: str) -> dict[str, Any]:
    """Read a file of recorded messages."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return found
