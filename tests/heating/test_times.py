"""Times that people give."""

from datetime import UTC, datetime, time, timedelta

from homeassistant.core import HomeAssistant
import pytest
import voluptuous as vol

from custom_components.navilink.times import aware_time, moment, positive_duration, time_or_next


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


@pytest.mark.parametrize(
    ("given", "hours"),
    [("2027-10-31T01:30:00", 3), ("2027-03-28T01:30:00", 1), ("2027-03-27T01:30:00", 2)],
    ids=["the clocks go back", "the clocks go forward", "any other night"],
)
async def test_time_between_two_times_is_what_passes(hass: HomeAssistant, given: str, hours: int) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert aware_time(given.replace("01:30", "03:30")) - aware_time(given) == timedelta(hours=hours)
    evening = aware_time(given) - timedelta(hours=3)
    assert moment(time(3, 30), evening) - moment(time(1, 30), evening) == timedelta(hours=hours)


@pytest.mark.parametrize("value", ["9999-12-31T22:00:00-12:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_cannot_be_calculated_with_is_invalid(value: str) -> None:
    with pytest.raises(vol.Invalid):
        aware_time(value)


def test_what_no_clock_has_is_invalid() -> None:
    with pytest.raises(vol.Invalid):
        positive_duration({"days": 1e12})
    with pytest.raises(vol.Invalid):
        time_or_next(f"{'9' * 30}:00")
