"""Energy usage by days, months and hours, against protocol.md 10.1."""

import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.exceptions import ResponseFormatError
from nwp500.models import EnergyAmount, EnergyUsage
from tests import FIXTURES

AMOUNT = st.fixed_dictionaries(
    {"heUsage": st.integers(0, 10**7), "hpUsage": st.integers(0, 10**7)},
    optional={"heTime": st.integers(0, 10**5), "hpTime": st.integers(0, 10**5)},
)


def recorded(name: str) -> EnergyUsage:
    """Decode a recorded reply."""
    return EnergyUsage.from_message(json.loads((FIXTURES / f"{name}.json").read_text())["payload"])


def usage(**members: object) -> EnergyUsage:
    """Decode a reply of these members."""
    return EnergyUsage.from_message({"response": members})


def test_the_recorded_days() -> None:
    days = recorded("energy_daily")
    (september,) = days.periods
    assert (september.year, september.month, september.day) == (2026, 9, None)
    assert len(september.amounts) == 30
    second = days.of_day(2026, 9, 2)
    assert second is not None
    assert second == september.amounts[1]
    assert (second.heat_pump, second.elements, second.energy) == (3117, 1210, 4327)
    assert (second.heat_pump_hours, second.element_hours) == (8, 1)
    assert days.of_day(2026, 9, 30) == september.amounts[29]
    absent = [days.of_day(2026, 9, 31), days.of_day(2026, 9, 0), days.of_day(2026, 8, 1), days.of_month(2026, 9)]
    assert absent == [None] * 4


def test_the_recorded_months() -> None:
    months = recorded("energy_monthly")
    assert [(period.year, period.month, len(period.amounts)) for period in months.periods] == [
        (2025, None, 12),
        (2026, None, 12),
    ]
    january = months.of_month(2026, 1)
    assert january is not None
    assert (january.heat_pump, january.elements) == (167183, 34473)
    assert months.of_month(2027, 1) is None


@pytest.mark.parametrize("name", ["energy_daily", "energy_monthly"])
def test_the_total_is_that_of_a_life(name: str) -> None:
    total = recorded(name).total
    assert (total.heat_pump, total.elements) == (1301880, 151240)
    assert (total.heat_pump_hours, total.element_hours) == (3211, 36)
    assert total.energy == 1453120
    assert recorded(name).kind == 1


def test_hours_have_a_day_too() -> None:
    (day,) = usage(usage=[{"year": 2026, "month": 9, "day": 11, "data": [{"hpUsage": 5}]}]).periods
    assert (day.year, day.month, day.day, day.amounts[0].heat_pump) == (2026, 9, 11, 5)


@given(st.lists(AMOUNT, max_size=31))
def test_every_amount_keeps_its_place_and_its_numbers(amounts: list[dict[str, int]]) -> None:
    decoded = usage(total={}, usage=[{"year": 2026, "month": 1, "data": amounts}])
    (january,) = decoded.periods
    assert [amount.raw for amount in january.amounts] == amounts
    for number, amount in enumerate(amounts, start=1):
        found = decoded.of_day(2026, 1, number)
        assert found is not None
        assert found.energy == amount["heUsage"] + amount["hpUsage"]
        assert found.heat_pump_hours == amount.get("hpTime", 0)
        assert found.element_hours == amount.get("heTime", 0)


def test_missing_energy_is_unknown_but_missing_time_is_none_at_all() -> None:
    amount = EnergyAmount({"hpUsage": 5})
    assert (amount.heat_pump, amount.elements, amount.energy) == (5, None, None)
    assert (amount.heat_pump_hours, amount.element_hours) == (0, 0)
    assert EnergyAmount({"hpTime": "8"}).heat_pump_hours is None


@pytest.mark.parametrize("junk", [None, 5, "x", [], [5]])
def test_nonsense_harms_nothing_else(junk: object) -> None:
    (first, second) = usage(usage=[junk, {"year": 2026, "data": [junk, {"hpUsage": 5, "heUsage": 1}]}]).periods
    assert (first.year, first.amounts) == (None, ())
    assert [amount.energy for amount in second.amounts] == [None, 6]
    assert usage(total={"hpUsage": 7}, usage=junk).total.heat_pump == 7
    assert usage(total=junk, usage=[]).total.heat_pump is None


@pytest.mark.parametrize("response", [{}, {"status": {}}, {"total": 5, "usage": "x"}])
def test_another_reply_is_no_energy_usage(response: object) -> None:
    with pytest.raises(ResponseFormatError):
        EnergyUsage.from_message({"response": response})
