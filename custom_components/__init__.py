"""Integrations that Home Assistant loads from this repository."""
