"""What setting up an account costs, with 1 heater and with 50: `python -m benchmarks.setup_cost`.

From the set-up of the entry until every heater has reported its status and its features and every entity has its state,
in a Home Assistant that has done it once before. Memory is what Python objects take afterwards, by `tracemalloc` in
further set-ups of which the time is not looked at. Messages and subscriptions are those that the simulator received.
"""

from dataclasses import dataclass
import gc
from statistics import median
from time import perf_counter
import tracemalloc

from simulator.process import SimulatorProcess

from .figures import Figure, Target, at_least, at_most, ratio_at_most
from .report import run_alone
from .support.home import home_assistant, make_entry, set_up

FEW, MANY = 1, 50
ROUNDS = 2
LINEAR = ratio_at_most(MANY / FEW)
SUBSCRIPTIONS_TARGET = 50
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What one set-up cost."""

    seconds: float
    mib: float
    """0 unless memory was traced."""
    entities: int
    messages: int
    requests: int
    subscriptions: int
    heard: int
    """Heaters that have reported."""


async def set_up_of(heaters: int, *, traced: bool = False) -> SetUp:
    """Set up an account in a new Home Assistant, and unload it again."""
    async with SimulatorProcess("--heaters", str(heaters)) as simulator, home_assistant() as hass:
        entry = make_entry(hass, simulator)
        gc.collect()
        if traced:
            tracemalloc.start()
        began = perf_counter()
        coordinator = await set_up(hass, entry)
        seconds = perf_counter() - began
        gc.collect()
        mib = tracemalloc.get_traced_memory()[0] / MIB if traced else 0.0
        tracemalloc.stop()
        state = await simulator.state()
        entities = len(hass.states.async_all())
        heard = sum(heater.status is not None for heater in coordinator.data.values())
        await hass.config_entries.async_unload(entry.entry_id)
    (connection,) = state["connections"]
    return SetUp(
        seconds=seconds,
        mib=mib,
        entities=entities,
        messages=len(state["received"]),
        requests=len(state["rest_requests"]),
        subscriptions=len(connection["subscriptions"]),
        heard=heard,
    )


def compared(name: str, many: float, few: float, unit: str, target: Target | None = LINEAR) -> Figure:
    """Return a figure of many heaters beside the same of few."""
    return Figure(name=f"set-up, {name}: {MANY} heaters beside {FEW}", value=many, beside=few, unit=unit, target=target)


async def measured() -> list[Figure]:
    """Measure both by turns."""
    # The first set-up imports everything.
    await set_up_of(FEW)
    few, many = [], []
    for _ in range(ROUNDS):
        few.append(await set_up_of(FEW))
        many.append(await set_up_of(MANY))
    traced_few, traced_many = await set_up_of(FEW, traced=True), await set_up_of(MANY, traced=True)
    return [
        compared("time", median(each.seconds for each in many), median(each.seconds for each in few), "s"),
        compared("memory", traced_many.mib, traced_few.mib, "MiB"),
        compared("states", many[-1].entities, few[-1].entities, ""),
        compared("messages sent", median(each.messages for each in many), median(each.messages for each in few), ""),
        compared("REST requests", many[-1].requests, few[-1].requests, ""),
        Figure(
            name=f"set-up, subscriptions on the connection: {MANY} heaters beside {FEW}",
            value=max(each.subscriptions for each in many),
            beside=few[-1].subscriptions,
            unit="",
            target=at_most(SUBSCRIPTIONS_TARGET),
        ),
        Figure(
            name=f"set-up, heaters of {MANY} that are subscribed to",
            value=min(each.heard for each in many),
            unit="",
            target=at_least(MANY),
        ),
    ]


if __name__ == "__main__":
    run_alone(measured)
