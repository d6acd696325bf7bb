"""The water in the tank, with a node at each probe, and the power of the heat sources (protocol.md 13.2 and 13.3)."""

from dataclasses import dataclass
from math import exp
from zlib import crc32

THERMOSTAT_ON = 40.5
"""°C: where the lower probe starts the compressor, and the zero of the energy members."""

REFERENCE_GALLONS = 63.2
"""Rated content of the 65-gallon unit that was measured."""

RATED_GALLONS = {1: 45.2, 2: 63.2, 3: 76.1}
"""Rated water content by `volumeCode` (protocol.md 9)."""

# 70.25 in the text; with 70.24, rounded down, all ten check points of protocol.md 13.3 come out exactly.
_COUNTS_PER_CELSIUS = 70.24

_LITERS_PER_GALLON = 3.785411784
_INLET_TEMPERATURE = 12.0
_LOSS_PER_HOUR = 0.0085  # share of the difference to the air: 0.64 °F/h at 75 °F, 0.42 at 50 °F
_SETTLING_HOURS = 59.0  # time constant of the gap between the probes at rest
_STIRRED_HOURS = 0.8  # the same while the lower element stirs the water: the upper probe falls by 1 to 2 °C
# Gap in °C up to which all of the compressor's warm water rises, and from which none does.
_PLUME = (3.0, 7.0)
# Of the warmth that does not rise, so much shows at the lower probe; the rest stays between the two. With it, recovery
# with a cold lower tank takes 14 to 17 % less time than if all of it stayed there (protocol.md 13.3).
_SEEN_BELOW = 0.75
_UPPER_SHARE_OF_DRAW = 0.3  # a draw shows at the lower probe at once, at the upper one hardly

_IDLE = range(11)  # W while nothing runs
_IDLE_PERIOD = 300.0  # s for which it stays the same
# W of the compressor: so much with water of 15 °C or colder, more with warmer water. Over a recovery with a cold lower
# tank that is 365 W on average (protocol.md 13.3), and the median of all, 410 W, with water of about 50 °C.
_MIN_POWER, _MAX_POWER = 320.0, 470.0
_COLD = 15.0
_PER_CELSIUS = 2.6


@dataclass(frozen=True, slots=True)
class Rise:
    """What a heat source adds to each probe of the reference tank, in °C per hour."""

    upper: float
    lower: float


COMPRESSOR = Rise(upper=2.1, lower=7.0)  # 12.6 °F/h at the lower probe, 1,280 W (4,360 BTU/h) into the water
UPPER_ELEMENT = Rise(upper=66.7, lower=0.0)  # 2.0 °F/min
LOWER_ELEMENT = Rise(upper=0.0, lower=45.0)  # 1.35 °F/min


@dataclass(frozen=True, slots=True)
class Heating:
    """Which heat sources are running."""

    compressor: bool = False
    upper_element: bool = False
    lower_element: bool = False

    @property
    def any_element(self) -> bool:
        """Whether an element is running."""
        return self.upper_element or self.lower_element

    def __bool__(self) -> bool:
        return self.compressor or self.any_element


@dataclass(slots=True, kw_only=True)
class Tank:
    """Temperatures in °C at the two probes and of the air around."""

    upper: float
    lower: float
    ambient: float
    rated_gallons: float = REFERENCE_GALLONS

    @property
    def mean(self) -> float:
        """Mean of the two probes in °C."""
        return (self.upper + self.lower) / 2

    @property
    def liters(self) -> float:
        """Water content."""
        return self.rated_gallons * _LITERS_PER_GALLON

    def counts(self, kelvin: float) -> int:
        """Energy to heat the whole tank by so much, in counts of 4 Wh; nothing below zero (protocol.md 13.3)."""
        return max(0, int(_COUNTS_PER_CELSIUS * self.rated_gallons / REFERENCE_GALLONS * kelvin))

    def step(self, seconds: float, heating: Heating) -> None:
        """Let time pass: heat, cool and stratify. Stable for steps of up to a few minutes."""
        hours = seconds / 3600
        heat_hours = hours * REFERENCE_GALLONS / self.rated_gallons
        if heating.compressor:
            self._warm(COMPRESSOR, heat_hours, reach=self._plume_reach())
        if heating.upper_element:
            self._warm(UPPER_ELEMENT, heat_hours)
        if heating.lower_element:
            self._warm(LOWER_ELEMENT, heat_hours)
        self.upper -= (self.upper - self.ambient) * _LOSS_PER_HOUR * hours
        self.lower -= (self.lower - self.ambient) * _LOSS_PER_HOUR * hours
        self._even_out(hours / (_STIRRED_HOURS if heating.lower_element else _SETTLING_HOURS))

    def draw(self, liters: float) -> None:
        """Take hot water at the top and let cold water in at the bottom."""
        share = 1 - exp(-liters / (self.liters / 2))
        self.upper += (self.lower - self.upper) * share * _UPPER_SHARE_OF_DRAW
        self.lower += (_INLET_TEMPERATURE - self.lower) * share

    def _warm(self, rise: Rise, hours: float, *, reach: float = 1.0) -> None:
        """Add a heat source's warmth; `reach` is the share of it that gets to the upper probe."""
        self.upper += rise.upper * hours * reach
        self.lower += (rise.lower + rise.upper * (1 - reach) * _SEEN_BELOW) * hours

    def _plume_reach(self) -> float:
        """How far up the compressor's warmth comes: water rises only to where it is as warm as itself."""
        full, none = _PLUME
        return min(1.0, max(0.0, (none - (self.upper - self.lower)) / (none - full)))

    def _even_out(self, time_constants: float) -> None:
        """Close the gap between the probes; water that is warmer below rises at once."""
        gap = self.upper - self.lower
        closed = gap if gap < 0 else gap * (1 - exp(-time_constants))
        self.upper -= closed / 2
        self.lower += closed / 2


@dataclass(frozen=True, slots=True)
class Power:
    """Watts of the heat pump and of the elements."""

    heat_pump: int = 0
    elements: int = 0

    @property
    def whole_unit(self) -> int:
        """Watts of everything together, 0 while nothing runs."""
        return self.heat_pump + self.elements


def idle_power(number: int, seconds: float) -> int:
    """Give the watts, 0 to 10, that a heater draws while nothing runs, by its number and its age in seconds."""
    return _IDLE[crc32(f"{number}:{seconds // _IDLE_PERIOD}".encode()) % len(_IDLE)]


def power(heating: Heating, tank: Tank) -> Power:
    """Give what the heat sources draw at the moment."""
    demand = _MIN_POWER + _PER_CELSIUS * (tank.lower - _COLD)
    compressor = round(min(_MAX_POWER, max(_MIN_POWER, demand))) if heating.compressor else 0
    upper = (5080 if heating.compressor else 5190) if heating.upper_element else 0
    return Power(compressor, upper + (5090 if heating.lower_element else 0))
