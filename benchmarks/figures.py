"""A figure: what was measured, beside what, and what it has to reach."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure has to reach: a limit of its value, or of its ratio to what is measured beside it."""

    limit: float
    is_minimum: bool = False
    """Whether it is the least that is asked for, instead of the most."""
    is_ratio: bool = False

    def is_met(self, reached: float) -> bool:
        """Return whether a value, or a ratio, is on the right side of the limit."""
        return reached >= self.limit if self.is_minimum else reached <= self.limit

    @property
    def words(self) -> str:
        """The limit as it is printed."""
        return f"{'≥' if self.is_minimum else '≤'} {self.limit:g}{' times' if self.is_ratio else ''}"


def at_most(limit: float) -> Target:
    """Return the target of a value that may not be larger."""
    return Target(limit=limit)


def at_least(limit: float) -> Target:
    """Return the target of a value that may not be smaller."""
    return Target(limit=limit, is_minimum=True)


def ratio_at_most(limit: float) -> Target:
    """Return the target of a value that may be so many times what is beside it."""
    return Target(limit=limit, is_ratio=True)


def ratio_at_least(limit: float) -> Target:
    """Return the target of a value that has to be so many times what is beside it."""
    return Target(limit=limit, is_ratio=True, is_minimum=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value with its unit."""

    name: str
    value: float
    unit: str
    target: Target | None = None
    beside: float | None = None
    """What the counterpart gave in the same run: the bare AWS runtime, unless the name says another."""

    @property
    def ratio(self) -> float | None:
        """How many times what is beside it."""
        return self.value / self.beside if self.beside else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; `None` without one."""
        if self.target is None:
            return None
        if not self.target.is_ratio:
            return self.target.is_met(self.value)
        if self.ratio is None:
            raise ValueError(f"{self.name}: there is nothing beside it")
        return self.target.is_met(self.ratio)

    def as_json(self) -> dict[str, object]:
        """Return what `from_json` reads, and for other readers what can be derived from it."""
        target = self.target
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": None
            if target is None
            else {"limit": target.limit, "is_minimum": target.is_minimum, "is_ratio": target.is_ratio},
            "beside": self.beside,
            "ratio": self.ratio,
            "is_met": self.is_met,
        }


def from_json(members: Mapping[str, object]) -> Figure:
    """Read a figure that another process has measured; raises `ValueError` for what is none."""
    match members:
        case {
            "name": str(name),
            "value": int() | float() as value,
            "unit": str(unit),
            "target": None | {} as target,
            "beside": None | int() | float() as beside,
        }:
            read = None if target is None else Target(**target)
            return Figure(name=name, value=value, unit=unit, target=read, beside=beside)
    raise ValueError(f"no figure: {members!r}")
