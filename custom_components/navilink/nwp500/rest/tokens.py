"""The two sets of secrets that a sign-in gives, each with a life of its own (protocol.md 2.2 and 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
import math
from typing import Self

from ..models.members import REQUIRED, WHOLE, Kind, Record, block, wire

EXPIRY_MARGIN = 300.0
"""Seconds before its real end from which a set counts as expired (protocol.md 2.3)."""

_OWNER = "O"
"""The type of account to speak of when the service names none (protocol.md 2.2)."""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and value.isprintable() else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


_TEXT = Kind(_text)
"""What can be sent in a header or signed with: text without control characters."""
_SECONDS = Kind(_seconds)


def token_object(answer: Mapping[str, object]) -> Mapping[str, object]:
    """Return the object with the secrets in the answer to a sign-in; it may be called "token" or "tokens"."""
    return block(answer, "token") or block(answer, "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSecrets(Record):
    """A set of secrets: when it was issued and how long it lives.

    `issued_at` is an aware time; a naive one, as older stores hold, is read as UTC (protocol.md 14, point 6).
    `expires_in` is in seconds; None means that the service named no end, so the set never counts as expired.
    """

    issued_at: datetime
    expires_in: float | None = None

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            object.__setattr__(self, "issued_at", self.issued_at.replace(tzinfo=UTC))

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the set from a token object, or None when it lacks what is needed."""
        found = cls.readable(answer)
        return cls(**found, issued_at=now) if found.keys() >= cls._needed() else None

    def renewed(self, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the next set; what the answer lacks stays as it was. None when it has nothing of what is needed."""
        found = self.readable(answer)
        return None if self._needed().isdisjoint(found) else replace(self, **found, issued_at=now)

    def is_expired(self, now: datetime) -> bool:
        """Return whether the set has ended at `now` (aware), or ends within the margin."""
        if self.expires_in is None:
            return False
        return (now - self.issued_at).total_seconds() >= self.expires_in - EXPIRY_MARGIN

    @classmethod
    def _needed(cls) -> set[str]:
        return {each.name for each in fields(cls) if each.metadata and each.default is REQUIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtTokens(IssuedSecrets):
    """The set for REST: `access_token` signs calls, `refresh_token` renews the set."""

    expires_in: float | None = wire("authenticationExpiresIn", _SECONDS)
    access_token: str = wire("accessToken", _TEXT, default=REQUIRED, repr=False)
    refresh_token: str | None = wire("refreshToken", _TEXT, repr=False)
    id_token: str | None = wire("idToken", _TEXT, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredentials(IssuedSecrets):
    """The temporary set that MQTT connections are signed with."""

    expires_in: float | None = wire("authorizationExpiresIn", _SECONDS)
    access_key_id: str = wire("accessKeyId", _TEXT, default=REQUIRED, repr=False)
    secret_key: str = wire("secretKey", _TEXT, default=REQUIRED, repr=False)
    session_token: str = wire("sessionToken", _TEXT, default=REQUIRED, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthTokens:
    """Whose account it is, and both sets as they stand now. Nothing of either shows in a repr."""

    user_seq: int = field(repr=False)
    """The account's number."""
    user_type: str
    """The kind of account: "O" an owner's, "M" a member's."""
    jwt: JwtTokens
    aws: AwsCredentials

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the answer to a sign-in with the password, or None when a part of it is missing."""
        user, secrets = block(answer, "userInfo"), token_object(answer)
        user_seq = WHOLE.read(user.get("userSeq"))
        jwt = JwtTokens.from_answer(secrets, now)
        aws = AwsCredentials.from_answer(secrets, now)
        if user_seq is None or jwt is None or aws is None:
            return None
        return cls(user_seq=user_seq, user_type=_text(user.get("userType")) or _OWNER, jwt=jwt, aws=aws)

    @property
    def access_token(self) -> str:
        """The bare value of the `authorization` header of REST calls."""
        return self.jwt.access_token

    @property
    def access_key_id(self) -> str:
        """The public part of the AWS credentials."""
        return self.aws.access_key_id

    @property
    def secret_key(self) -> str:
        """The part of the AWS credentials that signs."""
        return self.aws.secret_key

    @property
    def session_token(self) -> str:
        """The part of the AWS credentials that makes them temporary."""
        return self.aws.session_token
