"""Tasks and unexpected errors: the one place where work is started that runs beside its caller.

No task fails silently. Work that is started for its result is awaited (`begun`, `all_of`); all other work is started by
`Background`, which logs an unexpected error with its traceback. Errors in timers are logged by the event loop itself.
"""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from traceback import walk_tb

from ..exceptions import NavienError

_LOGGER = logging.getLogger(__name__)

type Work[T] = Coroutine[object, object, T]


class UnexpectedErrors:
    """Logs errors with their tracebacks, each once: what raises them may be repeated for days."""

    def __init__(self) -> None:
        self._logged: set[tuple[object, ...]] = set()

    def log(self, name: str, error: BaseException) -> None:
        """Log that what is called `name` failed. An error of this package was foreseen and needs no traceback."""
        kind = (name, type(error), str(error) if isinstance(error, NavienError) else _origin(error))
        if kind in self._logged:
            _LOGGER.debug("%s failed again: %s", name, type(error).__name__)
            return
        self._logged.add(kind)
        if isinstance(error, NavienError):
            _LOGGER.warning("%s failed: %s", name, error)
        else:
            _LOGGER.error("%s failed unexpectedly", name, exc_info=error)


class Background:
    """Work that is not awaited: ended by `cancel()`, and logged when it fails."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors = UnexpectedErrors()

    @property
    def tasks(self) -> frozenset[asyncio.Task[None]]:
        """What is still at work."""
        return frozenset(self._tasks)

    def start(
        self, name: str, work: Work[None], *, at_once: bool = True, on_failure: Callable[[], None] | None = None
    ) -> None:
        """Begin something, as `begun` does; `on_failure` is called when it raises, after that was logged."""
        task = watched(begun(name, work, at_once=at_once), self._errors, on_failure)
        if not task.done():
            self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """End everything that is at work."""
        for task in self.tasks:
            task.cancel()


def begun[T](name: str, work: Work[T], *, at_once: bool = True) -> asyncio.Task[T]:
    """Begin something and return its task, which the caller awaits or ends.

    With `at_once`, what it does up to where it first waits is done when this returns; without, it has not begun by then
    and can rely on what the caller does next.
    """
    return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=at_once, name=name)


async def all_of(name: str, *works: Work[None]) -> None:
    """Begin all of these in order, wait for all, and raise the error of the first that failed.

    `asyncio.gather` by itself would leave the others at work and drop what they raise later.
    """
    results = await asyncio.gather(*(begun(name, work) for work in works), return_exceptions=True)
    errors = [result for result in results if result is not None]
    if errors:
        # An unexpected error must not hide behind one that the caller knows.
        raise next((error for error in errors if not isinstance(error, NavienError)), errors[0])


def watched[T](
    task: asyncio.Task[T], errors: UnexpectedErrors | None = None, on_failure: Callable[[], None] | None = None
) -> asyncio.Task[T]:
    """Have an unexpected end of a task logged, then call `on_failure`, and return the task."""

    def ended(ended_task: asyncio.Task[T]) -> None:
        if not ended_task.cancelled() and (error := ended_task.exception()) is not None:
            (errors or UnexpectedErrors()).log(ended_task.get_name(), error)
            if on_failure is not None:
                on_failure()

    task.add_done_callback(ended)
    return task


def _origin(error: BaseException) -> tuple[str, int] | None:
    """Return file and line where an error was raised."""
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    return lines[-1] if lines else None
