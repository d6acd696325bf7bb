"""Times that people give."""

from datetime import UTC, datetime, time

import pytest
import voluptuous as vol

from custom_components.navilink.heating.times import aware_time, moment, time_or_next


def test_a_time_of_the_clock_or_of_a_day() -> None:
    assert time_or_next(time(6)) == time(6)
    assert time_or_next("06:00") == time(6)
    assert time_or_next("2026-03-01T06:00:00+00:00") == datetime(2026, 3, 1, 6, tzinfo=UTC)
    with pytest.raises(vol.Invalid):
        time_or_next("soon")


def test_the_next_time_of_the_clock() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert moment(now, now) == now
    assert 0 < (moment(time(6), now) - now).total_seconds() <= 86_400


@pytest.mark.parametrize("value", ["9999-12-31T22:00:00-12:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_cannot_be_calculated_with_is_invalid(value: str) -> None:
    with pytest.raises(vol.Invalid):
        aware_time(value)
