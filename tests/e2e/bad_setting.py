"""`python -m tests.e2e.bad_setting KIND`: the demo's proof, where something is wrong that it has to notice."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
import sys

from demo.check import check
from demo.command import run
from demo.stage import Stage, set_stage


async def _disobedience(stage: Stage) -> None:
    """Let the heater take every command and obey none."""
    await stage.simulator.fault("ignore_write", count=10)


async def _complaint(stage: Stage) -> None:
    """Let Home Assistant warn of the integration."""
    await stage.home_assistant.api.call(
        "call_service",
        domain="system_log",
        service="write",
        service_data={
            "message": "Detected that custom integration 'navilink' uses something deprecated",
            "level": "warning",
            "logger": "homeassistant.helpers.frame",
        },
    )


_KINDS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {"disobedience": _disobedience, "complaint": _complaint}


@asynccontextmanager
async def _setting(kind: str) -> AsyncIterator[Stage]:
    async with set_stage() as stage:
        await _KINDS[kind](stage)
        yield stage


if __name__ == "__main__":
    sys.exit(run(check(_setting(sys.argv[1])), if_stopped=1))
