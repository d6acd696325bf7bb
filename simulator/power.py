"""Electric power of the heat sources (protocol.md 13.2)."""

from dataclasses import dataclass

from .tank import Heating, Tank

IDLE = 2
"""W while nothing runs."""


@dataclass(frozen=True, slots=True)
class Power:
    """Watts of the heat pump and of the elements."""

    heat_pump: int = 0
    elements: int = 0

    @property
    def whole_unit(self) -> int:
        """Watts of everything together."""
        return self.heat_pump + self.elements or IDLE


def power(heating: Heating, tank: Tank) -> Power:
    """Give what is drawn at the moment: the compressor draws 320 to 470 W, more with warmer water."""
    compressor = round(min(470.0, max(320.0, 320 + 2.2 * tank.lower))) if heating.compressor else 0
    upper = (5080 if heating.compressor else 5190) if heating.upper_element else 0
    return Power(compressor, upper + (5090 if heating.lower_element else 0))
