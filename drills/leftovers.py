"""What a process holds: tasks, threads, sockets and file descriptors; and what was logged."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import logging
from pathlib import Path
import stat
import threading
from typing import Self, override

_POOLS = ("SyncWorker", "asyncio_", "ImportExecutor")
"""How the threads of the pools of Home Assistant and of the event loop are called, which grow and never shrink."""
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Holdings:
    """Counts at one moment."""

    tasks: int
    threads: int
    sockets: int
    descriptors: int

    @classmethod
    def now(cls) -> Self:
        """Count."""
        pooled = sum(thread.name.startswith(_POOLS) for thread in threading.enumerate())
        sockets, descriptors = _descriptors()
        return cls(
            tasks=len(asyncio.all_tasks()),
            threads=len(list(Path("/proc/self/task").iterdir())) - pooled,
            sockets=sockets,
            descriptors=descriptors,
        )

    def beyond(self, before: Self) -> Self:
        """Return what there is more than before."""
        return type(self)(
            *(
                max(0, now - then)
                for now, then in (
                    (self.tasks, before.tasks),
                    (self.threads, before.threads),
                    (self.sockets, before.sockets),
                    (self.descriptors, before.descriptors),
                )
            )
        )

    @property
    def is_nothing(self) -> bool:
        """Whether all counts are 0."""
        return not (self.tasks or self.threads or self.sockets or self.descriptors)


async def left_beyond(before: Holdings, seconds: float) -> Holdings:
    """Return what is left beyond an earlier count, after waiting so long for what closes in its own time."""
    deadline = asyncio.get_running_loop().time() + seconds
    # What closes in its own time, in the runtime or in a pool, does so without notice.
    while not (left := Holdings.now().beyond(before)).is_nothing and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - see above
        await asyncio.sleep(_POLL_SECONDS)
    return left


def _descriptors() -> tuple[int, int]:
    sockets = others = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            mode = descriptor.stat().st_mode
        except OSError:
            # The one that lists the folder, which is closed by now.
            continue
        if stat.S_ISSOCK(mode):
            sockets += 1
        else:
            others += 1
    return sockets, others


class LogRecords(logging.Handler):
    """Keeps the records of the integration at info and above, and whatever anybody logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        """Of the integration."""
        self.errors: list[str] = []
        """Of anybody: tracebacks and errors."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        if record.name.startswith("custom_components.navilink"):
            self.lines.append(line)
        if record.exc_info or record.levelno >= logging.ERROR:
            self.errors.append(line)


@contextmanager
def log_records() -> Iterator[LogRecords]:
    """Keep what is logged while the context lasts."""
    records = LogRecords()
    integration = logging.getLogger("custom_components.navilink")
    level = integration.level
    integration.setLevel(logging.INFO)
    logging.getLogger().addHandler(records)
    try:
        yield records
    finally:
        logging.getLogger().removeHandler(records)
        integration.setLevel(level)
