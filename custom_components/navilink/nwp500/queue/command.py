"""A command, as the tables of controls and queries make it, the handle by which a caller follows it, and its events."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from secrets import token_hex
import time
from types import MappingProxyType
from typing import Self

import orjson

from ..json_types import JsonValue
from ..models import Device
from ..models.members import WHOLE
from ..protocol.codec import encoded, request_message, with_session
from ..protocol.controls import Control
from ..protocol.queries import Request
from ..protocol.topics import check_topic
from .outcome import CommandReason, CommandResult

_ID_BYTES = 16

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def running_seconds() -> float:
    """Return the monotonic time in seconds, including the sleep of the system where that is known."""
    return time.clock_gettime(_CLOCK)


_NOTHING_EXPECTED: Mapping[str, frozenset[int]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class QueuedCommand:
    """One command on its way to a heater. Its text form has neither MAC nor topic, so it may be logged."""

    id: str = field(default_factory=partial(token_hex, _ID_BYTES))
    """Also the `sessionID` of the message as it is made, by which a reply finds its command."""
    kind: str
    """The command's name, such as `dhw-temperature` or `status`."""
    wanted: str
    """The wanted value in words, such as `setpoint 140 °F`."""
    mac_address: str | None = field(default=None, repr=False)
    topic: str = field(repr=False)
    body: bytes = field(repr=False)
    """The message exactly as it goes over the wire."""
    qos: int = 1
    queued_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the command was given, aware, UTC."""
    expires_at: datetime | None = None
    attempts: int = 0
    """How often it was written to a connection."""
    sessions: tuple[str, ...] = field(default=(), repr=False)
    """The `sessionID` of each of its writings that is known, in order.

    Each writing has its own, so that a late or doubled answer counts for the writing that it answers.
    """
    setting: str | None = field(default=None, repr=False)
    """The name of what it sets. `None`: not a setting."""
    overwrites: frozenset[str] = field(default=frozenset(), repr=False)
    """Everything that it sets, whatever that was before (see `protocol/controls.py`): the key of coalescing."""
    parameters: tuple[int, ...] = field(default=(), repr=False)
    """What a control carries on the wire. With its kind, what is wanted, exact and in no unit or language."""
    is_control: bool = field(default=False, repr=False)
    """Whether it changes something at the heater."""
    repeatable: bool = field(default=True, repr=False)
    """Whether it may be sent again when its acknowledgement was lost: a duplicate does no harm and is still wanted."""
    expected: Mapping[str, frozenset[int]] = field(default=_NOTHING_EXPECTED, repr=False)
    """Raw status members, each with the values that show that the command took effect."""
    is_restored: bool = field(default=False, repr=False)
    """Whether it was given to an earlier run: then only the wall clock knows the time in between."""
    given_at: float = field(default_factory=running_seconds, repr=False)
    """When it was given by `running_seconds`; of an earlier run, set back by its age."""

    @property
    def payload(self) -> JsonValue:
        """The message as JSON values, as text when it is no JSON; a fresh copy each time."""
        try:
            value: JsonValue = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return self.body.decode(errors="replace")
        return value

    @property
    def session_id(self) -> str:
        """The `sessionID` of its last writing; before the first, that of the message as it is made."""
        return self.sessions[-1] if self.sessions else self.id

    def another(self, **members: object) -> Self:
        """Return a command that is given now and has an id of its own, like this one but for some members."""
        return self._with(id=token_hex(_ID_BYTES), queued_at=datetime.now(UTC), given_at=running_seconds(), **members)

    def written_again(self) -> Self:
        """Return the command as it goes out once more.

        What an earlier run was given may have been written by it and not stored as such. So only the first writing of a
        command of this run has the session that its message was made with.
        """
        if not self.attempts and not self.is_restored:
            return self._with(attempts=1, sessions=(self.id,))
        session_id = token_hex(_ID_BYTES)
        return self._with(
            attempts=self.attempts + 1,
            sessions=(*self.sessions, session_id),
            body=with_session(self.body, self.session_id, session_id),
        )

    def _with(self, **members: object) -> Self:
        # Twice for every message: `dataclasses.replace` takes ten times longer. This is why the class has no slots.
        made = object.__new__(type(self))
        object.__setattr__(made, "__dict__", self.__dict__ | members)
        return made

    def age(self) -> timedelta:
        """Return how long ago the command was given.

        Within one run the monotonic clock alone counts, for the wall clock is set forward and back. Of a command of an
        earlier run the wall clock measures the time in between; if it is set right only later, that counts from then.
        """
        elapsed = timedelta(seconds=max(0.0, running_seconds() - self.given_at))
        return max(elapsed, datetime.now(UTC) - self.queued_at) if self.is_restored else elapsed

    @property
    def life_time(self) -> timedelta | None:
        """How long it may wait to be sent."""
        return None if self.expires_at is None else self.expires_at - self.queued_at

    def is_expired(self) -> bool:
        """Return whether the command is too old to be sent."""
        return self.expires_at is not None and self.age() >= self.expires_at - self.queued_at

    def is_shown_by(self, raw: Mapping[str, object]) -> bool:
        """Return whether a status with these raw members shows the whole effect."""
        return bool(self.expected) and all(
            WHOLE.read(raw.get(name)) in values for name, values in self.expected.items()
        )

    def is_related_to(self, other: QueuedCommand) -> bool:
        """Return whether it changes what another command for the same device changes."""
        return self.mac_address == other.mac_address and not self.overwrites.isdisjoint(other.overwrites)

    def replaces(self, older: QueuedCommand) -> bool:
        """Return whether this command makes an older one pointless."""
        return self.mac_address == older.mac_address and bool(older.overwrites) and older.overwrites <= self.overwrites


class CommandHandle:
    """Follows one command until its outcome."""

    __slots__ = ("_sent", "_waiting_for_result", "_waiting_for_sent", "command", "packet_id", "result", "sequence")

    def __init__(self, command: QueuedCommand, sequence: int) -> None:
        self.command = command
        """The command as it was given."""
        self.sequence = sequence
        """Its number in the order in which commands were given."""
        self.packet_id = 0
        """Of its last writing; 0 before."""
        self._sent: int | None = None
        self._waiting_for_sent: tuple[asyncio.Future[int], ...] = ()
        self.result: CommandResult | None = None
        """The outcome, once there is one."""
        self._waiting_for_result: tuple[asyncio.Future[CommandResult], ...] = ()

    async def outcome(self, timeout: float | None = None) -> CommandResult:  # noqa: ASYNC109 - the name in the public contract
        """Wait for the outcome; raises `TimeoutError` when there is none in time."""
        if self.result is not None:
            return self.result
        waiting: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
        self._waiting_for_result = *self._waiting_for_result, waiting
        async with asyncio.timeout(timeout):
            return await waiting

    async def sent(self) -> int:
        """Return the packet id once the PUBACK is seen, or 0 when the command waits in the queue or ended unsent."""
        if self._sent is None:
            # A future for each caller, of whom one may be canceled: a shield would take one more turn of the loop.
            waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self._waiting_for_sent = *self._waiting_for_sent, waiting
            return await waiting
        return self._sent

    def handed_over(self, packet_id: int) -> None:
        """Complete the waiting for the sending: acknowledged under this packet id, or 0 for not sent by now."""
        if self._sent is None:
            self._sent = packet_id
            for waiting in self._waiting_for_sent:
                if not waiting.done():
                    waiting.set_result(packet_id)

    def complete(self, result: CommandResult) -> None:
        """Return the outcome; the first one counts."""
        if self.result is not None:
            return
        self.result = result
        if self._sent is None:
            self.handed_over(0)
        for waiting in self._waiting_for_result:
            if not waiting.done():
                waiting.set_result(result)


_MESSAGE = QueuedCommand(kind="message", wanted="message", topic="", body=b"")


def plain_message(topic: str, payload: object, qos: int) -> QueuedCommand:
    """Return a message of the caller's own; `InvalidParameterError` or `PayloadError` when it can never be sent."""
    check_topic(topic)
    return _MESSAGE.another(topic=topic, body=encoded(payload), qos=qos)


def query_request(
    query: Request, device: Device, client_id: str, content: Mapping[str, JsonValue] | None = None
) -> QueuedCommand:
    """Return a query or write for a device, with a `sessionID` of its own; its content has been checked."""
    session_id = token_hex(_ID_BYTES)
    topic, body = request_message(query, content or {}, device, client_id, session_id)
    return QueuedCommand(
        id=session_id, kind=query.name, wanted=query.words, mac_address=device.mac_address, topic=topic, body=body
    )


def control_request(
    control: Control,
    parameters: tuple[int, ...],
    device: Device,
    client_id: str,
    *,
    wanted: str | None = None,
    session_id: str | None = None,
) -> QueuedCommand:
    """Return a control for a device without an expiry; the parameters have been checked.

    It has a `sessionID` of its own, or that of the command which it continues.
    """
    session_id = session_id or token_hex(_ID_BYTES)
    content: dict[str, JsonValue] = {"mode": control.name, "param": [*parameters], "paramStr": ""}
    topic, body = request_message(control, content, device, client_id, session_id)
    return QueuedCommand(
        id=session_id,
        kind=control.name,
        wanted=wanted or control.wanted(parameters),
        mac_address=device.mac_address,
        topic=topic,
        body=body,
        setting=control.setting,
        overwrites=control.overwrites,
        parameters=parameters,
        is_control=True,
        repeatable=control.repeatable,
        expected=control.effect(*parameters),
    )


@dataclass(frozen=True, slots=True)
class CommandEvent:
    """Something became of a command."""

    command: QueuedCommand
    reason: CommandReason | None = None
    """Why it ended, once it did."""
    code: int | None = None
    """The heater's own number, when it refused the command (protocol.md 10.4)."""


@dataclass(frozen=True, slots=True)
class CommandCompleted:
    """A command has its outcome, whichever that is."""

    command: QueuedCommand
    result: CommandResult


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """What has to survive a restart is different: commands, their stages, or what they may still change."""


@dataclass(frozen=True, slots=True)
class KnowledgeChanged:
    """What has to survive a restart is different, in something that is less pressing than a command."""

    delay: float
    """Seconds that a store may take to write it; 0 for a setting."""
