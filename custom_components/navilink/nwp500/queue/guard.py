"""Whether a command is still to be sent, and when: judged by what is known of its heater.

A command is not sent when its heater, asked after the command was given, reports what it wants; nor when somebody else
has changed the same setting at the heater or in the app since its last known status. Both need to know what comes from
whom: what one of our own commands wanted is nobody else's doing. After each connection a control waits for a fresh
status of its heater, and after each control the next one to the same heater for its answer and a pause.
"""

from collections.abc import Iterable, Mapping
import math

from ..config import MqttConnectionConfig
from ..enums import DhwMode
from ..models import DeviceStatus
from ..protocol.controls import RUNNING_MODES, Effect
from ..protocol.queries import STATUS
from .command import QueuedCommand
from .freshness import MODE, UNKNOWN_MOMENT, KnownHeater, PendingEffect, loop_seconds
from .outcome import CommandOutcome, CommandReason, CommandResult
from .registry import CommandRecord, CommandRegistry
from .stored_values import Members
from .writer import CommandWriter

OVERRULED = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.CHANGED_ELSEWHERE)
_ALREADY_SET = CommandResult(CommandOutcome.CONFIRMED, CommandReason.ALREADY_SET)


class CommandGuard:
    """What is known of the heaters, and what it means for the commands that wait for them."""

    def __init__(self, config: MqttConnectionConfig, registry: CommandRegistry, writer: CommandWriter) -> None:
        self._config = config
        self._registry = registry
        self._writer = writer
        self._fresh = registry.fresh
        self._heaters = registry.fresh.heaters

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
        effects = {
            mac_address: tuple(each.effect for each in heater.pending_effects.values() if each.completed_at is not None)
            for mac_address, heater in self._heaters.items()
        }
        return {mac_address: found for mac_address, found in effects.items() if found}

    def restore(
        self,
        statuses: Mapping[str, Members],
        running_modes: Mapping[str, int],
        completed_effects: Mapping[str, Iterable[Effect]],
    ) -> None:
        """Take up what an earlier run knew; what is known already stays as it is."""
        for mac_address, members in statuses.items():
            self._heaters[mac_address].status = self.known_status(mac_address) or DeviceStatus(members)
        for mac_address, mode in running_modes.items():
            self._heaters[mac_address].running_mode = self._heaters[mac_address].running_mode or mode
        for mac_address, effects in completed_effects.items():
            for number, effect in enumerate(effects):
                pending_effect = PendingEffect(effect, written_at=loop_seconds(), completed_at=UNKNOWN_MOMENT)
                self._heaters[mac_address].pending_effects[f"restored {number}"] = pending_effect

    def wanted(self, mac_address: str) -> dict[str, int]:
        """Return the raw status members that a heater will have once every command has taken effect."""
        # Which mode power-on brings back is not documented: the last one wanted or seen to heat, else the factory's.
        running_mode = self.running_modes.get(mac_address, int(DhwMode.ENERGY_SAVER))
        wanted: dict[str, int] = {}
        for record in self._registry.records.values():
            command = record.command
            if command.mac_address != mac_address:
                continue
            for name, values in command.expected.items():
                wanted[name] = min(values) if len(values) == 1 else running_mode
            if wanted.get(MODE) in RUNNING_MODES:
                running_mode = wanted[MODE]
        return wanted

    # Moments

    def given(self, record: CommandRecord, *, is_restored: bool = False) -> None:
        """A command is given; one that an earlier run was given may have been written, whatever the store has."""
        command = record.command
        if (mac_address := command.mac_address) is None:
            return
        heater = self._heaters[mac_address]
        record.given_at = self._fresh.moment()
        # Over a connection, only once the heater has reported on it.
        if self._writer.transport is None or self._fresh.has(mac_address):
            record.baseline = heater.status
        if is_restored and command.attempts:
            for session_id in command.sessions or (command.id,):
                record.written_at = self._fresh.written(session_id, mac_address)
        if command.is_control and command.expected:
            pending_effect = PendingEffect(command.expected, written_at=loop_seconds() if is_restored else None)
            heater.pending_effects[command.id] = pending_effect

    def written(self, request: QueuedCommand, record: CommandRecord | None = None) -> None:
        """A request was written to the connection, one of the queue if there is a record of it."""
        if request.mac_address is None or not (request.is_control or request.kind == STATUS.name):
            return
        moment = self._fresh.written(request.session_id, request.mac_address)
        if record is not None:
            record.written_at = moment
            if (pending_effect := self._heaters[request.mac_address].pending_effects.get(request.id)) is not None:
                pending_effect.written_at = loop_seconds()

    def is_shown(self, record: CommandRecord) -> bool:
        """Return whether the known status of a heater, asked for since a command was written, shows its effect."""
        heater = self._heaters[record.command.mac_address or ""]
        is_asked_since = UNKNOWN_MOMENT < record.written_at <= heater.answered
        return is_asked_since and heater.status is not None and record.command.is_shown_by(heater.status.raw)

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

    def on_status(self, mac_address: str, status: DeviceStatus, asked_at: int) -> bool:
        """Take in a status that answers a question of this moment; returns whether the store has to be written."""
        heater = self._heaters[mac_address]
        before = heater.running_mode, len(heater.pending_effects)
        if status.dhw_mode in RUNNING_MODES:
            heater.running_mode = status.dhw_mode
        if asked_at != UNKNOWN_MOMENT:
            for record in self._registry.records.values():
                if record.command.mac_address == mac_address:
                    self._judge(record, heater, status, asked_at)
            heater.forget_pending_effects(status, asked_at)
            heater.status = status
        return before != (heater.running_mode, len(heater.pending_effects))

    # Right before the writing

    def pause(self, mac_address: str) -> float:
        """Return the seconds until a control may go to a heater; infinite while something has to come from it first.

        That is its status on this connection or, with an interval between controls, the answer to the last of them. A
        heater refuses controls that follow each other too soon (protocol.md 10.4); other heaters are not held up.
        """
        if self.is_waiting_for_status(mac_address) or (
            self._config.command_interval and self._registry.is_unanswered(mac_address)
        ):
            return math.inf
        paused_until = self._heaters[mac_address].paused_until
        return max(0.0, paused_until - loop_seconds()) if paused_until else 0.0

    def verdict(self, record: CommandRecord) -> CommandResult | None:
        """Judge a command right before it is written: `None`, or why it is not sent at all.

        It is redundant if the heater, asked after it was given, reports what it wants, and nothing changes that. A
        command that is in flight or waits for its confirmation may change it, and so may one that has just ended.
        """
        command = record.command
        if record.is_overruled:
            return OVERRULED
        heater = self._heaters.get(command.mac_address or "")
        if not self._config.skip_redundant or heater is None or heater.status is None:
            return None
        is_redundant = (
            self._fresh.has(command.mac_address or "", since=record.given_at)
            and command.is_shown_by(heater.status.raw)
            and not _is_renewal(command, heater.status)
            # In a peak period the reported mode is not all: the app may have written another one, which is held.
            and not (heater.status.is_in_tou_window and MODE in command.expected)
            and not any(
                pending_effect.contradicts(command.expected)
                for command_id, pending_effect in heater.pending_effects.items()
                if pending_effect.completed_at is not None
                or command_id in self._registry.sent
                or self._registry.queue.is_in_flight(command_id)
            )
        )
        return _ALREADY_SET if is_redundant else None

    # Inner steps

    def _judge(self, record: CommandRecord, heater: KnownHeater, status: DeviceStatus, asked_at: int) -> None:
        """Note whether a status shows that somebody else has decided otherwise since what was known of the heater.

        One that was asked for before the command was given decides nothing, but does not make the change old either: if
        it is still there when asked for afterwards, it counts.
        """
        baseline = record.baseline
        is_changed = baseline is not None and any(
            heater.is_changed_by_others(member, baseline, status) for member in record.command.expected
        )
        if asked_at <= record.given_at:
            if baseline is not None and not is_changed:
                record.baseline = status
            return
        if record.command.is_shown_by(status.raw):
            record.is_overruled = False
        elif is_changed and self._config.guard_commands:
            record.is_overruled = True
        record.baseline = status


def _is_renewal(command: QueuedCommand, status: DeviceStatus) -> bool:
    """Return whether a vacation is to begin anew: its days count from the write, so the same number is not the same."""
    return "vacationDaySetting" in command.expected and bool(status.vacation_days_elapsed)
