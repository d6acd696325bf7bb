"""One call to the REST service: address, headers, envelope and every way it can fail (protocol.md 2.1)."""

import asyncio
from collections.abc import Mapping
from http import HTTPMethod, HTTPStatus
import ssl

import aiohttp
import orjson

from ..common.text import LONG, one_line
from ..exceptions import (
    ApiConnectionError,
    ApiError,
    InvalidResponseError,
    MaintenanceError,
    NotFoundError,
    NotPermittedError,
    PayloadError,
    ServerError,
)
from .servers import DEFAULT_BASE_URL, address_problem, tls_context

USER_AGENT = "navilink-nwp500"

_SUCCESSES = range(200, 300)
_SERVER_ERRORS = range(500, 600)
_MAX_MESSAGE = 200
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Unpacked; the longest list of the service has some ten thousand."""

_KINDS_OF_ERROR: Mapping[tuple[int, str], type[ApiError]] = {
    (HTTPStatus.NOT_FOUND, "COMMON_NOT_AUTHORIZED"): NotPermittedError,
    (HTTPStatus.NOT_FOUND, "NOT_FOUND"): NotFoundError,
}


class RestService:
    """The REST service at one address.

    It uses the session given, or makes one of its own at the first call; only its own is closed by `close()`.
    With a `ca_file` (PEM) its certificates are trusted instead of those that the session, or the system, trusts.
    `timeout` is in seconds and holds for a whole call.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_BASE_URL,
        session: aiohttp.ClientSession | None = None,
        *,
        ca_file: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._address_problem = address_problem(base_url)
        self._session = session
        self._owns_session = session is None
        self._ca_file = ca_file
        is_encrypted = self._base_url.lower().startswith("https:")
        self._has_own_context = is_encrypted and (session is None or ca_file is not None)
        self._context: ssl.SSLContext | None = None
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def request(
        self,
        method: HTTPMethod,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        access_token: str | None = None,
    ) -> object:
        """Make one call and return the `data` of the answer: object, list or None.

        Null members of body and query are left out. `access_token` signs the call. Raises `ApiError`, or the kind of it
        that fits, when the service answers with an error, by its HTTP status or by the code in the envelope,
        `ApiConnectionError` when its address may not be used (see `servers.py`), it cannot be reached or does not
        answer in time, `InvalidResponseError` when what it answers is no envelope or larger than 4 MiB, and
        `PayloadError` for a body that is no JSON.
        """
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
        if access_token is not None:
            headers["authorization"] = access_token
        content = None if body is None else _encoded(body)
        parameters = {k: v for k, v in (query or {}).items() if v is not None}
        status, answer = await self._call(method, path, content, parameters, headers)
        return _data(path, status, answer)

    async def close(self) -> None:
        """Close the session if it is this object's own; no call is possible then."""
        if self._owns_session and self._session is not None:
            await self._session.close()

    async def _call(
        self,
        method: HTTPMethod,
        path: str,
        content: bytes | None,
        parameters: Mapping[str, str | int],
        headers: Mapping[str, str],
    ) -> tuple[int, bytes]:
        if self._address_problem is not None:
            raise ApiConnectionError(f"the address of the REST service {self._address_problem}")
        verification = await self._verification()
        if self._session is None:
            self._session = aiohttp.ClientSession()
        if self._session.closed:
            raise ApiConnectionError(f"{path} cannot be called, the session is closed")
        # A redirection is not followed: body and query hold what no other address should get.
        call = self._session.request(
            method,
            self._base_url + path,
            data=content,
            params=parameters,
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,
            ssl=verification,
        )
        try:
            async with call as response:
                return response.status, await _body(path, response)
        except TimeoutError as err:
            raise ApiConnectionError(f"{path} did not answer in time") from err
        except aiohttp.ClientResponseError:
            # This error shows the address, whose query names account and device, and a piece of the answer.
            raise ApiConnectionError(f"{path} answered something other than HTTP") from None
        except aiohttp.ClientError as err:
            raise ApiConnectionError(f"{path} could not be called: {one_line(str(err), _MAX_MESSAGE)}") from err

    async def _verification(self) -> ssl.SSLContext | bool:
        """Return how the server is verified; `True` is the session's own way."""
        if not self._has_own_context:
            return True
        if self._context is None:
            try:
                # In a thread, since reading certificates blocks.
                self._context = await asyncio.to_thread(tls_context, self._ca_file)
            except (OSError, ValueError) as err:
                raise ApiConnectionError(f"the CA file cannot be used: {one_line(str(err), _MAX_MESSAGE)}") from err
        return self._context


def _encoded(body: Mapping[str, object]) -> bytes:
    try:
        return orjson.dumps({name: value for name, value in body.items() if value is not None})
    except TypeError:
        # The encoder's error is not passed on, since it may show what it could not encode.
        raise PayloadError from None


async def _body(path: str, response: aiohttp.ClientResponse) -> bytes:
    """Read the body piece by piece, as each is unpacked: a small answer can unpack to any size."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > _MAX_ANSWER_BYTES:
            response.close()
            raise InvalidResponseError(path, f"HTTP {response.status} with more than {_MAX_ANSWER_BYTES} bytes")
    return bytes(content)


def _data(path: str, status: int, content: bytes) -> object:
    """Return the `data` of an envelope whose code and HTTP status both speak of success."""
    try:
        envelope = orjson.loads(content)
    except orjson.JSONDecodeError:
        # The decoder's error carries the whole text, secrets included, so it is not passed on as a cause.
        is_markup = content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
        what = "a web page, as a network does that asks people to sign in" if is_markup else "no JSON"
        raise InvalidResponseError(path, f"HTTP {status} with {what}") from None
    if not isinstance(envelope, dict):
        raise InvalidResponseError(path, f"HTTP {status} with something other than an envelope")
    code = envelope.get("code")
    if code is None:
        code = status
    if isinstance(code, bool) or not isinstance(code, int):
        raise InvalidResponseError(path, f"HTTP {status} with a code that is no number")
    if status in _SUCCESSES and code in (HTTPStatus.OK, status):
        return envelope.get("data")
    # The code is the finer of the two, but a 5xx is the server's own trouble whatever the envelope has.
    raise _error(path, status if code == HTTPStatus.OK or status in _SERVER_ERRORS else code, envelope)


def _error(path: str, code: int, envelope: Mapping[str, object]) -> ApiError:
    """Find the kind of an answered error: the one place where codes and messages get their meaning."""
    message = envelope.get("msg")
    message = one_line(message, _MAX_MESSAGE) if isinstance(message, str) else "without a message"
    if code in _SERVER_ERRORS:
        return ServerError(path, code, message)
    data = envelope.get("data")
    notice = data.get("serverCheckText") if isinstance(data, dict) else None
    if code == HTTPStatus.FORBIDDEN and isinstance(notice, str):
        # Line breaks come as the two characters backslash and n.
        return MaintenanceError(path, code, message, one_line(notice.replace("\\n", "\n"), LONG))
    return _KINDS_OF_ERROR.get((code, message), ApiError)(path, code, message)
