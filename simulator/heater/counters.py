"""How often and how long the parts of a heater have run since the simulation began (protocol.md 10.2)."""

from dataclasses import dataclass

from .records import Draw
from .tank import Heating


@dataclass(slots=True, kw_only=True)
class Counters:
    """Starts and seconds of each source, and the draws that are over."""

    compressor_starts: int = 0
    upper_starts: int = 0
    lower_starts: int = 0
    frost_starts: int = 0
    upper_seconds: float = 0.0
    lower_seconds: float = 0.0
    short_draws: int = 0
    long_draws: int = 0
    draw_seconds: float = 0.0
    long_draw_seconds: float = 0.0
    long_draw_litres: float = 0.0

    def count(self, seconds: float, before: Heating, now: Heating, *, frost: bool) -> None:
        """Count a step; `frost`: an element that starts protects the tank from freezing."""
        self.compressor_starts += now.compressor and not before.compressor
        self.upper_starts += now.upper_element and not before.upper_element
        lower_starts = now.lower_element and not before.lower_element
        self.lower_starts += lower_starts
        self.frost_starts += lower_starts and frost
        self.upper_seconds += seconds * now.upper_element
        self.lower_seconds += seconds * now.lower_element

    def count_draw(self, draw: Draw, seconds: float) -> None:
        """Count a step of a draw, and the draw itself at its end."""
        self.draw_seconds += seconds
        if draw.litres_left > 0:
            return
        if draw.sustained:
            self.long_draws += 1
            self.long_draw_seconds += draw.seconds
            self.long_draw_litres += draw.seconds / 60 * draw.litres_per_minute
        else:
            self.short_draws += 1
