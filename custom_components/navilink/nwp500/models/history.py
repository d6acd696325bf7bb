"""The errors that a device had, as the REST service reports them to installers (protocol.md 2.8)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique

from .conversions import DATE, EPOCH_MILLISECONDS, TEXT
from .members import WHOLE, Record, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class PastError(Record):
    """One error of a device; `nwp500.models.error_codes` knows what code and sub code mean."""

    error_code: int | None = wire("errorCode", WHOLE)
    sub_code: int | None = wire("subError", WHOLE)
    occurred_raw: int | None = wire("errorOccuredTime", WHOLE)
    """When it occurred, in milliseconds since 1970."""
    channel_number: int | None = wire("channelNumber", WHOLE)
    unit_type: int | None = wire("unitType", WHOLE)

    @property
    def occurred_at(self) -> datetime | None:
        """When it occurred, in UTC."""
        return EPOCH_MILLISECONDS.read(self.occurred_raw)


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
class MaintenanceEntry(Record):
    """One entry of the log."""

    date_raw: str | None = wire("maintenanceDate", TEXT)
    """The date as received, such as 2026-3-7."""
    registered_raw: int | None = wire("registerAt", WHOLE)
    """When it was written down, as received: the unit is not known."""

    @property
    def day(self) -> date | None:
        """When it was done, as entered."""
        return DATE.read(self.date_raw)
