"""Lets a simulated week go by in a home, with faults and actions by chance, and judges it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from itertools import count
import logging
from random import Random
import time
from typing import Any

from simulator.process import SimulatorProcess
from simulator.state import State

from . import soak_plan as plan
from .fast_time import FastLoop
from .fast_traffic import Traffic
from .soak_home import Account, SoakHome, soak_home
from .soak_ledger import SoakLedger
from .soak_result import Day, ErrorRecords, SoakResult
from .soak_samples import Sample, grown, growth

MOST_REQUESTS = 150.0
"""To a heater in an hour."""
_HOUR, _DAY = plan.HOUR, 24 * plan.HOUR
_CLOCK_SECONDS = 600.0
_REST_LOOK_SECONDS = 20.0
_REST_PATIENCE_SECONDS = 50 * plan.MINUTE
_OUTCOME_SECONDS = 2 * plan.HOUR
_FIRST_SECONDS = 300.0
_BEFORE_THE_END = 60.0
"""So long before the end of a day its line is written."""

_real_seconds = time.monotonic


class Soak:
    """One soak."""

    def __init__(
        self, loop: FastLoop, traffic: Traffic, *, hours: float, seed: int, on_day: Callable[[Day], None]
    ) -> None:
        self._loop = loop
        self._traffic = traffic
        self._on_day = on_day
        self._seconds = hours * _HOUR
        self._ledger = SoakLedger()
        self._result = SoakResult(seed=seed, hours=hours)
        self._heater_faults: dict[str, plan.SoakFault] = {}
        self._began = 0.0

    async def run(self) -> SoakResult:
        """Run it."""
        began = _real_seconds()
        errors = ErrorRecords()
        logging.getLogger().addHandler(errors)
        result = self._result
        try:
            async with soak_home(self._ledger, self._traffic) as home:
                await self._play(home)
        except TimeoutError as error:
            result.breaches.append(str(error))
        finally:
            logging.getLogger().removeHandler(errors)
        result.given, result.outcomes = self._ledger.given, dict(self._ledger.outcomes)
        result.open = len(self._ledger.open)
        result.breaches += self._ledger.breaches
        result.breaches += [f"without an outcome: {each}" for each in self._ledger.open]
        result.breaches += [f"logged: {line}" for line in errors.lines]
        result.growth = growth(result.samples)
        result.breaches += grown(result.samples, len(result.days))
        result.took = _real_seconds() - began
        return result

    # What happens

    async def _play(self, home: SoakHome) -> None:
        self._began = self._loop.time()
        streams = [asyncio.create_task(stream) for stream in self._streams(home)]
        failed = asyncio.create_task(_first_failure(streams))
        await asyncio.wait([failed], timeout=self._seconds)
        async with home.unchanged():
            for stream in (failed, *streams):
                stream.cancel()
            results = await asyncio.gather(failed, *streams, return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                raise error
        await self._heal(home)
        await self._end(home)

    def _streams(self, home: SoakHome) -> Iterable[Coroutine[object, object, None]]:
        """Give what goes on side by side; each has its own chance, so that one seed gives one plan."""
        yield self._days(home)
        yield self._hours(home)
        yield self._by_chance("restart", plan.PAUSE_BETWEEN_RESTARTS, home.restart)
        for account in home.accounts:
            yield self._clock(account.simulator)
            yield self._account_faults(account)
            yield self._by_chance("reload", plan.PAUSE_BETWEEN_RELOADS, partial(home.reload, account), account.name)
            for mac_address in account.heaters:
                yield self._heater_faults_of(account, mac_address)
                yield self._actions(home, account, mac_address)
                yield self._panel(account, mac_address)

    def _chance(self, *names: str) -> Random:
        return Random(f"{self._result.seed} {' '.join(names)}")  # noqa: S311 - a drill's, to be repeated

    async def _by_chance(self, name: str, pause: float, act: Callable[[], Awaitable[None]], *names: str) -> None:
        chance = self._chance(name, *names)
        while True:
            await asyncio.sleep(chance.expovariate(1 / pause))
            self._result.faults[name] += 1
            await act()

    async def _account_faults(self, account: Account) -> None:
        chance = self._chance("account", account.name)
        while True:
            await asyncio.sleep(chance.expovariate(1 / plan.PAUSE_BETWEEN_FAULTS))
            fault = plan.one_of(plan.OF_ACCOUNTS, chance)
            await self._fault(account.simulator, fault, fault.lasts(chance), account.heaters)

    async def _heater_faults_of(self, account: Account, mac_address: str) -> None:
        chance = self._chance("heater", mac_address)
        while True:
            await asyncio.sleep(chance.expovariate(1 / plan.PAUSE_BETWEEN_FAULTS))
            fault = plan.one_of(plan.OF_HEATERS, chance)
            self._heater_faults[mac_address] = fault
            await self._fault(account.simulator, fault, fault.lasts(chance), (mac_address,), mac=mac_address)
            del self._heater_faults[mac_address]

    async def _fault(
        self,
        simulator: SimulatorProcess,
        fault: plan.SoakFault,
        seconds: float,
        heaters: Sequence[str],
        **members: object,
    ) -> None:
        self._result.faults[fault.name] += 1
        if fault.silences:
            self._traffic.silent.update(heaters)
        for kind, given in fault.begin:
            await simulator.fault(kind, **given, **members)
        await asyncio.sleep(seconds)
        for kind, given in fault.end:
            await simulator.fault(kind, **given, **members)
        if fault.silences:
            self._traffic.silent.subtract(heaters)

    async def _actions(self, home: SoakHome, account: Account, mac_address: str) -> None:
        chance = self._chance("actions", mac_address)
        while True:
            pause = plan.PAUSE_BETWEEN_ACTIONS if account.is_connected else plan.PAUSE_BETWEEN_ACTIONS_OFFLINE
            await asyncio.sleep(chance.expovariate(1 / pause))
            action = plan.one_of(plan.ACTIONS, chance)
            home.act(mac_address, action.domain, action.action, dict(chance.choice(action.choices)))

    async def _panel(self, account: Account, mac_address: str) -> None:
        """Set something at the panel, unless a command is under way by which it cannot be known who was later."""
        chance = self._chance("panel", mac_address)
        while True:
            await asyncio.sleep(chance.expovariate(1 / plan.PAUSE_BETWEEN_PANEL_CHANGES))
            member = chance.choice(tuple(plan.PANEL))
            value = chance.choice(plan.PANEL[member])
            fault = self._heater_faults.get(mac_address)
            is_offline = not account.is_connected or (fault is not None and fault.name == "heater offline")
            is_powerless = fault is not None and fault.name == "power cut"
            if is_powerless or (self._ledger.open_of(mac_address) and not is_offline):
                continue
            self._result.faults["panel"] += 1
            self._ledger.changed_at_panel(mac_address, member, value)
            members: dict[str, Any] = {member: value}
            await account.simulator.device(mac_address, **members)

    async def _clock(self, simulator: SimulatorProcess) -> None:
        """Have the heaters' clock go along."""
        ahead = self._loop.clock.ahead
        while True:
            await asyncio.sleep(_CLOCK_SECONDS)
            ahead, before = self._loop.clock.ahead, ahead
            await simulator.clock(advance=ahead - before)

    # What is looked at

    async def _hours(self, home: SoakHome) -> None:
        """Count what the process holds, every hour, when nothing is on its way if there is such a moment."""
        while True:
            await asyncio.sleep(_HOUR - (self._loop.time() - self._began) % _HOUR)
            until = self._loop.time() + _REST_PATIENCE_SECONDS
            # That nothing is on its way is no event.
            while not (at_rest := self._is_at_rest(home)) and self._loop.time() < until:  # noqa: ASYNC110 - see above
                await asyncio.sleep(_REST_LOOK_SECONDS)
            hour = (self._loop.time() - self._began) / _HOUR - 1
            self._result.samples.append(Sample.now(self._loop, hour, at_rest=at_rest))

    def _is_at_rest(self, home: SoakHome) -> bool:
        is_connected = home.hass is not None and all(account.is_connected for account in home.accounts)
        return is_connected and not self._ledger.open and not home.is_acting

    async def _days(self, home: SoakHome) -> None:
        began, given, outcomes, sent = _real_seconds(), 0, Counter[str](), 0
        faults = connects = 0
        for day in count():
            length = min(_DAY, self._seconds - day * _DAY)
            await self._until(day * _DAY + length - _BEFORE_THE_END)
            sample = Sample.now(self._loop, day * 24, at_rest=self._is_at_rest(home))
            now = _real_seconds()
            total = self._traffic.sent.total()
            line = Day(
                day=day + 1,
                given=self._ledger.given - given,
                outcomes=dict(self._ledger.outcomes - outcomes),
                faults=self._result.faults.total() - faults,
                connects=self._traffic.connects - connects,
                requests=(total - sent) / (length / _HOUR) / len(self._traffic.sent),
                rss=sample.rss,
                tasks=sample.tasks,
                timers=sample.timers,
                threads=sample.threads,
                descriptors=sample.descriptors,
                took=now - began,
            )
            began, given, outcomes, sent = now, self._ledger.given, self._ledger.outcomes.copy(), total
            faults, connects = self._result.faults.total(), self._traffic.connects
            self._result.days.append(line)
            self._on_day(line)
            if (day + 1) * _DAY >= self._seconds:
                return

    async def _until(self, seconds: float) -> None:
        """Wait until so many simulated seconds after the start."""
        await asyncio.sleep(self._began + seconds - self._loop.time())

    # The end

    async def _heal(self, home: SoakHome) -> None:
        """End everything that goes wrong."""
        self._traffic.silent.clear()
        for account in home.accounts:
            for fault in (*plan.OF_ACCOUNTS, *plan.OF_HEATERS):
                for kind, members in fault.end:
                    await account.simulator.fault(kind, **members)
            await account.simulator.fault("ignore_write", count=0)

    async def _end(self, home: SoakHome) -> None:
        """Wait for every outcome, compare, give the last commands, and compare again."""
        await home.until("every account is connected", lambda: all(each.is_connected for each in home.accounts), _HOUR)
        await home.until("every command has its outcome", lambda: not self._ledger.open, _OUTCOME_SECONDS)
        await home.finish_actions()
        await self._compare(home, "at the end")
        for action, data in plan.LAST_ACTIONS:
            before = self._ledger.outcomes["confirmed"] + self._ledger.outcomes["superseded"]
            heaters = [mac_address for account in home.accounts for mac_address in account.heaters]
            for mac_address in heaters:
                home.act(mac_address, "water_heater", action, dict(data))
            await home.finish_actions()
            await home.until("the last commands have their outcomes", lambda: not self._ledger.open, _FIRST_SECONDS)
            ended = self._ledger.outcomes["confirmed"] + self._ledger.outcomes["superseded"] - before
            if ended != len(heaters):
                self._ledger.breach(f"{ended} of {len(heaters)} last commands were confirmed: {action}")
        await self._compare(home, "after the last commands", judge_requests=True)
        self._result.breaches += home.errors

    async def _compare(self, home: SoakHome, when: str, *, judge_requests: bool = False) -> None:
        with self._loop.clock.real():
            states = [await account.simulator.state() for account in home.accounts]
        for account, state in zip(home.accounts, states, strict=True):
            for mac_address in account.heaters:
                status = state["heaters"][mac_address]["status"]
                for difference in self._ledger.settings[mac_address].differences(status):
                    self._ledger.breach(f"{mac_address} {when}: {difference}")
        if judge_requests:
            self._judge_requests(home, states)

    def _judge_requests(self, home: SoakHome, states: Sequence[State]) -> None:
        hours = (self._loop.time() - self._began) / _HOUR
        for account, state in zip(home.accounts, states, strict=True):
            self._result.throttled += state["throttled"]
            for mac_address in account.heaters:
                count = sum(
                    message["topic"].startswith("cmd/") and mac_address in message["topic"]
                    for message in state["received"]
                )
                self._result.requests = max(self._result.requests, count / hours)
        if hours >= _DAY / _HOUR and self._result.requests > MOST_REQUESTS:
            self._ledger.breach(
                f"{self._result.requests:.0f} requests to a heater in an hour, at most {MOST_REQUESTS:g}"
            )
        if self._result.throttled:
            self._ledger.breach(f"{self._result.throttled} messages were above the service's rate")


async def _first_failure(streams: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.wait(streams, return_when=asyncio.FIRST_EXCEPTION)
