"""What a heater keeps beside its settings: how it goes wrong on request, and what runs or waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from ..common.faults import Countdowns

SCHEDULE_FORMS = ("both", "json", "hex")
"""Which of the two forms of a schedule's reply comes (protocol.md 4.1)."""

FIRMWARE_PARTS: Mapping[int, str] = {1: "controller", 2: "panel", 4: "wifi"}
"""By the number of the part: the beginning of its members' names in device info."""

_SUSTAINED_DRAW = 60.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDownload:
    """Firmware that the heater has fetched and not yet installed; `part` as in protocol.md 11.9."""

    part: int
    version: int


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
