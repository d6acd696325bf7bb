"""Lives through a month of boosts as planned, with everything real but the time, and judges what the heater has.

Where nothing is to be expected, time is skipped: hours in which a boost runs, or nobody does anything, or the broker is
away. Around everything that happens, and until the heater has what it is to have, it passes as it does.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import singledispatchmethod
import logging
import time
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from custom_components.navilink.const import DOMAIN

from . import boost_plan as plan
from .boost_ledger import PERSON, BoostLedger
from .boost_model import LOGGER, BoostModel
from .fast_time import FastLoop
from .fast_traffic import Traffic
from .soak_home import SoakHome, entity_target, home_of_one
from .soak_result import ErrorRecords

_LOOK_SECONDS = 10.0
_BEFORE_SECONDS = 32.0
_AFTER_SECONDS = 40.0
"""So long around what happens, no time is skipped; after it, not either until its consequences are over."""
_SILENT_SECONDS = 75.0
"""A heater that has not reported for so long cannot be reached; it is asked every 30 s."""
_END_SECONDS = 900.0
_ACTION_SECONDS = 120.0
_FACTORY: Mapping[str, int] = {plan.TEMPERATURE: 98, plan.MODE: 3}
_OPERATIONS: Mapping[int, str] = {1: "heat_pump", 2: "electric", 3: "eco", 4: "high_demand"}
_APP_TEMPERATURE, _APP_MODE, _APP_OFF = 33554464, 33554437, 33554433
_VACATION_DAYS = 7

_real_seconds = time.monotonic


@dataclass(slots=True, kw_only=True)
class BoostResult:
    """What came of a month."""

    seed: int
    days: float
    boosts: int = 0
    """That were accepted."""
    effects: int = 0
    """Settings of boosts that were seen at the heater."""
    refused: int = 0
    outlived: int = 0
    """Settings that stayed for more than a minute after their boost, while the heater could be reached."""
    overwritten: int = 0
    """Settings of people that were replaced or not respected."""
    left: int = 0
    """Settings of boosts that were never given back."""
    latest: float = 0.0
    """Seconds until the setting that took the longest was given back, while the heater could be reached."""
    happened: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What was logged or raised that must not be."""
    took: float = 0.0
    """Real seconds."""

    @property
    def is_passed(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.outlived or self.overwritten or self.left or self.errors)

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        # It cannot copy a `Counter`.
        return asdict(replace(self, happened=Counter())) | {"happened": dict(self.happened)}


class BoostMonth:
    """One month, or any number of days."""

    def __init__(self, loop: FastLoop, traffic: Traffic, *, days: float, seed: int) -> None:
        self._loop = loop
        self._traffic = traffic
        self._days = days
        self._result = BoostResult(seed=seed, days=days)
        self._model = BoostModel({member: frozenset({value}) for member, value in _FACTORY.items()})
        self._ledger = BoostLedger(self._model)
        self._troubles: dict[str, plan.Trouble] = {}
        self._reachable_since: float | None = None
        self._busy_until = 0.0
        self._excused_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._advanced = 0.0

    async def run(self) -> BoostResult:
        """Live through it."""
        began, errors, result = _real_seconds(), ErrorRecords(), self._result
        logging.getLogger().addHandler(errors)
        try:
            async with home_of_one(self._ledger, self._traffic) as home:
                await self._play(home)
        finally:
            logging.getLogger().removeHandler(errors)
        model = self._model
        result.outlived, result.overwritten, result.latest = model.outlived, model.overwritten, model.latest
        result.breaches = model.breaches + result.breaches
        result.effects = sum(heat.was_seen for heat in model.heats)
        result.errors += [f"logged: {line}" for line in errors.lines]
        result.took = _real_seconds() - began
        return result

    async def _play(self, home: SoakHome) -> None:
        began = self._loop.time()
        self._advanced = self._loop.clock.ahead
        for at, event in plan.plan(self._result.seed, self._days):
            await self._until(home, began + at)
            LOGGER.info("%s", event)
            self._busy_until = max(self._busy_until, self._loop.time() + _AFTER_SECONDS)
            await self._happen(event, home)
        await self._until(home, began + self._days * plan.DAY)
        await self._end(home)

    async def _end(self, home: SoakHome) -> None:
        """Let everything be well, let every boost end, and see that nothing is left."""
        await asyncio.gather(*self._tasks)
        for trouble in plan.EVERY_TROUBLE:
            await self._happen(plan.Ending(trouble=trouble), home)
        await self._until(home, max([self._loop.time(), *self._model.turns]) + _END_SECONDS)
        left = self._model.left(await self._status(home))
        self._result.left = len(left)
        self._result.breaches += left
        self._result.errors += home.errors

    # Time

    async def _until(self, home: SoakHome, moment: float) -> None:
        """Let time pass until a moment, and look at the heater again and again."""
        while (left := moment - self._loop.time()) > 0:
            await asyncio.sleep(min(_LOOK_SECONDS, left))
            status = await self._status(home)
            self._look(home, status)
            skipped = self._to_skip(moment)
            if skipped > _LOOK_SECONDS and self._is_quiet(home, status):
                self._loop.clock.jump(skipped)
            await self._advance(home)

    def _to_skip(self, moment: float) -> float:
        now = self._loop.time()
        turns = (at for at in self._model.turns if at > now)
        return min(moment, *turns, moment) - _BEFORE_SECONDS - now

    def _is_quiet(self, home: SoakHome, status: Mapping[str, int]) -> bool:
        """Return whether nothing is to be expected until somebody does something."""
        now = self._loop.time()
        turns = any(0 <= now - at < _AFTER_SECONDS for at in self._model.turns)
        if turns or now < self._busy_until or self._loop.clock.is_busy or self._traffic_waits(home):
            return False
        return bool(self._troubles) or home.is_off or self._model.is_at_rest(status, now)

    def _traffic_waits(self, home: SoakHome) -> bool:
        """Return whether commands are under way, or the connection is."""
        client = home.accounts[0].client
        if self._troubles or home.is_off:
            return False
        return client is None or not client.is_connected or any(each.is_control for each in client.pending_commands)

    def _look(self, home: SoakHome, status: Mapping[str, int]) -> None:
        now, client = self._loop.time(), home.accounts[0].client
        is_silent = now - self._ledger.reported_at > _SILENT_SECONDS
        if client is not None and client.is_connected and home.hass is not None:
            self._ledger.forget_but({command.id for command in client.pending_commands})
        is_excused = bool(self._troubles) or is_silent or now < self._excused_until
        if is_excused or home.hass is None or client is None or not client.is_connected:
            self._reachable_since = None
        elif self._reachable_since is None:
            self._reachable_since = now
        self._model.look(status, now, self._reachable_since)

    async def _status(self, home: SoakHome) -> dict[str, int]:
        return await home.accounts[0].simulator.status(home.accounts[0].heaters[0])

    async def _advance(self, home: SoakHome) -> None:
        """Have the heater's clock go along."""
        ahead = self._loop.clock.ahead
        if ahead - self._advanced > 10 * plan.MINUTE:
            await home.accounts[0].simulator.clock(advance=ahead - self._advanced)
            self._advanced = ahead

    # What happens

    @singledispatchmethod
    async def _happen(self, event: object, home: SoakHome) -> None:
        """Have something of the plan happen; of what is looked at only, nothing."""

    @_happen.register
    async def _(self, event: plan.Beginning, home: SoakHome) -> None:
        account, trouble = home.accounts[0], event.trouble
        self._result.happened[trouble.name] += 1
        if trouble.excuses:
            self._troubles[trouble.name] = trouble
        if trouble.is_silent:
            self._traffic.silent.update(account.heaters)
        await self._steps(home, trouble, trouble.begin)

    @_happen.register
    async def _(self, event: plan.Ending, home: SoakHome) -> None:
        await self._steps(home, event.trouble, event.trouble.end)
        if event.trouble.name in self._troubles:
            del self._troubles[event.trouble.name]
            if event.trouble.is_silent:
                self._traffic.silent.subtract(home.accounts[0].heaters)
            self._excused_until = self._loop.time() + event.trouble.excused_for
        # It has to report first.
        self._ledger.reported_at, self._reachable_since = 0.0, None

    async def _steps(self, home: SoakHome, trouble: plan.Trouble, steps: plan.Steps) -> None:
        account = home.accounts[0]
        whose = {"mac": account.heaters[0]} if trouble.is_of_heater else {}
        for kind, members in steps:
            await account.simulator.fault(kind, **members, **whose)

    @_happen.register
    async def _(self, event: plan.Restarting, home: SoakHome) -> None:
        self._result.happened[event.how] += 1
        if event.how == "reload":
            self._go_on(home.reload(home.accounts[0]))
        else:
            self._go_on(home.restart(off_for=event.off_for, is_killed=event.how == "kill"))

    @_happen.register
    async def _(self, event: plan.Boosting, home: SoakHome) -> None:
        self._go_on(self._boost(event, home))

    @_happen.register
    async def _(self, _: plan.Canceling, home: SoakHome) -> None:
        self._go_on(self._cancel(home))

    @_happen.register
    async def _(self, event: plan.Setting, home: SoakHome) -> None:
        self._result.happened[f"set {event.where}"] += 1
        if event.where == "home assistant":
            self._go_on(self._ask(event, home))
        elif self._is_in_hand(home):
            mac_address, simulator = home.accounts[0].heaters[0], home.accounts[0].simulator
            self._model.set_by_hand(event.member, event.value, self._loop.time())
            members: dict[str, Any] = {event.member: event.value}
            if event.where == "panel" or self._is_away:
                await simulator.device(mac_address, **members)
            else:
                await simulator.fault("app_control", mac=mac_address, **_app_control(event))
                if (await self._status(home))[event.member] != event.value:
                    # Refused or ignored, as everybody's.
                    await simulator.device(mac_address, **members)

    def _is_in_hand(self, home: SoakHome) -> bool:
        """Return whether it can be known who was later, and the heater has power."""
        client = home.accounts[0].client
        is_reached = client is not None and client.is_connected and not self._is_away
        return "power cut" not in self._troubles and not (is_reached and client is not None and client.pending_commands)

    @property
    def _is_away(self) -> bool:
        return any(trouble.is_away for trouble in self._troubles.values())

    # Actions

    def _go_on(self, action: Awaitable[None]) -> None:
        """Begin something that takes its time."""
        task = asyncio.ensure_future(action)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._result.errors.append(repr(error))

    async def _boost(self, event: plan.Boosting, home: SoakHome) -> None:
        start = self._loop.time() + event.starts_in
        name = f"boost {len(self._model.heats)} {start:.0f}"
        self._model.boosted(name, start, start + event.lasts, event.wanted)
        data: dict[str, object] = {"duration": {"seconds": event.lasts}, "stop_when_hot": event.stop_when_hot}
        if event.starts_in:
            data["start"] = (dt_util.utcnow() + timedelta(seconds=event.starts_in)).isoformat()
        if plan.TEMPERATURE in event.wanted:
            data["temperature"] = event.wanted[plan.TEMPERATURE] / 2
        if plan.MODE in event.wanted:
            data["operation_mode"] = _OPERATIONS[event.wanted[plan.MODE]]
        if not await self._call(home, DOMAIN, "boost", data):
            self._result.refused += 1
            self._model.withdrawn(name)
            return
        self._result.boosts += 1
        self._model.pass_time(self._loop.time())
        if not event.starts_in:
            self._model.taken_over(name)

    async def _cancel(self, home: SoakHome) -> None:
        if await self._call(home, DOMAIN, "end_boost", {}):
            self._result.happened["canceled"] += 1
            self._model.canceled(self._loop.time())

    async def _ask(self, event: plan.Setting, home: SoakHome) -> None:
        PERSON.set((event.member, event.value))
        if event.member == plan.TEMPERATURE:
            await self._call(home, "water_heater", "set_temperature", {"temperature": event.value / 2})
        elif event.value == plan.OFF:
            await self._call(home, "water_heater", "turn_off", {})
        elif event.value == plan.VACATION:
            await self._call(home, "water_heater", "set_away_mode", {"away_mode": True})
        else:
            data = {"operation_mode": _OPERATIONS[event.value]}
            await self._call(home, "water_heater", "set_operation_mode", data)

    async def _call(self, home: SoakHome, domain: str, action: str, data: Mapping[str, object]) -> bool:
        """Call an action; returns whether there was one to be called, and it was not refused."""
        hass = home.hass
        target = None if hass is None else entity_target(hass, home.accounts[0].heaters[0])
        if hass is None or target is None:
            return False
        try:
            async with asyncio.timeout(_ACTION_SECONDS):
                await hass.services.async_call(domain, action, {**target, **data}, blocking=True)
        except TimeoutError:
            # Home Assistant has been stopped meanwhile.
            return True
        except HomeAssistantError:
            return False
        except Exception as error:  # noqa: BLE001 - anything else is a fault of the integration, and is reported
            home.errors.append(f"{action} raised {error!r}")
        return True


def _app_control(event: plan.Setting) -> dict[str, int]:
    if event.member == plan.TEMPERATURE:
        return {"command": _APP_TEMPERATURE, "value": event.value}
    if event.value == plan.OFF:
        return {"command": _APP_OFF}
    days = {"days": _VACATION_DAYS} if event.value == plan.VACATION else {}
    return {"command": _APP_MODE, "value": event.value, **days}
