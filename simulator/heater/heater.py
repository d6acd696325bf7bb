"""One NWP500: its settings, its tank and how it behaves from one moment to the next (protocol.md 13)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from ..state import AppliedState, FiredState
from .energy import PAST_DAYS, Counters, EnergyHistory
from .members import FACTORY_FEATURE, FACTORY_STATUS, OFF, ON
from .records import Draw, HeaterFaults, Recirculation
from .registration import Identity, Registration
from .schedules import Entry, Schedules, TouPlan, clamp
from .tank import Heating, Tank, power
from .thermostat import ELEMENT_RULES, HEATING_MODES, RESERVATION_MODES, DhwMode, Thermostat, Wanted

MAX_STEP = 5.0
"""Maximum physical step in simulated seconds, short enough for an element at 1 °C a minute."""

DEFAULT_TIME_ZONE = "America/New_York"

_HOUR = 3600.0
_DAY = 24 * _HOUR
_TIME_LIMIT = 72 * _HOUR  # of ELECTRIC and of an override of time of use
_BACK_BEFORE_VACATION_ENDS = 9 * _HOUR
_DISINFECTION = 60.0  # °C of the anti-legionella cycle
_TOU_OVERRIDDEN, _TOU_NORMAL = 1, 2
_RECIRCULATION_WEEKLY = 2


@dataclass(slots=True, kw_only=True)
class Heater:
    """A heater that lives by simulated time; nothing moves but in `advance`.

    `members` are the raw status members that are plain settings or counters; what the message reports of
    the tank, the heat sources and the schedules is computed from them by `report`.
    """

    identity: Identity
    now: float
    online: bool = True
    session_number: int = 1
    """Counts its connections to the cloud."""
    powered: bool = True
    zone: tzinfo = field(default_factory=partial(ZoneInfo, DEFAULT_TIME_ZONE))
    past_days: int = PAST_DAYS
    """So many days ago it was installed."""
    members: dict[str, int] = field(default_factory=FACTORY_STATUS.copy)
    pinned: dict[str, int] = field(default_factory=dict)
    feature: dict[str, int] = field(default_factory=FACTORY_FEATURE.copy)
    tank: Tank = field(default_factory=lambda: Tank(upper=49.3, lower=48.9, ambient=21.0))
    thermostat: Thermostat = field(default_factory=Thermostat)
    fetched_firmware: dict[int, int] = field(default_factory=dict)
    """Versions not installed yet, by the number of the part (protocol.md 11.9)."""
    faults: HeaterFaults = field(default_factory=HeaterFaults)
    applied: list[AppliedState] = field(default_factory=list)
    fired: list[FiredState] = field(default_factory=list)
    window_open: bool = False
    draw: Draw | None = None
    habits: Callable[[datetime], Draw | None] = lambda _: None
    """The draw that begins in a minute of local time, if there is one."""
    fan_seconds: float = 0.0
    drawn_liters: float = 0.0
    counters: Counters = field(default_factory=Counters)
    recirculation: Recirculation = field(default_factory=Recirculation)
    resume_mode: DhwMode = DhwMode.ENERGY_SAVER
    """In which it heated last."""
    registration: Registration = field(init=False)
    energy: EnergyHistory = field(init=False)
    schedules: Schedules = field(init=False)
    _held_mode: DhwMode | None = None
    _mode_before_vacation: DhwMode = DhwMode.ENERGY_SAVER
    _in_window: bool = False
    _overridden_at: float | None = None
    _mode_since: float = field(init=False)
    _made_at: float = field(init=False)
    _disinfected_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._made_at = self._mode_since = self._disinfected_at = self.now
        self.schedules = Schedules(self.now, self.zone)
        self.energy = EnergyHistory(self.local_time.date(), self.past_days)
        self.registration = Registration(name=self.identity.name)

    @property
    def age(self) -> float:
        """Simulated seconds since the heater was made."""
        return self.now - self._made_at

    @property
    def local_time(self) -> datetime:
        """What the heater's own clock shows."""
        return datetime.fromtimestamp(self.now, self.zone)

    @property
    def mode(self) -> DhwMode:
        """The configured mode, `dhwOperationSetting`."""
        return DhwMode(self.members["dhwOperationSetting"])

    @property
    def setpoint(self) -> int:
        """`dhwTemperatureSetting` in half-degrees Celsius."""
        return self.members["dhwTemperatureSetting"]

    @property
    def setpoints(self) -> range:
        """What the heater takes, in half-degrees Celsius."""
        return range(self.feature["dhwTemperatureMin"], self.feature["dhwTemperatureMax"] + 1)

    @property
    def heating(self) -> Heating:
        """What is running at the moment."""
        return self.thermostat.heating

    @property
    def window_in_force(self) -> bool:
        """Whether a peak period holds back heating (protocol.md 13.5); a vacation suspends it."""
        members = self.members
        return (
            (self.window_open or self.schedules.in_peak_period)
            and members["touStatus"] == 1
            and members["touOverrideStatus"] != _TOU_OVERRIDDEN
            and self.mode is not DhwMode.VACATION
        )

    def advance(self, until: float) -> None:
        """Live up to a simulated time, in steps that keep the physics stable at any speed."""
        while self.now < until:
            seconds = min(MAX_STEP, until - self.now)
            self.now += seconds
            self._step(seconds)

    def write_setpoint(self, raw: int) -> None:
        """Set the setpoint in half-degrees Celsius; what a real heater makes of one outside its limits is not known."""
        self.members["dhwTemperatureSetting"] = clamp(raw, self.setpoints)
        self.thermostat.setpoint_written(self.now, short=self._wanted().setpoint - self.tank.upper)

    def write_mode(self, mode: DhwMode, days: int = 0) -> None:
        """Set the mode; `days` are those of a vacation. A time-of-use window may hold it back (protocol.md 13.5)."""
        self._held_mode = None
        if self.window_in_force and mode in ELEMENT_RULES and not self.faults.upcoming.due("mode_let_through"):
            self._held_mode = mode
            if self.mode in HEATING_MODES:
                return
            mode = DhwMode.HEAT_PUMP
        self._enter(mode, days)

    def power_on(self) -> None:
        """Heat again as before power-off, or before a vacation, which ends; nothing changes on a heater that heats."""
        if self.mode not in HEATING_MODES:
            self.write_mode(self.resume_mode)

    def reset_filter(self) -> None:
        """Count the hours of the fan anew."""
        self.fan_seconds = 0.0

    def open_window(self, *, is_open: bool) -> None:
        """Begin a peak period of an enabled time-of-use schedule, or end it."""
        if is_open:
            self.members["touStatus"] = 1
        self.window_open = is_open
        self._follow_window()

    def cut_power(self, *, is_cut: bool) -> None:
        """Take the mains away or give them back; settings and schedules survive, what was running does not."""
        self.powered = not is_cut
        self.thermostat = Thermostat()
        self.draw = None

    def take_tou(self, plan: TouPlan, *, is_on: bool) -> None:
        """Replace the time-of-use plan and enable or disable it."""
        self.schedules.take_tou(plan, self.now)
        self.members["touStatus"] = int(is_on)
        self._follow_window()

    def _step(self, seconds: float) -> None:
        minutes = self.schedules.step(self.now)
        if not self.powered:
            self.tank.step(seconds, Heating())
            return
        for local in minutes:
            self._live_minute(local)
        self._follow_window()
        self._end_timed_modes()
        self._disinfect()
        if self.feature["recirculationUse"] == ON:
            self.recirculation.step(seconds, self.now, self.members)
        before = self.heating
        heating = self.thermostat.step(self.now, self._wanted(), self.tank)
        self.counters.count(seconds, before, heating, frost=self._heating_mode() is not DhwMode.ELECTRIC)
        self.energy.add(seconds, power(heating, self.tank))
        self.tank.step(seconds, heating)
        if heating.compressor:
            self.fan_seconds += seconds
        if self.draw is not None:
            self._run_draw(self.draw, seconds)

    def _live_minute(self, local: datetime) -> None:
        """Do what a minute of local time brings: a new day, a peak period, entries that fire."""
        self.energy.today = local.date()
        self._follow_window()
        for entry in self.schedules.reservations.due(local):
            self._fire_reservation(entry)
        for entry in self.schedules.recirculation.due(local):
            self._fire_recirculation(entry)
        if self.draw is None:
            self.draw = self.habits(local)

    def _fire_reservation(self, entry: Entry) -> None:
        """Set the setpoint and the mode, of which a peak period holds back the mode (protocol.md 13.5)."""
        mode = RESERVATION_MODES.get(entry.mode)
        if mode is None or self.mode is DhwMode.VACATION:
            return
        self.write_setpoint(entry.param)
        if self.window_in_force and self.mode in HEATING_MODES:
            self._held_mode = None if mode is self.mode else mode
        else:
            self.write_mode(mode)
        self._note_fired("reservations", entry)

    def _fire_recirculation(self, entry: Entry) -> None:
        if self.members["recircOperationMode"] != _RECIRCULATION_WEEKLY:
            return
        self.members |= {"recircOperationBusy": entry.mode, "recircPumpOperationStatus": int(entry.mode == ON)}
        self._note_fired("recirculation", entry)

    def _note_fired(self, schedule: str, entry: Entry) -> None:
        self.fired.append({"time": self.now, "schedule": schedule, "entry": entry._asdict()})

    def _wanted(self) -> Wanted:
        celsius = self.setpoint / 2
        return Wanted(
            mode=self._heating_mode(),
            setpoint=max(celsius, _DISINFECTION) if self.members["antiLegionellaOperationBusy"] == ON else celsius,
            in_window=self.window_in_force,
            freeze_temperature=self.members["freezeProtectionTemperature"] / 2,
        )

    def _heating_mode(self) -> DhwMode | None:
        mode = self.mode
        if mode is DhwMode.VACATION and self._vacation_left() <= _BACK_BEFORE_VACATION_ENDS:
            mode = self._mode_before_vacation
        return mode if mode in HEATING_MODES else None

    def _vacation_left(self) -> float:
        return self._mode_since + self.members["vacationDaySetting"] * _DAY - self.now

    def _enter(self, mode: DhwMode, days: int = 0) -> None:
        if self.mode in HEATING_MODES and mode is not self.mode:
            self.resume_mode = self.mode
        if mode is DhwMode.VACATION:
            if self.mode is not DhwMode.VACATION:
                self._mode_before_vacation = self.mode
            self.members |= {"vacationDaySetting": days, "vacationDayElapsed": 0}
        elif self.mode is DhwMode.VACATION:
            self.members |= {"vacationDaySetting": 0, "vacationDayElapsed": 0}
        self.members["dhwOperationSetting"] = mode.value
        self._mode_since = self.now
        self.thermostat.look_again(self.now)

    def _follow_window(self) -> None:
        """Leave an element mode when a window comes into force; apply a held mode when none is in force any more."""
        opened = self.window_in_force and not self._in_window
        self._in_window = self.window_in_force
        if opened and self.mode in ELEMENT_RULES:
            self._enter(DhwMode.HEAT_PUMP)
        elif not self._in_window and self._held_mode is not None:
            held, self._held_mode = self._held_mode, None
            self._enter(held)

    def _end_timed_modes(self) -> None:
        """ELECTRIC and a time-of-use override end by themselves after 72 hours, a vacation after its days.

        After a vacation all is as it was before, off too: nobody has asked for hot water since.
        """
        elapsed = self.now - self._mode_since
        if self.mode is DhwMode.ELECTRIC and elapsed >= _TIME_LIMIT:
            self._enter(DhwMode.ENERGY_SAVER if self.resume_mode is DhwMode.ELECTRIC else self.resume_mode)
        elif self.mode is DhwMode.VACATION:
            self.members["vacationDayElapsed"] = int(elapsed / _DAY)
            if self._vacation_left() <= 0:
                self._enter(self._mode_before_vacation)
        if self.members["touOverrideStatus"] != _TOU_OVERRIDDEN:
            self._overridden_at = None
        elif self._overridden_at is None:
            self._overridden_at = self.now
        elif self.now - self._overridden_at >= _TIME_LIMIT:
            self.members["touOverrideStatus"] = _TOU_NORMAL

    def _disinfect(self) -> None:
        """Start and end the anti-legionella cycle; it waits while the heater does not heat."""
        members = self.members
        if members["antiLegionellaUse"] != ON or self._heating_mode() is None:
            members["antiLegionellaOperationBusy"] = OFF
        elif members["antiLegionellaOperationBusy"] == ON:
            if self.tank.upper >= _DISINFECTION:
                members["antiLegionellaOperationBusy"] = OFF
                self._disinfected_at = self.now
        elif self.now - self._disinfected_at >= members["antiLegionellaPeriod"] * _DAY:
            members["antiLegionellaOperationBusy"] = ON
            self.thermostat.look_again(self.now)

    def _run_draw(self, draw: Draw, seconds: float) -> None:
        liters = draw.run(seconds)
        self.tank.draw(liters)
        self.drawn_liters += liters
        self.counters.count_draw(draw, seconds)
        if draw.liters_left <= 0:
            self.draw = None
