"""The two sets of secrets that a sign-in gives, each with a life of its own (protocol.md 2.2 and 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
import math
from typing import Self

EXPIRY_MARGIN = 300.0
"""Seconds before its real end from which a set counts as expired (protocol.md 2.3)."""

_OWNER = "O"
"""The type of account to speak of when the service names none (protocol.md 2.2)."""


def _text(answer: Mapping[str, object], member: str) -> str | None:
    """Return a member that can be sent in a header or signed with: text without control characters."""
    value = answer.get(member)
    return value if isinstance(value, str) and value and value.isprintable() else None


def _object(answer: Mapping[str, object], member: str) -> Mapping[str, object]:
    value = answer.get(member)
    return value if isinstance(value, dict) else {}


def _seconds(answer: Mapping[str, object], member: str) -> float | None:
    value = answer.get(member)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def token_object(answer: Mapping[str, object]) -> Mapping[str, object]:
    """Return the object with the secrets in the answer to a sign-in; it may be called "token" or "tokens"."""
    return _object(answer, "token") or _object(answer, "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSecrets:
    """When a set of secrets was issued and how long it lives.

    `issued_at` is an aware time; a naive one, as older stores hold, is read as UTC (protocol.md 14, point 6).
    `expires_in` is in seconds; None means that the service named no end, so the set never counts as expired.
    """

    issued_at: datetime
    expires_in: float | None = None

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            object.__setattr__(self, "issued_at", self.issued_at.replace(tzinfo=UTC))

    def is_expired(self, now: datetime) -> bool:
        """Return whether the set has ended at `now` (aware), or ends within the margin."""
        if self.expires_in is None:
            return False
        return (now - self.issued_at).total_seconds() >= self.expires_in - EXPIRY_MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtTokens(IssuedSecrets):
    """The set for REST: `access_token` signs calls, `refresh_token` renews the set."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the set from a token object, or None when it has no access token."""
        access_token = _text(answer, "accessToken")
        if access_token is None:
            return None
        return cls(
            access_token=access_token,
            refresh_token=_text(answer, "refreshToken"),
            id_token=_text(answer, "idToken"),
            issued_at=now,
            expires_in=_seconds(answer, "authenticationExpiresIn"),
        )

    def renewed(self, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the next set; what the answer lacks stays as it was. None when it has no access token."""
        new = self.from_answer(answer, now)
        if new is None:
            return None
        return replace(
            new,
            refresh_token=new.refresh_token or self.refresh_token,
            id_token=new.id_token or self.id_token,
            expires_in=self.expires_in if new.expires_in is None else new.expires_in,
        )


_AWS_MEMBERS = {"access_key_id": "accessKeyId", "secret_key": "secretKey", "session_token": "sessionToken"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredentials(IssuedSecrets):
    """The temporary set that MQTT connections are signed with."""

    access_key_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the set from a token object, or None when one of its three members is missing."""
        secrets = _aws_secrets(answer)
        if secrets.keys() != _AWS_MEMBERS.keys():
            return None
        return cls(**secrets, issued_at=now, expires_in=_seconds(answer, "authorizationExpiresIn"))

    def renewed(self, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the next set; what the answer lacks stays as it was. None when it has none of the three members."""
        secrets = _aws_secrets(answer)
        if not secrets:
            return None
        expires_in = _seconds(answer, "authorizationExpiresIn")
        return replace(self, **secrets, issued_at=now, expires_in=self.expires_in if expires_in is None else expires_in)


def _aws_secrets(answer: Mapping[str, object]) -> dict[str, str]:
    found = {name: _text(answer, member) for name, member in _AWS_MEMBERS.items()}
    return {name: secret for name, secret in found.items() if secret is not None}


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
class Account:
    """Who has signed in: `user_seq` is the account's number, `user_type` "O" for an owner, "M" for a member."""

    user_seq: int
    user_type: str

    @classmethod
    def from_answer(cls, answer: Mapping[str, object]) -> Self | None:
        """Read the answer to a sign-in, or None when it does not number the account."""
        user = _object(answer, "userInfo")
        user_seq = user.get("userSeq")
        if isinstance(user_seq, bool) or not isinstance(user_seq, int):
            return None
        return cls(user_seq=user_seq, user_type=_text(user, "userType") or _OWNER)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a sign-in with the password gave, with its tokens as renewed since."""

    account: Account
    tokens: AuthTokens

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], now: datetime) -> Self | None:
        """Read the answer to a sign-in with the password, or None when a part of it is missing."""
        secrets = token_object(answer)
        account = Account.from_answer(answer)
        jwt = JwtTokens.from_answer(secrets, now)
        aws = AwsCredentials.from_answer(secrets, now)
        if account is None or jwt is None or aws is None:
            return None
        return cls(account=account, tokens=AuthTokens(jwt=jwt, aws=aws))
