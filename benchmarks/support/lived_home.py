"""Days of a family with a simulated heater, and what looks after it: nothing, ready-by with prices, or the peak guard.

Everything is decided by the integration's own parts: its insight into statuses, its plan, and its boosts. What the
blueprints add, which is when they plan and what they do with a plan, is written here once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

from custom_components.navilink.heating.boost import Boost, Delivered, Give, HeaterNow, Setting
from custom_components.navilink.heating.boosts import MAX_STARTS, Boosts, Result
from custom_components.navilink.heating.insight import (
    Observer,
    Tank,
    heating_mode,
    missing_heat,
    standing_loss,
)
from custom_components.navilink.heating.plan import PlanReason, PlanRequest, Price, heating_plan
from custom_components.navilink.nwp500 import DeviceStatus
from custom_components.navilink.nwp500.enums import DhwMode as Mode
from simulator.heater.heater import Heater
from simulator.heater.records import Draw
from simulator.heater.registration import Identity
from simulator.heater.report import status
from simulator.heater.tank import Tank as SimulatedTank
from simulator.heater.tank import power

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFF_PEAK, PEAK = 0.12, 0.36
"""For each kWh. The peak is from 16 to 21 o'clock, as in many plans of North America."""
PEAK_HOURS = range(16, 21)
COMFORT = 40.0
_MINUTE = 60
_TANK = Tank(65)
_PLANNED_AT = 55  # minutes past the hour
_DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Wish:
    """Hot water that somebody wants."""

    minute: int
    liters: float
    liters_per_minute: float


def wishes(days: int, seed: int) -> list[Wish]:
    """Return what a family of four draws: about 200 liters a day, mostly in the morning and in the evening."""
    chance = Random(seed)  # noqa: S311 - the same days each time
    found: list[Wish] = []
    for day in range(days):
        times = [
            *((chance.uniform(6.2, 8), chance.uniform(30, 42), 6.0) for _ in range(chance.randint(2, 3))),
            *((chance.uniform(8, 22), chance.uniform(1, 6), 4.0) for _ in range(chance.randint(5, 9))),
            (chance.uniform(18, 19.5), chance.uniform(10, 20), 5.0),
            *((chance.uniform(19, 22), chance.uniform(30, 42), 6.0) for _ in range(chance.randint(1, 2))),
        ]
        if chance.random() < 2 / 7:
            times.append((chance.uniform(18.5, 20), chance.uniform(60, 80), 9.0))
        found += [Wish(day * _DAY_MINUTES + int(hour * 60), liters, flow) for hour, liters, flow in times]
    return sorted(found, key=lambda wish: wish.minute)


def price_at(time: datetime) -> float:
    """Return the price of a time."""
    return PEAK if time.hour in PEAK_HOURS else OFF_PEAK


def prices(begin: datetime, end: datetime, step: timedelta = HOUR) -> tuple[Price, ...]:
    """Return the prices of a time."""
    count = -(-(end - begin) // step)
    return tuple(Price(at, at + step, price_at(at)) for at in (begin + number * step for number in range(count)))


@dataclass(slots=True)
class Bill:
    """What days came to."""

    cost: float = 0.0
    energy: float = 0.0
    """kWh."""
    in_peak: float = 0.0
    """kWh of it within peaks."""
    starts: int = 0
    """Of the compressor."""
    cold: set[int] = field(default_factory=set)
    """The numbers of the draws under 40 °C."""


class Keeper(Protocol):
    """What looks after a home."""

    def look(self, home: Home) -> None:
        """Do what is due in this minute."""


class Home:
    """A heater in heat-pump mode, which lives minute by minute."""

    def __init__(self, setpoint: float) -> None:
        """Make the heater with a target temperature in °C."""
        tank = SimulatedTank(upper=51.0, lower=50.0, ambient=18.0)
        self.heater = Heater(identity=Identity.of_number(0), now=0.0, tank=tank)
        self.heater.members["dhwOperationSetting"] = Mode.HEAT_PUMP.value
        self.heater.members["dhwTemperatureSetting"] = round(setpoint * 2)
        self.boosts = Boosts()
        self.observer = Observer(tank=_TANK)
        self.minute = 0
        self.status = DeviceStatus(status(self.heater))

    @property
    def now(self) -> datetime:
        """The time."""
        return BEGINNING + timedelta(minutes=self.minute)

    def live(self, drawn: Sequence[Wish], days: int, keepers: Sequence[Keeper] = ()) -> Bill:
        """Live for some days, and return what they came to."""
        bill = Bill()
        waiting = list(enumerate(drawn))
        drawing: int | None = None
        while self.minute < days * _DAY_MINUTES:
            for keeper in keepers:
                keeper.look(self)
            if waiting and waiting[0][1].minute <= self.minute and self.heater.draw is None:
                drawing, wish = waiting.pop(0)
                self.heater.draw = Draw(liters_left=wish.liters, liters_per_minute=wish.liters_per_minute)
            was_running = self.heater.heating.compressor
            self._pass_minute()
            self._count(bill, was_running=was_running)
            if drawing is not None and self.heater.tank.upper < COMFORT:
                bill.cold.add(drawing)
            if self.heater.draw is None:
                drawing = None
        return bill

    def carry_out(self, result: Result) -> None:
        """Do what boosts ask for; the heater takes everything at once."""
        self.boosts, steps = result
        for give in (step for step in steps if isinstance(step, Give)):
            if give.setting is Setting.TEMPERATURE:
                self.heater.write_setpoint(give.value)
            if give.expires_at is not None:
                self.carry_out(self.boosts.completed(give.setting, Delivered.YES))

    def boost(self, name: str, start: datetime, end: datetime, celsius: float, *, stop_when_hot: bool) -> None:
        """Start a boost, or plan one."""
        wanted = {Setting.TEMPERATURE: round(celsius * 2)}
        boost = Boost(
            id=f"{name} {self.minute}", start=start, end=end, wanted=wanted, stop_when_hot=stop_when_hot, name=name
        )
        self.carry_out(self.boosts.scheduled(boost, self.now, self.heater_now, max_starts=MAX_STARTS))

    @property
    def heater_now(self) -> HeaterNow:
        """What the heater reports, as the boosts see it."""
        values = {setting: self.heater.members[setting] for setting in Setting}
        return HeaterNow(values=values, is_hot=self.status.missing_energy == 0)

    def _pass_minute(self) -> None:
        self.minute += 1
        self.heater.advance(float(self.minute * _MINUTE))
        self.status = DeviceStatus(status(self.heater))
        self.observer = self.observer.after(self.status, self.now)
        self.carry_out(self.boosts.passed(self.now, self.heater_now, max_starts=MAX_STARTS))
        self.carry_out(self.boosts.seen(self.heater_now))

    def _count(self, bill: Bill, *, was_running: bool) -> None:
        energy = power(self.heater.heating, self.heater.tank).whole_unit / 60_000
        price = price_at(self.now - timedelta(minutes=1))
        bill.energy += energy
        bill.cost += energy * price
        bill.in_peak += energy * (price == PEAK)
        bill.starts += self.heater.heating.compressor and not was_running


@dataclass(frozen=True, slots=True)
class ReadyBy:
    """The blueprint `ready_by`: hot by an hour, planned anew five minutes before each hour."""

    hour: int
    celsius: float

    @property
    def name(self) -> str:
        """The name of its boosts."""
        return f"ready by {self.hour}"

    def look(self, home: Home) -> None:
        """Plan, unless it is heating for this already."""
        running = home.boosts.running
        if home.minute % 60 != _PLANNED_AT or (running is not None and running.boost.name == self.name):
            return
        for boost in [boost for boost in home.boosts.planned if boost.name == self.name]:
            home.carry_out(home.boosts.canceled(boost.id))
        ready = home.now.replace(hour=self.hour, minute=0)
        ready += timedelta(days=ready <= home.now)
        request = self.request(home, ready)
        mode = request.modes["heat_pump"]
        plan = heating_plan(request)
        if plan.reason is PlanReason.ALREADY_HOT or (plan.reason is None and request.missing < mode.heat / 2):
            return
        start, end = (plan.blocks[0].start, ready) if plan.blocks else (home.now, plan.ready_at or ready)
        end = max(end, ready, home.now + timedelta(minutes=31), start + timedelta(minutes=31))
        home.boost(self.name, max(start, home.now), end, self.celsius, stop_when_hot=True)

    def request(self, home: Home, ready: datetime) -> PlanRequest:
        """Return what is to be planned, with what the statuses have taught."""
        learned = home.observer.learned
        missing = missing_heat(home.status, _TANK, self.celsius)
        loss = standing_loss(home.status, _TANK, learned, self.celsius)
        mode = heating_mode(Mode.HEAT_PUMP, home.status, _TANK, learned, self.celsius)
        if missing is None or loss is None or mode is None:
            raise ValueError("the heater does not report enough")
        return PlanRequest(
            now=home.now,
            ready_by=ready,
            missing=missing,
            standing_loss=loss,
            modes={"heat_pump": mode},
            allowed=("heat_pump",),
            prices=prices(home.now.replace(minute=0), ready),
        )


@dataclass(frozen=True, slots=True)
class PeakGuard:
    """The blueprint `peak_guard`: hotter before the peak, colder during it."""

    before: float
    during: float
    preheat: timedelta

    def look(self, home: Home) -> None:
        """Begin what is due."""
        begin = home.now.replace(hour=PEAK_HOURS.start, minute=0)
        if home.now == begin - self.preheat:
            home.boost("peak guard", home.now, begin, self.before, stop_when_hot=False)
        elif home.now == begin:
            home.boost("peak guard", home.now, begin + len(PEAK_HOURS) * HOUR, self.during, stop_when_hot=False)
