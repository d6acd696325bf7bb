"""Texts from outside in what Home Assistant renders as Markdown: repair issues and dialogs."""

import re

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def escaped(text: str) -> str:
    """Return a text that renders as it is, with its punctuation escaped (CommonMark 2.4)."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)
