"""Texts from outside, made fit to be shown: the one place that decides what of them a log line or a dialog may hold."""

from itertools import islice

MAX_TEXT = 64
"""Printable characters of a text that comes from a heater or a store."""

SHORT, LONG = 64, 500
"""Most characters of a name, and of a description."""

_LOOKED_AT = 8
"""How many times the characters wanted are looked at, so that a text of megabytes costs no time."""


def one_line(text: str, longest: int = SHORT) -> str:
    """Return a text in one line, printable and cut to `longest` characters.

    Whatever cannot be printed counts as a blank: line breaks, escape sequences, marks without a width, marks that turn
    the direction of writing, half characters. Blanks are single, and none is at either end.
    """
    shown = "".join(character if character.isprintable() else " " for character in text[: _LOOKED_AT * longest])
    return " ".join(shown.split())[:longest].rstrip()


def visible(text: str) -> str:
    """Return what somebody meant to enter: without what cannot be seen in it, and without blanks at either end.

    Pasting brings line breaks, non-breaking blanks and marks of zero width along.
    """
    return "".join(character for character in text if character.isprintable()).strip()


def printable(text: str, limit: int = MAX_TEXT) -> str:
    """Return the first printable characters of a text, on one line."""
    return "".join(islice(filter(str.isprintable, text), limit))
