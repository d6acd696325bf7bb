"""Signing in, and keeping both sets of secrets valid (protocol.md 2.2 and 2.3)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
import logging
from types import TracebackType
from typing import Self

import aiohttp

from .common.text import visible
from .exceptions import ApiError, AuthenticationError, InvalidResponseError, MaintenanceError, NavienError, ServerError
from .rest.servers import DEFAULT_BASE_URL
from .rest.service import RestService
from .rest.tokens import AuthTokens, token_object

_LOGGER = logging.getLogger(__name__)

_SIGN_IN = "/user/sign-in"
_SECURED_SIGN_IN = "/user/secured-sign-in"
_JWT_REFRESH = "/auth/refresh"
_SESSION_REFRESH = "/auth/session/refresh"

# What a message of the sign-in service holds, in any case, when the credentials are wrong (protocol.md 2.1).
_INVALID, _UNAUTHORIZED, _USER_NOT_FOUND = "invalid", "unauthorized", "user_not_found"
_REFUSALS = (_INVALID, _UNAUTHORIZED, _USER_NOT_FOUND)

SECOND_TRY_SECONDS = 5.0
"""Between a refusal that may be temporary and the second attempt, whose answer is final."""


class NavienAuthClient:
    """One account's way in: signs in, renews, and holds the tokens that REST and MQTT use.

    As a context manager it signs in on entering and closes its own session on leaving; a session given is left open.
    Renewals run one at a time, because the service rejects the stale one of two parallel refreshes; a caller that
    waited for another's renewal shares its result.

    Every method that talks to the service raises `AuthenticationError` only when the sign-in service refused the e-mail
    and password in its own words, or twice in a row, some seconds apart, and otherwise `ApiError` or
    `ApiConnectionError`: temporary, to be tried again later. A set that was not renewed stays as it was. `base_url`,
    `ca_file` and `session` are those of `RestService`; `now` gives the time as an aware datetime.
    """

    def __init__(
        self,
        email: str,
        password: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        ca_file: str | None = None,
        session: aiohttp.ClientSession | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.email = visible(email)
        """The account's e-mail address, which is its user id on the wire."""
        self.rest = RestService(base_url, session, ca_file=ca_file)
        """The service that this account belongs to."""
        self._password = password
        self._now = now
        self._tokens: AuthTokens | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.close)
            await self.sign_in()
            undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session if it is this client's own."""
        await self.rest.close()

    @property
    def user_seq(self) -> int:
        """The account's sequence number; raises `NavienError` before the first sign-in."""
        return self.current_tokens.user_seq

    @property
    def user_type(self) -> str:
        """The kind of account: "O" an owner's, "M" a member's; raises `NavienError` before the first sign-in."""
        return self.current_tokens.user_type

    @property
    def current_tokens(self) -> AuthTokens:
        """The tokens as they are, perhaps expired; raises `NavienError` before the first sign-in."""
        if self._tokens is None:
            raise NavienError("not signed in yet")
        return self._tokens

    async def sign_in(self) -> AuthTokens:
        """Sign in with the password."""
        before = self._tokens
        async with self._turn:
            if self._tokens is before:
                await self._sign_in_with_password()
            return self.current_tokens

    async def ensure_valid_token(self) -> AuthTokens:
        """Return tokens of which neither set is expired, renewing (or signing in first) where needed."""
        async with self._turn:
            if (tokens := self._tokens) is None:
                await self._sign_in_with_password()
            else:
                now = self._now()
                await self._renew(jwt=tokens.jwt.is_expired(now), aws=tokens.aws.is_expired(now))
            return self.current_tokens

    async def refresh_jwt(self, refused: AuthTokens | None = None) -> AuthTokens:
        """Renew the JWT set although it looks valid, unless it has changed since `refused` (by default, since now)."""
        before = (refused or self.current_tokens).jwt
        async with self._turn:
            if self.current_tokens.jwt is before:
                await self._renew(jwt=True, aws=False)
            return self.current_tokens

    async def renew_aws_credentials(self) -> AuthTokens:
        """Renew the AWS set, the JWT set before it, although both look valid: MQTT has refused them."""
        before = self.current_tokens.aws
        async with self._turn:
            if self.current_tokens.aws is before:
                await self._renew(jwt=True, aws=True)
            return self.current_tokens

    async def _renew(self, *, jwt: bool, aws: bool) -> None:
        """Renew the sets named in the order of protocol.md 2.3; a way that is refused leads to the next."""
        renewed = not jwt or await self._succeeds(self._refreshed_by_token)
        if renewed and aws:
            renewed = await self._succeeds(self._refreshed_by_session) or await self._succeeds(
                self._refreshed_by_secured_sign_in
            )
        if not renewed:
            await self._sign_in_with_password()

    async def _succeeds(self, way: Callable[[AuthTokens], Awaitable[AuthTokens]]) -> bool:
        """Try one way of renewal. A service out of reach is no answer: it ends the renewal with its error."""
        try:
            self._tokens = await way(self.current_tokens)
        except (ApiError, InvalidResponseError) as err:
            _LOGGER.debug("Token renewal was refused: %s", err)
            return False
        return True

    async def _refreshed_by_token(self, tokens: AuthTokens) -> AuthTokens:
        answer = await self._request(_JWT_REFRESH, {"refreshToken": tokens.jwt.refresh_token})
        now = self._now()
        # The service is known not to renew the AWS set here: one that merely repeats the old secrets is not a new one.
        aws = tokens.aws.renewed(answer, now)
        if aws is None or aws.session_token == tokens.aws.session_token:
            aws = tokens.aws
        return replace(tokens, jwt=_present(_JWT_REFRESH, tokens.jwt.renewed(answer, now)), aws=aws)

    async def _refreshed_by_session(self, tokens: AuthTokens) -> AuthTokens:
        answer = await self._request(_SESSION_REFRESH, {"userId": self.email}, tokens.access_token)
        return replace(tokens, aws=_present(_SESSION_REFRESH, tokens.aws.renewed(answer, self._now())))

    async def _refreshed_by_secured_sign_in(self, tokens: AuthTokens) -> AuthTokens:
        answer = await self._request(_SECURED_SIGN_IN, {"userId": self.email}, tokens.access_token)
        secrets = token_object(answer)
        now = self._now()
        return replace(
            tokens,
            jwt=tokens.jwt.renewed(secrets, now) or tokens.jwt,
            aws=_present(_SECURED_SIGN_IN, tokens.aws.renewed(secrets, now)),
        )

    async def _sign_in_with_password(self) -> None:
        """Sign in. A refusal that may be temporary is believed the second time; everybody waits for that meanwhile."""
        for is_last in (False, True):
            try:
                answer = await self._request(_SIGN_IN, {"userId": self.email, "password": self._password})
            except ApiError as err:
                if not _refuses_credentials(err):
                    raise
                if is_last or _is_definite(err):
                    raise AuthenticationError(f"the email or password was refused: {err.message}") from err
                _LOGGER.debug("Sign-in was refused, perhaps temporarily; trying again: %s", err)
                await asyncio.sleep(SECOND_TRY_SECONDS)
            else:
                self._tokens = _present(_SIGN_IN, AuthTokens.from_answer(answer, self._now()))
                return

    async def _request(
        self, path: str, body: Mapping[str, object], access_token: str | None = None
    ) -> Mapping[str, object]:
        data = await self.rest.request(HTTPMethod.POST, path, body=body, access_token=access_token)
        return _present(path, data if isinstance(data, dict) else None)


def _present[T](path: str, part: T | None) -> T:
    """Return a part that the answer must have for the call to count as a success."""
    if part is None:
        raise InvalidResponseError(path, "success, but not what was asked for")
    return part


def _is_definite(error: ApiError) -> bool:
    """Return whether a refusal names what was wrong; a bare 401 can be temporary."""
    message = error.message.casefold()
    return _USER_NOT_FOUND in message or (error.code == HTTPStatus.UNAUTHORIZED and _INVALID in message)


def _refuses_credentials(error: ApiError) -> bool:
    """Return whether the credentials are refused; a new password would not cure trouble of the service's own."""
    message = error.message.casefold()
    refused = error.code == HTTPStatus.UNAUTHORIZED or any(word in message for word in _REFUSALS)
    return refused and not isinstance(error, (ServerError, MaintenanceError))
