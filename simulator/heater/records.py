"""What a heater keeps beside its settings: how it goes wrong on request, and what runs or waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from ..common.faults import Countdowns
from .members import OFF, ON

SCHEDULE_FORMS = ("both", "json", "hex")
"""Which of the two forms of a schedule's reply comes (protocol.md 4.1)."""

FIRMWARE_PARTS: Mapping[int, str] = {1: "controller", 2: "panel", 4: "wifi"}
"""By the number of the part: the beginning of its members' names in device info."""

_SUSTAINED_DRAW = 60.0  # s
_ALWAYS_ON, _OFF = 1, 4  # modes of the pump (protocol.md 11.5); in the others the schedule or the hot button decides
_HOT_BUTTON_RUN = 300.0  # s


@dataclass(slots=True, kw_only=True)
class HeaterFaults:
    """How the next requests go wrong."""

    upcoming: Countdowns = field(default_factory=Countdowns)
    """Requests that go wrong, by the kind of fault; by topic suffix those that are carried out without an answer."""
    refusal_code: int = 0
    minimum_control_interval: float = 0.0
    """Real seconds between two DHW controls, below which the later one is refused."""
    paced_at: float = -inf
    """When the last DHW control was taken, on the monotonic clock."""
    late_by: float = 0.0
    """Real seconds by which a late reply is late."""
    in_time_too: bool = True
    """Whether it is delivered in time as well."""
    lost_writes_answered: bool = True
    write_delay: float = 0.0
    """Simulated seconds until a schedule write shows."""
    schedule_form: str = "both"
    energy_times: bool = True
    """Whether items of an energy reply have their times, which may be missing."""


@dataclass(slots=True, kw_only=True)
class Draw:
    """Hot water running."""

    liters_left: float
    liters_per_minute: float
    seconds: float = 0.0

    @property
    def sustained(self) -> bool:
        """Whether it has been running for a longer while."""
        return self.seconds >= _SUSTAINED_DRAW

    def run(self, seconds: float) -> float:
        """Let it run for so long, and give the liters."""
        liters = min(self.liters_left, self.liters_per_minute * seconds / 60)
        self.liters_left -= liters
        self.seconds += seconds
        return liters


@dataclass(slots=True)
class Recirculation:
    """The recirculation pump of a unit that has one: when it runs, and how often and how long it did.

    Nobody has recorded such a unit: that the hot button keeps the pump running for some minutes is plausible.
    """

    starts: int = 0
    seconds: float = 0.0
    _runs_until: float | None = None
    _was_running: bool = False

    def press_hot_button(self, now: float, members: dict[str, int]) -> None:
        """Run the pump for a while."""
        self._runs_until = now + _HOT_BUTTON_RUN
        _run(members, on=True)

    def step(self, seconds: float, now: float, members: dict[str, int]) -> None:
        """Follow the mode, end what the hot button began, and count."""
        mode = members["recircOperationMode"]
        if self._runs_until is not None and (now >= self._runs_until or mode == _OFF):
            self._runs_until = None
            _run(members, on=False)
        if mode in (_ALWAYS_ON, _OFF):
            _run(members, on=mode == _ALWAYS_ON)
        is_running = members["recircOperationBusy"] == ON
        self.starts += is_running and not self._was_running
        self.seconds += seconds * is_running
        self._was_running = is_running


def _run(members: dict[str, int], *, on: bool) -> None:
    members |= {"recircOperationBusy": ON if on else OFF, "recircPumpOperationStatus": int(on)}
