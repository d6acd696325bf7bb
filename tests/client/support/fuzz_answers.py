"""Answers as any service, proxy or sign-in page could give them: statuses, headers, codings and bodies of all kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import gzip
import json
from random import Random
import zlib

from tests.client.support.mutations import NOT_NUMBERS, NUMBERS, OTHERS, TEXTS, Mutations
from tests.client.support.scripted_service import RECORDED

STATUSES = (
    201,
    202,
    204,
    206,
    299,
    301,
    302,
    304,
    307,
    400,
    401,
    403,
    404,
    409,
    418,
    429,
    500,
    502,
    503,
    599,
    600,
    999,
)
CODES = (200, 201, 400, 401, 403, 404, 500, 503, *NUMBERS, *NOT_NUMBERS, *TEXTS, *OTHERS)
MESSAGES = ("SUCCESS", "COMMON_NOT_AUTHORIZED", "NOT_FOUND", "USER_NOT_FOUND", "invalid", *TEXTS, *OTHERS, *NUMBERS)
DATA: tuple[object, ...] = ({"serverCheckText": "closed\\nuntil noon"}, {"serverCheckText": "\ud800"}, *OTHERS, *TEXTS)
BODIES = (
    b"",
    b" ",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"<html>Sign in to the hotel</html>",
    b"\xef\xbb\xbf<!DOCTYPE html>",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"code": 200, "data": ' + b'{"a":' * 2_000 + b"1" + b"}" * 2_002,
    b'{"code": 200, "data": "' + b"x" * 300_000 + b'"}',
)
"""What is no envelope, or hardly one."""

HEADERS: tuple[Mapping[str, str], ...] = (
    {"Content-Type": "text/html; charset=utf-16"},
    {"Content-Type": "application/json; charset=none-such"},
    {"Content-Type": ";;;=;"},
    {"Location": "https://[::1"},
    {"Location": "//\u00e5\u6f22/../.."},
    {"Set-Cookie": "a=b; Expires=never; Domain=..; Path=\u00e5; Max-Age=1e9"},
    {"Set-Cookie": "=;=;" * 100},
    {"Retry-After": "-1"},
    {"X-Long": "a" * 7_000},
    {"WWW-Authenticate": "Digest realm=", "Connection": "upgrade", "Upgrade": "h2c"},
    {"Content-Encoding": "gzip"},
    {"Content-Encoding": "deflate"},
    {"Content-Encoding": "br"},
    {"Content-Encoding": "zstd"},
    {"Content-Encoding": "none-such"},
    {"Content-Encoding": "gzip, gzip"},
)
"""Most of the codings among them are not those of the body."""

RAW = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n%b",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%b",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n%b",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00%b",
    b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nX-Odd: \x00\x01\r\n\r\n%b",
    b"HTTP/1.1 200\r\n\r\n%b",
    b"HTTP/1.1 2000 OK\r\n\r\n%b",
    b"HTTP/1.1 -20 OK\r\n\r\n%b",
    b"HTTP/9.9 200 OK\r\n\r\n%b",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n%b",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n%b",
    b"HTTP/1.0 200 OK\r\n\r\n%b",
    b"SSH-2.0-Server\r\n%b",
    b"\x16\x03\x01%b",
    b"%b",
    b"",
)
"""What a server writes that does not speak the protocol as it should; the connection ends after it."""


@dataclass(frozen=True, slots=True)
class OddAnswer:
    """One answer; with `is_raw` the body is all that is written."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_raw: bool = False


@dataclass(slots=True)
class OddAnswers:
    """Answers by their numbers, made from the recorded ones."""

    _mutations: dict[str, Mutations] = field(init=False)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random()  # noqa: S311 - repeatable, not secret
        self._mutations = {
            name: Mutations(exchange["response"]["body"], seed=f"answered {name}")
            for name, exchange in RECORDED.items()
        }

    def case(self, number: int, exchange: str) -> OddAnswer:
        """Make one answer to a call that was recorded."""
        random = self._random
        random.seed(f"answer {number}")
        recorded: int = RECORDED[exchange]["response"]["status"]
        status = recorded if random.random() < 0.8 else random.choice(STATUSES)
        body = self._body(number, exchange)
        choice = random.random()
        if choice < 0.7:
            return OddAnswer(body, status)
        if choice < 0.8:
            return OddAnswer(random.choice(RAW).replace(b"%b", body), is_raw=True)
        if choice < 0.9:
            return self._packed(body, status)
        return OddAnswer(body, status, random.choice(HEADERS))

    def _body(self, number: int, exchange: str) -> bytes:
        choice = self._random.random()
        if choice < 0.8:
            return self._mutations[exchange].case(number).body
        if choice < 0.9:
            return self._random.choice(BODIES)
        envelope = {
            "code": self._random.choice(CODES),
            "msg": self._random.choice(MESSAGES),
            "data": self._random.choice((RECORDED[exchange]["response"]["body"].get("data"), *DATA)),
        }
        return json.dumps(envelope).encode()

    def _packed(self, body: bytes, status: int) -> OddAnswer:
        name, pack = self._random.choice(_CODINGS)
        packed = pack(body)
        match self._random.randrange(4):
            case 0:
                packed = packed[: self._random.randrange(len(packed))]
            case 1:
                place = self._random.randrange(len(packed))
                packed = packed[:place] + self._random.randbytes(2) + packed[place + 2 :]
        return OddAnswer(packed, status, {"Content-Encoding": name})


def _bare(body: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=-15)
    return packer.compress(body) + packer.flush()


_CODINGS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("gzip", lambda body: gzip.compress(body, compresslevel=1)),
    ("deflate", lambda body: zlib.compress(body, 1)),
    ("deflate", _bare),
)
