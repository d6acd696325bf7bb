"""What the recorder keeps of an hour with one heater: `python -m benchmarks.recorder_cost`.

A real recorder with a SQLite file; the heater of the simulator lives through an hour in which a bath is drawn, and
reports every 30 seconds, the integration's interval. Time jumps from one report to the next, for which the benchmark
asks where the integration's timer would. Beside it: a second recorder in which every sensor, binary sensor and water
heater is written at each of these reports, as an integration does that writes what has not changed. Counted are the
bytes by which the file has grown, in pages of 4 KiB; statistics are left out, which are the same for both.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
import contextlib
from datetime import timedelta
from functools import partial
from pathlib import Path
import sqlite3
from unittest.mock import patch

import freezegun
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.const import DOMAIN as RECORDER
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import recorder as recorder_helper
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest

from custom_components.navilink.coordinator import NavilinkCoordinator
from simulator.process import SimulatorProcess
from tests.integration.wall_clock import WallClock

from .figures import Figure, ratio_at_most
from .report import run_alone
from .support.home import home_assistant, make_entry, set_up

INTERVAL = timedelta(seconds=30)
REPORTS = 120
DEVICE_INFO_EVERY = 10
"""Reports between two readings of what the heater has, 5 minutes."""
DRAW_AT, LITERS = 20, 120.0
"""A bath, 10 minutes after the beginning."""
TARGET = 0.25
DOMAINS = ("sensor", "binary_sensor", "water_heater")
KIB = 1024
PATIENCE = 20.0


@contextlib.asynccontextmanager
async def recorded(hass: HomeAssistant) -> AsyncIterator[Path]:
    """Run a recorder with a file, and give the file."""
    file = Path(hass.config.path("recorded.db"))
    recorder_helper.async_initialize_recorder(hass)
    with patch.object(Recorder, "async_periodic_statistics"):
        options = {RECORDER: {"db_url": f"sqlite:///{file}"}}
        if not await async_setup_component(hass, RECORDER, options):
            raise SystemExit("the recorder was not set up")
        try:
            yield file
        finally:
            await hass.async_stop(force=True)


async def written_bytes(hass: HomeAssistant, file: Path) -> int:
    """Return how large the database is once everything is written."""
    await recorder_helper.get_instance(hass).async_block_till_done()
    with contextlib.closing(sqlite3.connect(file)) as database:
        ((pages,), (size,)) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    return int(pages * size)


async def hour(hass: HomeAssistant, simulator: SimulatorProcess, clock: WallClock) -> tuple[int, list[list[State]]]:
    """Let the integration live through it; return the bytes, and the states at each report."""
    async with recorded(hass) as file:
        entry = make_entry(hass, simulator)
        coordinator = await set_up(hass, entry)
        before = await written_bytes(hass, file)
        states = [present(hass)]
        for number in range(1, REPORTS + 1):
            if number == DRAW_AT:
                await simulator.fault("draw", liters=LITERS)
            await report(coordinator, simulator, clock, with_device_info=number % DEVICE_INFO_EVERY == 0)
            states.append(present(hass))
        grown = await written_bytes(hass, file) - before
        await hass.config_entries.async_unload(entry.entry_id)
    return grown, states


def present(hass: HomeAssistant) -> list[State]:
    """Return the states that a status is shown by."""
    return hass.states.async_all(DOMAINS)


async def report(
    coordinator: NavilinkCoordinator, simulator: SimulatorProcess, clock: WallClock, *, with_device_info: bool
) -> None:
    """Let the time between two reports pass, and wait until the next one is shown."""
    await simulator.clock(advance=INTERVAL.total_seconds())
    expected = {"status_received", *(("feature_received",) if with_device_info else ())}
    received = asyncio.Event()

    def receive(name: str) -> None:
        expected.discard(name)
        if not expected:
            received.set()

    stops = [coordinator.client.on(name, partial(lambda name, _: receive(name), name)) for name in tuple(expected)]
    clock.pass_unseen(INTERVAL)
    # What the integration's timers do.
    for heater in coordinator.data.values():
        coordinator.client.poll(heater.device)
        if with_device_info:
            coordinator.client.poll_info(heater.device)
    async with asyncio.timeout(PATIENCE):
        await received.wait()
    for stop in stops:
        stop()
    await coordinator.hass.async_block_till_done()


async def everything_written(hass: HomeAssistant, states: list[list[State]], clock: WallClock) -> int:
    """Write all states at each report; return the bytes."""
    async with recorded(hass) as file:
        write(hass, states[0])
        before = await written_bytes(hass, file)
        for each in states[1:]:
            clock.pass_unseen(INTERVAL)
            write(hass, each)
            await hass.async_block_till_done()
        return await written_bytes(hass, file) - before


def write(hass: HomeAssistant, states: list[State]) -> None:
    """Write states whether they have changed or not, with what the recorder is to leave out of them."""
    for state in states:
        hass.states.async_set_internal(
            state.entity_id,
            state.state,
            dict(state.attributes),
            True,
            None,
            state.state_info,
            dt_util.utcnow().timestamp(),
        )


@contextlib.contextmanager
def stopped_clock(hass: HomeAssistant) -> Iterator[WallClock]:
    """Let time pass only by `WallClock`."""
    with pytest.MonkeyPatch.context() as patches, freezegun.freeze_time(dt_util.utcnow()) as freezer:
        assert isinstance(freezer, FrozenDateTimeFactory)  # noqa: S101 - neither ticking by itself nor by steps
        yield WallClock(hass, freezer, patches)


async def measured() -> list[Figure]:
    """Measure both, one after the other."""
    async with SimulatorProcess("--reply-delay", "0") as simulator, home_assistant() as hass:
        with stopped_clock(hass) as clock:
            grown, states = await hour(hass, simulator, clock)
    async with home_assistant() as hass:
        with stopped_clock(hass) as clock:
            written = await everything_written(hass, states, clock)
    return [
        Figure(
            name=f"recorder, an hour of {REPORTS} statuses, beside writing {len(states[0])} states at each",
            value=grown / KIB,
            beside=written / KIB,
            unit="KiB",
            target=ratio_at_most(TARGET),
        )
    ]


if __name__ == "__main__":
    run_alone(measured)
