"""What a heater keeps beside its settings: how it goes wrong on request, and what took effect on it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
import time

from .requests import Request
from .schedules import Entry

SCHEDULE_FORMS = ("both", "json", "hex")
"""Which of the two forms of a schedule's reply comes (protocol.md 4.1)."""

FIRMWARE_PARTS: Mapping[int, str] = {1: "controller", 2: "panel", 4: "wifi"}
"""By the number of the part: the beginning of its members' names in device info."""

_SUSTAINED_DRAW = 60.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedControl:
    """A control or a schedule write that took effect, `time` in real seconds since the epoch.

    `control` is the mode text of a control, or the topic suffix of a write.
    """

    time: float
    command: int
    control: str
    param: tuple[int, ...]
    client_id: str
    session_id: str

    @classmethod
    def of(cls, request: Request, *, control: str, param: tuple[int, ...] = ()) -> AppliedControl:
        """Note what takes effect now."""
        return cls(
            time=time.time(),
            command=request.command,
            control=control,
            param=param,
            client_id=request.client_id,
            session_id=request.session_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredEntry:
    """An entry of a weekly schedule that took effect, `time` in simulated seconds since the epoch."""

    time: float
    schedule: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDownload:
    """Firmware that the heater has fetched and not yet installed; `part` as in protocol.md 11.9."""

    part: int
    version: int


@dataclass(slots=True, kw_only=True)
class HeaterFaults:
    """How the next requests go wrong."""

    refusals: int = 0
    refusal_code: int = 0
    ignored_writes: int = 0
    minimum_control_interval: float = 0.0
    """Real seconds between two DHW controls, below which the later one is refused."""
    paced_at: float | None = None
    """When the last DHW control was taken, on the monotonic clock."""
    silences: Counter[str] = field(default_factory=Counter)
    """How many further requests are carried out without an answer, by topic suffix."""
    late_replies: int = 0
    """So many further replies are delivered late."""
    late_by: float = 0.0
    """Real seconds."""
    in_time_too: bool = True
    """Whether they are delivered in time as well."""
    lost_writes: int = 0
    """So many further schedule writes leave the old schedule as it is."""
    lost_writes_answered: bool = True
    write_delay: float = 0.0
    """Simulated seconds until a schedule write shows."""
    schedule_form: str = "both"
    energy_times: bool = True
    """Whether items of an energy reply have their times, which may be missing."""
    modes_let_through: int = 0
    """So many further mode writes are taken at once inside a time-of-use window."""


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
