"""What of the queue has to survive a restart, in a form that any store can keep. Credentials are not part of it."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Self

import orjson

from .command_queue import JsonValue, QueuedCommand, running_seconds
from .commands import Effect
from .exceptions import StoredQueueError
from .models import DeviceStatus
from .models.members import WHOLE
from .requests import encoded
from .topics import check_topic

SETTING_MEMBERS = (
    "dhwOperationSetting",
    "dhwTemperatureSetting",
    "vacationDaySetting",
    "vacationDayElapsed",
    "antiLegionellaUse",
    "antiLegionellaPeriod",
    "touStatus",
    "recircOperationMode",
    "airFilterAlarmPeriod",
    "temperatureType",
    "hpUpperOnDiffTempSetting",
    "hpUpperOffDiffTempSetting",
    "hpLowerOnDiffTempSetting",
    "hpLowerOffDiffTempSetting",
)

type JsonObject = dict[str, JsonValue]
type Members = dict[str, int | str]
"""Device-info members as they came off the wire."""


@dataclass(frozen=True, slots=True)
class StoredQueue:
    """Commands without an outcome and what is known of the heaters."""

    unsent: tuple[QueuedCommand, ...] = ()
    """To be sent, in order; those with attempts may have arrived already."""
    sent: tuple[QueuedCommand, ...] = ()
    """Acknowledged by the broker: only watched, never sent again."""
    order: tuple[str, ...] = ()
    """The ids of all of them in the order of giving; times do not tell it, for clocks are set."""
    features: Mapping[str, Members] = field(default_factory=dict)
    """The last device-info members of each heater, by MAC."""
    running_modes: Mapping[str, int] = field(default_factory=dict)
    """The mode in which each heater was last seen to heat, by MAC."""
    statuses: Mapping[str, Members] = field(default_factory=dict)
    """The settings in the last known status of each heater, by MAC: what differs from it is somebody else's change."""
    completed_wishes: Mapping[str, tuple[Effect, ...]] = field(default_factory=dict)
    """What completed commands of each heater, by MAC, may still bring about, such as the mode while the heater holds
    one (protocol.md 13.5)."""

    def in_order(self) -> list[QueuedCommand]:
        """Return all commands in the order of giving; those of a store without it by their times."""
        places = {command_id: place for place, command_id in enumerate(self.order)}
        by_time = merge(self.sent, self.unsent, key=lambda command: command.queued_at)
        return sorted(by_time, key=lambda command: places.get(command.id, -1))

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
            "unsent": [_stored(command) for command in self.unsent],
            "sent": [_stored(command) for command in self.sent],
            "order": list(self.order),
            "features": {mac_address: dict(members) for mac_address, members in self.features.items()},
            "running_modes": dict(self.running_modes),
            "statuses": {mac_address: dict(members) for mac_address, members in self.statuses.items()},
            "completed_wishes": {
                mac_address: [_stored_effect(effect) for effect in effects]
                for mac_address, effects in self.completed_wishes.items()
            },
        }

    @classmethod
    def from_dict(cls, stored: object) -> Self:
        """Read what `to_dict` wrote; raises `StoredQueueError` for anything else.

        A command that is there twice, which only a damaged store can tell, counts once: as sent if it is among those
        too, for an acknowledged command is never sent again, else as it comes first. So nothing is lost or doubled.
        """
        try:
            sent, unsent = _commands(stored, "sent"), _commands(stored, "unsent")
            return cls(
                unsent=tuple(command for command_id, command in unsent.items() if command_id not in sent),
                sent=tuple(sent.values()),
                # The first versions stored neither the order nor what is uncertain.
                order=tuple(map(_text, _list(stored, "order") if "order" in _object(stored) else [])),
                features={mac: _members(members) for mac, members in _object(stored, "features").items()},
                running_modes={mac: _whole(mode) for mac, mode in _object(stored, "running_modes").items()},
                statuses={mac: _members(members) for mac, members in _object(stored, "statuses").items()},
                completed_wishes={
                    mac: tuple(map(_effect, _list(stored, "completed_wishes", mac)))
                    for mac in _object(stored, "completed_wishes")
                },
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise StoredQueueError(f"the stored queue cannot be read: {error!r}") from error


def _stored(command: QueuedCommand) -> JsonObject:
    return {
        "id": command.id,
        "kind": command.kind,
        "wanted": command.wanted,
        "mac_address": command.mac_address,
        "topic": command.topic,
        "body": command.body.decode(),
        "qos": command.qos,
        "queued_at": _given_at(command).isoformat(),
        "life_time": None if command.life_time is None else command.life_time.total_seconds(),
        "attempts": command.attempts,
        "setting": command.setting,
        "overwrites": list[JsonValue](sorted(command.overwrites)),
        "parameters": list[JsonValue](command.parameters),
        "repeatable": command.repeatable,
        "expected": _stored_effect(command.expected),
    }


def _given_at(command: QueuedCommand) -> datetime:
    """Return when a command was given, by the clock that makes it older: no age is lost with the process."""
    try:
        return datetime.now(UTC) - command.age()
    except OverflowError:
        # Before the year 1, which only a wall clock gone mad can tell.
        return command.queued_at


def _commands(stored: object, name: str) -> dict[str, QueuedCommand]:
    """Read a list of commands, by id and in order; of two with one id the first."""
    commands: dict[str, QueuedCommand] = {}
    for command in map(_restored, _list(stored, name)):
        commands.setdefault(command.id, command)
    return commands


def _restored(stored: object) -> QueuedCommand:
    """Read a command; only controls are stored."""
    queued_at = datetime.fromisoformat(_text(_object(stored)["queued_at"]))
    if queued_at.tzinfo is None:
        raise ValueError("a time without a time zone")
    life_time = _object(stored)["life_time"]
    mac_address, setting = _object(stored)["mac_address"], _object(stored)["setting"]
    return QueuedCommand(
        id=_text(_object(stored)["id"]),
        kind=_text(_object(stored)["kind"]),
        wanted=_text(_object(stored)["wanted"]),
        mac_address=_text(mac_address),
        topic=_topic(_object(stored)["topic"]),
        body=_message(_object(stored)["body"]),
        qos=_quality(_object(stored)["qos"]),
        queued_at=queued_at,
        expires_at=None if life_time is None else queued_at + timedelta(seconds=_number(life_time)),
        attempts=_whole(_object(stored)["attempts"]),
        setting=None if setting is None else _text(setting),
        overwrites=frozenset(map(_text, _list(stored, "overwrites"))),
        parameters=tuple(map(_whole, _list(stored, "parameters"))),
        is_control=True,
        repeatable=_object(stored)["repeatable"] is True,
        expected=_effect(_object(stored)["expected"]),
        is_restored=True,
        given_at=running_seconds() - max(0.0, (datetime.now(UTC) - queued_at).total_seconds()),
    )


def _topic(value: object) -> str:
    topic = _text(value)
    # One that the service refuses would end every link that it is written to.
    check_topic(topic)
    return topic


def _message(value: object) -> bytes:
    body = encoded(_text(value))
    _object(orjson.loads(body))
    return body


def _quality(value: object) -> int:
    if (qos := _whole(value)) not in (0, 1):
        raise ValueError(f"not a quality of service: {qos}")
    return qos


def _stored_effect(effect: Effect) -> JsonObject:
    return {name: list[JsonValue](sorted(values)) for name, values in effect.items()}


def _effect(value: object) -> Effect:
    return {name: frozenset(map(_whole, _list(value, name))) for name in _object(value)}


def setting_members(status: DeviceStatus) -> Members:
    """Return what of a status can be set by a control."""
    return {name: value for name in SETTING_MEMBERS if (value := WHOLE.read(status.raw.get(name))) is not None}


def _members(value: object) -> Members:
    return {name: member for name, member in _object(value).items() if isinstance(member, int | str)}


def _object(value: object, *path: str) -> Mapping[str, object]:
    for name in path:
        value = _object(value)[name]
    if not isinstance(value, Mapping):
        raise TypeError(f"not an object: {value!r}")
    return value


def _list(value: object, *path: str) -> list[object]:
    *outer, last = path
    found = _object(value, *outer)[last]
    if not isinstance(found, list):
        raise TypeError(f"not a list: {found!r}")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"not a number: {value!r}")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value
