"""What makes drills pass, each to be taken out, so that a drill is seen to fail.

A protection is a sentence, and a context in which the product works without it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from custom_components.navilink import api


@dataclass(frozen=True, slots=True)
class Protection:
    """Something that the product does for the sake of the promise."""

    about: str
    """What it is, for the documentation."""
    taken_out: Callable[[], AbstractContextManager[object]]
    """The product without it, while the context lasts."""


def _settings(**changed: object) -> Callable[[], AbstractContextManager[object]]:
    """Let the integration configure its client otherwise."""

    def taken_out() -> AbstractContextManager[object]:
        settings = api.queue_settings

        # Any: as the function that it stands for.
        def changed_settings(options: Mapping[str, Any]) -> dict[str, Any]:
            return {**settings(options), **changed}

        return patch.object(api, "queue_settings", changed_settings)

    return taken_out


PROTECTIONS: Mapping[str, Protection] = {
    "reconnection": Protection(
        "The connection is made again, indefinitely.",
        _settings(auto_reconnect=False),
    ),
    "keep-alive": Protection(
        "A ping every minute shows that the connection is dead.",
        _settings(keep_alive_secs=1200, operation_timeout=300.0),
    ),
    "queue": Protection(
        "Commands given while disconnected wait in the queue.",
        _settings(enable_command_queue=False),
    ),
}
"""By the name that drills have."""
