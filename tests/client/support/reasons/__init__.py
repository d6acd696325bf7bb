"""The model of ends and reasons."""
