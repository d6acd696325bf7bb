"""Whether a command is still to be sent, judged by what is known of its heater.

A command is not sent when its heater, asked after the command was given, reports what it wants; nor when somebody else
has changed the same setting at the heater or in the app since its last known status. Both need to know what comes from
whom: what one of our own commands wanted is nobody else's doing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..config import MqttConnectionConfig
from ..enums import DhwMode
from ..models import DeviceStatus
from ..models.members import WHOLE
from ..protocol.controls import HELD_MODES, RUNNING_MODES, Effect
from ..protocol.queries import STATUS
from .command import CommandOutcome, QueuedCommand
from .confirmation import Confirmations
from .freshness import UNKNOWN_MOMENT, FreshStatus
from .queue import CommandQueue
from .stored_members import Members
from .writer import CommandWriter

_MODE = "dhwOperationSetting"
_EFFECT_SECONDS = 60.0
"""This long after its writing a command may take effect: a new setpoint usually shows after 10 s, and once it did not
after 16 s (protocol.md 13.1)."""
_SIDE_EFFECTS: Mapping[str, frozenset[str]] = {_MODE: frozenset({"vacationDaySetting"})}
"""The members that a command for another one can change besides, to whatever value: a mode ends a vacation."""


@dataclass(slots=True)
class _PendingEffect:
    """What one of our commands wanted, as long as it may still be what the heater comes to report."""

    effect: Effect
    written_at: float | None = None
    """When it was last written, on the loop's clock; if an earlier run may have written it, when it was taken up."""
    completed_at: int | None = None
    """The moment at which the command had its outcome."""

    def explains(self, member: str, value: int) -> bool:
        """Return whether a member can have this value because of the command."""
        return value in self.effect.get(member, ()) or any(
            member in _SIDE_EFFECTS.get(changed, ()) for changed in self.effect
        )

    def contradicts(self, effect: Effect) -> bool:
        """Return whether the command changes something that another effect is about to another value."""
        return any(
            not values <= effect.get(member, values) or not _SIDE_EFFECTS.get(member, frozenset()).isdisjoint(effect)
            for member, values in self.effect.items()
            if effect.get(member) != values
        )


@dataclass(slots=True)
class _Heater:
    """What is known of one heater."""

    status: DeviceStatus | None = None
    """The newest answer to one of our questions; of an earlier run, the last that was stored."""
    running_mode: int | None = None
    """The mode in which it was last seen to heat."""
    pending_effects: dict[str, _PendingEffect] = field(default_factory=dict)
    """What the commands wanted that were given since that status, or may not have taken effect by then."""


class CommandGuard:
    """What is known of the heaters, and what it means for the commands that wait for them."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        queue: CommandQueue,
        *,
        ask_status: Callable[[str], bool],
        writer: CommandWriter,
    ) -> None:
        self._config = config
        self._queue = queue
        self._writer = writer
        self._fresh = FreshStatus(ask_status, self._has_waiting_control)
        self._heaters: dict[str, _Heater] = {}
        self._given: dict[str, int] = {}
        """The moment at which each command without an outcome was given."""
        self._written: dict[str, int] = {}
        """The moment at which each of them was last written."""
        self._baselines: dict[str, DeviceStatus] = {}
        """For each of them the status from which on changes count as somebody else's. One that was given over a
        connection before the heater reported on it has none yet: what others changed during the outage is older, so
        the first status to come is only what later changes are compared with."""
        self.overruled: set[str] = set()
        """Those of them whose setting somebody else has changed since, if commands are guarded."""

    # What is known

    @property
    def running_modes(self) -> Mapping[str, int]:
        """The mode in which each heater was last seen to heat."""
        return {mac: heater.running_mode for mac, heater in self._heaters.items() if heater.running_mode is not None}

    def known_status(self, mac_address: str) -> DeviceStatus | None:
        """Return the newest status that answers a question, from which on changes count as somebody else's."""
        heater = self._heaters.get(mac_address)
        return None if heater is None else heater.status

    @property
    def completed_effects(self) -> Mapping[str, tuple[Effect, ...]]:
        """What completed commands of each heater may still bring about."""
        found = {
            mac_address: tuple(
                pending_effect.effect
                for pending_effect in heater.pending_effects.values()
                if pending_effect.completed_at is not None
            )
            for mac_address, heater in self._heaters.items()
        }
        return {mac_address: effects for mac_address, effects in found.items() if effects}

    def restore(
        self,
        statuses: Mapping[str, Members],
        running_modes: Mapping[str, int],
        completed_effects: Mapping[str, Iterable[Effect]],
    ) -> None:
        """Take up what an earlier run knew."""
        for mac_address, members in statuses.items():
            self._heater(mac_address).status = DeviceStatus(members)
        for mac_address, mode in running_modes.items():
            self._heater(mac_address).running_mode = mode
        for mac_address, effects in completed_effects.items():
            for number, effect in enumerate(effects):
                pending_effect = _PendingEffect(effect, written_at=_seconds(), completed_at=UNKNOWN_MOMENT)
                self._heater(mac_address).pending_effects[f"restored {number}"] = pending_effect

    def wanted(self, mac_address: str, pending: Iterable[QueuedCommand]) -> dict[str, int]:
        """Return the raw status members that a heater will have once these commands have taken effect."""
        # Which mode power-on brings back is not documented: the last one wanted or seen to heat, else the factory's.
        running_mode = self.running_modes.get(mac_address, int(DhwMode.ENERGY_SAVER))
        wanted: dict[str, int] = {}
        for command in pending:
            if command.mac_address != mac_address:
                continue
            for name, values in command.expected.items():
                wanted[name] = min(values) if len(values) == 1 else running_mode
            if wanted.get(_MODE) in RUNNING_MODES:
                running_mode = wanted[_MODE]
        return wanted

    def forget(self, mac_address: str) -> None:
        """Know nothing more of a heater."""
        self._fresh.forget(mac_address)
        self._heaters.pop(mac_address, None)

    # Moments

    def given(self, command: QueuedCommand, *, is_restored: bool = False) -> None:
        """A command is given; one that an earlier run was given may have been written, whatever the store has."""
        self._given[command.id] = self._fresh.moment()
        mac_address = command.mac_address or ""
        heater = self._heaters.get(mac_address)
        status = None if heater is None else heater.status
        # Over a connection, only once the heater has reported on it.
        if status is not None and (self._writer.transport is None or self._fresh.has(mac_address)):
            self._baselines[command.id] = status
        if is_restored and command.attempts and command.mac_address:
            for session_id in command.sessions or (command.id,):
                self._written[command.id] = self._fresh.written(session_id, command.mac_address)
        if command.is_control and command.mac_address and command.expected:
            pending_effect = _PendingEffect(command.expected, written_at=_seconds() if is_restored else None)
            heater = heater or self._heater(mac_address)
            heater.pending_effects[command.id] = pending_effect

    def written(self, request: QueuedCommand) -> None:
        """A request was written to the connection."""
        if request.mac_address is None or not (request.is_control or request.kind == STATUS.name):
            return
        moment = self._fresh.written(request.session_id, request.mac_address)
        if request.id in self._given:
            self._written[request.id] = moment
            if (pending_effect := self._heater(request.mac_address).pending_effects.get(request.id)) is not None:
                pending_effect.written_at = _seconds()

    def written_at(self, command: QueuedCommand) -> int:
        """Return the moment at which a command was last written: what is asked from then on shows its effect."""
        return self._written.get(command.id, UNKNOWN_MOMENT)

    def is_shown(self, command: QueuedCommand) -> bool:
        """Return whether the known status of a heater, asked for since a command was written, shows its effect."""
        mac_address = command.mac_address or ""
        known, written_at = self.known_status(mac_address), self._written.get(command.id)
        is_asked_since = written_at is not None and self._fresh.answered_at(mac_address) >= written_at
        return is_asked_since and known is not None and command.is_shown_by(known.raw)

    def dated(self, mac_address: str, session_id: str | None) -> int | None:
        """Return the moment after which a status was made that has come just now; `None` for one that is outdated."""
        return self._fresh.dated(mac_address, session_id)

    def connected(self) -> None:
        """A connection is up."""
        self._fresh.connected()

    def disconnected(self) -> None:
        """With the connection goes all certainty: anybody may change anything until the heater has answered again."""
        self._fresh.disconnected()

    # The guard: a status first

    def is_waiting_for_status(self, mac_address: str | None) -> bool:
        """Return whether a heater's controls are held until it has reported its status on this connection."""
        return (
            self._config.guard_commands
            and bool(mac_address)
            and self._writer.transport is not None
            and not self._fresh.has(mac_address or "")
        )

    def ask_first(self, command: QueuedCommand) -> None:
        """Ask a command's heater for its status, now and again, if the command is held until it has reported it."""
        if command.is_control and command.mac_address and self.is_waiting_for_status(command.mac_address):
            self._fresh.need(command.mac_address)

    def on_status(
        self, mac_address: str, status: DeviceStatus, asked_at: int, pending: Iterable[QueuedCommand]
    ) -> bool:
        """Take in a status that answers a question of this moment; returns whether the store has to be written."""
        heater = self._heater(mac_address)
        before = heater.running_mode, len(heater.pending_effects)
        if status.dhw_mode in RUNNING_MODES:
            heater.running_mode = status.dhw_mode
        if asked_at != UNKNOWN_MOMENT:
            for command in pending:
                if command.mac_address == mac_address:
                    self._judge(command, heater, status, asked_at)
            _forget_pending_effects(heater, status, asked_at)
            heater.status = status
        return before != (heater.running_mode, len(heater.pending_effects))

    # Redundant commands

    def is_already_so(self, command: QueuedCommand, confirmations: Confirmations) -> bool:
        """Return whether the heater, asked after a command was given, reports what it wants, and nothing changes that.

        A command that is in flight or watched by `confirmations` may change it, and so may one that has just ended.
        """
        heater = self._heaters.get(command.mac_address or "")
        if not self._config.skip_redundant or heater is None or heater.status is None:
            return False
        return (
            self._fresh.has(command.mac_address or "", since=self._given.get(command.id, UNKNOWN_MOMENT))
            and command.is_shown_by(heater.status.raw)
            and not _is_renewal(command, heater.status)
            # In a peak period the reported mode is not all: the app may have written another one, which is held.
            and not (heater.status.is_in_tou_window and _MODE in command.expected)
            and not any(
                pending_effect.contradicts(command.expected)
                for command_id, pending_effect in heater.pending_effects.items()
                if pending_effect.completed_at is not None
                or confirmations.has(command_id)
                or self._queue.is_in_flight(command_id)
            )
        )

    # The end of a command

    def completed(self, command: QueuedCommand, outcome: CommandOutcome) -> None:
        """A command has its outcome: what it may still bring about is not taken for somebody else's doing."""
        self._given.pop(command.id, None)
        self._written.pop(command.id, None)
        self.overruled.discard(command.id)
        self._baselines.pop(command.id, None)
        pending_effects = self._heater(command.mac_address).pending_effects if command.mac_address else {}
        if (pending_effect := pending_effects.get(command.id)) is None:
            return
        # Of a refused command only an earlier writing may have had an effect.
        if pending_effect.written_at is None or (outcome is CommandOutcome.REJECTED and command.attempts <= 1):
            del pending_effects[command.id]
        else:
            pending_effect.completed_at = self._fresh.moment()

    # Inner steps

    def _heater(self, mac_address: str) -> _Heater:
        return self._heaters.setdefault(mac_address, _Heater())

    def _judge(self, command: QueuedCommand, heater: _Heater, status: DeviceStatus, asked_at: int) -> None:
        """Note whether a status shows that somebody else has decided otherwise since what was known of the heater.

        One that was asked for before the command was given decides nothing, but does not make the change old either: if
        it is still there when asked for afterwards, it counts.
        """
        baseline = self._baselines.get(command.id)
        is_changed = baseline is not None and any(
            _is_changed_by_others(heater, member, baseline, status) for member in command.expected
        )
        if asked_at <= self._given.get(command.id, asked_at):
            if baseline is not None and not is_changed:
                self._baselines[command.id] = status
            return
        if command.is_shown_by(status.raw):
            self.overruled.discard(command.id)
        elif is_changed and self._config.guard_commands:
            self.overruled.add(command.id)
        self._baselines[command.id] = status

    def _has_waiting_control(self, mac_address: str) -> bool:
        return any(command.is_control and command.mac_address == mac_address for command in self._queue.waiting)


def _is_changed_by_others(heater: _Heater, member: str, baseline: DeviceStatus, status: DeviceStatus) -> bool:
    """Return whether a member has another value than before, which none of our commands wanted."""
    known, now = WHOLE.read(baseline.raw.get(member)), WHOLE.read(status.raw.get(member))
    if known is None or now is None or known == now:
        return False
    if any(pending_effect.explains(member, now) for pending_effect in heater.pending_effects.values()):
        return False
    # The heater itself leaves an element mode when a peak period begins (protocol.md 13.5).
    return not (member == _MODE and now == DhwMode.HEAT_PUMP and status.is_in_tou_window)


def _forget_pending_effects(heater: _Heater, status: DeviceStatus, asked_at: int) -> None:
    """Let go of what completed commands wanted: asked since, the heater reports what became of them.

    But not while they may still take effect; nor of a mode in a peak period, which the heater may hold, and take up
    some seconds after the period is over.
    """
    is_holding = status.is_in_tou_window or (heater.status is not None and heater.status.is_in_tou_window)
    for command_id, pending_effect in tuple(heater.pending_effects.items()):
        is_reported = pending_effect.completed_at is not None and pending_effect.completed_at < asked_at
        is_past = is_reported and (
            pending_effect.written_at is None or _seconds() - pending_effect.written_at >= _EFFECT_SECONDS
        )
        if is_past and not (is_holding and pending_effect.effect.get(_MODE, RUNNING_MODES) <= HELD_MODES):
            del heater.pending_effects[command_id]


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _is_renewal(command: QueuedCommand, status: DeviceStatus) -> bool:
    """Return whether a vacation is to begin anew: its days count from the write, so the same number is not the same."""
    return "vacationDaySetting" in command.expected and bool(status.vacation_days_elapsed)
