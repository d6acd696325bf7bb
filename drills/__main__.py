"""`python -m drills`: lists the drills, or runs one, some or all of them, each in a process of its own."""

from argparse import ArgumentParser, Namespace
import asyncio
from collections.abc import Sequence
import logging
from pathlib import Path
import sys
import time

from . import connection, credentials, heaters, home_assistant
from .drill import Drill, Result
from .run import run
from .table import HEADER, cells, described, line, markdown, write_between

GROUPS = (connection, credentials, heaters, home_assistant)
DRILLS = {drill.name: drill for group in GROUPS for drill in group.DRILLS}
"""All of them, in the order of the documentation."""
DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"
_SHOWN = 5
"""Breaches of a drill that are printed."""
_WIDTH = 400
"""Characters of each."""
_JOBS = 4
"""Drills at a time: most of their time they wait."""


def read_command_line(arguments: Sequence[str] | None = None) -> Namespace:
    """Read what is to be done."""
    parser = ArgumentParser(prog="drills", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which drills to run; none: list them")
    parser.add_argument("--all", action="store_true", help="run all of them")
    parser.add_argument("--quick", action="store_true", help="run those that run with every change")
    parser.add_argument(
        "--without-protection", action="store_true", help="without what makes them pass: each must fail"
    )
    parser.add_argument("--jobs", type=int, default=_JOBS, help="how many at a time (%(default)s)")
    parser.add_argument(
        "--json", action="store_true", help="run the one named in this process, print its result as JSON"
    )
    parser.add_argument("--write", action="store_true", help=f"write the tables into {DOCUMENT.name}")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - DRILLS.keys():
        parser.error(f"there is no drill {', '.join(sorted(unknown))}")
    return options


def chosen(options: Namespace) -> list[Drill]:
    """Return the drills to run."""
    return [
        drill
        for drill in DRILLS.values()
        if options.all or drill.name in options.names or (options.quick and drill.is_quick)
    ]


async def in_process_of_its_own(drill: Drill, options: Namespace, free: asyncio.Semaphore) -> Result:
    """Run a drill so that nothing of another one is in its way, and print its line."""
    protection = ["--without-protection"] if options.without_protection else []
    async with free:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", __package__, drill.name, "--json", *protection),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
    lines = output.decode().splitlines()
    if process.returncode or not lines:
        result = Result(
            name=drill.name, is_broken=True, breaches=[f"the drill itself failed: {errors.decode()[-2000:]}"]
        )
    else:
        result = Result.from_json(lines[-1])
    print(line(cells(result)), flush=True)
    if result.impossible is not None:
        print(f"    skipped: {result.impossible}", flush=True)
    for breach in result.breaches[:_SHOWN]:
        print(f"    {breach[:_WIDTH]}", flush=True)
    if (more := len(result.breaches) - _SHOWN) > 0:
        print(f"    and {more} more", flush=True)
    return result


async def run_all(drills: Sequence[Drill], options: Namespace) -> bool:
    """Run drills, print a line each, and return whether they ended as they should."""
    began = time.monotonic()
    print(line(HEADER), flush=True)
    free = asyncio.Semaphore(options.jobs)
    results = await asyncio.gather(*(in_process_of_its_own(drill, options, free) for drill in drills))
    possible = [result for result in results if result.impossible is None]
    wrong = [result.name for result in possible if result.is_broken or result.is_passed is options.without_protection]
    how = "failed without protection" if options.without_protection else "passed"
    print(f"{len(possible) - len(wrong)} of {len(results)} {how}, {time.monotonic() - began:.0f} s")
    if skipped := [result.name for result in results if result.impossible is not None]:
        print(f"skipped, impossible on this machine: {', '.join(skipped)}")
    if wrong:
        print(f"not so: {', '.join(wrong)}")
    if options.write:
        write_between(DOCUMENT, "results", markdown(HEADER, map(cells, results)))
        write_between(DOCUMENT, "drills", described(DRILLS))
    return not wrong


def main() -> int:
    """Do what the command line says; returns the process's exit code."""
    options = read_command_line()
    drills = chosen(options)
    if options.json:
        logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
        (drill,) = drills
        print(asyncio.run(run(drill, is_protected=not options.without_protection)).to_json())
        return 0
    if not drills:
        for drill in DRILLS.values():
            print(f"{drill.name:<34}{drill.about}")
        return 0
    return 0 if asyncio.run(run_all(drills, options)) else 1


if __name__ == "__main__":
    sys.exit(main())
