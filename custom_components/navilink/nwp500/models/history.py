"""The errors that a device had, as the REST service reports them to installers (protocol.md 2.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Self

from .members import DATE, EPOCH_MILLISECONDS, TEXT, WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PastError:
    """One error of a device; `nwp500.models.error_codes` knows what code and sub code mean."""

    error_code: int | None
    sub_code: int | None
    occurred_raw: int | None
    """When it occurred, in milliseconds since 1970."""
    channel_number: int | None
    unit_type: int | None

    @property
    def occurred_at(self) -> datetime | None:
        """When it occurred, in UTC."""
        return EPOCH_MILLISECONDS.read(self.occurred_raw)

    @classmethod
    def from_message(cls, entry: Mapping[str, object]) -> Self:
        """Read one entry of a reply; nothing in it is required."""
        return cls(
            error_code=WHOLE.read(entry.get("errorCode")),
            sub_code=WHOLE.read(entry.get("subError")),
            occurred_raw=WHOLE.read(entry.get("errorOccuredTime")),
            channel_number=WHOLE.read(entry.get("channelNumber")),
            unit_type=WHOLE.read(entry.get("unitType")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorHistory:
    """The errors of one device in the service's order, and the time zone in which it stands."""

    errors: tuple[PastError, ...]
    time_zone: str | None
    """Such as America/Los_Angeles."""


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
        """When it was done, as entered."""
        return DATE.read(self.date_raw)

    @classmethod
    def from_message(cls, entry: Mapping[str, object]) -> Self:
        """Read one entry of a reply; nothing in it is required."""
        return cls(date_raw=TEXT.read(entry.get("maintenanceDate")), registered_raw=WHOLE.read(entry.get("registerAt")))
