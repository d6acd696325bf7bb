"""The life of a command, from submit to its outcome."""
