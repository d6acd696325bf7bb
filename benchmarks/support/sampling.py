"""Statistics of what was sampled."""

from collections.abc import Sequence


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the sample that so many percent of all are not above."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
