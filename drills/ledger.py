"""Every command of a drill: when it was given, when it was acknowledged, how it ended, and when it reached a heater."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
import math
import time

from homeassistant.core import Event, HomeAssistant, callback

from custom_components.navilink.nwp500 import (
    CommandCompleted,
    CommandEvent,
    CommandReason,
    NavienMqttClient,
    QueuedCommand,
)
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from simulator.state import State

from .drill import Drill

WALL_CLOCK = time.time
"""The real one, also while a drill sets that of Home Assistant."""
_CONTROLS = "/ctrl"
_ANSWER_SECONDS = 5.0
"""A healthy heater has confirmed a command by then."""
_NAMED_BY_REASON = frozenset({CommandReason.CHANGED_ELSEWHERE, CommandReason.NEWER_CONFIRMED})
"""Reasons that say more than the outcome: somebody's change has overruled a command, or a newer one was confirmed."""
_HAS_ARRIVED = frozenset({"confirmed", CommandReason.NEWER_CONFIRMED})
"""Ends that a command can only have if it has reached its heater."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A command; times by the wall clock, which the simulator on this machine shares."""

    command: QueuedCommand
    sequence: int
    given_at: float
    acknowledged_at: float | None = None
    ended_at: float = math.inf
    outcomes: list[str] = field(default_factory=list)
    """As Home Assistant's event has them, or the reason where that says more."""


class Ledger:
    """Listens to clients and to Home Assistant, over any number of restarts, and judges what the simulator got."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._command_of: dict[str, str] = {}
        """Command by session: each writing of a command has its own."""

    @callback
    def listen_to_home_assistant(self, hass: HomeAssistant) -> Callable[[], None]:
        """Listen to one run of Home Assistant; returns what ends that."""
        return hass.bus.async_listen(EVENT_COMMAND_OUTCOME, self._on_outcome)

    @callback
    def listen_to_client(self, client: NavienMqttClient) -> list[Callable[[], None]]:
        """Listen to one client of the integration; returns what ends that."""
        return [
            client.on("command_given", self._on_given),
            client.on("command_sent", self._on_sent),
            client.on("command_completed", self._on_completed),
        ]

    @property
    def open(self) -> int:
        """How many commands have no outcome yet."""
        return len(self.without_outcome)

    @property
    def without_outcome(self) -> set[str]:
        """The ids of the commands that have no outcome yet."""
        return {command_id for command_id, entry in self._entries.items() if not entry.outcomes}

    def outcomes(self, command_id: str) -> list[str]:
        """Return the outcomes of a command, which ought to be one."""
        return list(self._entries[command_id].outcomes)

    @property
    def given(self) -> int:
        """How many commands were given."""
        return len(self._entries)

    @property
    def confirmed(self) -> int:
        """How many commands were confirmed by their heater."""
        return sum("confirmed" in entry.outcomes for entry in self._entries.values())

    def ended_as(self, outcome: str) -> int:
        """Return how many commands have this outcome."""
        return sum(outcome in entry.outcomes for entry in self._entries.values())

    def answered_between(self, mac_address: str, begin: float, end: float) -> tuple[int, int]:
        """Return how many commands a heater was given in a time, and how many of these it confirmed without delay.

        Those of the last seconds are left out: a healthy heater may still be at them.
        """
        given = [
            entry
            for entry in self._entries.values()
            if entry.command.mac_address == mac_address and begin <= entry.given_at <= end - _ANSWER_SECONDS
        ]
        return len(given), sum(
            "confirmed" in entry.outcomes and entry.ended_at <= entry.given_at + _ANSWER_SECONDS for entry in given
        )

    def lost(self, drill: Drill) -> list[str]:
        """Return what was lost, in words."""
        return [
            f"{entry.command.kind} {entry.sequence} ended as {' and '.join(entry.outcomes) or 'nothing'}"
            for entry in self._entries.values()
            if len(entry.outcomes) != 1 or entry.outcomes[0] not in drill.outcomes
        ]

    def reordered(self, state: State) -> list[str]:
        """Return what reached a heater after a newer command, other than in a pair that went out again in its order."""
        arrived: defaultdict[str | None, list[_Entry]] = defaultdict(list)
        for message in state["received"]:
            if message["topic"].endswith(_CONTROLS) and isinstance(message["payload"], dict):
                entry = self._of_session(message["payload"].get("sessionID"))
                if entry is not None:
                    arrived[entry.command.mac_address].append(entry)
        return [words for entries in arrived.values() for words in _out_of_order(entries)]

    def doubled(self, state: State) -> list[str]:
        """Return what took effect again after its acknowledgement was seen."""
        found = []
        for heater in state["heaters"].values():
            applied: set[str] = set()
            for control in heater["applied"]:
                entry = self._of_session(control["session_id"])
                if entry is None:
                    continue
                acknowledged = entry.acknowledged_at
                if entry.command.id in applied and acknowledged is not None and control["time"] > acknowledged:
                    found.append(f"{entry.command.kind} {entry.sequence} took effect again")
                applied.add(entry.command.id)
        return found

    def unsent(self, state: State) -> list[str]:
        """Return what is said to be confirmed and never reached a heater."""
        arrived = {
            self._command_of.get(message["payload"].get("sessionID", ""))
            for message in state["received"]
            if message["topic"].endswith(_CONTROLS) and isinstance(message["payload"], dict)
        }
        return [
            f"{entry.command.kind} {entry.sequence} ended as {entry.outcomes[0]}, and was never received"
            for entry in self._entries.values()
            if _HAS_ARRIVED.intersection(entry.outcomes) and entry.command.id not in arrived
        ]

    def _of_session(self, session_id: object) -> _Entry | None:
        return self._entries.get(self._command_of.get(str(session_id), ""))

    # What happened

    def add(self, command: QueuedCommand) -> None:
        """Take in a command that was given."""
        if command.mac_address is not None and command.overwrites:
            self._entries.setdefault(command.id, _Entry(command, len(self._entries), WALL_CLOCK()))

    def add_sessions(self, command_id: str, sessions: Iterable[str]) -> None:
        """Take in the sessions with which a command was written."""
        self._command_of |= dict.fromkeys((command_id, *sessions), command_id)

    def acknowledge(self, command_id: str, at: float) -> None:
        """Take in that the acknowledgement of a command was seen, at that time by the wall clock."""
        if (entry := self._entries.get(command_id)) is not None and entry.acknowledged_at is None:
            entry.acknowledged_at = at

    def end(self, command_id: str, outcome: str) -> None:
        """Take in an outcome of a command."""
        if (entry := self._entries.get(command_id)) is not None:
            entry.ended_at = min(entry.ended_at, WALL_CLOCK())
            entry.outcomes.append(outcome)

    @callback
    def _on_given(self, event: CommandEvent) -> None:
        self.add(event.command)

    @callback
    def _on_sent(self, event: CommandEvent) -> None:
        self.add_sessions(event.command.id, event.command.sessions)
        self.acknowledge(event.command.id, WALL_CLOCK())

    @callback
    def _on_completed(self, event: CommandCompleted) -> None:
        self.add_sessions(event.command.id, event.command.sessions)

    @callback
    def _on_outcome(self, event: Event) -> None:
        self.end(event.data["command_id"], outcome_of(event))


def outcome_of(event: Event) -> str:
    """Return the outcome that Home Assistant's event reports, as the ledger has it."""
    reason = event.data["reason_code"]
    return str(reason if reason in _NAMED_BY_REASON else event.data["outcome"])


def _out_of_order(arrived: Sequence[_Entry]) -> list[str]:
    """Judge what reached one heater: first arrivals come as given, and no older value has the last word."""
    found = []
    seen: list[_Entry] = []
    for entry in arrived:
        newest = max((each.sequence for each in seen), default=-1)
        if entry not in seen and entry.sequence < newest:
            found.append(f"{entry.command.kind} {entry.sequence} arrived after {newest}")
        seen.append(entry)
    for position, entry in enumerate(arrived):
        related = [each for each in arrived[:position] if each.command.is_related_to(entry.command)]
        is_late = any(each.sequence > entry.sequence for each in related)
        if is_late and not any(
            later.sequence > entry.sequence and later.command.is_related_to(entry.command)
            for later in arrived[position:]
        ):
            found.append(f"{entry.command.kind} {entry.sequence} had the last word over a newer command")
    return found
