"""Stored queues of older versions, in today's form."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import orjson

from .outcome import CommandReason
from .stored_values import REFUSALS, as_object, as_time


def migrated_queue(stored: object) -> object:
    """Return what an older version stored in today's form.

    The first version kept messages instead of parameters, and no ages; the second no sessions; the third a sentence for
    each reason. What is not as such a version wrote it stays as it is; `StoredQueue.from_dict` decides about it.
    """
    if not isinstance(stored, Mapping):
        return stored
    now = datetime.now(UTC)
    return {
        "order": [],
        "stored_at": now.isoformat(),
        "statuses": {},
        "completed_effects": stored.get("completed_wishes", {}),
        **{name: value for name, value in stored.items() if name != "completed_wishes"},
        **{name: _each(_migrated_command, stored.get(name), now) for name in ("unsent", "sent")},
        "outcomes": _each(_migrated_outcome, stored.get("outcomes", []), now),
    }


def _each(migrated: Callable[[object, datetime], object], stored: object, now: datetime) -> object:
    return [migrated(each, now) for each in stored] if isinstance(stored, list) else stored


def _migrated_outcome(stored: object, now: datetime) -> object:
    if not isinstance(stored, Mapping):
        return stored
    return {
        **stored,
        "command": _migrated_command(stored.get("command"), now),
        "reason": _migrated_reason(stored.get("reason")),
    }


_EARLIER_REASONS = {
    "already so": CommandReason.ALREADY_SET,
    "the heater reports it": CommandReason.REPORTED,
    "the heater answered it": CommandReason.ANSWERED,
    "the heater holds it until the costly time-of-use period is over": CommandReason.PEAK_PERIOD,
    "the heater did not report it in time": CommandReason.NOT_REPORTED,
    "the heater did not answer": CommandReason.NO_ANSWER,
    "the link was lost before its PUBACK, and it is not repeated": CommandReason.ACKNOWLEDGEMENT_LOST,
    "a newer command for the same setting was given": CommandReason.NEWER_COMMAND,
    "a newer command for the same setting was sent before it": CommandReason.NEWER_SENT,
    "a newer command for the same setting took effect": CommandReason.NEWER_CONFIRMED,
    "the setting was changed at the heater or in the app since its last known status": CommandReason.CHANGED_ELSEWHERE,
    "it waited longer than it may": CommandReason.TOO_OLD,
    "the queue was full": CommandReason.QUEUE_FULL,
    "the queue was cleared": CommandReason.QUEUE_CLEARED,
    "the link was lost and the queue is disabled": CommandReason.QUEUE_DISABLED,
    "the heater was removed": CommandReason.HEATER_REMOVED,
    "the client was disconnected": CommandReason.CLIENT_DISCONNECTED,
}
"""The sentences of version 3; one more had a number in it."""


def _migrated_reason(stored: object) -> object:
    if not isinstance(stored, str) or stored in CommandReason:
        return stored
    is_refusal = stored.startswith("the heater refused it")
    return CommandReason.REFUSED if is_refusal else _EARLIER_REASONS.get(stored, CommandReason.UNKNOWN)


def _migrated_command(stored: object, now: datetime) -> object:
    try:
        command = as_object(stored)
        # Each of these versions wrote the first time with the session of the message.
        sessions = {"sessions": [command["id"]] if command["attempts"] else []}
        if "parameters" in command:
            return {**sessions, **command}
        request = as_object(as_object(orjson.loads(str(command["body"])))["request"])
        age = max(timedelta(0), now - as_time(command["queued_at"]))
        return {**sessions, **command, "parameters": request["param"], "age": age.total_seconds()}
    except REFUSALS:
        return stored
