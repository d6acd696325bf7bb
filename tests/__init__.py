"""Tests, and where the recorded messages are."""

from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
