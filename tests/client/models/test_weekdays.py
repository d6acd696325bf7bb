"""Day masks: protocol.md's own examples, and every mask there and back."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.exceptions import InvalidParameterError
from nwp500.models import Weekday
from nwp500.models.conversions import DAY_MASK, day_mask, days_in
from tests.client.support.days import EVERY_DAY, WEEKEND, WORKING_DAYS

DAYS = st.sets(st.sampled_from(Weekday), min_size=1)


@pytest.mark.parametrize(
    ("days", "mask"),
    [
        (WORKING_DAYS, 124),
        (WEEKEND, 130),
        (EVERY_DAY, 254),
        ({Weekday.MONDAY, Weekday.WEDNESDAY, Weekday.FRIDAY}, 84),
        (EVERY_DAY - {Weekday.SUNDAY, Weekday.MONDAY}, 62),
        ([Weekday.SUNDAY, Weekday.SUNDAY], 128),
    ],
)
def test_the_masks_of_the_protocol(days: set[Weekday], mask: int) -> None:
    assert day_mask(days) == mask
    assert days_in(mask) == frozenset(days)


@given(days=DAYS)
def test_days_there_and_back(days: set[Weekday]) -> None:
    mask = day_mask(days)
    assert DAY_MASK.allows(mask)
    assert days_in(mask) == days


def test_masks_there_and_back() -> None:
    masks = [mask for mask in range(-300, 300) if DAY_MASK.allows(mask)]
    assert masks == list(range(2, 255, 2))
    assert [day_mask(days_in(mask)) for mask in masks] == masks


@pytest.mark.parametrize("mask", [0, 1, 3, 125, 255, 256, -2, True, False, None, "124", 124.0, [124]])
def test_what_is_no_day_mask_is_refused(mask: object) -> None:
    assert not DAY_MASK.allows(mask)
    with pytest.raises(InvalidParameterError, match="week must be a whole number from 2 to 254 in steps of 2, not"):
        DAY_MASK.check(mask)


def test_no_days_are_no_mask() -> None:
    with pytest.raises(InvalidParameterError):
        day_mask([])


def test_the_unused_bit_of_a_mask_that_was_read_says_nothing() -> None:
    assert days_in(125) == WORKING_DAYS
    assert days_in(1) == frozenset()
    assert days_in(0) == frozenset()
