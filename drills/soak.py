"""`python -m drills.soak`: a simulated week with faults and actions by chance, in minutes."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
import json
import logging
import sys

from .fast_time import FastClock, FastLoop, run_fast
from .fast_traffic import Traffic
from .soak_result import Day, SoakResult
from .soak_run import Soak

_MOST_HOURS = 10_000
_SHOWN = 30
_COLUMNS = ("Day", "Given", "Confirmed", "Other", "Faults", "CONNECTs", "Requests/h")
_HELD = ("RSS MiB", "Tasks", "Timers", "Threads", "Files", "Took")


def read_command_line(arguments: Sequence[str] | None = None) -> Namespace:
    """Read what is to be done."""
    parser = ArgumentParser(prog="drills.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=168.0, help="simulated hours (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the chance by which things happen (%(default)s)")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, every sample in it, and the days as errors"
    )
    options = parser.parse_args(arguments)
    if not 0 < options.hours <= _MOST_HOURS:
        parser.error(f"--hours must be above 0, {_MOST_HOURS} at most")
    return options


def cells(day: Day) -> tuple[str, ...]:
    """Return the cells of a day, one for each of the header."""
    confirmed = day.outcomes.get("confirmed", 0)
    return (
        str(day.day),
        str(day.given),
        str(confirmed),
        str(sum(day.outcomes.values()) - confirmed),
        str(day.faults),
        str(day.connects),
        f"{day.requests:.0f}",
        f"{day.rss:.1f}",
        str(day.tasks),
        str(day.timers),
        str(day.threads),
        str(day.descriptors),
        f"{day.took:.0f} s",
    )


def line(cells: Sequence[str]) -> str:
    """Write cells for the terminal."""
    return "".join(f"{cell:>11}" for cell in cells)


def summary(result: SoakResult) -> list[str]:
    """Say in lines what came of it."""
    slope = "not judged in less than two days" if result.growth is None else f"{result.growth:+.2f} MiB a day"
    return [
        f"seed {result.seed}: {result.hours:g} simulated hours in {result.took:.0f} s",
        f"{result.given} commands, {result.open} without an outcome: "
        + ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.outcomes.items())),
        f"faults: {', '.join(f'{count} {name}' for name, count in sorted(result.faults.items()))}",
        f"at most {result.requests:.1f} requests to a heater in an hour; memory after the first day: {slope}",
        *(f"breach: {breach[:400]}" for breach in result.breaches[:_SHOWN]),
        "failed" if result.breaches else "passed",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the process's exit code."""
    options = read_command_line(arguments)
    # Whoever logs an error is named in the result.
    logging.basicConfig(level=logging.WARNING, handlers=[logging.NullHandler()])
    clock = FastClock()
    traffic = Traffic(clock)

    days = sys.stderr if options.json else sys.stdout

    def show(day: Day) -> None:
        print(line(cells(day)), file=days, flush=True)

    async def soak(loop: FastLoop) -> SoakResult:
        return await Soak(loop, traffic, hours=options.hours, seed=options.seed, on_day=show).run()

    print(line((*_COLUMNS, *_HELD)), file=days, flush=True)
    with traffic.watched():
        result = run_fast(soak, clock)
    print(json.dumps(result.as_dict()) if options.json else "\n".join(summary(result)))
    return 1 if result.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
