"""Simulated time: the wall clock jumps, the real parts live on."""

import datetime as dt
import time
from types import SimpleNamespace

from awscrt import auth
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

# In a tuple, because freezing exchanges the clocks by name in every module.
REAL_CLOCKS = (time.monotonic, dt.datetime)
REAL_CLOCK_GETTIME = time.clock_gettime


class WallClock:
    """A wall clock that stands still until time passes, as if the machine slept meanwhile.

    The clock that counts sleep as well, by which commands grow old, goes forward with it. The monotonic clock runs on,
    because the connection, time-outs and the time of waiting in a test are measured by it. So does the clock by which
    the connection is signed: the simulator lives in real time, and refuses a signature of tomorrow.
    """

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
        monotonic, real_datetime = REAL_CLOCKS
        monkeypatch.setattr(time, "monotonic", monotonic)
        monkeypatch.setattr(auth, "datetime", SimpleNamespace(datetime=real_datetime, timezone=dt.timezone))
        monkeypatch.setattr(time, "clock_gettime", self._clock_gettime)
        self._hass = hass
        self._freezer = freezer
        self._passed = dt.timedelta()

    async def pass_by(self, period: dt.timedelta) -> None:
        """Let a period go by, and every timer that ends in it."""
        self.pass_unseen(period)
        async_fire_time_changed(self._hass, dt_util.utcnow() + period)
        await self._hass.async_block_till_done()

    def pass_unseen(self, period: dt.timedelta) -> None:
        """Let a period go by while nothing of the integration runs."""
        self._freezer.tick(period)
        self._passed += period

    def put_back(self, period: dt.timedelta) -> None:
        """Set the wall clock back; no other clock knows."""
        self._freezer.tick(-period)

    def _clock_gettime(self, clock: int) -> float:
        return REAL_CLOCK_GETTIME(clock) + (self._passed.total_seconds() if clock == time.CLOCK_BOOTTIME else 0)
