"""The REST service's rules for every call: envelope, bare `authorization` header, errors, pages (protocol.md 2.1).

What answers where is the table in `endpoints`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from itertools import repeat
import json
import time
import zlib

from aiohttp import hdrs, web

from ..common.faults import Countdowns, portal_page
from ..common.listener import is_loopback_host
from ..common.reading import BadRequestError, Json, JsonObject, json_object, number, text
from ..heater.heater import Heater
from ..state import RestRequestState
from .accounts import Accounts

BASE_PATH = "/api/v2.1"

MAX_PAGE = 20
"""Maximum rows in one answer."""

_BY_QUERY = frozenset({"GET", "DELETE"})
"""Methods whose parameters stand in the query instead of a body."""

_OFFSETS = range(2**31)
_MEBIBYTE = 2**20
_GZIP = 16 + zlib.MAX_WBITS

_NOTICE = "The service is under maintenance.\\nPlease try again later."


@dataclass(eq=False)
class RestError(Exception):
    """An answer other than success; `code` is the HTTP status too."""

    code: int
    msg: str
    data: Json = None


def not_found() -> RestError:
    """Make the answer when there is no such thing."""
    return RestError(404, "NOT_FOUND")


def not_authorized() -> RestError:
    """Make the answer when the account may not use it: not 403."""
    return RestError(404, "COMMON_NOT_AUTHORIZED")


def page[RowT](rows: Sequence[RowT], body: JsonObject) -> list[RowT]:
    """Give the rows that a request with `offset` and `count` asks for."""
    offset = number(body, "offset", _OFFSETS)
    return list(rows[offset : offset + number(body, "count", range(1, MAX_PAGE + 1))])


@dataclass(slots=True, kw_only=True)
class RestFaults:
    """How the service fails at the moment."""

    down: bool = False
    closes: bool = False
    """While down: close the connection instead of answering 503."""
    portal: bool = False
    """Something in between answers with a page of its own."""
    maintenance: bool = False
    upcoming: Countdowns = field(default_factory=Countdowns)
    """Answers that go wrong, by the kind of fault; refusals by path below the base path."""
    refusals: dict[str, RestError] = field(default_factory=dict)
    cut_to: int | None = 0
    """How many devices a short list has; `None`: there is `null` instead of a list."""
    mac_form: str = "plain"
    """How the device list spells MAC addresses, one of `MAC_FORMS`."""
    padding: int = 0
    """MiB of blanks in each answer that is bloated."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at a path; returns the `data` of the envelope, and raises RestError for anything else."""

    answer: Callable[[RestApi, JsonObject], Json]
    _: KW_ONLY
    signed_in: bool = True
    """A call that needs an access token names its user as well, who must be the account's owner."""
    names_user: bool = True
    has_data: bool = True
    """False: a write, in whose envelope there is no `data`."""


class RestApi:
    """The service over one account and its heaters."""

    def __init__(
        self,
        accounts: Accounts,
        heaters: Mapping[str, Heater],
        endpoints: Mapping[tuple[str, str], Endpoint],
        *,
        foreign_device: bool,
    ) -> None:
        self.accounts = accounts
        self._heaters = heaters
        self.foreign_device = foreign_device
        self._endpoints = endpoints
        self.faults = RestFaults()
        self.requests: list[RestRequestState] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or close its connection, and note it in the journal."""
        closes = self.faults.down and self.faults.closes
        if closes and request.transport is not None:
            request.transport.close()
        response = web.Response() if closes else await self._respond(request)
        self.requests.append({"path": request.path, "status": 0 if closes else response.status, "time": time.time()})
        return response

    async def _respond(self, request: web.BaseRequest) -> web.Response:
        if not is_loopback_host(request.host):
            # A page whose name leads to this machine would otherwise be of the same origin, and could sign in.
            return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST)
        if self.faults.portal:
            return portal_page()
        envelope: JsonObject
        try:
            status, envelope = 200, {"code": 200, "msg": "SUCCESS", **await self._answer(request)}
        except BadRequestError:
            status, envelope = 400, {"code": 400, "msg": "COMMON_BAD_REQUEST"}
        except RestError as err:
            status, envelope = err.code, {"code": err.code, "msg": err.msg}
            if err.data is not None:
                envelope["data"] = err.data
        if self.faults.upcoming.due("bloat"):
            return _bloated(envelope, status, self.faults.padding)
        return web.json_response(envelope, status=status)

    @property
    def heaters(self) -> Mapping[str, Heater]:
        """The heaters that the account has, by MAC address."""
        return {mac: heater for mac, heater in self._heaters.items() if heater.registration.in_account}

    def heater(self, body: JsonObject) -> Heater:
        """Find the heater that a request names."""
        heater = self.heaters.get(text(body, "macAddress"))
        if heater is None or heater.identity.additional_value != text(body, "additionalValue"):
            raise not_found()
        return heater

    def own(self, body: JsonObject) -> None:
        """Refuse a request for another account."""
        if text(body, "userId") != self.accounts.email:
            raise not_authorized()

    async def _answer(self, request: web.BaseRequest) -> JsonObject:
        if self.faults.down:
            raise RestError(503, "SERVICE_UNAVAILABLE")
        if self.faults.maintenance:
            raise RestError(403, "FORBIDDEN", {"serverCheckText": _NOTICE})
        path = request.path.removeprefix(BASE_PATH)
        if self.faults.upcoming.due(path):
            raise self.faults.refusals[path]
        endpoint = self._endpoints.get((request.method, path))
        if endpoint is None or not request.path.startswith(BASE_PATH):
            raise not_found()
        if endpoint.signed_in and not self.accounts.holds(request.headers.get("authorization", "")):
            raise RestError(401, "UNAUTHORIZED")
        by_query = request.method in _BY_QUERY
        parameters: JsonObject = dict(request.query) if by_query else json_object(await request.read())
        if endpoint.signed_in and endpoint.names_user:
            self.own(parameters)
        data = endpoint.answer(self, parameters)
        return {"data": data} if endpoint.has_data else {}


def _bloated(envelope: JsonObject, status: int, mebibytes: int) -> web.Response:
    """Give an answer with a great deal of blanks behind it, which is still JSON."""
    compressor = zlib.compressobj(wbits=_GZIP)
    pieces = (json.dumps(envelope).encode(), *repeat(b" " * _MEBIBYTE, mebibytes))
    body = b"".join(map(compressor.compress, pieces)) + compressor.flush()
    headers = {hdrs.CONTENT_ENCODING: "gzip"}
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
