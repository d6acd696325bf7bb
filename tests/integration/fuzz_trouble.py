"""What must not happen whatever is entered: an error that nobody foresaw."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import json
import logging
from typing import Any, override

from homeassistant.exceptions import HomeAssistantError

from custom_components.navilink.const import DOMAIN
from tests import FIXTURES

# Any: decoded JSON.
TEXTS: dict[str, Any] = json.loads(
    (FIXTURES.parents[1] / "custom_components" / DOMAIN / "translations" / "en.json").read_text()
)


FORESEEN = frozenset({"homeassistant.util.json"})
"""Loggers that show a traceback for what they report as an error besides: a file that is no JSON."""


class Tracebacks(logging.Handler):
    """Keeps what is logged with a traceback, by Home Assistant, the event loop and the integration."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.name not in FORESEEN:
            self.found.append(self.format(record))


@contextmanager
def tracebacks() -> Iterator[list[str]]:
    """Return what is logged with a traceback meanwhile."""
    # In debug mode asyncio notes a traceback for every future, which takes longer than all the rest.
    asyncio.get_running_loop().set_debug(False)
    handler, root = Tracebacks(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.found
    finally:
        root.removeHandler(handler)


def is_foreseen(error: HomeAssistantError) -> bool:
    """Return whether an error has a text that can be translated: ours, or one of Home Assistant's own."""
    if error.translation_key is None:
        return False
    return error.translation_domain != DOMAIN or error.translation_key in TEXTS["exceptions"]
