"""Electric power of the heat sources (protocol.md 13.2)."""

from dataclasses import dataclass
from zlib import crc32

from .tank import Heating, Tank

_IDLE = range(11)  # W while nothing runs
_IDLE_PERIOD = 300.0  # s for which it stays the same
# W of the compressor: so much with water of 15 °C or colder, more with warmer water. Over a recovery with a cold lower
# tank that is 365 W on average (protocol.md 13.3), and the median of all, 410 W, with water of about 50 °C.
_LEAST, _MOST = 320.0, 470.0
_COLD = 15.0
_PER_CELSIUS = 2.6


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
    wanted = _LEAST + _PER_CELSIUS * (tank.lower - _COLD)
    compressor = round(min(_MOST, max(_LEAST, wanted))) if heating.compressor else 0
    upper = (5080 if heating.compressor else 5190) if heating.upper_element else 0
    return Power(compressor, upper + (5090 if heating.lower_element else 0))
