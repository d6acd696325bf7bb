"""`kill -9` of a real Home Assistant: nothing that an action returned for is lost, nothing comes twice."""

import pytest

from .rounds import kill_rounds
from .tally import Tally

_ROUNDS = 2
"""The first has a start without any service, the second a kill while the queue is drained."""
_SEED = 20261001


@pytest.mark.timeout(300)
@pytest.mark.slow
async def test_killed_home_assistant_loses_and_doubles_nothing() -> None:
    async with kill_rounds(_SEED) as rounds:
        for _ in range(_ROUNDS):
            await rounds.play()
        await rounds.finish()
    assert rounds.tally.rounds == _ROUNDS
    assert rounds.tally.to_be_sent > 0
    assert rounds.tally.breaches == []


SETPOINT = ("dhw-temperature", (100,))
MODE = ("dhw-mode", (2,))


@pytest.mark.parametrize(
    ("found", "breach"),
    [
        ([SETPOINT, MODE], None),
        ([MODE], "lost: here: ('dhw-temperature', (100,))"),
        ([SETPOINT, MODE, SETPOINT], "doubled: here: ('dhw-temperature', (100,))"),
        ([MODE, SETPOINT], f"reordered: here: {[MODE, SETPOINT]} instead of {[SETPOINT, MODE]}"),
    ],
)
def test_breaches_are_seen(found: list[tuple[str, tuple[int, ...]]], breach: str | None) -> None:
    tally = Tally()
    tally.judge("here", [SETPOINT, MODE], found)
    assert tally.breaches == ([] if breach is None else [breach])


@pytest.mark.parametrize(
    ("passed_on", "breaches", "repeated"),
    [
        ([("a", "confirmed"), ("b", "superseded")], [], 0),
        ([("a", "confirmed"), ("b", "superseded"), ("a", "confirmed")], [], 1),
        ([("a", "confirmed")], ["without an outcome: 2 commands, 1 with an outcome"], 0),
        (
            [("a", "superseded"), ("b", "confirmed"), ("a", "confirmed")],
            ["two outcomes: a: ['superseded', 'confirmed']"],
            0,
        ),
    ],
)
def test_each_command_needs_its_one_outcome(
    passed_on: list[tuple[str, str]], breaches: list[str], repeated: int
) -> None:
    tally = Tally()
    tally.judge_outcomes(2, passed_on)
    assert tally.breaches == breaches
    assert tally.repeated == repeated
