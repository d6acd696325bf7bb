"""Members of REST requests, read strictly, and the error that answers a bad one (protocol.md 2.1)."""

from collections.abc import Sequence

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]

MAX_PAGE = 20
"""Maximum rows in one answer."""

_OFFSETS = range(2**31)


class RestError(Exception):
    """An answer other than success; `code` is the HTTP status too."""

    def __init__(self, code: int, msg: str, data: Json = None) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.data = data


def bad_request() -> RestError:
    """Make the answer to parameters that make no sense."""
    return RestError(400, "COMMON_BAD_REQUEST")


def not_found() -> RestError:
    """Make the answer when there is no such thing."""
    return RestError(404, "NOT_FOUND")


def not_authorized() -> RestError:
    """Make the answer when the account may not use it: not 403."""
    return RestError(404, "COMMON_NOT_AUTHORIZED")


def text(body: JsonObject, name: str) -> str:
    """Read a text member of a request."""
    value = body.get(name)
    if not isinstance(value, str):
        raise bad_request()
    return value


def number(body: JsonObject, name: str, allowed: range) -> int:
    """Read a whole number of a request."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise bad_request()
    return value


def part(body: JsonObject, name: str) -> JsonObject:
    """Read an object within a request."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise bad_request()
    return value


def parts(body: JsonObject, name: str) -> list[JsonObject]:
    """Read a list of objects within a request."""
    values = body.get(name)
    if not isinstance(values, list):
        raise bad_request()
    return [part({name: value}, name) for value in values]


def page[RowT](rows: Sequence[RowT], body: JsonObject) -> list[RowT]:
    """Give the rows that a request with `offset` and `count` asks for."""
    offset = number(body, "offset", _OFFSETS)
    return list(rows[offset : offset + number(body, "count", range(1, MAX_PAGE + 1))])
