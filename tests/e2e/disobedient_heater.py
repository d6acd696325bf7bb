"""`python -m tests.e2e.disobedient_heater`: the demo's proof, where the heater takes every command and obeys none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import sys

from demo.check import check
from demo.command import run
from demo.stage import Stage, set_stage


@asynccontextmanager
async def _setting() -> AsyncIterator[Stage]:
    async with set_stage() as stage:
        await stage.simulator.fault("ignore_write", count=10)
        yield stage


if __name__ == "__main__":
    sys.exit(run(check(_setting()), if_stopped=1))
