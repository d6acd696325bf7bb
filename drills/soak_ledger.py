"""Every command of a soak, in counters: its one outcome, and what each heater has to be set to."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from homeassistant.core import Event, HomeAssistant, callback

from custom_components.navilink.nwp500 import CommandCompleted, CommandEvent, NavienMqttClient, QueuedCommand
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME

_SHOWN = 20
_RESET_BY: Mapping[str, Sequence[str]] = {"dhwOperationSetting": ("vacationDaySetting",)}
"""What else a heater changes when a member is set, unless that is set along with it."""
_NOT_TAKEN = frozenset({"rejected"})
"""Outcomes that say for certain that a command which was sent has changed nothing."""


@dataclass(slots=True)
class Settings:
    """What a heater has to be set to: for each raw member of its status the values that are possible."""

    possible: dict[str, frozenset[int]] = field(default_factory=dict)

    def is_set(self, member: str, values: frozenset[int]) -> None:
        """Note that a member has one of these values for certain."""
        for other in _RESET_BY.get(member, ()):
            self.possible.pop(other, None)
        self.possible[member] = values

    def may_be_set(self, member: str, values: frozenset[int]) -> None:
        """Note that a member may have one of these values by now."""
        if member in self.possible:
            self.possible[member] |= values

    def differences(self, status: dict[str, int]) -> list[str]:
        """Return what a status has otherwise, in words."""
        return [
            f"{member} is {status[member]}, not {' or '.join(map(str, sorted(values)))}"
            for member, values in self.possible.items()
            if status[member] not in values
        ]


class SoakLedger:
    """Listens to clients and to Home Assistant, over any number of restarts; keeps what is open, and counts."""

    def __init__(self) -> None:
        self.given = 0
        self.outcomes: Counter[str] = Counter()
        self.refused = 0
        """Actions that ended with an error for the user: most often that of a command without success."""
        self.breaches: list[str] = []
        """The first ones of what went against the promise, in words."""
        self.settings: defaultdict[str, Settings] = defaultdict(Settings)
        """By MAC address."""
        self._open: dict[str, QueuedCommand] = {}
        self._ended: set[bytes] = set()
        """Identifiers, a few bytes each, so that a second outcome is noticed."""

    @callback
    def listen_to_home_assistant(self, hass: HomeAssistant) -> Callable[[], None]:
        """Listen to one run of Home Assistant; returns what ends that."""
        return hass.bus.async_listen(EVENT_COMMAND_OUTCOME, self._on_outcome)

    @callback
    def listen_to_client(self, client: NavienMqttClient) -> None:
        """Listen to one client of the integration, as long as there is this client."""
        client.on("command_given", self._on_given)
        client.on("command_completed", self._on_completed)

    def open_of(self, mac_address: str) -> int:
        """Return how many commands of a heater have no outcome yet."""
        return sum(command.mac_address == mac_address for command in self._open.values())

    @property
    def open(self) -> list[str]:
        """The commands without an outcome, in words."""
        return [f"{command.kind} of {command.queued_at:%d %H:%M:%S}" for command in self._open.values()]

    def changed_at_panel(self, mac_address: str, member: str, value: int) -> None:
        """Note what somebody has set at a heater."""
        self.settings[mac_address].is_set(member, frozenset({value}))

    def breach(self, text: str) -> None:
        """Keep what went wrong."""
        if len(self.breaches) < _SHOWN:
            self.breaches.append(text)

    @callback
    def _on_given(self, event: CommandEvent) -> None:
        if event.command.is_control and event.command.id not in self._open:
            self.given += 1
            self._open[event.command.id] = event.command

    @callback
    def _on_completed(self, event: CommandCompleted) -> None:
        command, outcome = event.command, event.result.outcome.value
        if command.mac_address is None or not command.is_control:
            return
        settings = self.settings[command.mac_address]
        for member, values in sorted(command.expected.items()):
            if outcome == "confirmed":
                settings.is_set(member, values)
            elif command.attempts and outcome not in _NOT_TAKEN:
                settings.may_be_set(member, values)

    @callback
    def _on_outcome(self, event: Event) -> None:
        command_id: str = event.data["command_id"]
        mark = bytes.fromhex(command_id)[:8]
        if mark in self._ended:
            self.breach(f"{event.data['kind']} {command_id} has a second outcome: {event.data['outcome']}")
        elif self._open.pop(command_id, None) is None:
            self.breach(f"{event.data['kind']} {command_id} ended as {event.data['outcome']}, and was never given")
        self._ended.add(mark)
        self.outcomes[event.data["outcome"]] += 1
