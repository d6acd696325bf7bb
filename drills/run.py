"""Runs one drill and judges it."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
import time

from .drill import RECOVERY_SECONDS, Drill, DrillImpossibleError, Result
from .home import Home, home_of
from .leftovers import Holdings, LogRecords, left_beyond, log_records
from .protections import PROTECTIONS
from .steps import over
from .waiting import until

_OUTCOME_SECONDS = 120.0
"""After the last command, until every command has its outcome."""
_CLOSE_SECONDS = 35.0
"""Home Assistant's shared HTTP session keeps a connection for 15 s for the next request, and looks every 15 s."""


async def run(drill: Drill, *, is_protected: bool = True) -> Result:
    """Run a drill, with its protection or without."""
    began = time.monotonic()
    without = nullcontext() if is_protected else PROTECTIONS[drill.protection].taken_out()
    try:
        with without, log_records() as records:
            result = await _play(drill, records, is_protected=is_protected)
    except DrillImpossibleError as error:
        result = Result(name=drill.name, impossible=str(error))
    return replace(result, took=time.monotonic() - began)


async def _play(drill: Drill, records: LogRecords, *, is_protected: bool) -> Result:
    async with home_of(drill, is_protected=is_protected) as home:
        # What the first set-up has made for good is no leftover, such as the runtime's threads; a socket always is one.
        await home.unload()
        before = replace(Holdings.now(), sockets=home.sockets_before)
        begin = _now()
        await home.set_up()
        await until("every heater has reported", lambda: home.reported_since(begin))
        records.lines.clear()
        home.begin_to_act()
        breaches = await _steps(drill, home)
        seconds = await _recovery(home) if not breaches else None
        if seconds is None or seconds > RECOVERY_SECONDS:
            breaches.append("statuses did not flow again in time")
        if breaches and not is_protected:
            # It was to be seen to fail, and has.
            return Result(name=drill.name, seconds=seconds, breaches=breaches)
        await home.end_giving()
        await _outcomes(home)
        result = replace(await _tally(drill, home, records, breaches), seconds=seconds)
        await home.end_asking()
        await home.unload()
        left = await left_beyond(before, _CLOSE_SECONDS)
        if not left.is_nothing:
            breaches.append(f"left behind: {left}")
        return replace(
            result,
            tasks=left.tasks,
            threads=left.threads,
            sockets=left.sockets,
            descriptors=left.descriptors,
            breaches=breaches,
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _steps(drill: Drill, home: Home) -> list[str]:
    """Take the steps; a wait that does not end is a breach."""
    home.fault_lasted = (time.time(), time.time())
    try:
        for step in drill.steps:
            await step(home)
    except TimeoutError as error:
        return [str(error)]
    return []


async def _recovery(home: Home) -> float | None:
    """Return the seconds from the end of the fault until every heater has reported."""
    if home.over_at is None:
        await over(home)
    over_at = home.over_at or _now()
    try:
        await until("statuses flow", lambda: home.reported_since(over_at), RECOVERY_SECONDS + over_at - _now())
    except TimeoutError:
        return None
    return home.back_after()


async def _outcomes(home: Home) -> None:
    """Wait until every command has its outcome; those without one are counted afterwards."""
    await home.finish_actions()
    try:
        await until("every command has its outcome", lambda: not home.ledger.open, _OUTCOME_SECONDS)
    except TimeoutError:
        return


async def _tally(drill: Drill, home: Home, records: LogRecords, breaches: list[str]) -> Result:
    state = await home.simulator.state()
    ledger = home.ledger
    lost = [*ledger.lost(drill), *ledger.unsent(state)]
    reordered, doubled = ledger.reordered(state), ledger.doubled(state)
    allowed = 2 * home.interruptions + drill.notices
    breaches += [f"lost: {each}" for each in lost]
    breaches += [f"reordered: {each}" for each in reordered]
    breaches += [f"doubled: {each}" for each in doubled]
    breaches += [f"logged: {each}" for each in records.errors if not each.startswith(tuple(drill.errors))]
    breaches += home.errors
    if drill.check is not None:
        breaches += drill.check(home, state)
    if not ledger.given:
        breaches.append("no command was given")
    if len(records.lines) > allowed:
        breaches.append(f"{len(records.lines)} log lines, at most {allowed}: {records.lines}")
    return Result(
        name=drill.name,
        given=ledger.given,
        confirmed=ledger.confirmed,
        lost=len(lost),
        reordered=len(reordered),
        doubled=len(doubled),
        log_lines=len(records.lines),
    )
