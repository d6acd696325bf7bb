"""An event loop on which time passes only when everything waits for it, so that hours take milliseconds."""

import asyncio
import selectors
from typing import override

_MOST_TURNS_AT_ONCE = 20_000
"""More turns than that without any time passing are no work, but a loop that spins."""


class _SkippingSelector(selectors.SelectSelector):
    """Moves the clock on by what the loop would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._turns = 0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
            self._turns = 0
        self._turns += 1
        if self._turns > _MOST_TURNS_AT_ONCE:
            raise RuntimeError(f"the event loop spins at {self.now} s")
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, which starts at 0."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    @override
    def time(self) -> float:
        return self._skipping.now
