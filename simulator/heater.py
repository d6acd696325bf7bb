"""One NWP500: its settings, its tank and how it behaves from one moment to the next (protocol.md 13)."""

from dataclasses import dataclass, field

from .message_members import FACTORY_FEATURE, FACTORY_STATUS, OFF, ON
from .tank import Heating, Tank
from .thermostat import ELEMENT_RULES, DhwMode, Thermostat, Wanted

DEVICE_TYPE = 52
HEATING_MODES = frozenset({DhwMode.HEAT_PUMP, DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND})

MAX_STEP = 5.0
"""Longest physical step in simulated seconds, short enough for an element at 1 °C a minute."""

_FIRST_MAC_ADDRESS = 0x0478630A1B2C
_NAMES = ("NWP500", "Guest house", "Cabin")
_HOUR = 3600.0
_DAY = 24 * _HOUR
_ELECTRIC_ENDS_AFTER = 72 * _HOUR
_BACK_BEFORE_VACATION_ENDS = 9 * _HOUR
_DISINFECTION = 60.0  # °C of the anti-legionella cycle
_SUSTAINED_DRAW = 60.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How the cloud knows a heater (protocol.md 2.4)."""

    mac_address: str
    additional_value: str
    serial_number: str
    name: str
    home_seq: int

    @classmethod
    def of_number(cls, number: int) -> Identity:
        """Give the identity of the account's heater with this number, from 0 on."""
        return cls(
            mac_address=f"{_FIRST_MAC_ADDRESS + number:012x}",
            additional_value="5322",
            serial_number=f"00000000BT{number + 1:08}",
            name=_NAMES[number] if number < len(_NAMES) else f"Heater {number + 1}",
            home_seq=10001 + number,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedControl:
    """A control that took effect, `time` in real seconds since the epoch."""

    time: float
    command: int
    control: str
    param: tuple[int, ...]
    client_id: str
    session_id: str


@dataclass(slots=True, kw_only=True)
class ControlFaults:
    """How the next controls go wrong."""

    refusals: int = 0
    refusal_code: int = 0
    ignored_writes: int = 0
    least_control_interval: float = 0.0
    """Real seconds between two DHW controls, below which the later one is refused."""
    paced_at: float | None = None
    """When the last DHW control was taken, on the monotonic clock."""


@dataclass(slots=True, kw_only=True)
class Draw:
    """Hot water running."""

    litres_left: float
    litres_per_minute: float
    seconds: float = 0.0

    @property
    def sustained(self) -> bool:
        """Whether it has been running for a longer while."""
        return self.seconds >= _SUSTAINED_DRAW


@dataclass(slots=True, kw_only=True)
class Heater:
    """A heater that lives by simulated time; nothing moves but in `advance`.

    `members` are the raw status members that are plain settings or counters; what the message says about
    the tank and the heat sources is computed from them by `report`.
    """

    identity: Identity
    now: float
    online: bool = True
    members: dict[str, int] = field(default_factory=FACTORY_STATUS.copy)
    pinned: dict[str, int] = field(default_factory=dict)
    feature: dict[str, int] = field(default_factory=FACTORY_FEATURE.copy)
    tank: Tank = field(default_factory=lambda: Tank(upper=49.3, lower=48.9, ambient=21.0))
    thermostat: Thermostat = field(default_factory=Thermostat)
    faults: ControlFaults = field(default_factory=ControlFaults)
    applied: list[AppliedControl] = field(default_factory=list)
    listed_error: int | None = 0
    listed_error_at: float | None = None
    window_open: bool = False
    draw: Draw | None = None
    fan_seconds: float = 0.0
    drawn_litres: float = 0.0
    resume_mode: DhwMode = DhwMode.ENERGY_SAVER
    _held_mode: DhwMode | None = None
    _mode_since: float = field(init=False)
    _disinfected_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._mode_since = self._disinfected_at = self.now

    @property
    def mode(self) -> DhwMode:
        """The configured mode, `dhwOperationSetting`."""
        return DhwMode(self.members["dhwOperationSetting"])

    @property
    def set_point(self) -> int:
        """`dhwTemperatureSetting` in half-degrees Celsius."""
        return self.members["dhwTemperatureSetting"]

    @property
    def set_point_limits(self) -> tuple[int, int]:
        """Lowest and highest set point the heater takes, in half-degrees Celsius."""
        return self.feature["dhwTemperatureMin"], self.feature["dhwTemperatureMax"]

    @property
    def heating(self) -> Heating:
        """What is running at the moment."""
        return self.thermostat.heating

    @property
    def window_in_force(self) -> bool:
        """Whether a costly period holds back heating (protocol.md 13.5)."""
        return self.window_open and self.members["touStatus"] == 1 and self.members["touOverrideStatus"] != 1

    @property
    def disinfecting(self) -> bool:
        """Whether an anti-legionella cycle is running."""
        return self.members["antiLegionellaOperationBusy"] == ON

    def advance(self, until: float) -> None:
        """Live up to a simulated time, in steps that keep the physics stable at any speed."""
        while self.now < until:
            seconds = min(MAX_STEP, until - self.now)
            self.now += seconds
            self._step(seconds)

    def write_set_point(self, raw: int) -> None:
        """Set the set point, in half-degrees Celsius within the limits of the device-info message."""
        self.members["dhwTemperatureSetting"] = raw
        self.thermostat.set_point_written(self.now, short=self._wanted().set_point - self.tank.upper)

    def write_mode(self, mode: DhwMode, days: int = 0) -> None:
        """Set the mode; `days` are those of a vacation. A time-of-use window may hold it back (protocol.md 13.5)."""
        self._held_mode = None
        if self.window_in_force and mode in ELEMENT_RULES:
            self._held_mode = mode
            if self.mode in HEATING_MODES:
                return
            mode = DhwMode.HEAT_PUMP
        self._enter(mode, days)

    def power_on(self) -> None:
        """Turn on in the mode before power-off; nothing changes on a heater that is on."""
        if self.mode in {DhwMode.POWER_OFF, DhwMode.STANDBY}:
            self.write_mode(self.resume_mode)

    def open_window(self, *, is_open: bool) -> None:
        """Open a costly window of an enabled time-of-use schedule, or close it."""
        if is_open:
            self.members["touStatus"] = 1
        self.window_open = is_open
        self._follow_window()

    def _step(self, seconds: float) -> None:
        self._follow_window()
        self._end_timed_modes()
        self._disinfect()
        heating = self.thermostat.step(self.now, self._wanted(), self.tank)
        self.tank.step(seconds, heating)
        if heating.compressor:
            self.fan_seconds += seconds
        if self.draw is not None:
            self._run_draw(self.draw, seconds)

    def _wanted(self) -> Wanted:
        celsius = self.set_point / 2
        return Wanted(
            mode=self._heating_mode(),
            set_point=max(celsius, _DISINFECTION) if self.disinfecting else celsius,
            in_window=self.window_in_force,
            freeze_temperature=self.members["freezeProtectionTemperature"] / 2,
        )

    def _heating_mode(self) -> DhwMode | None:
        if self.mode is DhwMode.VACATION and self._vacation_left() <= _BACK_BEFORE_VACATION_ENDS:
            return self.resume_mode
        return self.mode if self.mode in HEATING_MODES else None

    def _vacation_left(self) -> float:
        return self._mode_since + self.members["vacationDaySetting"] * _DAY - self.now

    def _enter(self, mode: DhwMode, days: int = 0) -> None:
        if self.mode in HEATING_MODES and mode is not self.mode:
            self.resume_mode = self.mode
        if mode is DhwMode.VACATION:
            self.members |= {"vacationDaySetting": days, "vacationDayElapsed": 0}
        elif self.mode is DhwMode.VACATION:
            self.members |= {"vacationDaySetting": 0, "vacationDayElapsed": 0}
        self.members["dhwOperationSetting"] = mode.value
        self._mode_since = self.now
        self.thermostat.look_again(self.now)

    def _follow_window(self) -> None:
        """Leave an element mode when a window comes into force; land a held mode when none is any more."""
        if self.window_in_force:
            if self.mode in ELEMENT_RULES:
                self._enter(DhwMode.HEAT_PUMP)
        elif self._held_mode is not None:
            held, self._held_mode = self._held_mode, None
            self._enter(held)

    def _end_timed_modes(self) -> None:
        """ELECTRIC ends by itself after 72 hours, a vacation after its days (protocol.md 13.4 and 13.6)."""
        elapsed = self.now - self._mode_since
        if self.mode is DhwMode.ELECTRIC and elapsed >= _ELECTRIC_ENDS_AFTER:
            self._enter(DhwMode.ENERGY_SAVER if self.resume_mode is DhwMode.ELECTRIC else self.resume_mode)
        elif self.mode is DhwMode.VACATION:
            self.members["vacationDayElapsed"] = int(elapsed / _DAY)
            if self._vacation_left() <= 0:
                self._enter(self.resume_mode)

    def _disinfect(self) -> None:
        """Start and end the anti-legionella cycle; it waits while the heater does not heat."""
        members = self.members
        if members["antiLegionellaUse"] != ON or self._heating_mode() is None:
            members["antiLegionellaOperationBusy"] = OFF
        elif self.disinfecting:
            if self.tank.upper >= _DISINFECTION:
                members["antiLegionellaOperationBusy"] = OFF
                self._disinfected_at = self.now
        elif self.now - self._disinfected_at >= members["antiLegionellaPeriod"] * _DAY:
            members["antiLegionellaOperationBusy"] = ON
            self.thermostat.look_again(self.now)

    def _run_draw(self, draw: Draw, seconds: float) -> None:
        litres = min(draw.litres_left, draw.litres_per_minute * seconds / 60)
        self.tank.draw(litres)
        self.drawn_litres += litres
        draw.litres_left -= litres
        draw.seconds += seconds
        if draw.litres_left <= 0:
            self.draw = None
