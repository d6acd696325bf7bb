"""`python -m drills.boost_month`: a simulated month of boosts with outages and other people, in minutes."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
import json
import logging
import sys
import time
from unittest.mock import patch

from custom_components.navilink.heating.boost import Change, Phase
from custom_components.navilink.heating.boosts import Boosts
from custom_components.navilink.heating.keeper import BoostKeeper

from .boost_model import LOGGER
from .boost_run import BoostMonth, BoostResult
from .fast_time import FastClock, FastLoop, run_fast
from .fast_traffic import Traffic

_MAX_DAYS = 400
_SHOWN = 30


def _never_changed(change: Change, value: int, **_: object) -> Change:
    """Take whatever a heater has for what the boost had set."""
    return replace(change, phase=Phase.OURS, was_ours=True, before=value if change.before is None else change.before)


def _never_lost(boosts: Boosts, setting: object, **_: object) -> Boosts:
    """Take every way back for done."""
    return replace(boosts, returning={name: each for name, each in boosts.returning.items() if name is not setting})


async def _not_stored(*_: object) -> None:
    """Store nothing."""


PROTECTIONS: Mapping[str, Callable[[], AbstractContextManager[object]]] = {
    "changed-by-others": lambda: patch.object(Change, "seen", _never_changed),
    "restored-again": lambda: patch.object(Boosts, "gone_back", _never_lost),
    "stored": lambda: patch.object(BoostKeeper, "_async_save", _not_stored),
}
"""What makes a month pass, each to be taken out, so that it is seen to fail."""


def read_command_line(arguments: Sequence[str] | None = None) -> Namespace:
    """Read what is to be done."""
    parser = ArgumentParser(prog="drills.boost_month", description=__doc__)
    parser.add_argument("--days", type=float, default=30.0, help="simulated days (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the chance by which things happen (%(default)s)")
    parser.add_argument("--without-protection", choices=PROTECTIONS, help="take this out: it must fail")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--log", help="write into this file what happens, line by line")
    options = parser.parse_args(arguments)
    if not 0 < options.days <= _MAX_DAYS:
        parser.error(f"--days must be above 0, {_MAX_DAYS} at most")
    return options


def summary(result: BoostResult) -> list[str]:
    """Say in lines what came of it."""
    return [
        f"seed {result.seed}: {result.days:g} simulated days in {result.took:.0f} s",
        f"{result.boosts} boosts, {result.refused} refused; {result.effects} settings of boosts reached the heater",
        f"meanwhile: {', '.join(f'{count} {name}' for name, count in sorted(result.happened.items()))}",
        f"{result.outlived} outlived their end by more than a minute; the longest by {result.latest:.0f} s",
        f"{result.overwritten} settings of people were overwritten",
        f"{result.left} settings were never given back",
        *(f"breach: {each[:400]}" for each in [*result.breaches, *result.errors][:_SHOWN]),
        "passed" if result.is_passed else "failed",
    ]


def _dated(clock: FastClock, record: logging.LogRecord) -> bool:
    record.day = time.strftime("%d %H:%M:%S", time.gmtime(clock.ahead))
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the process's exit code."""
    options = read_command_line(arguments)
    # Whoever logs an error is named in the result.
    logging.basicConfig(level=logging.WARNING, handlers=[logging.NullHandler()])
    clock = FastClock()
    if options.log is not None:
        LOGGER.setLevel(logging.INFO)
        handler = logging.FileHandler(options.log)
        handler.setFormatter(logging.Formatter("%(day)s %(message)s"))
        handler.addFilter(partial(_dated, clock))
        LOGGER.addHandler(handler)
    traffic = Traffic(clock)

    async def month(loop: FastLoop) -> BoostResult:
        return await BoostMonth(loop, traffic, days=options.days, seed=options.seed).run()

    without = nullcontext() if options.without_protection is None else PROTECTIONS[options.without_protection]()
    with without, traffic.watched():
        result = run_fast(month, clock)
    print(json.dumps(result.as_dict()) if options.json else "\n".join(summary(result)))
    return 0 if result.is_passed else 1


if __name__ == "__main__":
    sys.exit(main())
