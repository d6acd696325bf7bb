"""Which benchmarks there are."""

from dataclasses import dataclass
from enum import StrEnum


class Runs(StrEnum):
    """When a benchmark runs."""

    QUICK = "quick"
    """With `--quick` and with all: seconds."""
    ALL = "all"
    """With all."""
    BY_NAME = "by name"
    """Only when it is asked for: minutes, or a measurement of its own."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package, with what it measures and about how many seconds it takes."""

    name: str
    summary: str
    seconds: int
    runs: Runs = Runs.ALL


BENCHMARKS = (
    Benchmark("publish", "Publish to PUBACK, processor time and throughput beside the bare runtime", 10, Runs.QUICK),
    Benchmark("incoming", "Statuses taken in each second beside the bare runtime with orjson.loads", 10),
    Benchmark("enqueue", "What a command costs that is given while disconnected", 7, Runs.QUICK),
    Benchmark("drain", "100 and 10,000 queued commands at round trips of 0 and 50 ms", 60),
    Benchmark("recovery", "From the broker's return until 100 queued commands are acknowledged", 100),
    Benchmark("black_hole", "How soon a half-open connection is noticed", 72),
    Benchmark("decode", "From bytes to a model beside orjson.loads and reading ten members", 5, Runs.QUICK),
    Benchmark("memory", "What a further client and a further heater cost in memory and threads", 30),
    Benchmark("import_time", "What importing the client costs beyond its packages", 10, Runs.QUICK),
    Benchmark("action_cost", "Home Assistant: from an action to the bytes of its message", 48),
    Benchmark("status_cost", "Home Assistant: from the bytes of a status to the states of its entities", 15),
    Benchmark("setup_cost", "Home Assistant: setting up 1 and 50 heaters", 40),
    Benchmark("recorder_cost", "Home Assistant: what the recorder keeps of an hour", 35),
    Benchmark("fleet_model", "100,000 homes after an hour's outage, with the client's own back-off", 12, Runs.QUICK),
    Benchmark("heating_plan", "30 days of a family: what planning saves, and how long a plan takes", 25),
    Benchmark("fleet", "200 clients after a restart of the broker", 65, Runs.BY_NAME),
    Benchmark("kill_rounds", "Whether kill -9 of Home Assistant loses or duplicates commands", 360, Runs.BY_NAME),
)


def chosen(names: tuple[str, ...], *, quick: bool) -> tuple[Benchmark, ...]:
    """Return the benchmarks that are asked for; raises `KeyError` with a name that is none."""
    if names:
        by_name = {each.name: each for each in BENCHMARKS}
        return tuple(by_name[name] for name in names)
    wanted = {Runs.QUICK} if quick else {Runs.QUICK, Runs.ALL}
    return tuple(each for each in BENCHMARKS if each.runs in wanted)
