"""Signed-in calls to the REST service: the access token, and lists that come in pages (protocol.md 2.1)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
import logging

from ..exceptions import ApiError, InvalidResponseError
from ..models import Device
from ..models.members import Record
from .service import RestService
from .tokens import AuthTokens

_LOGGER = logging.getLogger(__name__)

PAGE_SIZE = 20
"""The maximum number of rows in an answer."""
MAX_ROWS = 1000
"""Where paging ends in any case."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list that came in pages."""

    rows: list[object]
    is_complete: bool
    """Whether the last page came."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SignedCalls:
    """The calls of one account; they raise as those of `NavienAPIClient` do."""

    rest: RestService
    user_id: str
    """The account's e-mail address."""
    valid_tokens: Callable[[], Awaitable[AuthTokens]]
    newer_tokens: Callable[[AuthTokens], Awaitable[AuthTokens]]
    """Called with those that were refused."""

    async def user_key(self) -> dict[str, str]:
        """Return the members that name the account and its kind, signing in where that is needed to know."""
        tokens = await self.valid_tokens()
        return {"userId": self.user_id, "userType": tokens.user_type}

    def device_key(self, device: Device) -> dict[str, str]:
        """Return the members that name a device and who asks for it."""
        return {**device.key, "userId": self.user_id}

    async def request(
        self,
        method: HTTPMethod,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int | None] | None = None,
    ) -> object:
        """Make a call and return its `data`; after a 401, once more with a new access token."""
        tokens = await self.valid_tokens()
        try:
            return await self.rest.request(method, path, body=body, query=query, access_token=tokens.access_token)
        except ApiError as err:
            if err.code != HTTPStatus.UNAUTHORIZED:
                raise
            _LOGGER.debug("The access token was refused, refreshing it: %s", err)
        tokens = await self.newer_tokens(tokens)
        return await self.rest.request(method, path, body=body, query=query, access_token=tokens.access_token)

    async def post(self, path: str, body: Mapping[str, object]) -> object:
        """POST a body and return the `data` of the answer."""
        return await self.request(HTTPMethod.POST, path, body=body)

    async def read[R: Record](self, kind: type[R], path: str, body: Mapping[str, object]) -> R:
        """POST a body and read the `data` of the answer, which must be an object."""
        return kind.from_message(as_object(path, await self.post(path, body)))

    async def read_list[R: Record](self, kind: type[R], path: str, body: Mapping[str, object], name: str) -> list[R]:
        """POST a body and read the list of that name in the `data` of the answer; what is no object is left out."""
        data = as_object(path, await self.post(path, body))
        return records(kind, as_list(path, data.get(name)))

    async def all_rows(self, path: str, body: Mapping[str, object], *, may_be_null: bool = False) -> Rows:
        """POST a body page after page, and return the rows of all pages.

        Raises `InvalidResponseError` for a page without a list; with `may_be_null`, no data is no rows.
        """
        rows: list[object] = []
        last_page: list[object] = []
        for offset in range(0, MAX_ROWS, PAGE_SIZE):
            data = await self.post(path, {**body, "offset": offset, "count": PAGE_SIZE})
            page = [] if data is None and may_be_null else as_list(path, data)
            if len(page) < PAGE_SIZE:
                return Rows([*rows, *page], is_complete=True)
            if page == last_page:
                # The service ignores the offset: what comes after this page cannot be known.
                break
            rows += page
            last_page = page
        return Rows(rows, is_complete=False)


def as_object(path: str, data: object) -> Mapping[str, object]:
    """Return data that must be an object; raises `InvalidResponseError`."""
    if isinstance(data, dict):
        return data
    raise InvalidResponseError(path, "success without an object")


def records[R: Record](kind: type[R], rows: list[object]) -> list[R]:
    """Read the rows of a list that are objects."""
    return [kind.from_message(row) for row in rows if isinstance(row, dict)]


def as_list(path: str, data: object) -> list[object]:
    """Return data that must be a list; raises `InvalidResponseError`."""
    if isinstance(data, list):
        return data
    raise InvalidResponseError(path, "success without a list")
