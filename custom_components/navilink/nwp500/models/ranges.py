"""What may be written: one description and one check for controls, queries, schedules and plans."""

from dataclasses import dataclass

from ..exceptions import InvalidParameterError


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number and its range; never a boolean, which the heater would take for another number."""

    name: str
    low: int
    high: int
    unit: str = ""
    gap: int | None = None
    """The one number in the range that is not allowed."""
    step: int = 1
    """From one allowed number to the next."""

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        unit = f" {self.unit}" if self.unit else ""
        gap = "" if self.gap is None else f" but not {self.gap}"
        steps = "" if self.step == 1 else f" in steps of {self.step}"
        return f"a whole number from {self.low} to {self.high}{unit}{gap}{steps}"

    def allows(self, value: object) -> bool:
        """Return whether a value is a whole number in the range."""
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and value in range(self.low, self.high + 1, self.step) and value != self.gap

    def check(self, value: object) -> int:
        """Return the value; raises `InvalidParameterError` unless it is a whole number in the range."""
        if isinstance(value, int) and self.allows(value):
            return int(value)
        raise InvalidParameterError(self.name, value, self.allowed, minimum=self.low, maximum=self.high, unit=self.unit)


def check_switch(on: object) -> bool:
    """Return whether something is switched on; raises `InvalidParameterError` for anything but True and False."""
    if not isinstance(on, bool):
        raise InvalidParameterError("on", on, "True or False")
    return on
