"""What a month of boosts is judged by, some days of one, and that it fails without what makes it pass."""

import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import pytest

from drills.boost_model import BoostModel
from drills.boost_month import PROTECTIONS
from drills.boost_plan import BOOSTED, CHOSEN, MODE, OFF, TEMPERATURE, Boosting, plan

ROOT = Path(__file__).parents[2]


def month(*arguments: str) -> dict[str, Any]:
    """Let days go by in a process of their own, which has a loop of its own."""
    process = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "drills.boost_month", "--json", *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert process.stdout, process.stderr
    result: dict[str, Any] = json.loads(process.stdout)
    return result


@pytest.fixture
def model() -> BoostModel:
    return BoostModel({TEMPERATURE: frozenset({98}), MODE: frozenset({3})})


def shows(temperature: int = 98, mode: int = 3) -> dict[str, int]:
    return {TEMPERATURE: temperature, MODE: mode}


def counts(model: BoostModel) -> tuple[int, int]:
    return model.outlived, model.overwritten


def test_one_seed_gives_one_plan() -> None:
    assert plan(1, 5) == plan(1, 5) != plan(2, 5)
    assert len([event for _, event in plan(1, 30) if isinstance(event, Boosting)]) > 200


def test_values_show_who_has_set_them() -> None:
    for member in (TEMPERATURE, MODE):
        assert not set(BOOSTED[member]) & set(CHOSEN[member])


def test_a_boost_may_be_there_until_a_minute_after_its_end(model: BoostModel) -> None:
    model.boosted("a", 10, 100, {TEMPERATURE: 120})
    for now in (10, 99, 159):
        model.look(shows(120), now, 0)
    assert counts(model) == (0, 0)
    model.look(shows(120), 161, 0)
    model.look(shows(120), 171, 0)
    assert counts(model) == (1, 0)
    assert model.left(shows(120))


def test_the_minute_counts_from_when_the_heater_can_be_reached(model: BoostModel) -> None:
    model.boosted("a", 10, 100, {TEMPERATURE: 120})
    model.look(shows(120), 500, None)
    model.look(shows(120), 550, 500)
    assert counts(model) == (0, 0)
    model.look(shows(120), 570, 500)
    assert counts(model) == (1, 0)


def test_what_somebody_sets_may_not_be_replaced(model: BoostModel) -> None:
    model.boosted("a", 10, 100, {TEMPERATURE: 120})
    model.given(TEMPERATURE, frozenset({120}), 10)
    model.look(shows(120), 20, 0)
    model.set_by_hand(TEMPERATURE, 90, 30)
    model.look(shows(90), 40, 0)
    assert counts(model) == (0, 0)
    model.look(shows(98), 110, 0)
    assert counts(model) == (0, 1)


def test_what_somebody_sets_may_not_be_boosted_by_what_began_before(model: BoostModel) -> None:
    model.boosted("a", 10, 100, {TEMPERATURE: 120})
    model.given(TEMPERATURE, frozenset({120}), 20)
    model.set_by_hand(TEMPERATURE, 90, 30)
    model.look(shows(120), 40, 0)
    assert counts(model) == (0, 1)
    model.boosted("b", 50, 100, {TEMPERATURE: 122})
    model.look(shows(122), 60, 0)
    assert counts(model) == (0, 1)


def test_a_boost_that_takes_over_decides_when_both_end(model: BoostModel) -> None:
    model.boosted("a", 0, 1000, {TEMPERATURE: 120, MODE: 2})
    model.look(shows(120, 2), 5, 0)
    model.boosted("b", 10, 100, {TEMPERATURE: 122})
    model.pass_time(10)
    model.taken_over("b")
    model.look(shows(122, 2), 99, 0)
    assert counts(model) == (0, 0)
    model.look(shows(122, 2), 170, 0)
    assert counts(model) == (2, 0)


def test_what_a_boost_had_set_stays_when_it_is_turned_off(model: BoostModel) -> None:
    model.boosted("a", 0, 100, {TEMPERATURE: 120})
    model.set_by_hand(MODE, OFF, 50)
    model.look(shows(120, OFF), 500, 0)
    assert counts(model) == (0, 0)
    assert not model.left(shows(120, OFF))


@pytest.mark.timeout(120)
def test_a_day_and_a_half() -> None:
    result = month("--days", "1.5", "--seed", "4")
    assert (result["outlived"], result["overwritten"], result["left"], result["errors"]) == (0, 0, 0, []), result
    assert result["effects"] > 0


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_month() -> None:
    result = month("--days", "30")
    assert (result["outlived"], result["overwritten"], result["left"], result["errors"]) == (0, 0, 0, []), result
    assert result["effects"] > 100


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("protection", PROTECTIONS)
def test_it_fails_without_what_makes_it_pass(protection: str) -> None:
    result = month("--days", "5", "--without-protection", protection)
    assert result["outlived"] + result["overwritten"] + result["left"] > 0
    # Nothing else than what was taken out.
    assert result["errors"] == []
