"""The command that a schedule is on or off, as a command that the client does not send, and as it is stored.

Whether a schedule is on is part of the list that a write replaces, and a list is never queued: hours later it would
undo what was changed in the app meanwhile. So the command waits instead, and once the heater can be reached, the list
is read, changed and written.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import voluptuous as vol

from ..nwp500 import CommandCompleted, CommandOutcome, CommandReason, CommandResult, QueuedCommand

WEEKLY, RECIRCULATION = "weekly-schedule", "recirculation-schedule"
SETTINGS = {WEEKLY: "weekly_schedule", RECIRCULATION: "recirculation_schedule"}
"""What the commands set, by their kind."""

OFF, ON = 1, 2
"""The parameter of a command, as the heaters have it."""

LIFE_TIME = timedelta(hours=24)
"""As long as any setting that adds no heat by itself waits."""

MAX_ID = 64
MAX_SECONDS = timedelta(days=3650).total_seconds()


def new_switch_command(kind: str, mac_address: str, *, on: bool, life_time: timedelta | None) -> QueuedCommand:
    """Return a command that is given now."""
    now = datetime.now(UTC)
    return QueuedCommand(
        kind=kind,
        wanted=f"{SETTINGS[kind].replace('_', ' ')} {'on' if on else 'off'}",
        mac_address=mac_address,
        # Nothing that could be sent.
        topic="",
        body=b"",
        queued_at=now,
        expires_at=None if life_time is None else now + life_time,
        setting=SETTINGS[kind],
        overwrites=frozenset({SETTINGS[kind]}),
        parameters=(ON if on else OFF,),
        is_control=True,
    )


def _seconds(value: object) -> float:
    # What is no number compares as none either: not a number is not within the limits.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MAX_SECONDS:
        raise vol.Invalid("expected a number of seconds")
    return float(value)


STORED_SWITCH_COMMAND = vol.Schema(
    {
        vol.Required("id"): vol.All(str, vol.Length(min=1, max=MAX_ID), vol.Match(r"[0-9A-Za-z-]+\Z")),
        vol.Required("kind"): vol.In(SETTINGS),
        vol.Required("on"): vol.All(vol.In([True, False]), bool),
        vol.Required("mac_address"): str,
        vol.Required("age"): _seconds,
        vol.Required("stored_at"): vol.All(str, vol.Length(max=MAX_ID)),
        vol.Required("life_time"): vol.Any(None, _seconds),
        vol.Optional("outcome"): vol.In([outcome.value for outcome in CommandOutcome]),
        vol.Optional("reason", default=CommandReason.UNKNOWN.value): str,
    }
)


@dataclass(frozen=True, slots=True)
class StoredSwitchCommands:
    """The commands of an account without an outcome, and the outcomes of others that were not passed on yet."""

    pending: tuple[QueuedCommand, ...] = ()
    outcomes: tuple[CommandCompleted, ...] = ()
    unreadable: int = 0
    """How many could not be read."""

    def to_list(self) -> list[dict[str, Any]]:
        """Return JSON values only."""
        return [
            *map(_stored, self.pending),
            *(
                {**_stored(event.command), "outcome": event.result.outcome.value, "reason": event.result.reason.value}
                for event in self.outcomes
            ),
        ]

    @classmethod
    def from_list(cls, stored: Iterable[object], mac_addresses: Collection[str]) -> Self:
        """Read what `to_list` wrote for these heaters; what is anything else is counted, no more."""
        pending: dict[str, QueuedCommand] = {}
        outcomes: dict[str, CommandCompleted] = {}
        unreadable = 0
        for each in stored:
            try:
                content = STORED_SWITCH_COMMAND(each)
                command = _restored(content)
            except vol.Invalid, ValueError, OverflowError:
                unreadable += 1
                continue
            if command.mac_address not in mac_addresses:
                unreadable += 1
            elif "outcome" in content:
                outcomes[command.id] = CommandCompleted(command, _result(content))
            else:
                pending[command.id] = command
        left = tuple(command for command in pending.values() if command.id not in outcomes)
        return cls(left, tuple(outcomes.values()), unreadable)


def _stored(command: QueuedCommand) -> dict[str, Any]:
    return {
        "id": command.id,
        "kind": command.kind,
        "on": command.parameters == (ON,),
        "mac_address": command.mac_address,
        # By the clock that makes it older: no age is lost with the process.
        "age": max(0.0, command.age().total_seconds()),
        "stored_at": datetime.now(UTC).isoformat(),
        "life_time": None if command.life_time is None else command.life_time.total_seconds(),
    }


def _restored(content: dict[str, Any]) -> QueuedCommand:
    life_time = None if content["life_time"] is None else timedelta(seconds=content["life_time"])
    stored_at = datetime.fromisoformat(content["stored_at"])
    if stored_at.tzinfo is None:
        raise ValueError("a time without a time zone")
    command = new_switch_command(content["kind"], content["mac_address"], on=content["on"], life_time=life_time)
    queued_at = stored_at.astimezone(UTC) - timedelta(seconds=content["age"])
    return replace(
        command,
        id=content["id"],
        queued_at=queued_at,
        expires_at=None if life_time is None else queued_at + life_time,
        is_restored=True,
        given_at=command.given_at - content["age"],
    )


def _result(content: dict[str, Any]) -> CommandResult:
    reason = content["reason"]
    return CommandResult(
        CommandOutcome(content["outcome"]),
        CommandReason(reason) if reason in CommandReason else CommandReason.UNKNOWN,
    )
