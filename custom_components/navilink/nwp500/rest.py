"""One call to the REST service: address, headers, envelope and every way it can fail (protocol.md 2.1)."""

from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
import orjson

from .exceptions import ApiConnectionError, ApiError, UnreadableAnswerError

DEFAULT_BASE_URL = "https://nlus.naviensmartcontrol.com/api/v2.1"
USER_AGENT = "navilink-nwp500"
SERVER_ERRORS = range(500, 600)

_SUCCESSES = range(200, 300)
_LONGEST_MESSAGE = 200


class RestService:
    """The REST service at one address.

    It uses the session given, or makes one of its own at the first call; only its own is closed by `close()`.
    `timeout` is in seconds and holds for a whole call.
    """

    def __init__(
        self, base_url: str = DEFAULT_BASE_URL, session: aiohttp.ClientSession | None = None, *, timeout: float = 30.0
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = session
        self._owns_session = session is None
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def request(self, path: str, body: Mapping[str, object], *, access_token: str | None = None) -> object:
        """POST the body, without its null members, and return the `data` of the answer: object, list or None.

        `access_token` signs the call. Raises `ApiError` when the service answers with an error, by its HTTP status or
        by the code in the envelope, `ApiConnectionError` when it cannot be reached or does not answer in time, and
        `UnreadableAnswerError` when what it answers is no envelope.
        """
        headers = {"User-Agent": USER_AGENT}
        if access_token is not None:
            headers["authorization"] = access_token
        status, content = await self._post(path, {k: v for k, v in body.items() if v is not None}, headers)
        return _data(path, status, content)

    async def close(self) -> None:
        """Close the session if it is this object's own; no call is possible then."""
        if self._owns_session and self._session is not None:
            await self._session.close()

    async def _post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        if self._session.closed:
            msg = f"{path} cannot be called, the session is closed"
            raise ApiConnectionError(msg)
        # A redirection is not followed: the body holds secrets that no other address should get.
        call = self._session.post(
            self._base_url + path, json=body, headers=headers, timeout=self._timeout, allow_redirects=False
        )
        try:
            async with call as response:
                return response.status, await response.read()
        except TimeoutError as err:
            msg = f"{path} did not answer in time"
            raise ApiConnectionError(msg) from err
        except aiohttp.ClientError as err:
            msg = f"{path} could not be called: {err}"
            raise ApiConnectionError(msg) from err


def _data(path: str, status: int, content: bytes) -> object:
    """Return the `data` of an envelope whose code and HTTP status both speak of success."""
    try:
        envelope = orjson.loads(content)
    except orjson.JSONDecodeError:
        # The decoder's error carries the whole text, secrets included, so it is not passed on as a cause.
        raise UnreadableAnswerError(path, f"HTTP {status} with something other than JSON") from None
    if not isinstance(envelope, dict):
        raise UnreadableAnswerError(path, f"HTTP {status} with something other than an envelope")
    code = envelope.get("code")
    if code is None:
        code = status
    if isinstance(code, bool) or not isinstance(code, int):
        raise UnreadableAnswerError(path, f"HTTP {status} with a code that is no number")
    if status in _SUCCESSES and code in (HTTPStatus.OK, status):
        return envelope.get("data")
    message = envelope.get("msg")
    # The code is the finer of the two, but a 5xx is the server's own trouble whatever the envelope says.
    raise ApiError(
        path,
        status if code == HTTPStatus.OK or status in SERVER_ERRORS else code,
        message[:_LONGEST_MESSAGE] if isinstance(message, str) else "without a message",
    )
