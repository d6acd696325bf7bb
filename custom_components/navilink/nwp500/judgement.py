"""Whether a command is still to be sent, judged by what is known of its heater.

A command is not sent when its heater already reports what it wants, nor when somebody else has changed the same
setting at the heater or in the app since it was given. Both need to know what comes from whom: the effect of an own
command, also of one whose fate is not known, is nobody else's doing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from .command_queue import CommandQueue, QueuedCommand
from .config import MqttConnectionConfig
from .enums import DhwMode
from .fresh_status import FreshStatus
from .models import DeviceStatus
from .models.members import WHOLE
from .outcomes import CommandOutcome

_RUNNING_MODES = frozenset({DhwMode.HEAT_PUMP, DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND})


class Judgement:
    """What is known of the heaters, and what it means for the commands that wait for them."""

    def __init__(
        self,
        config: MqttConnectionConfig,
        queue: CommandQueue,
        *,
        ask_status: Callable[[str], bool],
        is_link_up: Callable[[], bool],
    ) -> None:
        self._config = config
        self._queue = queue
        self._is_link_up = is_link_up
        self._fresh = FreshStatus(ask_status, self._has_waiting_control)
        self._statuses: dict[str, DeviceStatus] = {}
        self._running_modes: dict[str, int] = {}
        self._uncertain: dict[tuple[str, str], int] = {}
        """The place of the newest command for a setting that may still take effect although it is settled."""

    # What is known

    @property
    def running_modes(self) -> Mapping[str, int]:
        """The mode in which each heater was last seen to heat."""
        return self._running_modes

    @property
    def uncertain_settings(self) -> Mapping[str, frozenset[str]]:
        """The settings of each heater that a settled command may still change."""
        settings: dict[str, set[str]] = {}
        for mac_address, setting in self._uncertain:
            settings.setdefault(mac_address, set()).add(setting)
        return {mac_address: frozenset(found) for mac_address, found in settings.items()}

    def restore(self, running_modes: Mapping[str, int], uncertain: Mapping[str, frozenset[str]], place: int) -> None:
        """Take up what an earlier run knew; the newest command with an uncertain effect had this place."""
        self._running_modes.update(running_modes)
        for mac_address, settings in uncertain.items():
            self._uncertain |= {(mac_address, setting): place for setting in settings}

    def wanted(self, mac_address: str, unsettled: Iterable[QueuedCommand]) -> dict[str, int]:
        """Return the raw status members that a heater will have once these commands have taken effect."""
        # Which mode power-on brings back is not told: the last one seen to heat, else the factory's.
        likely_mode = self._running_modes.get(mac_address, DhwMode.ENERGY_SAVER)
        return {
            name: min(values) if len(values) == 1 else likely_mode
            for command in unsettled
            if command.mac_address == mac_address
            for name, values in command.expected.items()
        }

    def heard_status(self, mac_address: str, status: DeviceStatus) -> bool:
        """A heater told its status; tells whether it has another running mode now."""
        self._statuses[mac_address] = status
        if status.dhw_mode not in _RUNNING_MODES or self._running_modes.get(mac_address) == status.dhw_mode:
            return False
        self._running_modes[mac_address] = status.dhw_mode
        return True

    def forget(self, mac_address: str) -> None:
        """Know nothing more of a heater."""
        self._fresh.forget(mac_address)
        self._statuses.pop(mac_address, None)
        self._running_modes.pop(mac_address, None)
        self._uncertain = {setting: place for setting, place in self._uncertain.items() if setting[0] != mac_address}

    def link_lost(self) -> None:
        """With the link goes all certainty: anybody may change anything until the heater is heard again."""
        self._fresh.reset()

    # The guard: a status first

    def written(self, request: QueuedCommand) -> None:
        """A request was written to the link."""
        self._fresh.written(request)

    def answered(self, session_id: str) -> None:
        """A heater answered a request; with it, or after it, comes a status of this link."""
        self._fresh.answered(session_id)

    def is_waiting_for_status(self, mac_address: str | None) -> bool:
        """Tell whether a heater's controls are held until it has told its status on this link."""
        return self._config.guard_commands and bool(mac_address) and self._is_stale(mac_address)

    def ask_first(self, command: QueuedCommand) -> None:
        """Ask a command's heater for its status, now and again, if the command is held until it has told it."""
        if command.is_control and command.mac_address and self.is_waiting_for_status(command.mac_address):
            self._fresh.need(command.mac_address)

    def overruled(
        self, mac_address: str, status: DeviceStatus, unsettled: Iterable[QueuedCommand]
    ) -> list[QueuedCommand]:
        """Take in a status and return what has to leave the queue for it, because somebody else decided otherwise."""
        if not self._fresh.heard(mac_address) or not self._config.guard_commands:
            return []
        own = [command for command in unsettled if command.attempts]
        return self._queue.remove(
            lambda command: command.mac_address == mac_address and _is_overruled(command, status.raw, own)
        )

    # Already so

    def is_already_so(self, command: QueuedCommand, on_their_way: Iterable[QueuedCommand]) -> bool:
        """Tell whether the heater reports what a command wants and nothing else is about to change that."""
        status = self._statuses.get(command.mac_address) if command.mac_address else None
        return (
            self._config.skip_settled
            and status is not None
            and self._fresh.has(command.mac_address or "")
            and command.is_shown_by(status.raw)
            and not _is_renewal(command, status)
            # In a costly period the reported mode is not all: the app may have written another one, which is held.
            and not (status.is_in_tou_window and "dhwOperationSetting" in command.expected)
            and _setting(command) not in self._uncertain
            and not any(command.replaces(other) for other in on_their_way)
        )

    # Baselines: from which values on a change counts as somebody else's

    def with_known_baseline(self, command: QueuedCommand) -> QueuedCommand:
        """Return a command that is being given, without a baseline when what is known may not be true any more."""
        return self._from(command, {} if self._is_stale(command.mac_address) else command.baseline)

    def with_baseline_of_now(self, command: QueuedCommand) -> QueuedCommand:
        """Return a command that was refused for the moment, with changes counting from now on."""
        mac_address = command.mac_address or ""
        return self._from(command, self._statuses[mac_address].raw if self._fresh.has(mac_address) else {})

    def settled(self, command: QueuedCommand, outcome: CommandOutcome, place: int) -> None:
        """See to it that the effect of an own command is not taken for somebody else's doing."""
        if not command.is_control:
            return
        related = [other for other in self._queue.unsent() if other.is_related_to(command)]
        if outcome is CommandOutcome.CONFIRMED and command.mac_address in self._statuses:
            if (setting := _setting(command)) in self._uncertain and place > self._uncertain[setting]:
                del self._uncertain[setting]
            self._rebase(related, self._statuses[command.mac_address].raw)
        elif (setting := _setting(command)) is not None and command.attempts > (outcome is CommandOutcome.REJECTED):
            # Sent, and who knows whether it has arrived; of a refused one, only what was sent before is in doubt.
            self._uncertain[setting] = max(place, self._uncertain.get(setting, place))
            self._rebase(related, {})

    def _rebase(self, commands: Iterable[QueuedCommand], raw: Mapping[str, object]) -> None:
        for command in commands:
            self._queue.exchange(command, self._from(command, raw))

    def _from(self, command: QueuedCommand, raw: Mapping[str, object]) -> QueuedCommand:
        """Return a command with changes counting from these raw members on, if nothing can still change its setting."""
        known = {} if _setting(command) in self._uncertain else command.baseline_in(raw)
        return replace(command, baseline=known)

    def _is_stale(self, mac_address: str | None) -> bool:
        """Tell whether what is known of a heater is from before the present link, and may have changed since."""
        return self._is_link_up() and not self._fresh.has(mac_address or "")

    def _has_waiting_control(self, mac_address: str) -> bool:
        return any(command.is_control and command.mac_address == mac_address for command in self._queue.waiting)


def _is_overruled(command: QueuedCommand, raw: Mapping[str, object], own: Iterable[QueuedCommand]) -> bool:
    """Tell whether a status shows another value than at the giving that no own command has brought about."""
    if any(other.is_related_to(command) and other.is_shown_by(raw) for other in (*own, command)):
        # Also what an own command changes besides, such as the days of a vacation that it ends.
        return False
    return any(
        (now := WHOLE.read(raw.get(name))) is not None
        and now != known
        and not any(now in other.expected.get(name, ()) for other in (*own, command))
        for name, known in command.baseline.items()
    )


def _is_renewal(command: QueuedCommand, status: DeviceStatus) -> bool:
    """Tell whether a vacation is to begin anew: its days count from the write, so the same number is not the same."""
    return "vacationDaySetting" in command.expected and bool(status.vacation_days_elapsed)


def _setting(command: QueuedCommand) -> tuple[str, str] | None:
    """Return which setting of which device a command sets; `None` for one that sets none."""
    if command.mac_address is None or command.setting is None:
        return None
    return command.mac_address, command.setting
