"""Things that go wrong so many times and then no more."""

from collections import Counter


class Countdowns(Counter[str]):
    """How often each of them is still to come, by its name; those of faults are their kinds."""

    def due(self, name: str) -> bool:
        """Whether it is to happen this time, which counts it down."""
        is_due = self[name] > 0
        self[name] -= is_due
        return is_due
