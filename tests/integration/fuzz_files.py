"""Stored files as each version of the integration wrote them, to be damaged."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
from random import Random
import re
from typing import Any

from custom_components.navilink.nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    CommandResult,
    Device,
    StoredQueue,
)
from custom_components.navilink.nwp500.protocol import controls
from custom_components.navilink.nwp500.queue.command import QueuedCommand, control_request
from custom_components.navilink.nwp500.queue.stored_values import feature_to_store, status_to_store
from custom_components.navilink.queue_store import StoredAccount
from tests import FIXTURES
from tests.client.support.mutations import Mutations
from tests.integration.heaters import MAC, OTHER_MAC

# Any: decoded JSON.
type Json = dict[str, Any]

TIMES = (
    *(b"0001-01-01T00:00:00+00:00", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59.999999-23:59"),
    *(
        b"9999-12-31T23:59:59+00:00",
        b"1970-01-01T00:00:00+00:00",
        b"2026-01-01T00:00:00",
        b"2026-01-01",
        b"20260101T000000Z",
    ),
    *(
        b"2026-02-30T00:00:00+00:00",
        b"2026-W01-1T00:00:00+00:00",
        b"2026-03-08T02:30:00-08:00",
        b"2026-01-01T24:00:00Z",
    ),
)
"""At the ends of the calendar and beyond, in other forms of the standard, and in an hour that clocks leave out."""
_TIME = re.compile(rb"(?<=\")\d{4}-\d\d-\d\dT[^\"]+(?=\")")
_ODD_TIMES = 0.1

DEVICES = (
    Device(mac_address=MAC, additional_value="5322", home_seq=10001),
    Device(mac_address=OTHER_MAC, additional_value="5323", home_seq=10002, name="Guest house"),
)
_GIVEN = (
    (controls.DHW_TEMPERATURE, (120,)),
    (controls.DHW_MODE, (4,)),
    (controls.VACATION, (5, 9)),
    (controls.POWER_ON, ()),
    (controls.ANTI_LEGIONELLA_ON, (14,)),
)


def _commands(device: Device, prefix: str) -> tuple[QueuedCommand, ...]:
    """Return a command of each kind, given one after the other within the last minutes."""
    now = datetime.now(UTC)
    return tuple(
        replace(
            control_request(control, parameters, device, "earlier", session_id=f"{prefix}{number}"),
            queued_at=now - timedelta(minutes=9 - number),
            expires_at=now + timedelta(hours=number) if number else None,
            attempts=number % 2,
            sessions=(f"{prefix}{number}",) * (number % 2),
        )
        for number, (control, parameters) in enumerate(_GIVEN)
    )


def _completed(commands: tuple[QueuedCommand, ...], outcome: CommandOutcome) -> tuple[CommandCompleted, ...]:
    reasons = (CommandReason.TOO_OLD, CommandReason.QUEUE_FULL, CommandReason.REFUSED)
    return tuple(
        CommandCompleted(command, CommandResult(outcome, reason, 3 if reason is CommandReason.REFUSED else None))
        for command, reason in zip(commands, reasons, strict=False)
    )


def _recorded(name: str, content: str) -> Json:
    members: Json = json.loads((FIXTURES / f"{name}.json").read_text())["response"][content]
    return members


def stored_account() -> StoredAccount:
    """Return an account with commands in every state."""
    unsent, sent = _commands(DEVICES[0], "unsent-"), _commands(DEVICES[1], "sent-")
    feature = feature_to_store(_recorded("feature", "feature"))
    status = status_to_store(_recorded("status_hybrid_boost_element", "status"))
    queue = StoredQueue(
        unsent=unsent,
        sent=sent[:2],
        order=tuple(command.id for command in (*sent[:2], *unsent)),
        outcomes=_completed(_commands(DEVICES[0], "outcome-"), CommandOutcome.REJECTED),
        features={MAC: feature},
        statuses={MAC: status, OTHER_MAC: status},
        running_modes={MAC: 3, OTHER_MAC: 1},
        completed_effects={MAC: ({"dhwOperationSetting": frozenset({2, 3})},)},
    )
    return StoredAccount(DEVICES, queue, _completed(_commands(DEVICES[1], "lost-"), CommandOutcome.EXPIRED))


def _of_the_third_version(data: Json) -> Json:
    """Reasons were sentences, and lost commands were not stored."""
    queue = data["queue"]
    outcomes = [{**outcome, "reason": "it waited longer than it may"} for outcome in queue["outcomes"]]
    return {"devices": data["devices"], "queue": {**queue, "outcomes": outcomes}}


def _of_the_first_version(data: Json) -> Json:
    """Commands had their messages, and there were no outcomes."""
    queue = {name: data["queue"][name] for name in ("unsent", "sent", "features", "running_modes")}
    for name in ("unsent", "sent"):
        queue[name] = [_with_message(command) for command in queue[name]]
    return {"devices": data["devices"], "queue": queue}


def _with_message(command: Json) -> Json:
    request = {"mode": command["kind"], "param": command["parameters"]}
    kept = {name: value for name, value in command.items() if name not in ("parameters", "age", "sessions")}
    return {**kept, "topic": "cmd", "body": json.dumps({"clientID": "earlier", "request": request}), "qos": 1}


def files(key: str) -> Mapping[int, Json]:
    """Return the content of a file by the minor version that wrote it."""
    data: Json = json.loads(json.dumps(stored_account().to_dict()))
    contents = {4: data, 3: _of_the_third_version(data), 1: _of_the_first_version(data)}
    return {
        minor: {"version": 1, "minor_version": minor, "key": key, "data": content}
        for minor, content in contents.items()
    }


class DamagedFiles:
    """Damaged files by their numbers."""

    def __init__(self, key: str) -> None:
        """Take the key under which the file is stored."""
        self._random = Random()  # noqa: S311 - repeatable, not secret
        self._mutations = [Mutations(content, seed=f"file {minor}") for minor, content in files(key).items()]

    def case(self, number: int) -> bytes:
        """Return the content of one file; half of them are of the present version."""
        content = self._mutations[(0, 0, 1, 2)[number % 4]].case(number).body
        self._random.seed(f"date {number}")
        times = [*_TIME.finditer(content)]
        if not times or self._random.random() > _ODD_TIMES:
            return content
        time = self._random.choice(times)
        return content[: time.start()] + self._random.choice(TIMES) + content[time.end() :]
