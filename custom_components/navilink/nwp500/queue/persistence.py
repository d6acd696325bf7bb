"""What of the queue has to survive a restart, in a form that any store can keep. Credentials are not part of it.

Stored is what is wanted, not the message: a command is made anew from its control and its checked parameters, for a
heater that is known, so that no file can make the client publish anything else.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Self

from ..enums import DhwMode, TemperatureUnit
from ..exceptions import CommandError, StoredQueueError
from ..json_types import JsonObject, JsonValue
from ..models import Device
from ..protocol import controls
from ..protocol.controls import Control, Effect
from ..protocol.setpoint import raw_limits
from .command import CommandCompleted, QueuedCommand, control_request, running_seconds
from .outcome import CommandOutcome, CommandReason, CommandResult
from .stored_values import (
    CONTROLS,
    REFUSALS,
    Members,
    as_list,
    as_object,
    as_seconds,
    as_sentence,
    as_text,
    as_time,
    as_whole,
    read_members,
)

_MOST_ATTEMPTS = 1_000_000
_STORED_SESSIONS = 16
"""So many writings of a command, the last ones, are known after a restart by their sessions."""


@dataclass(frozen=True, slots=True)
class StoredQueue:
    """Commands without an outcome and what is known of the heaters."""

    unsent: tuple[QueuedCommand, ...] = ()
    """To be sent, in order; those with attempts may have arrived already."""
    sent: tuple[QueuedCommand, ...] = ()
    """Acknowledged by the broker: only watched, never sent again."""
    order: tuple[str, ...] = ()
    """The ids of all of them in the order of giving; times do not give it, for clocks are set."""
    outcomes: tuple[CommandCompleted, ...] = ()
    """Outcomes that were not passed on yet. The client passes its own on at once; this is for the owner of a store who
    passes an outcome on only after it is stored."""
    features: Mapping[str, Members] = field(default_factory=dict, repr=False)
    """The last device-info members of each heater, by MAC."""
    statuses: Mapping[str, Members] = field(default_factory=dict, repr=False)
    """The last status members of each heater, by MAC: those that show it, and that commands change."""
    running_modes: Mapping[str, int] = field(default_factory=dict, repr=False)
    """The mode in which each heater was last seen to heat, by MAC."""
    completed_effects: Mapping[str, tuple[Effect, ...]] = field(default_factory=dict, repr=False)
    """What completed commands of each heater, by MAC, may still bring about, such as the mode while the heater holds
    one (protocol.md 13.5)."""
    unreadable: int = 0
    """How many commands and outcomes of the store could not be made anew; they are in none of the above."""

    def in_order(self) -> list[QueuedCommand]:
        """Return all commands in the order of giving; those of a store without it by their times."""
        sequences = {command_id: sequence for sequence, command_id in enumerate(self.order)}
        by_time = merge(self.sent, self.unsent, key=lambda command: command.queued_at)
        return sorted(by_time, key=lambda command: sequences.get(command.id, -1))

    def without(self, command_ids: Container[str]) -> Self:
        """Return the same without some commands."""
        return replace(
            self,
            unsent=tuple(command for command in self.unsent if command.id not in command_ids),
            sent=tuple(command for command in self.sent if command.id not in command_ids),
        )

    def to_dict(self) -> JsonObject:
        """Return JSON values only."""
        return {
            "stored_at": datetime.now(UTC).isoformat(),
            "unsent": [_stored(command) for command in self.unsent],
            "sent": [_stored(command) for command in self.sent],
            "order": list(self.order),
            "outcomes": [_stored_outcome(event) for event in self.outcomes],
            "features": {mac_address: dict(members) for mac_address, members in self.features.items()},
            "statuses": {mac_address: dict(members) for mac_address, members in self.statuses.items()},
            "running_modes": dict(self.running_modes),
            "completed_effects": {
                mac_address: [_stored_effect(effect) for effect in effects]
                for mac_address, effects in self.completed_effects.items()
            },
        }

    @classmethod
    def from_dict(cls, stored: object, devices: Iterable[Device], client_id: str) -> Self:
        """Read what `to_dict` wrote and make its commands anew, for these devices and this client.

        A command or an outcome that cannot be made anew, because it is malformed, out of range, or for another device,
        is counted as unreadable and left out. Raises `StoredQueueError` when the rest is not what `to_dict` writes.

        A command that is there twice, as only a damaged store can have it, counts once: by its outcome if it has one,
        as sent if it is among those too, for an acknowledged command is never sent again, else as it comes first. So
        nothing is lost or doubled.
        """
        try:
            content = as_object(stored)
            maker = _Maker(devices, client_id, as_time(content["stored_at"]))
            outcomes = {event.command.id: event for event in maker.made(content["outcomes"], maker.outcome)}
            sent = _by_id(maker.made(content["sent"], maker.command), outcomes)
            unsent = _by_id(maker.made(content["unsent"], maker.command), outcomes.keys() | sent.keys())
            return cls(
                unsent=tuple(unsent.values()),
                sent=tuple(sent.values()),
                order=tuple(map(as_text, as_list(content["order"]))),
                outcomes=tuple(outcomes.values()),
                features=_by_mac(content["features"], read_members),
                statuses=_by_mac(content["statuses"], read_members),
                running_modes=_by_mac(
                    content["running_modes"], lambda mode: as_whole(mode, min(DhwMode), max(DhwMode))
                ),
                completed_effects=_by_mac(
                    content["completed_effects"], lambda effects: tuple(map(_effect, as_list(effects)))
                ),
                unreadable=maker.refused,
            )
        except REFUSALS as error:
            raise StoredQueueError(f"the stored queue cannot be read: {error}") from error


class _Maker:
    """Makes commands anew from what is stored of them."""

    def __init__(self, devices: Iterable[Device], client_id: str, stored_at: datetime) -> None:
        self._devices = {device.mac_address: device for device in devices}
        self._client_id = client_id
        # A clock that was set back makes nothing younger.
        self._off = max(timedelta(0), datetime.now(UTC) - stored_at)
        self.refused = 0
        """How many could not be made."""

    def made[T](self, stored: object, make: Callable[[Mapping[str, object]], T]) -> list[T]:
        """Make what can be made of a list."""
        found: list[T] = []
        for each in as_list(stored):
            try:
                found.append(make(as_object(each)))
            except (*REFUSALS, CommandError):
                self.refused += 1
        return found

    def outcome(self, stored: Mapping[str, object]) -> CommandCompleted:
        """Make an outcome."""
        code, reason = stored["code"], as_text(stored["reason"])
        result = CommandResult(
            CommandOutcome(as_text(stored["outcome"])),
            # One that only a newer version knows is unknown, and costs no outcome.
            CommandReason(reason) if reason in CommandReason else CommandReason.UNKNOWN,
            None if code is None else as_whole(code),
        )
        return CommandCompleted(self.command(as_object(stored["command"])), result)

    def command(self, stored: Mapping[str, object]) -> QueuedCommand:
        """Make a command; only controls are stored."""
        control, parameters = _control(stored)
        command_id = as_text(stored["id"])
        sessions = tuple(map(as_text, as_list(stored["sessions"])[-_STORED_SESSIONS:]))
        request = control_request(
            control,
            parameters,
            self._devices[as_text(stored["mac_address"])],
            self._client_id,
            wanted=as_sentence(stored["wanted"]),
            # As it was written last, or as it is made.
            session_id=sessions[-1] if sessions else command_id,
        )
        queued_at = as_time(stored["queued_at"])
        age = timedelta(seconds=as_seconds(stored["age"])) + self._off
        life_time = stored["life_time"]
        return replace(
            request,
            id=command_id,
            attempts=as_whole(stored["attempts"], 0, _MOST_ATTEMPTS),
            sessions=sessions,
            queued_at=queued_at,
            expires_at=None if life_time is None else queued_at + timedelta(seconds=as_seconds(life_time)),
            # One that was cleared while it was in flight is not sent again, whatever its kind.
            repeatable=control.repeatable and stored["repeatable"] is True,
            is_restored=True,
            given_at=running_seconds() - age.total_seconds(),
        )


def _stored(command: QueuedCommand) -> JsonObject:
    age = command.age()
    return {
        "id": command.id,
        "kind": command.kind,
        "parameters": list(command.parameters),
        "wanted": command.wanted,
        "mac_address": command.mac_address,
        "queued_at": _given_at(command, age).isoformat(),
        "age": max(0.0, age.total_seconds()),
        "life_time": None if command.life_time is None else command.life_time.total_seconds(),
        "attempts": command.attempts,
        "sessions": list(command.sessions[-_STORED_SESSIONS:]),
        "repeatable": command.repeatable,
    }


def _stored_outcome(event: CommandCompleted) -> JsonObject:
    outcome, reason, code = event.result.outcome.value, event.result.reason.value, event.result.code
    return {"command": _stored(event.command), "outcome": outcome, "reason": reason, "code": code}


def _given_at(command: QueuedCommand, age: timedelta) -> datetime:
    """Return when a command was given, by the clock that makes it older: no age is lost with the process."""
    try:
        return datetime.now(UTC) - age
    except OverflowError:
        # Before the year 1, which only a broken wall clock can give.
        return command.queued_at


def _control(stored: Mapping[str, object]) -> tuple[Control, tuple[int, ...]]:
    """Find the control that has this kind and takes these parameters; `ValueError` when none does."""
    kind, parameters = as_text(stored["kind"]), tuple(map(as_whole, as_list(stored["parameters"])))
    for control in CONTROLS:
        if control.name == kind and len(control.parameters) == len(parameters):
            try:
                # What this heater has was checked when the command was given; here, what any heater may take.
                if control is controls.DHW_TEMPERATURE:
                    as_whole(parameters[0], *raw_limits(TemperatureUnit.FAHRENHEIT, None))
                return control, control.checked(parameters, None)
            except CommandError:
                # Another control may have the same kind, as a vacation is a mode write.
                continue
    raise ValueError("no control takes this")


def _by_id(found: Iterable[QueuedCommand], known: Container[str]) -> dict[str, QueuedCommand]:
    """Return commands by id and in order, without those that are known; of two with one id the first."""
    by_id: dict[str, QueuedCommand] = {}
    for command in found:
        if command.id not in known:
            by_id.setdefault(command.id, command)
    return by_id


def _stored_effect(effect: Effect) -> JsonObject:
    return {name: list[JsonValue](sorted(values)) for name, values in effect.items()}


def _effect(stored: object) -> Effect:
    return {as_text(name): frozenset(map(as_whole, as_list(values))) for name, values in as_object(stored).items()}


def _by_mac[T](stored: object, read: Callable[[object], T]) -> dict[str, T]:
    return {as_text(mac_address): read(value) for mac_address, value in as_object(stored).items()}
