"""Answers of the REST service other than success, and its pages (protocol.md 2.1)."""

from collections.abc import Sequence

from ..common.reading import Json, JsonObject, number

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
