"""The heating plan: the cheapest within its rules, compared with all the plans that there are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from math import ceil

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.navilink.heating.plan import (
    STEP,
    Block,
    HeatingMode,
    Period,
    PlanReason,
    PlanRequest,
    Price,
    Solar,
    heating_plan,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAT_PUMP = HeatingMode(heat=1280, power=410, lock_out=timedelta(seconds=330))
ELEMENT = HeatingMode(heat=5100, power=5100)
MODES = {"heat_pump": HEAT_PUMP, "electric": ELEMENT}


def request(**changes: object) -> PlanRequest:
    asked = PlanRequest(
        now=NOW,
        ready_by=NOW + timedelta(hours=8),
        missing=1900,
        standing_loss=100,
        modes=MODES,
        allowed=("heat_pump",),
    )
    return replace(asked, **changes)  # type: ignore[arg-type]  # the tests name the members


def hourly(*prices: float, start: datetime = NOW) -> tuple[Price, ...]:
    hours = [start + timedelta(hours=number) for number in range(len(prices) + 1)]
    return tuple(Price(begin, end, price) for begin, end, price in zip(hours, hours[1:], prices, strict=False))


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def test_without_prices_it_heats_as_late_as_possible() -> None:
    plan = heating_plan(request())
    # 2,700 Wh at 320 Wh for each quarter hour, of which the lock-out takes a part of the first.
    assert plan.blocks == (Block(at(5.75), at(8), "heat_pump"),)
    assert plan.reason is None
    assert plan.is_feasible
    assert plan.minutes == 135
    assert plan.cost is None
    assert plan.energy == pytest.approx(0.410 * (135 - 5.5) / 60)


def test_the_cheapest_hours_are_taken_and_the_latest_of_equals() -> None:
    plan = heating_plan(request(prices=hourly(3, 1, 1, 1, 3, 1, 1, 1)))
    assert plan.blocks == (Block(at(5.75), at(8), "heat_pump"),)
    plan = heating_plan(request(prices=hourly(3, 1, 1, 1, 3, 3, 3, 3)))
    assert plan.blocks == (Block(at(1.75), at(4), "heat_pump"),)
    assert plan.cost == pytest.approx(plan.energy)
    assert plan.cost_if_now is not None
    assert plan.cost is not None
    assert plan.cost_if_now > plan.cost


def test_blocks_may_be_split() -> None:
    prices = hourly(1, 3, 3, 3, 1, 3, 3, 3)
    assert len(heating_plan(request(prices=prices)).blocks) == 1
    split = heating_plan(request(prices=prices, split=True, max_blocks=2))
    assert [block.start for block in split.blocks] == [at(0), at(3.75)]
    assert (
        heating_plan(request(prices=prices, split=True, max_blocks=1)).blocks
        == heating_plan(request(prices=prices)).blocks
    )


def test_the_sun_is_cheaper_than_the_grid() -> None:
    plan = heating_plan(request(prices=hourly(*[2] * 8), solar=[Solar(at(1), at(4), 3000)]))
    assert plan.blocks == (Block(at(1.75), at(4), "heat_pump"),)
    assert plan.cost == 0


def test_why_there_is_no_plan() -> None:
    dear = hourly(*[5] * 8)
    assert heating_plan(request(missing=0)).reason is PlanReason.ALREADY_HOT
    assert heating_plan(request(prices=dear, max_price=4)).reason is PlanReason.PRICE_LIMIT
    assert heating_plan(request(avoid=[Period(at(0), at(8))])).reason is PlanReason.AVOIDED
    assert heating_plan(request(prices=hourly(5))).reason is PlanReason.NO_PRICES
    late = heating_plan(request(ready_by=at(1), prices=dear, max_price=4))
    assert late.reason is PlanReason.TOO_LATE
    assert not late.is_feasible
    assert late.mode_in_time == "electric"
    assert late.ready_at == pytest.approx(at(1900 / 1180) + HEAT_PUMP.lock_out)


def test_the_element_is_only_used_where_it_is_allowed() -> None:
    asked = request(ready_by=at(1), missing=3000, prices=hourly(1))
    assert heating_plan(asked).blocks == ()
    assert {block.mode for block in heating_plan(replace(asked, allowed=("heat_pump", "electric"))).blocks} == {
        "electric"
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"ready_by": NOW},
        {"ready_by": NOW + timedelta(days=8)},
        {"minimum_block": timedelta(0)},
        {"max_blocks": 0},
        {"allowed": ("gas",)},
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        heating_plan(request(**changes))


# Against all plans that there are

PRICES = st.sampled_from([-1.0, 0.0, 0.25, 1.0, 1.5, 3.0])


@st.composite
def requests(draw: st.DrawFn) -> PlanRequest:
    count = draw(st.integers(1, 11))
    priced = draw(st.integers(0, count))
    prices = [Price(NOW + STEP * n, NOW + STEP * (n + 1), draw(PRICES)) for n in range(priced)]
    avoid = [Period(NOW + STEP * n, NOW + STEP * (n + 1)) for n in draw(st.sets(st.integers(0, count - 1), max_size=3))]
    solar = [Solar(NOW + STEP * n, NOW + STEP * (n + 1), 60) for n in draw(st.sets(st.integers(0, count - 1)))]
    return request(
        ready_by=NOW + STEP * count,
        missing=draw(st.integers(1, 2000)),
        prices=tuple(prices),
        avoid=tuple(avoid),
        solar=tuple(solar),
        solar_price=draw(st.sampled_from([0.0, 0.5])),
        max_price=draw(st.none() | PRICES),
        split=draw(st.booleans()),
        minimum_block=STEP * draw(st.integers(1, 4)),
        max_blocks=draw(st.integers(1, 3)),
        earliest_start=draw(st.none() | st.integers(0, count - 1).map(lambda n: NOW + STEP * n)),
        allowed=draw(st.sampled_from([("heat_pump",), ("electric",), ("heat_pump", "electric")])),
    )


type Blocks = tuple[tuple[int, int], ...]


def all_blocks(count: int, minimum: int, most: int) -> Iterator[Blocks]:
    """Give every way of heating in up to so many blocks, which do not touch."""
    single = [(start, end) for start in range(count) for end in range(start + minimum, count + 1)]
    for number in range(1, most + 1):
        for blocks in combinations(single, number):
            if all(first[1] < second[0] for first, second in pairwise(blocks)):
                yield blocks


def cost_of(asked: PlanRequest, mode: HeatingMode, at_number: int) -> float | None:
    """Return what a quarter hour costs, None where heating is ruled out."""
    start = NOW + STEP * at_number
    price = next((each.price for each in asked.prices if each.start == start), None if asked.prices else 1.0)
    is_early = asked.earliest_start is not None and start < asked.earliest_start
    if price is None or is_early or any(each.start == start for each in asked.avoid):
        return None
    energy = mode.power / 4
    free = min(energy, sum(each.watt_hours for each in asked.solar if each.start == start))
    cost = (free * asked.solar_price + (energy - free) * price) / 1000
    over_limit = asked.prices and asked.max_price is not None and cost / (energy / 1000) > asked.max_price + 1e-9
    return None if over_limit else cost


def plain_best(asked: PlanRequest, name: str) -> tuple[int, int] | None:
    """Return the least cost, and of equal ones how late the heating is, by trying all."""
    mode = asked.modes[name]
    count = (asked.ready_by - NOW) // STEP
    costs = [cost_of(asked, mode, number) for number in range(count)]
    lost = mode.lock_out / STEP
    needed = (asked.missing + asked.standing_loss * count / 4) / (mode.heat / 4)
    minimum = asked.minimum_block // STEP
    found = []
    for blocks in all_blocks(count, minimum, asked.max_blocks if asked.split else 1):
        numbers = [number for block in blocks for number in range(*block)]
        if len(numbers) != max(len(blocks) * minimum, ceil(needed + len(blocks) * lost - 1e-9)):
            continue
        chosen = [costs[number] for number in numbers]
        if None in chosen:
            continue
        firsts = {block[0] for block in blocks}
        total = sum(
            round((cost or 0) * (1 - lost if number in firsts else 1) * 10**9)
            for number, cost in zip(numbers, chosen, strict=True)
        )
        found.append((total, sum(count - number for number in numbers)))
    return min(found, default=None)


def rated(asked: PlanRequest, blocks: Sequence[Block]) -> tuple[int, int]:
    """Return cost and earliness of blocks as the plain search counts them."""
    mode = asked.modes[blocks[0].mode]
    count = (asked.ready_by - NOW) // STEP
    total = early = 0
    for block in blocks:
        first, last = (block.start - NOW) // STEP, (block.end - NOW) // STEP
        for number in range(first, last):
            cost = cost_of(asked, mode, number)
            assert cost is not None
            total += round(cost * (1 - mode.lock_out / STEP if number == first else 1) * 10**9)
            early += count - number
    return total, early


@given(requests())
def test_no_plan_is_better(asked: PlanRequest) -> None:
    plan = heating_plan(asked)
    best = {name: found for name in asked.allowed if (found := plain_best(asked, name)) is not None}
    if not best:
        assert not plan.blocks
        assert plan.reason is not None
        return
    assert plan.reason is None
    least = min(cost for cost, _ in best.values())
    assert rated(asked, plan.blocks) == next(
        best[name] for name in asked.allowed if name in best and best[name][0] == least
    )
