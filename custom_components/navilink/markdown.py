"""Texts from outside in what Home Assistant renders as Markdown: repair issues and the descriptions of dialogs."""

import re

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def escaped(text: str) -> str:
    """Return a text that shows as it is: with a backslash before it, punctuation means nothing (CommonMark 2.4)."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)
