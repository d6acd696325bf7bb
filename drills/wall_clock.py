"""A wall clock that is wrong, for Home Assistant and the integration; the machine's own and the monotonic one go on."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
import datetime as dt
import sys
import time
from typing import override
from unittest.mock import patch

from homeassistant.util import dt as dt_util

_PROGRAMS = ("custom_components.navilink", "homeassistant", "awscrt")
"""The packages whose clock is wrong: with that of the runtime, what the connection is signed with."""
_DATETIME = dt.datetime


class _AnyDatetime(type):
    @override
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _DATETIME)


@contextmanager
def shifted_by(period: dt.timedelta) -> Iterator[None]:
    """Let the wall clock be wrong by so much while the context lasts."""

    class Shifted(_DATETIME, metaclass=_AnyDatetime):
        """Makes ordinary times, and is wrong about the present one."""

        def __new__(cls, *arguments: int, **members: object) -> _DATETIME:  # type: ignore[misc]  # see above
            """Make an ordinary time."""
            return _DATETIME(*arguments, **members)  # type: ignore[arg-type]  # handed on as they are

        @classmethod
        @override
        def now(cls, tz: dt.tzinfo | None = None) -> _DATETIME:  # type: ignore[override]  # see above
            return _DATETIME.now(tz) + period

    real_time = time.time
    with ExitStack() as stack:
        for module in tuple(sys.modules.values()):
            if module.__name__.startswith(_PROGRAMS) and vars(module).get("datetime") is _DATETIME:
                stack.enter_context(patch.object(module, "datetime", Shifted))
        stack.enter_context(patch.object(dt, "datetime", Shifted))
        stack.enter_context(patch.object(time, "time", lambda: real_time() + period.total_seconds()))
        stack.enter_context(patch.object(dt_util, "utcnow", lambda: Shifted.now(dt.UTC)))
        yield
