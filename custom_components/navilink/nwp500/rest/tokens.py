"""The two sets of secrets that a sign-in gives, each with a life of its own (protocol.md 2.2 and 2.3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
import math
from typing import ClassVar, Self

from ..models.members import WHOLE, block

EXPIRY_MARGIN = 300.0
"""Seconds before its real end from which a set counts as expired (protocol.md 2.3)."""

_OWNER = "O"
"""The type of account to speak of when the service names none (protocol.md 2.2)."""


def _text(answer: Mapping[str, object], member: str) -> str | None:
    """Return a member that can be sent in a header or signed with: text without control characters."""
    value = answer.get(member)
    return value if isinstance(value, str) and value and value.isprintable() else None


def _seconds(answer: Mapping[str, object], member: str) -> float | None:
    value = answer.get(member)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def token_object(answer: Mapping[str, object]) -> Mapping[str, object]:
    """Return the object with the secrets in the answer to a sign-in; it may be called "token" or "tokens"."""
    return block(answer, "token") or block(answer, "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSecrets:
    """A set of secrets: when it was issued and how long it lives.

    `issued_at` is an aware time; a naive one, as older stores hold, is read as UTC (protocol.md 14, point 6).
    `expires_in` is in seconds; None means that the service named no end, so the set never counts as expired.
    """

    issued_at: datetime
    expires_in: float | None = None

    secrets: ClassVar[Mapping[str, str]]
    """The secrets, by attribute, with their names on the wire."""
    needed: ClassVar[frozenset[str]]
    """Those without which there is no set."""
    lifetime: ClassVar[str]
    """The name on the wire of `expires_in`."""

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            object.__setattr__(self, "issued_at", self.issued_at.replace(tzinfo=UTC))

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the set from a token object, or None when it lacks what is needed."""
        found = cls._found(answer)
        make: Callable[..., Self] = cls
        return make(**found, issued_at=now) if found.keys() >= cls.needed else None

    def renewed(self, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the next set; what the answer lacks stays as it was. None when it has nothing of what is needed."""
        found = self._found(answer)
        change: Callable[..., Self] = partial(replace, self)
        return None if self.needed.isdisjoint(found) else change(**found, issued_at=now)

    def is_expired(self, now: datetime) -> bool:
        """Return whether the set has ended at `now` (aware), or ends within the margin."""
        if self.expires_in is None:
            return False
        return (now - self.issued_at).total_seconds() >= self.expires_in - EXPIRY_MARGIN

    @classmethod
    def _found(cls, answer: Mapping[str, object]) -> dict[str, str | float]:
        found = {name: _text(answer, member) for name, member in cls.secrets.items()}
        everything = {**found, "expires_in": _seconds(answer, cls.lifetime)}
        return {name: value for name, value in everything.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtTokens(IssuedSecrets):
    """The set for REST: `access_token` signs calls, `refresh_token` renews the set."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)

    secrets: ClassVar = {"access_token": "accessToken", "refresh_token": "refreshToken", "id_token": "idToken"}
    needed: ClassVar = frozenset({"access_token"})
    lifetime: ClassVar = "authenticationExpiresIn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredentials(IssuedSecrets):
    """The temporary set that MQTT connections are signed with."""

    access_key_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)

    secrets: ClassVar = {"access_key_id": "accessKeyId", "secret_key": "secretKey", "session_token": "sessionToken"}
    needed: ClassVar = frozenset(secrets)
    lifetime: ClassVar = "authorizationExpiresIn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthTokens:
    """Both sets as they stand now. Nothing of either shows in a repr."""

    jwt: JwtTokens
    aws: AwsCredentials

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a sign-in with the password gave, with its tokens as renewed since."""

    user_seq: int
    """The account's number."""
    user_type: str
    """The kind of account: "O" an owner's, "M" a member's."""
    tokens: AuthTokens

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the answer to a sign-in with the password, or None when a part of it is missing."""
        user, secrets = block(answer, "userInfo"), token_object(answer)
        user_seq = WHOLE.read(user.get("userSeq"))
        jwt = JwtTokens.from_answer(secrets, now)
        aws = AwsCredentials.from_answer(secrets, now)
        if user_seq is None or jwt is None or aws is None:
            return None
        tokens = AuthTokens(jwt=jwt, aws=aws)
        return cls(user_seq=user_seq, user_type=_text(user, "userType") or _OWNER, tokens=tokens)
