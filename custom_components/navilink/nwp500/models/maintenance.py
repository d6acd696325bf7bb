"""The log of an owner's maintenance that the cloud keeps (protocol.md 2.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Self

from .dates import DATE
from .members import TEXT, WHOLE


@unique
class MaintenanceKind(StrEnum):
    """What was done; the value is the service's word for it."""

    FILTER = "filter"
    """The air filter was cleaned."""
    DESCALING = "cip"
    """The heater was descaled: "cleaning in place"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceEntry:
    """One entry of the log."""

    date_raw: str | None
    """The date as received, such as 2026-3-7."""
    registered_raw: int | None
    """When it was written down, as received: the unit is not known."""

    @property
    def day(self) -> date | None:
        """When it was done, as somebody said."""
        return DATE.read(self.date_raw)

    @classmethod
    def from_message(cls, entry: Mapping[str, object]) -> Self:
        """Read one entry of a reply; nothing in it is required."""
        return cls(date_raw=TEXT.read(entry.get("maintenanceDate")), registered_raw=WHOLE.read(entry.get("registerAt")))
