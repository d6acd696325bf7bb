"""Answers to sign-ins and renewals that differ from each other, and the clock that their ends are judged by."""

from datetime import UTC, datetime, timedelta

from nwp500.rest.tokens import AuthTokens
from tests.client.support.scripted_service import Answer, success

EMAIL = "user@example.com"
PASSWORD = "correct horse"

SIGN_IN = "/user/sign-in"
REFRESH = "/auth/refresh"
SESSION = "/auth/session/refresh"
SECURED = "/user/secured-sign-in"

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
USER = {"userType": "M", "userSeq": 20002}


class Clock:
    """The time that the client goes by."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        """Give the time of now."""
        return self.time

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


def jwt(mark: str, lifetime: float | None = 3600) -> dict[str, object]:
    return {
        "idToken": f"secret-id-{mark}",
        "accessToken": f"secret-access-{mark}",
        "refreshToken": f"secret-refresh-{mark}",
    } | ({} if lifetime is None else {"authenticationExpiresIn": lifetime})


def aws(mark: str, lifetime: float | None = 3600) -> dict[str, object]:
    return {
        "accessKeyId": f"secret-key-id-{mark}",
        "secretKey": f"secret-key-{mark}",
        "sessionToken": f"secret-session-{mark}",
    } | ({} if lifetime is None else {"authorizationExpiresIn": lifetime})


def sign_in_answer(token: dict[str, object], user: dict[str, object] = USER) -> Answer:
    return success({"userInfo": user, "token": token, "legal": []})


def marks(tokens: AuthTokens) -> tuple[str, str]:
    """Return which answers the JWT set and the AWS set came from."""
    return tokens.access_token.removeprefix("secret-access-"), tokens.session_token.removeprefix("secret-session-")
