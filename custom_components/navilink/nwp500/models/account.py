"""What the REST service reports about an account and its app (protocol.md 2.8)."""

from dataclasses import dataclass

from ..exceptions import InvalidParameterError
from .conversions import KEY, LONG_TEXT, PUSH_FLAG, TEXT
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
