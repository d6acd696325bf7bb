"""The account and the two independent sets of secrets that its sign-ins issue (protocol.md 2.2 and 2.3)."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
import secrets
import string

from ..common.reading import JsonObject
from ..common.sigv4 import AwsCredentials
from ..options import Options

USER_SEQ = 20002
USER_TYPE = "O"
"""Of the one owner of the heaters."""

_KEY_ALPHABET = string.ascii_uppercase + "234567"


class Accounts:
    """Issues both sets, and knows which of those issued still hold by the clock of the service."""

    def __init__(self, options: Options, now: Callable[[], float]) -> None:
        self.email = options.email
        self.password = options.password
        self._options = options
        self._now = now
        self._access_expires: dict[str, float] = {}
        self._refresh_tokens: set[str] = set()
        self.aws: dict[str, AwsCredentials] = {}
        """Every AWS set by its key, expired or not."""

    def holds(self, access_token: str) -> bool:
        """Whether an access token was issued and has not expired."""
        return self._access_expires.get(access_token, 0.0) > self._now()

    def issue_web_tokens(self) -> JsonObject:
        """Issue a new JWT set, with the names that it has on the wire."""
        access_token, refresh_token = _jwt(), _jwt()
        self._access_expires[access_token] = self._now() + self._options.jwt_lifetime
        self._refresh_tokens.add(refresh_token)
        return {
            "idToken": _jwt(),
            "accessToken": access_token,
            "refreshToken": refresh_token,
            "authenticationExpiresIn": self._options.jwt_lifetime,
        }

    def refresh(self, refresh_token: str) -> JsonObject | None:
        """Issue a new JWT set for a refresh token, which a rotation makes stale; `None` for one that is stale."""
        if refresh_token not in self._refresh_tokens:
            return None
        tokens = self.issue_web_tokens()
        if self._options.rotate_refresh_token:
            self._refresh_tokens.discard(refresh_token)
        else:
            self._refresh_tokens.discard(str(tokens.pop("refreshToken")))
        return tokens

    def issue_aws(self) -> JsonObject:
        """Issue a new AWS set, with the names that it has on the wire; earlier ones stay valid until they expire."""
        credentials = AwsCredentials(
            access_key_id="ASIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16)),
            secret_key=b64encode(secrets.token_bytes(30)).decode(),
            session_token="IQoJb3JpZ2luX2Vj" + b64encode(secrets.token_bytes(200)).decode(),
            expires_at=self._now() + self._options.aws_lifetime,
        )
        self.aws[credentials.access_key_id] = credentials
        return {
            "accessKeyId": credentials.access_key_id,
            "secretKey": credentials.secret_key,
            "sessionToken": credentials.session_token,
            "authorizationExpiresIn": self._options.aws_lifetime,
        }

    def expire_web_tokens(self, *, refresh_tokens: bool) -> None:
        """Let every access token end now, and on request the refresh tokens too."""
        self._access_expires.clear()
        if refresh_tokens:
            self._refresh_tokens.clear()

    def expire_aws(self) -> None:
        """Let every AWS set end now; a connection made with one stays (protocol.md 3)."""
        now = self._now()
        self.aws = {key: replace(issued, expires_at=min(now, issued.expires_at)) for key, issued in self.aws.items()}


def _jwt() -> str:
    """Make something of the shape of a JWT; nobody reads it."""
    return ".".join(("eyJ" + secrets.token_urlsafe(24), secrets.token_urlsafe(96), secrets.token_urlsafe(64)))
