"""Ends and reasons: whatever happens on the way, every outcome is true, and the heater ends as the rules say.

Random sequences in virtual time; `support/reasons/model.py` says what is true, `support/reasons/play.py` what happens.
"""

from collections import Counter
import logging

import pytest

from nwp500 import CommandOutcome, CommandReason
from tests.client.support.reasons.play import played

SEQUENCES, PART = 2_000, 1_000
LONG_SEQUENCES = 100_000
LEAST: dict[str, int] = {
    "panel": 1_500,
    "push": 300,
    "sent twice": 1_000,
    "outdated answer": 1_200,
    "status dropped": 1_200,
    "refusal reported again": 50,
    "written again": 350,
    "older after newer": 10,
    "restart": 350,
    "restart with an old store": 100,
    "had its outcome, but the store was older": 30,
    "clock set": 200,
    CommandReason.ALREADY_SET: 400,
    CommandReason.REPORTED: 2_000,
    CommandReason.CHANGED_ELSEWHERE: 80,
    CommandReason.NEWER_COMMAND: 600,
    CommandReason.NEWER_SENT: 5,
    CommandReason.NEWER_CONFIRMED: 60,
    CommandReason.NOT_REPORTED: 120,
    CommandReason.ACKNOWLEDGEMENT_LOST: 10,
    CommandOutcome.EXPIRED: 60,
    CommandOutcome.HELD: 50,
    CommandOutcome.REJECTED: 40,
    CommandOutcome.CLEARED: 20,
}
"""What has to happen so often in each thousand sequences: a test in which nothing happens shows nothing."""


def differences(first_seed: int) -> tuple[dict[int, list[str]], Counter[str]]:
    """Play a thousand sequences; returns what was wrong in which of them, and what happened how often."""
    happened: Counter[str] = Counter()
    logging.disable(logging.WARNING)
    try:
        found = {seed: played(seed, happened) for seed in range(first_seed, first_seed + PART)}
    finally:
        logging.disable(logging.NOTSET)
    return {seed: broken for seed, broken in found.items() if broken}, happened


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first_seed", range(0, SEQUENCES, PART))
def test_every_outcome_is_true_and_the_end_is_right(first_seed: int) -> None:
    wrong, happened = differences(first_seed)
    assert not wrong
    assert {what: happened[what] for what, least in LEAST.items() if happened[what] < least} == {}


@pytest.mark.parametrize("seed", [5728, 30999, 54376, 61626, 64145, 68659, 72808, 97824, 101202])
def test_what_was_found_once_stays_mended(seed: int) -> None:
    """Sequences in which the client or the model was wrong."""
    assert played(seed, Counter()) == []


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first_seed", range(SEQUENCES, SEQUENCES + LONG_SEQUENCES, PART))
def test_of_very_many_sequences_too(first_seed: int) -> None:
    wrong, _ = differences(first_seed)
    assert not wrong
