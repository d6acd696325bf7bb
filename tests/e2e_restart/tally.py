"""What became of the commands of all rounds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
    repeated: int = 0
    """Outcomes that were passed on once more after a kill, the same for the same command."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    not_shown: list[str] = field(default_factory=list)
    """Queues that were not in Home Assistant again as soon as it was running."""
    without_outcome: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)
    """Commands with more than one outcome."""
    strays: list[str] = field(default_factory=list)
    """Temporary files of the integration that a kill left, and no start removed."""

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
                ("without an outcome", self.without_outcome),
                ("two outcomes", self.contradicted),
                ("left behind", self.strays),
            )
            for breach in breaches
        ]

    def judge(self, sequence: str, wanted: Sequence[Arrival], found: Sequence[Arrival]) -> None:
        """Compare what should have arrived, each once and in this order, with what did."""
        self.lost += [f"{sequence}: {arrival}" for arrival in wanted if arrival not in found]
        surplus = list(found)
        for arrival in wanted:
            if arrival in surplus:
                surplus.remove(arrival)
        self.doubled += [f"{sequence}: {arrival}" for arrival in surplus]
        in_order = [arrival for arrival in dict.fromkeys(found) if arrival in wanted]
        if in_order != [arrival for arrival in wanted if arrival in found]:
            self.reordered.append(f"{sequence}: {list(found)} instead of {list(wanted)}")

    def judge_outcomes(self, commands: int, passed_on: Iterable[tuple[str, str]]) -> None:
        """Compare the number of commands of all rounds with the outcomes that were passed on, each with its id."""
        by_command: defaultdict[str, list[str]] = defaultdict(list)
        for command_id, outcome in passed_on:
            by_command[command_id].append(outcome)
        if len(by_command) != commands:
            self.without_outcome.append(f"{commands} commands, {len(by_command)} with an outcome")
        for command_id, outcomes in by_command.items():
            if len(set(outcomes)) > 1:
                self.contradicted.append(f"{command_id}: {outcomes}")
            else:
                self.repeated += len(outcomes) - 1
