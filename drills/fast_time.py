"""Time that passes by itself when nothing happens: an event loop that jumps to its next timer, and clocks that follow.

The AWS runtime, the simulator's service and TLS live in real time, and a machine has its moments. So time only jumps
when nothing is on its way: as long as a message, a request or a job of a thread is, it passes a few times as fast as
real time, and otherwise no time-out could strike for another reason than in real time.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from datetime import datetime, tzinfo
from functools import partial
import math
import selectors
import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, override
from unittest.mock import patch
import weakref

from homeassistant.util import dt as dt_util

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

_QUIET_SECONDS = 0.004
"""Real time without any input after which time may jump."""
_BUSY_FACTOR = 4.0
"""Times as fast as real time, while something is on its way."""
_PATIENCE_SECONDS = 15.0
"""Real time after which what is on its way is waited for no more: the runtime itself stops after 10 s."""
_MAX_FACTOR = 4000.0
"""Times as fast as real time, at most."""
_ROUNDING_SECONDS = 1e-6
_CLIENT = "custom_components.navilink"
_FOLLOWERS = ("homeassistant", _CLIENT, "aiohttp")
"""The packages in which clocks that modules have imported by name are replaced."""

_real_monotonic, _real_time, _real_clock_gettime = time.monotonic, time.time, time.clock_gettime


class FastClock:
    """A monotonic clock that runs with the real one, can jump ahead, and knows what is on its way."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._jumped_at = -math.inf
        self._on_its_way: dict[object, float] = {}
        self._is_real = 0

    @property
    def ahead(self) -> float:
        """By how many seconds it is ahead of the real clock."""
        return self._ahead

    def now(self) -> float:
        """Seconds, from the same point as those of `time.monotonic`."""
        return _real_monotonic() + self._ahead

    def wall(self) -> float:
        """Seconds since the epoch."""
        return _real_time() + self._ahead

    def jump(self, seconds: float) -> None:
        """Go ahead."""
        self._ahead += max(0.0, seconds)
        self._jumped_at = _real_monotonic()

    def real_seconds_until(self, jump: float) -> float:
        """Return how much real time has to pass before it may jump by so many seconds."""
        return max(0.0, self._jumped_at + jump / _MAX_FACTOR - _real_monotonic())

    def begin(self, what: object, patience: float = _PATIENCE_SECONDS) -> None:
        """Note that something is on its way, for so many real seconds at most. From any thread."""
        self._on_its_way[what] = _real_monotonic() + patience

    def end(self, what: object) -> None:
        """Note that it has arrived. From any thread."""
        self._on_its_way.pop(what, None)

    @property
    def is_busy(self) -> bool:
        """Whether anything is on its way."""
        if not self._on_its_way:
            return False
        now = _real_monotonic()
        for what, until in tuple(self._on_its_way.items()):
            if until < now:
                self.end(what)
        return bool(self._on_its_way)

    @property
    def is_real(self) -> bool:
        """Whether it keeps to real time."""
        return self._is_real > 0

    def stay_real(self) -> None:
        """Keep to real time from now on."""
        self._is_real += 1

    @contextmanager
    def real(self) -> Generator[None]:
        """Keep to real time while the context lasts."""
        self._is_real += 1
        try:
            yield
        finally:
            self._is_real -= 1


class FastSelector(selectors.BaseSelector):
    """Waits for input as any selector does, and lets the clock jump when none comes."""

    def __init__(self, clock: FastClock) -> None:
        self._clock = clock
        self._inner = selectors.DefaultSelector()

    @override
    def register(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    @override
    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    @override
    def modify(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    @override
    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._inner.get_map()

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        clock = self._clock
        end = math.inf if timeout is None else clock.now() + timeout
        while (left := end - clock.now()) > 0:
            is_busy = clock.is_busy
            if ready := self._inner.select(min(left, _QUIET_SECONDS)):
                return ready
            if clock.is_real or end == math.inf:
                continue
            if is_busy:
                clock.jump(min(end - clock.now(), _QUIET_SECONDS * (_BUSY_FACTOR - 1)))
                continue
            if ready := self._inner.select(clock.real_seconds_until(end - clock.now())):
                return ready
            clock.jump(end - clock.now() + _ROUNDING_SECONDS)
        return self._inner.select(0)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop in which time jumps to the next timer when there is nothing to do until then."""

    def __init__(self, clock: FastClock) -> None:
        self.clock = clock
        self._timers: weakref.WeakSet[asyncio.TimerHandle] = weakref.WeakSet()
        super().__init__(FastSelector(clock))

    @override
    def time(self) -> float:
        return self.clock.now()

    @override
    def call_at[*Arguments](
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = super().call_at(when, callback, *args, context=context)
        self._timers.add(handle)
        return handle

    @property
    def timers(self) -> int:
        """How many timers are running."""
        now = self.time()
        return sum(not timer.cancelled() and timer.when() > now for timer in self._timers)

    @override
    def run_in_executor[T, *Arguments](
        self, executor: Executor | None, func: Callable[[*Arguments], T], *args: *Arguments
    ) -> asyncio.Future[T]:
        job = super().run_in_executor(executor, func, *args)
        self.clock.begin(job)
        job.add_done_callback(self.clock.end)
        return job


def run_fast[T](main: Callable[[FastLoop], Coroutine[Any, Any, T]], clock: FastClock) -> T:
    """Run a coroutine function in a loop of this clock, with the clocks of Home Assistant and the client along."""
    loop = FastLoop(clock)

    async def then_keep_to_real_time() -> T:
        try:
            return await main(loop)
        finally:
            # The event loop's own end waits for threads.
            clock.stay_real()

    with _clocks_follow(clock), asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(then_keep_to_real_time())


@contextmanager
def _clocks_follow(clock: FastClock) -> Generator[None]:
    """Have the wall clock, and the one that counts sleep, go along; what signs for AWS keeps the real one."""
    utcnow = partial(_now, clock)
    replaced: dict[object, object] = {
        time.time: clock.wall,
        time.monotonic: clock.now,
        dt_util.utcnow: utcnow,
        dt_util.now: lambda zone=None: _now(clock).astimezone(zone or dt_util.get_default_time_zone()),
        datetime: _datetime_of(clock),
    }
    found: list[tuple[ModuleType, str, object]] = [(time, "time", clock.wall)]
    found += [
        (module, name, replaced[value])
        for module in _modules()
        for name, value in tuple(vars(module).items())
        if _is_one_of(value, replaced) and (value is not datetime or module.__name__.startswith(_CLIENT))
    ]
    patches = [patch.object(module, name, value) for module, name, value in found]
    patches.append(patch.object(time, "clock_gettime", partial(_clock_gettime, clock)))
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def _modules() -> list[ModuleType]:
    return [module for name, module in tuple(sys.modules.items()) if name.startswith(_FOLLOWERS)]


def _is_one_of(value: object, replaced: Mapping[object, object]) -> bool:
    return any(value is each for each in replaced)


def _now(clock: FastClock) -> datetime:
    return datetime.fromtimestamp(clock.wall(), dt_util.UTC)


def _clock_gettime(clock: FastClock, which: int) -> float:
    return _real_clock_gettime(which) + (clock.ahead if which == time.CLOCK_BOOTTIME else 0.0)


def _datetime_of(clock: FastClock) -> type:
    """Make the class `datetime` with another `now`; what it makes is of the usual one."""

    class _Kind(type):
        @override
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

    class FastDatetime(datetime, metaclass=_Kind):
        @override
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # the usual class, on purpose
            return datetime.fromtimestamp(clock.wall(), tz)

    return FastDatetime
