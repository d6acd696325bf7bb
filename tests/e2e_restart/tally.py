"""What became of the commands of all rounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .commands import Arrival


@dataclass(slots=True)
class Tally:
    """Counts, and each breach of the promise in words."""

    rounds: int = 0
    given: int = 0
    to_be_sent: int = 0
    in_doubt: int = 0
    """Sent twice because the kill came before Home Assistant could hear and note an acknowledgement."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    not_shown: list[str] = field(default_factory=list)
    """Queues that were not in Home Assistant again as soon as it was running."""

    @property
    def breaches(self) -> list[str]:
        """Everything that breaks the promise."""
        return [
            f"{kind}: {breach}"
            for kind, breaches in (
                ("lost", self.lost),
                ("doubled", self.doubled),
                ("reordered", self.reordered),
                ("not shown", self.not_shown),
            )
            for breach in breaches
        ]

    def judge(self, place: str, wanted: Sequence[Arrival], found: Sequence[Arrival]) -> None:
        """Compare what should have arrived, each once and in this order, with what did."""
        self.lost += [f"{place}: {arrival}" for arrival in wanted if arrival not in found]
        surplus = list(found)
        for arrival in wanted:
            if arrival in surplus:
                surplus.remove(arrival)
        self.doubled += [f"{place}: {arrival}" for arrival in surplus]
        in_order = [arrival for arrival in dict.fromkeys(found) if arrival in wanted]
        if in_order != [arrival for arrival in wanted if arrival in found]:
            self.reordered.append(f"{place}: {list(found)} instead of {list(wanted)}")
