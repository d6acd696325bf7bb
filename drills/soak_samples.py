"""What a process holds every simulated hour, and whether it grows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
import gc
import os
from pathlib import Path
from statistics import linear_regression

from .fast_time import FastLoop
from .leftovers import Holdings

MOST_GROWTH = 1.0
"""MiB a simulated day of resident memory, after the first day."""
ALLOWANCES: Mapping[str, int] = {"tasks": 4, "timers": 6, "threads": 1, "descriptors": 4}
"""By how much the most of the last day may exceed the most of the first day."""

_MEBIBYTE = 2**20
_HOURS_A_DAY = 24
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Counts at one moment."""

    hour: float
    """Simulated hours since the start."""
    rss: float
    """MiB of resident memory."""
    tasks: int
    timers: int
    threads: int
    descriptors: int
    """Files and sockets."""
    at_rest: bool
    """Whether every account was connected and no command was on its way."""

    @classmethod
    def now(cls, loop: FastLoop, hour: float, *, at_rest: bool) -> Sample:
        """Count."""
        gc.collect()
        holdings = Holdings.now()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return cls(
            hour=hour,
            rss=pages * _PAGE / _MEBIBYTE,
            tasks=holdings.tasks,
            timers=loop.timers,
            threads=holdings.threads,
            descriptors=holdings.sockets + holdings.descriptors,
            at_rest=at_rest,
        )

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def growth(samples: Sequence[Sample]) -> float | None:
    """Return the MiB a day by which memory grows after the first day, by least squares; None for less than two days."""
    later = [sample for sample in samples if sample.hour >= _HOURS_A_DAY]
    if not later or later[-1].hour - later[0].hour < _HOURS_A_DAY - 2:
        return None
    hours, megabytes = [sample.hour for sample in later], [sample.rss for sample in later]
    return linear_regression(hours, megabytes).slope * _HOURS_A_DAY


def most(samples: Sequence[Sample], day: int, count: Callable[[Sample], int]) -> int | None:
    """Return the most of a count in a day, the first being 0, while nothing was on its way."""
    return max((count(sample) for sample in samples if int(sample.hour // 24) == day and sample.at_rest), default=None)


def grown(samples: Sequence[Sample], days: int) -> list[str]:
    """Return what has grown, in words."""
    found = []
    slope = growth(samples)
    if slope is not None and slope >= MOST_GROWTH:
        found.append(f"memory grows by {slope:.2f} MiB a day, at most {MOST_GROWTH:g}")
    for name, allowance in ALLOWANCES.items():
        first, last = (most(samples, day, lambda sample: getattr(sample, name)) for day in (0, days - 1))  # noqa: B023 - used at once
        if days > 1 and first is not None and last is not None and last > first + allowance:
            found.append(f"{name}: {first} at most on the first day, {last} on the last")
    return found
