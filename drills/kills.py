"""The steps in which Home Assistant is killed again and again; see `killed` for the one who dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import json
import os
from pathlib import Path
from random import Random
import signal
import sys
from typing import Any

from .drill import Step
from .home import Home
from .killed import Life, take_over
from .machine import queue_file

_MOST_NOTES = 40
_MAX_SECONDS_AFTERWARDS = 0.5
_LOOK_SECONDS = 0.02
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
                ended = await _kill(undertaker, life, random)
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


async def _kill(undertaker: asyncio.subprocess.Process, life: Life, random: Random) -> int:
    """Run Home Assistant and kill it, unless it does so itself; return how it ended."""
    assert undertaker.stdin is not None  # noqa: S101 - see `_undertaker`
    assert undertaker.stdout is not None  # noqa: S101 - see `_undertaker`
    undertaker.stdin.write(f"{life.to_json()}\n".encode())
    pid = int(await undertaker.stdout.readline())
    ending = asyncio.ensure_future(undertaker.stdout.readline())
    if life.fatal_writing is None:
        # By what it has done, so that a slow machine makes no life too short for anything.
        await _until_noted(Path(life.notes), random.randint(0, _MOST_NOTES), ending)
        await asyncio.wait([ending], timeout=random.uniform(0.0, _MAX_SECONDS_AFTERWARDS))
        if not ending.done():
            # It is a child of the undertaker, which reports its end: until then nobody else has its number.
            os.kill(pid, signal.SIGKILL)
    return int(await ending)


async def _until_noted(notes: Path, count: int, ending: asyncio.Future[bytes]) -> None:
    def noted() -> int:
        return notes.read_bytes().count(b"\n") if notes.exists() else 0

    # The file is another process's, of whose growth nobody is notified.
    while not ending.done() and noted() < count:  # noqa: ASYNC110 - see above
        await asyncio.sleep(_LOOK_SECONDS)


def _bury(home: Home, notes: Path) -> list[str]:
    # Any: decoded JSON, of which `take_over` knows what it is.
    stored: dict[str, Any] = {"unsent": [], "sent": [], "outcomes": []}
    if queue_file(home).exists():
        with suppress(ValueError):
            # A file that is not whole has nothing for the next run either.
            stored = json.loads(queue_file(home).read_bytes())["data"]["queue"]
    return take_over(home.ledger, notes, stored) if notes.exists() else []
