"""The steps in which Home Assistant is killed again and again; see `killed` for the one who dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
from random import Random
import signal
import sys
from typing import Any

from .drill import Step
from .home import Home
from .killed import MAX_SECONDS, Life, take_over
from .machine import queue_file

_LONGEST_LIFE_SECONDS = 4.0
_LATEST_WRITING = 25
_ACTIONS_PER_LIFE = 100
_KILLED = -signal.SIGKILL


def kills(times: int, *, within_writing: bool, seed: int = 1) -> Step:
    """Kill Home Assistant so many times, at any instant of its life or of a writing of the queue.

    The broker is away in two of three lives, so that commands wait; in the third they go out.
    """

    async def play(home: Home) -> None:
        random = Random(seed)  # noqa: S311 - chance that can be repeated, no secret
        await home.stop()
        async with _undertaker() as undertaker:
            for number in range(times):
                await home.simulator.fault("mqtt_down" if number % 3 else "mqtt_up")
                life = Life(
                    folder=str(home.folder),
                    addresses=home.addresses,
                    notes=str(home.folder / f"notes-{number}"),
                    sequence=number * _ACTIONS_PER_LIFE,
                    fatal_writing=random.randint(1, _LATEST_WRITING) if within_writing else None,
                    seed=random.randrange(1000),
                    without=None if home.is_protected else home.drill.protection,
                )
                seconds = MAX_SECONDS if within_writing else random.uniform(0.0, _LONGEST_LIFE_SECONDS)
                ended = await _kill(undertaker, life, seconds)
                if ended != _KILLED:
                    home.errors.append(f"life {number} ended by itself: {ended}")
                home.errors += await asyncio.to_thread(_bury, home, Path(life.notes))
        await home.simulator.fault("mqtt_up")
        await home.start()

    return play


@asynccontextmanager
async def _undertaker() -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the process that Home Assistant is run by."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "drills.killed"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        # At the end of its input it ends.
        await process.communicate()


async def _kill(undertaker: asyncio.subprocess.Process, life: Life, seconds: float) -> int:
    """Run Home Assistant and kill it after so many seconds, if it still lives; return how it ended."""
    assert undertaker.stdin is not None  # noqa: S101 - see `_undertaker`
    assert undertaker.stdout is not None  # noqa: S101 - see `_undertaker`
    undertaker.stdin.write(f"{life.to_json()}\n".encode())
    pid = int(await undertaker.stdout.readline())
    ending = asyncio.ensure_future(undertaker.stdout.readline())
    await asyncio.wait([ending], timeout=seconds)
    if not ending.done():
        # It is a child of the undertaker, which reports its end: until then nobody else has its number.
        os.kill(pid, signal.SIGKILL)
    return int(await ending)


def _bury(home: Home, notes: Path) -> list[str]:
    # Any: decoded JSON, of which `take_over` knows what it is.
    stored: dict[str, Any] = {"unsent": [], "sent": [], "outcomes": []}
    if queue_file(home).exists():
        stored = json.loads(queue_file(home).read_bytes())["data"]["queue"]
    return take_over(home.ledger, notes, stored) if notes.exists() else []
