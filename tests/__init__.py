"""Tests: `client`, `simulator`, `integration` (a real hass) and `e2e` (a real browser)."""
