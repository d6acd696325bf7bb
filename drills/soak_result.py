"""What comes of a soak."""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
import logging
from typing import override

from .soak_samples import Sample

_SHOWN = 20
_EXPECTED_ERRORS = ("Error fetching navilink data",)
"""What Home Assistant logs once when the list of heaters cannot be had: the service is away on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happened in one simulated day."""

    day: int
    given: int
    outcomes: dict[str, int]
    faults: int
    connects: int
    requests: float
    """To a heater in an hour."""
    rss: float
    tasks: int
    timers: int
    threads: int
    descriptors: int
    took: float
    """Real seconds."""


@dataclass(slots=True, kw_only=True)
class SoakResult:
    """What came of a soak."""

    seed: int
    hours: float
    days: list[Day] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    given: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    open: int = 0
    """Commands without an outcome at the end."""
    requests: float = 0.0
    """To a heater in an hour, as the simulator received them: the most of the heaters."""
    throttled: int = 0
    growth: float | None = None
    """MiB a simulated day."""
    took: float = 0.0
    """Real seconds."""
    breaches: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        # Before, because `asdict` makes a counter of pairs of it.
        return asdict(replace(self, faults=Counter())) | {"faults": dict(self.faults)}


class ErrorRecords(logging.Handler):
    """Keeps the first errors and tracebacks that anybody logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(_EXPECTED_ERRORS):
            return
        if (record.exc_info or record.levelno >= logging.ERROR) and len(self.lines) < _SHOWN:
            self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()} {record.exc_info or ''}")
