"""What starts and stops the heat sources (protocol.md 13.4, inside a time-of-use window 13.5)."""

from dataclasses import dataclass
from enum import IntEnum

from .tank import THERMOSTAT_ON, Heating, Tank


class DhwMode(IntEnum):
    """`dhwOperationSetting` (protocol.md 5.2)."""

    STANDBY = 0
    HEAT_PUMP = 1
    ELECTRIC = 2
    ENERGY_SAVER = 3
    HIGH_DEMAND = 4
    VACATION = 5
    POWER_OFF = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementRule:
    """When a mode uses the upper element, in °C that the upper probe is short of the setpoint."""

    entry: float
    """Short by at least this on entry into the mode: start."""
    stop: float
    """Short by no more than this: stop."""
    later: float | None
    """Short by at least this later on: start; `None`: start at `THERMOSTAT_ON` instead."""


HEATING_MODES = frozenset({DhwMode.HEAT_PUMP, DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND})
# Protocol.md 11.6: 5 is not vacation here. Entries with another number, which older software wrote, do nothing.
RESERVATION_MODES = {**{mode.value: mode for mode in HEATING_MODES}, 5: DhwMode.POWER_OFF}
HEAT_PUMP_MODES = HEATING_MODES - {DhwMode.ELECTRIC}
ELEMENT_RULES = {
    # When ELECTRIC starts again later is not recorded; it is taken to be as in HIGH_DEMAND.
    DhwMode.ELECTRIC: ElementRule(entry=0.3, later=2.1, stop=0.0),
    DhwMode.HIGH_DEMAND: ElementRule(entry=0.4, later=2.1, stop=0.0),
    DhwMode.ENERGY_SAVER: ElementRule(entry=1.0, later=None, stop=0.9),
}

_AFTER_SETPOINT = 30.0  # s from a setpoint write to the start it causes
_AFTER_MODE = 5.0  # s from a mode write to the start it causes
_LOCKOUT = 330.0  # s that the compressor rests after a stop
_PAST_SETPOINT = 0.67  # °C (1.2 °F) that the lower probe goes beyond the setpoint
_LOWER_ELEMENT_RESTART = 2.1  # °C below the setpoint
_WINDOW_START = 8.0  # °C (14.4 °F) short: starts in a window without being asked
_WINDOW_WRITE_START = 2.2  # °C (4 °F) short: a write starts it in a window
_WINDOW_STOP = 1.9  # °C short: a recovery in a window ends
_FREEZE_HYSTERESIS = 2.0
_COMPRESSOR_AIR = (5.0, 45.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the thermostat has to bring about."""

    mode: DhwMode | None
    """The mode to heat in, or `None` while the heater does not heat: off, in standby, on vacation."""
    setpoint: float
    """°C."""
    in_window: bool
    """Whether a peak period of a time-of-use plan is in force."""
    freeze_temperature: float
    """°C below which an element protects the tank in any mode."""


class Thermostat:
    """Decides which heat sources run."""

    def __init__(self) -> None:
        self.heating = Heating()
        self._compressor_called = False
        self._compressor_free_at = 0.0
        self._look_at: float | None = None
        self._enter_at: float | None = None

    def setpoint_written(self, now: float, *, short: float) -> None:
        """Look again in a while when the new setpoint leaves the upper probe `short`; else stop the compressor."""
        if short > 0:
            self._look_at = now + _AFTER_SETPOINT
        else:
            self._look_at = None
            self._compressor_called = False

    def look_again(self, now: float) -> None:
        """Look again in a moment, at the elements too, as after a mode write."""
        self._look_at = self._enter_at = now + _AFTER_MODE

    def step(self, now: float, wanted: Wanted, tank: Tank) -> Heating:
        """Decide anew and return what runs from `now` on."""
        looked, self._look_at = _due(self._look_at, now)
        entered, self._enter_at = _due(self._enter_at, now)
        short = wanted.setpoint - tank.upper
        upper = self._upper_element(wanted, short, entered=entered)
        lower = self._lower_element(wanted, tank, upper_element=upper)
        self.heating = Heating(self._compressor(now, wanted, tank, looked=looked), upper, lower)
        return self.heating

    def _compressor(self, now: float, wanted: Wanted, tank: Tank, *, looked: bool) -> bool:
        short = wanted.setpoint - tank.upper
        if wanted.mode not in HEAT_PUMP_MODES:
            self._compressor_called = False
        elif wanted.in_window:
            starts = short > (_WINDOW_WRITE_START if looked else _WINDOW_START)
            self._compressor_called = (self._compressor_called or starts) and short > _WINDOW_STOP
        else:
            cold = tank.lower <= THERMOSTAT_ON and (short > 0 or wanted.mode is DhwMode.HIGH_DEMAND)
            starts = cold or (looked and short > 0)
            ends = tank.lower >= wanted.setpoint + _PAST_SETPOINT
            self._compressor_called = (self._compressor_called or starts) and not ends
        coldest, hottest = _COMPRESSOR_AIR
        running = self._compressor_called and coldest <= tank.ambient <= hottest and now >= self._compressor_free_at
        if self.heating.compressor and not running:
            self._compressor_free_at = now + _LOCKOUT
        return running

    def _upper_element(self, wanted: Wanted, short: float, *, entered: bool) -> bool:
        rule = None if wanted.mode is None or wanted.in_window else ELEMENT_RULES.get(wanted.mode)
        if rule is None:
            return False
        later = wanted.setpoint - THERMOSTAT_ON if rule.later is None else rule.later
        starts = short >= (rule.entry if entered else later) and self._enter_at is None
        return (self.heating.upper_element or starts) and short > rule.stop

    def _lower_element(self, wanted: Wanted, tank: Tank, *, upper_element: bool) -> bool:
        """In ELECTRIC it follows the upper one, never beside it; in every mode it keeps the tank from freezing."""
        hysteresis = _FREEZE_HYSTERESIS if self.heating.lower_element else 0.0
        if min(tank.upper, tank.lower) < wanted.freeze_temperature + hysteresis:
            return True
        if wanted.mode is not DhwMode.ELECTRIC or upper_element or self._enter_at is not None:
            return False
        short = wanted.setpoint - tank.lower
        handed_over = self.heating.upper_element or self.heating.lower_element
        return short > (0.0 if handed_over else _LOWER_ELEMENT_RESTART)


def _due(at: float | None, now: float) -> tuple[bool, float | None]:
    """Return whether the moment has come, and what is left to wait for."""
    return (True, None) if at is not None and now >= at else (False, at)
