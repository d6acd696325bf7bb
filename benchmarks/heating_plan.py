"""What planning saves, and what it costs to plan: `python -m benchmarks.heating_plan`.

The same 30 days of a family of four are lived three times with a simulated heater in heat-pump mode: left alone, with
the blueprint `ready_by` at two times of the day, and with the blueprint `peak_guard`. Power costs three times as much
from 16 to 21 o'clock.
"""

from dataclasses import replace
from datetime import timedelta
from statistics import median
import time

from custom_components.navilink.heating.plan import PlanRequest, heating_plan

from .figures import Figure, at_least, at_most
from .report import run_alone
from .support.lived_home import Home, PeakGuard, ReadyBy, prices, wishes

DAYS = 30
TARGET, REST = 52.0, 42.0
"""°C: what the family wants, and what the water may fall to while ready-by looks after it."""
READY_BY = (6, 16)
_SEED = 20
_ROUNDS = 50
_AHEAD = timedelta(hours=48)


def planning_ms(*, split: bool) -> float:
    """Return how long the plan of 48 hours with prices of quarter hours takes, in milliseconds."""
    home = Home(REST)
    request = ReadyBy(6, TARGET).request(home, home.now + _AHEAD)
    quarters = prices(home.now, home.now + _AHEAD, timedelta(minutes=15))
    # Every quarter hour has another price, and more heat is missing than at any time of the days.
    wavy = tuple(
        replace(price, price=price.price + 0.001 * (number * 37 % 101)) for number, price in enumerate(quarters)
    )
    request = replace(request, prices=wavy, missing=6000.0, split=split)
    return 1000 * median(_seconds(request) for _ in range(_ROUNDS))


def _seconds(request: PlanRequest) -> float:
    began = time.perf_counter()
    plan = heating_plan(request)
    taken = time.perf_counter() - began
    if plan.reason is not None:
        raise ValueError(f"there is no plan to measure: {plan.reason}")
    return taken


async def measured() -> list[Figure]:
    """Live the days, and compare them."""
    drawn = wishes(DAYS, _SEED)
    alone = Home(TARGET).live(drawn, DAYS)
    planned = Home(REST).live(drawn, DAYS, [ReadyBy(hour, TARGET) for hour in READY_BY])
    guarded = Home(TARGET).live(drawn, DAYS, [PeakGuard(58.0, REST, timedelta(hours=2))])
    days = f"{DAYS} days"
    return [
        Figure(name=f"{days} with ready-by, beside the heater alone", value=planned.cost, beside=alone.cost, unit="$"),
        Figure(name="what ready-by saves", value=100 * (1 - planned.cost / alone.cost), unit="%", target=at_least(20)),
        Figure(name=f"{days} with ready-by, energy", value=planned.energy, beside=alone.energy, unit="kWh"),
        Figure(
            name="draws under 40 °C with ready-by that the heater alone would have served",
            value=len(planned.cold - alone.cold),
            unit=f"of {len(drawn)}",
            target=at_most(0),
        ),
        Figure(name="draws under 40 °C with the heater alone", value=len(alone.cold), unit=f"of {len(drawn)}"),
        Figure(
            name=f"{days} with ready-by, starts of the compressor", value=planned.starts, beside=alone.starts, unit=""
        ),
        Figure(name=f"{days} with the peak guard", value=guarded.cost, beside=alone.cost, unit="$"),
        Figure(
            name="share of energy within peaks with the peak guard",
            value=100 * guarded.in_peak / guarded.energy,
            beside=100 * alone.in_peak / alone.energy,
            unit="%",
            target=at_most(5),
        ),
        Figure(
            name="draws under 40 °C with the peak guard that the heater alone would have served",
            value=len(guarded.cold - alone.cold),
            unit=f"of {len(drawn)}",
        ),
        Figure(name="plan of 48 hours of quarter hours", value=planning_ms(split=False), unit="ms", target=at_most(50)),
        Figure(name="the same in up to 3 blocks", value=planning_ms(split=True), unit="ms", target=at_most(50)),
    ]


if __name__ == "__main__":
    run_alone(measured)
