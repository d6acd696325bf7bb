"""What makes drills pass, each to be taken out, so that a drill is seen to fail.

A protection is a sentence, and a context in which the product works without it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from custom_components.navilink import api

from . import unprotected_storage


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
    "attempt-ended": Protection(
        "An attempt to connect ends with the run of Home Assistant that began it.",
        unprotected_storage.attempt_abandoned,
    ),
    "sending-finished": Protection(
        "Before the last writing nothing more is sent, and what is in flight is waited for.",
        unprotected_storage.sent_while_stored,
    ),
    "known-heaters": Protection(
        "Heaters of an earlier run take commands at once, whether the service answers or not.",
        unprotected_storage.without_heaters,
    ),
    "last-writing": Protection(
        "What an account has to do is written once more when it is unloaded, before its client ends.",
        unprotected_storage.not_stored_at_the_end,
    ),
    "stored-before-return": Protection(
        "An action returns only when its command is on the disk.",
        unprotected_storage.stored_later,
    ),
    "replaced-as-a-whole": Protection(
        "The stored queue is replaced as a whole, by a file that is on the disk already.",
        unprotected_storage.written_in_place,
    ),
    "stored-outcomes": Protection(
        "An outcome that nobody could hear is stored, and passed on by the next run.",
        unprotected_storage.without_outcomes,
    ),
    "stored-commands": Protection(
        "Commands without an outcome are taken up again by the next run.",
        unprotected_storage.without_commands,
    ),
    "runtime-waits": Protection(
        "How long an acknowledgement takes is measured in the threads of the AWS runtime, not in the event loop.",
        unprotected_storage.acknowledged_by_the_loop,
    ),
    "stale-store-voided": Protection(
        "A stored queue that cannot be replaced is made void, so that what it held is not sent again.",
        unprotected_storage.stale_store_kept,
    ),
    "age-by-monotonic-clock": Protection(
        "The age of a command is measured by the monotonic clock.",
        unprotected_storage.aged_by_the_wall_clock,
    ),
    "expiration": Protection(
        "A command that is too old is not sent, also when it grew old while nothing ran.",
        unprotected_storage.never_expired,
    ),
}
"""By the name that drills have."""
