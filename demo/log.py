"""What Home Assistant writes into its log about the integration."""

from collections.abc import Iterator
import re

_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\S* (?P<level>[A-Z]+) \(", re.MULTILINE)
"""How an entry begins; lines of a traceback follow. Since 2026.11 the time has its offset."""

_SERIOUS = frozenset({"WARNING", "ERROR", "CRITICAL"})
_ABOUT_US = re.compile(r"custom_components|(?<![\w/-])(navilink|nwp500)(?![\w/-])")
"""Not as a part of a path: a folder of that name may hold the repository, and with it all of Home Assistant."""
_SAID_OF_EVERY_CUSTOM_INTEGRATION = "We found a custom integration navilink which has not been tested"


def complaints(log: str) -> list[str]:
    """Return the warnings and errors that concern the integration, deprecations among them, without their dates."""
    return [
        entry
        for level, entry in _entries(log)
        if level in _SERIOUS and _ABOUT_US.search(entry) and _SAID_OF_EVERY_CUSTOM_INTEGRATION not in entry
    ]


def _entries(log: str) -> Iterator[tuple[str, str]]:
    begun = list(_ENTRY.finditer(log))
    ends = [match.start() for match in begun[1:]] + [len(log)]
    for match, end in zip(begun, ends, strict=True):
        yield match["level"], log[match.start("level") : end].rstrip()
