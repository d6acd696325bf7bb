"""Steps that concern the machine that Home Assistant runs on, and how it is stopped and started there."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
import json
import os
from pathlib import Path
import resource
import signal
import time
from unittest.mock import patch

from custom_components.navilink.nwp500 import CommandOutcome, ConnectionState

from .drill import Step
from .home import ENTRY_ID, Home
from .waiting import until
from .wall_clock import shifted_by

_SYNC = os.fsync
_FULL_AT_BYTES = 512
_LOOK_AGAIN_SECONDS = 2.0


def storage(home: Home) -> Path:
    """Return the folder in which Home Assistant keeps what has to survive a restart."""
    return home.folder / ".storage"


def queue_file(home: Home) -> Path:
    """Return the file that holds the commands of the account."""
    return storage(home) / f"navilink.{ENTRY_ID}"


def during(surroundings: Callable[[], AbstractContextManager[object]], *steps: Step) -> Step:
    """Take steps while something is different."""

    async def take(home: Home) -> None:
        with surroundings():
            for step in steps:
                await step(home)

    return take


# The disk


def slow_disk(seconds: float, *steps: Step) -> Step:
    """Take steps while each writing to the disk lasts so long."""

    def sync(descriptor: int) -> None:
        time.sleep(seconds)
        _SYNC(descriptor)

    return during(lambda: patch.object(os, "fsync", sync), *steps)


@contextmanager
def _full_disk() -> Iterator[None]:
    """Let the operating system refuse to write more than a few bytes into any file."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FULL_AT_BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def full_disk(*steps: Step) -> Step:
    """Take steps while nothing can be written to the disk."""
    return during(_full_disk, *steps)


async def no_strays(home: Home) -> None:
    """Demand that no temporary file is left in the storage; one that is just being written is gone soon."""

    def look() -> set[Path]:
        return set(storage(home).glob("tmp*"))

    if found := await asyncio.to_thread(look):
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        found &= await asyncio.to_thread(look)
    home.errors += [f"left in the storage: {path.name}" for path in sorted(found)]


# The clock


def clock_off_by(period: timedelta, *steps: Step) -> Step:
    """Take steps while the wall clock is wrong by so much."""
    return during(lambda: shifted_by(period), *steps)


def blocked(seconds: float) -> Step:
    """Block the event loop for so long, as an integration does that waits in it."""

    async def block(_home: Home) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - on purpose, see above

    return block


# The service


def frozen(*steps: Step) -> Step:
    """Take steps while the whole service accepts connections and answers nothing."""

    @contextmanager
    def stopped(pid: int) -> Iterator[None]:
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    async def take(home: Home) -> None:
        await during(lambda: stopped(home.simulator.pid), *steps)(home)

    return take


# Waiting, and demands


async def connecting(home: Home) -> None:
    """Wait until Home Assistant is about to connect."""
    await until("connecting", lambda: home.is_running and home.client.state is ConnectionState.CONNECTING)


def undisturbed(*steps: Step) -> Step:
    """Take steps, and demand that the connection is not lost by them."""

    async def take(home: Home) -> None:
        before = home.interruptions
        for step in steps:
            await step(home)
        if home.interruptions > before:
            home.errors.append("the connection was lost")

    return take


# Actions


async def pause_giving(home: Home) -> None:
    """Give no commands until `give_again`, and wait for the actions that have begun."""
    await home.end_giving()
    await home.finish_actions()


async def give_again(home: Home) -> None:
    """Give commands all the time again."""
    await home.end_asking()
    home.begin_to_act()


def change_options(**changed: object) -> Step:
    """Change options of the account in its dialog; Home Assistant sets it up again."""

    async def change(home: Home) -> None:
        flows = home.hass.config_entries.options
        before = home.client
        form = await flows.async_init(home.entry.entry_id)
        await flows.async_configure(form["flow_id"], {**home.entry.options, **changed})
        await until("set up again", lambda: home.is_running and home.client is not before)

    return change


async def start_from_old_backup(home: Home) -> None:
    """Stop Home Assistant, make what its file of commands holds a week old, and start it again.

    Each command that waited has to end as expired, and none may reach a heater.
    """
    await home.stop()
    await asyncio.to_thread(_set_back, queue_file(home), timedelta(days=7))
    old = home.ledger.without_outcome
    await home.start()
    await until("the old commands have their outcomes", lambda: old.isdisjoint(home.ledger.without_outcome))
    if not old:
        home.errors.append("no command waited when the backup was made")
    home.errors += [
        f"a week-old command ended as {' and '.join(outcomes)}"
        for outcomes in map(home.ledger.outcomes, old)
        if outcomes != [CommandOutcome.EXPIRED]
    ]


def _set_back(file: Path, period: timedelta) -> None:
    content = json.loads(file.read_bytes())
    queue = content["data"]["queue"]
    for record, name in ((queue, "stored_at"), *((command, "queued_at") for command in queue["unsent"])):
        record[name] = (datetime.fromisoformat(record[name]) - period).isoformat()
    file.write_text(json.dumps(content), encoding="utf-8")
