"""Whether `kill -9` of Home Assistant loses or doubles commands: `python -m benchmarks.kill_rounds` (about 6 min)."""

import argparse
import asyncio
from secrets import randbelow
import sys
import time

from tests.e2e_restart.rounds import kill_rounds


async def main(rounds: int, seed: int) -> int:
    """Play the rounds and print; the exit status is 1 when the promise was broken."""
    start = time.monotonic()
    print(f"seed: {seed}", flush=True)
    async with kill_rounds(seed) as played:
        for _ in range(rounds):
            await played.play()
            print(f"round {played.tally.rounds}: breaches so far {len(played.tally.breaches)}", flush=True)
        await played.finish()
    tally = played.tally
    for breach in tally.breaches:
        print(breach)
    print(f"rounds: {tally.rounds}")
    print(f"commands given while cut: {tally.given}")
    print(f"commands still to be sent: {tally.to_be_sent}")
    print(f"lost: {len(tally.lost)}")
    print(f"doubled: {len(tally.doubled)}")
    print(f"reordered: {len(tally.reordered)}")
    print(f"queues not shown after the start: {len(tally.not_shown)}")
    print(f"without an outcome, or with two: {len(tally.without_outcome) + len(tally.contradicted)}")
    print(f"outcomes passed on once more after a kill: {tally.repeated}")
    print(f"temporary files left behind: {len(tally.strays)}")
    print(f"in doubt at a kill and sent again: {tally.in_doubt}")
    print(f"time: {time.monotonic() - start:.0f} s")
    return 1 if tally.breaches else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.kill_rounds")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument(
        "--seed", type=int, default=randbelow(1_000_000), help="repeats what chance chose (default: new)"
    )
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.rounds, arguments.seed)))
