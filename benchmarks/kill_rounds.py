"""Whether `kill -9` of Home Assistant loses or doubles commands: `python -m benchmarks.kill_rounds` (about 6 min).

`--rounds` says how often it is killed, `--seed` repeats what chance chose. The exit status is 1 when a command was
lost, duplicated, reordered or had not its one outcome; each of these is printed.
"""

import argparse
from functools import partial
from secrets import randbelow
import sys

from tests.e2e_restart.rounds import kill_rounds

from .figures import Figure, at_most
from .report import run_alone


async def measured(rounds: int, seed: int) -> list[Figure]:
    """Play the rounds; what happens meanwhile is printed as an error."""
    print(f"seed: {seed}", file=sys.stderr, flush=True)
    async with kill_rounds(seed) as played:
        for _ in range(rounds):
            await played.play()
            tally = played.tally
            print(f"round {tally.rounds}: breaches so far {len(tally.breaches)}", file=sys.stderr, flush=True)
        await played.finish()
    tally = played.tally
    for breach in tally.breaches:
        print(breach, file=sys.stderr)
    counts = {
        "commands given while cut": tally.given,
        "commands still to be sent": tally.to_be_sent,
        "sent but not confirmed at a kill, and sent again": tally.in_doubt,
        "outcomes passed on once more after a kill": tally.repeated,
    }
    breaches = {
        "breaches of any kind": len(tally.breaches),
        "lost": len(tally.lost),
        "duplicated": len(tally.doubled),
        "reordered": len(tally.reordered),
        "queues not shown after the start": len(tally.not_shown),
        "without an outcome, or with two": len(tally.without_outcome) + len(tally.contradicted),
        "temporary files left behind": len(tally.strays),
    }
    title = f"{tally.rounds} kills"
    return [
        *(Figure(name=f"{title}: {name}", value=count, unit="") for name, count in counts.items()),
        *(Figure(name=f"{title}: {name}", value=count, unit="", target=at_most(0)) for name, count in breaches.items()),
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.kill_rounds", add_help=False)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=randbelow(1_000_000))
    options, rest = parser.parse_known_args()
    figures = run_alone(partial(measured, options.rounds, options.seed), rest)
    return 0 if all(figure.is_met in (None, True) for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
