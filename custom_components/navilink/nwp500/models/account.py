"""What the REST service reports about account and app, and the logs that it keeps of a device (protocol.md 2.8)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique

from ..exceptions import InvalidParameterError
from .conversions import DATE, EPOCH_MILLISECONDS, KEY, LONG_TEXT, PUSH_FLAG, TEXT
from .members import WHOLE, Record, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings(Record):
    """What the owner of a heater is notified of, on the phone; None where the service does not report it."""

    errors: bool | None = wire("isErrorAlarm", PUSH_FLAG)
    descaling: bool | None = wire("isDescalingAlarm", PUSH_FLAG)
    """Not reported to members of an account, who are not its owners."""
    others: bool | None = wire("isEtcAlarm", PUSH_FLAG)

    def as_message(self) -> dict[str, int]:
        """Write the flags that are known; raises `InvalidParameterError` if none is."""
        known = {name: 1 if flag else 2 for name, flag in self.by_wire_name().items() if flag is not None}
        if not known:
            raise InvalidParameterError(parameter="settings", value=self, allowed="at least one flag")
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo(Record):
    """Who an account belongs to; its repr shows no personal data."""

    user_type: str | None = wire("userType", KEY)
    """ "O" an owner, "M" a member, others installers."""
    user_seq: int | None = wire("userSeq", WHOLE, repr=False)
    email: str | None = wire("userEmail", LONG_TEXT, repr=False)
    first_name: str | None = wire("userFirstName", TEXT, repr=False)
    last_name: str | None = wire("userLastName", TEXT, repr=False)
    phone_number: str | None = wire("userPhoneNumber", TEXT, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersion(Record):
    """The versions of the vendor's app that the service knows, written as 2.04.00."""

    newest: str | None = wire("appVersion", TEXT)
    oldest_accepted: str | None = wire("appForceVersion", TEXT)


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
