"""What the REST service reports about an account and its app (protocol.md 2.8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ..exceptions import InvalidParameterError
from . import conversions
from .members import KEY, LONG_TEXT, TEXT, WHOLE, numeric

_FLAG = numeric(conversions.push_flag)
_RAW_FLAGS = {True: 1, False: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings:
    """What the owner of a heater is notified of, on the phone; None where the service does not report it."""

    errors: bool | None = None
    descaling: bool | None = None
    """Not reported to members of an account, who are not its owners."""
    others: bool | None = None

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the flags of a reply; nothing in it is required."""
        return cls(
            errors=_FLAG.read(message.get("isErrorAlarm")),
            descaling=_FLAG.read(message.get("isDescalingAlarm")),
            others=_FLAG.read(message.get("isEtcAlarm")),
        )

    def as_message(self) -> dict[str, int]:
        """Write the flags that are known; raises `InvalidParameterError` if none is."""
        flags = {"isErrorAlarm": self.errors, "isDescalingAlarm": self.descaling, "isEtcAlarm": self.others}
        known = {name: _RAW_FLAGS[flag] for name, flag in flags.items() if flag is not None}
        if not known:
            raise InvalidParameterError(parameter="settings", value=self, allowed="at least one flag")
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """Who an account belongs to; its repr shows no personal data."""

    user_type: str | None
    """ "O" an owner, "M" a member, others installers."""
    user_seq: int | None = field(repr=False)
    email: str | None = field(repr=False)
    first_name: str | None = field(repr=False)
    last_name: str | None = field(repr=False)
    phone_number: str | None = field(repr=False)

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the `data` of a reply; nothing in it is required."""
        return cls(
            user_type=KEY.read(message.get("userType")),
            user_seq=WHOLE.read(message.get("userSeq")),
            email=LONG_TEXT.read(message.get("userEmail")),
            first_name=TEXT.read(message.get("userFirstName")),
            last_name=TEXT.read(message.get("userLastName")),
            phone_number=TEXT.read(message.get("userPhoneNumber")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersion:
    """The versions of the vendor's app that the service knows, written as 2.04.00."""

    newest: str | None
    oldest_accepted: str | None

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the `data` of a reply; nothing in it is required."""
        return cls(
            newest=TEXT.read(message.get("appVersion")), oldest_accepted=TEXT.read(message.get("appForceVersion"))
        )
