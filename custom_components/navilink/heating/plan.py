"""When to heat so that the water is hot in time and costs least; pure, without Home Assistant and without a heater.

Time is cut into quarter hours. A plan has blocks of whole quarter hours in one mode; each begins with the lock-out of
the compressor, in which nothing is heated, and lasts at least the minimum. The heat that is put in covers what is
missing now and what the tank loses until it is needed. Of all such plans the cheapest is chosen, and the latest of
equals, because the water is warm for a shorter time then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil

STEP = timedelta(minutes=15)
_STEP_HOURS = STEP / timedelta(hours=1)
_SECONDS = STEP / timedelta(seconds=1)
MAX_AHEAD = timedelta(days=7)
# Costs are compared as whole numbers of a billionth, so that equal ones are equal.
_UNITS = 10**9
# Without prices: the energy of the sun is still worth more.
_ANY_PRICE = 1.0
# More than the quarter hours by which the blocks of a plan could be later, in all.
_LATER = 1 << 20
# More than any plan costs, in the unit above; for a quarter hour in which heating is ruled out.
_NEVER = 1 << 80
_TOLERANCE = 1e-9


class PlanReason(StrEnum):
    """Why there is nothing to heat, or no plan."""

    ALREADY_HOT = "already_hot"
    NO_STATUS = "no_status"
    NO_PRICES = "no_prices"
    PRICE_LIMIT = "price_limit"
    AVOIDED = "avoided"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, its end exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Price(Period):
    """What a kWh costs for a span of time, in any currency; below zero where one is paid for it."""

    price: float


@dataclass(frozen=True, slots=True)
class Solar(Period):
    """The surplus of a span of time."""

    watt_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatingMode:
    """How a heater heats in one mode."""

    heat: float
    """W into the water."""
    power: float
    """W out of the socket."""
    lock_out: timedelta = timedelta(0)
    """How long it does not heat yet after it was started; less than a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What is wanted, and what is known; every time is aware of its zone."""

    now: datetime
    ready_by: datetime
    missing: float
    """Wh of heat that the water lacks now."""
    standing_loss: float
    """W that the tank loses."""
    modes: Mapping[str, HeatingMode]
    """The modes of the heater, whether allowed or not."""
    allowed: Sequence[str]
    """The modes to choose from; of equals the first."""
    prices: Sequence[Price] = ()
    """Empty: every time costs the same, and nothing has a cost. Where they overlap, the first one counts."""
    solar: Sequence[Solar] = ()
    solar_price: float = 0.0
    avoid: Sequence[Period] = ()
    earliest_start: datetime | None = None
    max_price: float | None = None
    split: bool = False
    minimum_block: timedelta = timedelta(minutes=30)
    max_blocks: int = 3
    """Of a plan that may be split: how often the heater may start."""

    @property
    def needed(self) -> float:
        """Wh of heat to put in until the water is needed."""
        return self.missing + self.standing_loss * ((self.ready_by - self.now) / timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Block(Period):
    """A time to heat, and the mode to heat in."""

    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatingPlan:
    """When to heat; without blocks, the reason is why."""

    reason: PlanReason | None = None
    blocks: tuple[Block, ...] = ()
    energy: float = 0.0
    """kWh of electricity."""
    cost: float | None = None
    """None without prices."""
    cost_if_now: float | None = None
    """What the same heat would cost if it were put in at once; None if there are no prices for it."""
    ready_at: datetime | None = None
    """If it is too late: when the water could be hot with the modes that are allowed."""
    mode_in_time: str | None = None
    """If it is too late: a mode that is not allowed and could do it."""

    @property
    def is_feasible(self) -> bool:
        """Whether the water will be hot in time."""
        return self.reason in {None, PlanReason.ALREADY_HOT}

    @property
    def minutes(self) -> int:
        """How long the heater is to heat in all."""
        return sum(((block.end - block.start) // timedelta(minutes=1) for block in self.blocks), 0)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A quarter hour."""

    start: datetime
    price: float | None
    """None where no price is known."""
    solar: float
    """Wh of surplus."""
    is_avoided: bool

    def cost(self, power: float, solar_price: float) -> float:
        """Return what heating all through it costs; what has no price costs nothing."""
        energy = power * _STEP_HOURS
        free = min(energy, self.solar)
        return (free * solar_price + (energy - free) * (self.price or 0.0)) / 1000


def heating_plan(request: PlanRequest) -> HeatingPlan:
    """Return the cheapest plan; raises `ValueError` for a request that makes no sense."""
    _check(request)
    if request.missing <= 0:
        return HeatingPlan(reason=PlanReason.ALREADY_HOT)
    slots = _slots(request)
    plans = [plan for mode in request.allowed if (plan := _plan_in(request, slots, mode)) is not None]
    if plans:
        best = min(plans, key=lambda plan: _whole(plan.cost or 0.0))
        return best if request.prices else replace(best, cost=None, cost_if_now=None)
    reason = _reason(request, slots)
    return _too_late(request, slots) if reason is PlanReason.TOO_LATE else HeatingPlan(reason=reason)


def _check(request: PlanRequest) -> None:
    if not request.now < request.ready_by <= request.now + MAX_AHEAD:
        raise ValueError(f"ready_by is {request.ready_by}, which is not within {MAX_AHEAD} after {request.now}")
    if request.minimum_block <= timedelta(0):
        raise ValueError(f"minimum_block is {request.minimum_block}, which is not above zero")
    if request.max_blocks < 1:
        raise ValueError(f"max_blocks is {request.max_blocks}, which is below 1")
    if unknown := set(request.allowed) - request.modes.keys():
        raise ValueError(f"allowed has {sorted(unknown)}, of {sorted(request.modes)}")


def _slots(request: PlanRequest) -> list[_Slot]:
    """Return the quarter hours between now, or the earliest start, and the time at which the water is needed."""
    begin = max(request.now, request.earliest_start or request.now).timestamp()
    numbers = range(ceil(begin / _SECONDS), int(request.ready_by.timestamp() // _SECONDS))
    known, prices = dict.fromkeys(numbers, 0.0), dict.fromkeys(numbers, 0.0)
    for price in _without_overlap(request.prices):
        for number, share in _parts(price, numbers):
            known[number] += share
            prices[number] += share * price.price
    solar = dict.fromkeys(numbers, 0.0)
    for surplus in request.solar:
        whole = (surplus.end - surplus.start) / STEP
        for number, share in _parts(surplus, numbers):
            solar[number] += surplus.watt_hours * share / whole
    avoided = {number for period in request.avoid for number, _ in _parts(period, numbers)}
    if not request.prices:
        known, prices = dict.fromkeys(numbers, 1.0), dict.fromkeys(numbers, _ANY_PRICE)
    return [
        _Slot(
            datetime.fromtimestamp(number * _SECONDS, UTC),
            prices[number] if known[number] > 1 - _TOLERANCE else None,
            solar[number],
            number in avoided,
        )
        for number in numbers
    ]


def _without_overlap(prices: Iterable[Price]) -> list[Price]:
    """Return the prices in order; of a time that two of them claim, the one that begins first has it."""
    kept: list[Price] = []
    for price in sorted(prices, key=lambda each: each.start):
        start = max(price.start, kept[-1].end) if kept else price.start
        if start < price.end:
            kept.append(replace(price, start=start))
    return kept


def _parts(period: Period, numbers: range) -> Iterator[tuple[int, float]]:
    """Give the quarter hours that a period touches, and how much of each lies in it, above 0 and up to 1."""
    start, end = period.start.timestamp() / _SECONDS, period.end.timestamp() / _SECONDS
    for number in range(max(numbers.start, int(start // 1)), min(numbers.stop, ceil(end))):
        yield number, min(number + 1, end) - max(number, start)


def _plan_in(request: PlanRequest, slots: Sequence[_Slot], name: str) -> HeatingPlan | None:
    """Return the cheapest plan in one mode, None if there is none."""
    mode = request.modes[name]
    costs = [_cost(request, slot, mode) for slot in slots]
    search = _Search(costs, ceil(request.minimum_block / STEP), 1 - mode.lock_out / STEP)
    needed = request.needed / (mode.heat * _STEP_HOURS)
    found = search.cheapest(needed, request.max_blocks if request.split else 1)
    if found is None:
        return None
    blocks = tuple(Block(slots[first].start, slots[last - 1].start + STEP, name) for first, last in found)
    share = sum(last - first for first, last in found) - len(found) * (mode.lock_out / STEP)
    return HeatingPlan(
        blocks=blocks,
        energy=share * mode.power * _STEP_HOURS / 1000,
        cost=sum(map(search.cost_of, found)),
        cost_if_now=_cost_if_now(request, mode),
    )


def _cost(request: PlanRequest, slot: _Slot, mode: HeatingMode) -> float | None:
    """Return what heating in a quarter hour costs, None where it is ruled out."""
    if slot.is_avoided or slot.price is None:
        return None
    cost = slot.cost(mode.power, request.solar_price)
    limit = request.max_price if request.prices else None
    return None if limit is not None and cost * 1000 > limit * mode.power * _STEP_HOURS + _TOLERANCE else cost


def _cost_if_now(request: PlanRequest, mode: HeatingMode) -> float | None:
    """Return what one block from now on would cost, None where its prices are not known; nothing else is ruled out."""
    slots = _slots(replace(request, earliest_start=None, avoid=()))
    length = ceil(request.missing / ((mode.heat - request.standing_loss) * _STEP_HOURS) + mode.lock_out / STEP)
    known = [slot.cost(mode.power, request.solar_price) for slot in slots[:length] if slot.price is not None]
    return None if len(known) < length else sum(known) - known[0] * (mode.lock_out / STEP)


class _Search:
    """Finds the cheapest blocks; a quarter hour is known by its number."""

    def __init__(self, costs: Sequence[float | None], minimum: int, first_share: float) -> None:
        """Take the cost of each quarter hour, the least length of a block, and how much of its first one heats."""
        self._costs = costs
        self._minimum = minimum
        self._first_share = first_share
        count = len(costs)
        # The sum of both is what is minimized: first the cost, and of equal costs how early the water is heated.
        self._rest = [_NEVER if cost is None else _whole(cost) * _LATER + count - at for at, cost in enumerate(costs)]
        self._first = [
            _NEVER if cost is None else _whole(cost * first_share) * _LATER + count - at
            for at, cost in enumerate(costs)
        ]

    def cost_of(self, block: tuple[int, int]) -> float:
        """Return what a block costs, from its first quarter hour up to the last, exclusive."""
        first, *rest = (cost or 0.0 for cost in self._costs[slice(*block)])
        return first * self._first_share + sum(rest)

    def cheapest(self, needed: float, max_blocks: int) -> list[tuple[int, int]] | None:
        """Return the blocks that heat for so many quarter hours, or as little longer as whole ones allow."""
        lengths = [
            max(number * self._minimum, ceil(needed + number * (1 - self._first_share) - _TOLERANCE))
            for number in range(1, max_blocks + 1)
        ]
        # done[b][k][t]: the least sum for b blocks of k quarter hours in all that have ended by t.
        done = [self._none_heated()]
        for number in range(1, max_blocks + 1):
            done.append(self._with_one_more(done[-1], lengths[-1], number))
        sums = [done[number][length][-1] for number, length in enumerate(lengths, start=1)]
        best = min(range(max_blocks), key=sums.__getitem__)
        # Costs may be below zero, so what is ruled out may come to a little less.
        return None if sums[best] > _NEVER // 2 else self._blocks(done, best + 1, lengths[best])

    def _none_heated(self) -> list[list[int]]:
        return [[0] * (len(self._costs) + 1)]

    def _with_one_more(self, before: list[list[int]], longest: int, number: int) -> list[list[int]]:
        """Return the least sums with one block more than before."""
        count, minimum = len(self._costs), self._minimum
        done = [[_NEVER] * (count + 1) for _ in range(longest + 1)]
        shortest = [self._sum(start, start + minimum) for start in range(max(0, count - minimum + 1))]
        running = [_NEVER] * (count + 1)
        for length in range(number * minimum, longest + 1):
            former = before[length - minimum] if length - minimum < len(before) else None
            running = [_NEVER, *(last + cost for last, cost in zip(running, self._rest, strict=False))]
            if former is not None:
                for start, cost in enumerate(shortest):
                    # A block that began where the last one ended would be one with it.
                    since = former[max(0, start - 1)] + cost
                    running[start + minimum] = min(running[start + minimum], since)
            row, least = done[length], _NEVER
            for end, value in enumerate(running):
                least = min(least, value)
                row[end] = least
        return done

    def _sum(self, start: int, end: int) -> int:
        return self._first[start] + sum(self._rest[start + 1 : end])

    def _blocks(self, done: list[list[list[int]]], number: int, length: int) -> list[tuple[int, int]]:
        """Return the blocks that make up a least sum, in order."""
        blocks: list[tuple[int, int]] = []
        end = len(self._costs)
        while number:
            while done[number][length][end] == done[number][length][end - 1]:
                end -= 1
            start = next(
                start
                for start in range(end - self._minimum, -1, -1)
                if end - start <= length
                and length - (end - start) < len(done[number - 1])
                and done[number - 1][length - (end - start)][max(0, start - 1)] + self._sum(start, end)
                == done[number][length][end]
            )
            blocks.insert(0, (start, end))
            number, length, end = number - 1, length - (end - start), max(0, start - 1)
        return blocks


def _whole(cost: float) -> int:
    return round(cost * _UNITS)


def _reason(request: PlanRequest, slots: Sequence[_Slot]) -> PlanReason:
    """Return what keeps the water from being hot in time: the first limit without which it could be."""
    without_limit = replace(request, max_price=None)
    allowing = [replace(slot, is_avoided=False) for slot in slots]
    priced = [replace(slot, price=slot.price or 0.0) for slot in allowing]
    attempts = (
        (PlanReason.PRICE_LIMIT, slots),
        (PlanReason.AVOIDED, allowing),
        (PlanReason.NO_PRICES, priced),
    )
    for reason, candidates in attempts:
        if any(_plan_in(without_limit, candidates, mode) for mode in request.allowed):
            return reason
    return PlanReason.TOO_LATE


def _too_late(request: PlanRequest, slots: Sequence[_Slot]) -> HeatingPlan:
    """Return when it could be hot, and which mode that is not allowed could do it in time."""
    free = [replace(slot, price=0.0) for slot in slots]
    others = [name for name in request.modes if name not in request.allowed and _plan_in(request, free, name)]
    begin = max(request.now, request.earliest_start or request.now)
    times = [
        begin + mode.lock_out + timedelta(hours=request.missing / (mode.heat - request.standing_loss))
        for name in request.allowed
        if (mode := request.modes[name]).heat > request.standing_loss
    ]
    return HeatingPlan(
        reason=PlanReason.TOO_LATE,
        ready_at=min(times, default=None),
        mode_in_time=min(others, key=lambda name: request.modes[name].power, default=None),
    )
