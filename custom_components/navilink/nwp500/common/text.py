"""Texts from outside, made fit to be shown: the one place that decides what of them a log line or a dialog may hold."""

from enum import StrEnum
from typing import Self

SHORT, LONG = 64, 500
"""Maximum characters of a name, and of a description."""

_LOOKED_AT = 8
"""So many times the limit is looked at, so that a text of megabytes costs no time."""


def one_line(text: str, limit: int = SHORT) -> str:
    """Return a text in one line, printable and cut to `limit` characters.

    Whatever cannot be printed counts as a blank: line breaks, escape sequences, marks without a width, marks that turn
    the direction of writing, half characters. Blanks are single, and none is at either end.
    """
    shown = "".join(character if character.isprintable() else " " for character in text[: _LOOKED_AT * limit])
    return " ".join(shown.split())[:limit].rstrip()


def visible(text: str) -> str:
    """Return what was meant to be entered: without invisible characters, and without blanks at either end.

    Pasting brings line breaks, non-breaking blanks and marks of zero width along.
    """
    return "".join(character for character in text if character.isprintable()).strip()


class WordedEnum(StrEnum):
    """An enumeration of the client's own, each member with its text in English."""

    words: str

    def __new__(cls, value: str, words: str = "") -> Self:
        """Make a member; the words are part of its declaration, not of a look-up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member
