"""What a REST service may send: bodies of any size, form and pace, over real sockets, and which servers are called."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import gzip
from http import HTTPMethod
import json
from pathlib import Path
import ssl
import time
import tracemalloc
import zlib

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from nwp500 import NavienAuthClient
from nwp500.exceptions import ApiConnectionError, ApiError, InvalidResponseError, MaintenanceError, PayloadError
from nwp500.rest.service import RestService
from simulator.common.certificates import ServerCertificate, make_server_certificate
from tests.client.support.scripted_service import Answer, ScriptedService, scripted_service, success

MEBIBYTE = 1024 * 1024
GZIP = {"Content-Encoding": "gzip"}

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """Serve every path with one handler."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url(""))


@asynccontextmanager
async def called(url: str, **settings: object) -> AsyncIterator[RestService]:
    """Give a service at an address, closed at the end."""
    rest = RestService(url, **settings)  # type: ignore[arg-type]  # its own parameters
    try:
        yield rest
    finally:
        await rest.close()


def bomb(unpacked: int) -> bytes:
    """Return a success that is small only as long as it is packed."""
    packer = zlib.compressobj(9, wbits=31)
    blank = b" " * MEBIBYTE
    pieces = [packer.compress(b'{"code":200,"data":[')]
    pieces += [packer.compress(blank) for _ in range(unpacked // MEBIBYTE)]
    return b"".join((*pieces, packer.compress(b"]}"), packer.flush()))


async def test_a_small_answer_that_unpacks_to_much_is_not_unpacked(service: ScriptedService) -> None:
    packed = await asyncio.to_thread(bomb, 200 * MEBIBYTE)
    assert len(packed) < 210_000
    service.answer("/device/list", Answer(packed, 200, GZIP))
    async with called(service.url) as rest:
        tracemalloc.start()
        try:
            with pytest.raises(InvalidResponseError, match="more than 4194304 bytes"):
                await rest.request(HTTPMethod.POST, "/device/list")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 32 * MEBIBYTE
        # The next call is as good as the first.
        service.answer("/device/list", Answer(gzip.compress(b'{"code": 200, "data": [1]}'), 200, GZIP))
        assert await rest.request(HTTPMethod.POST, "/device/list") == [1]


async def test_what_is_as_large_as_it_may_be_is_read(service: ScriptedService) -> None:
    frame = len(b'{"data":""}')
    async with called(service.url) as rest:
        service.answer("/path", Answer(b'{"data":"%b"}' % (b"a" * (4 * MEBIBYTE - frame))))
        assert await rest.request(HTTPMethod.POST, "/path") == "a" * (4 * MEBIBYTE - frame)
        service.answer("/path", Answer(b'{"data":"%b"}' % (b"a" * (4 * MEBIBYTE - frame + 1))))
        with pytest.raises(InvalidResponseError, match="more than"):
            await rest.request(HTTPMethod.POST, "/path")


async def test_a_body_without_an_end_is_not_read_to_it() -> None:
    ended = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65_536)
        finally:
            ended.set()

    async with served(endless) as url, called(url) as rest:
        with pytest.raises(InvalidResponseError, match="more than"):
            await rest.request(HTTPMethod.POST, "/path")
        # The connection is not left open with more to come.
        async with asyncio.timeout(10):
            await ended.wait()


async def test_a_body_that_drips_is_abandoned_in_time() -> None:
    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    async with served(dripping) as url, called(url, timeout=0.3) as rest:
        began = time.monotonic()
        with pytest.raises(ApiConnectionError, match="in time"):
            await rest.request(HTTPMethod.POST, "/path")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-16", "application/json; charset=nonsense", "text/html", "\xff"]
)
async def test_a_body_is_json_whatever_it_is_called(service: ScriptedService, content_type: str) -> None:
    service.answer("/path", Answer(b'{"code": 200, "data": [1]}', 200, {"Content-Type": content_type}))
    async with called(service.url) as rest:
        assert await rest.request(HTTPMethod.POST, "/path") == [1]


@pytest.mark.parametrize(
    "headers", [{"X-Long": "a" * 100_000}, {f"X-{number}": "a" for number in range(20_000)}], ids=["long", "many"]
)
async def test_headers_beyond_measure_are_no_answer(service: ScriptedService, headers: dict[str, str]) -> None:
    service.answer("/path", Answer(b'{"code": 200, "data": [1]}', 200, headers))
    async with called(service.url) as rest:
        with pytest.raises(ApiConnectionError, match=r"^/path answered something other than HTTP$"):
            await rest.request(HTTPMethod.POST, "/path")


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": 200, "data": %b}' % (b"[" * 2000 + b"]" * 2000),
        b'{"code": 200, "data": %b}' % (b"[" * 2_000_000),
        b'{"code": 200, "data": NaN}',
        b'{"code": 200, "data": 1e400}',
        b'{"code": %b}' % (b"9" * 100),
        b'{"code": 2e2}',
        '{"code": 200}'.encode("utf-16"),
        b'{"code": 200, "msg": "\xff"}',
    ],
    ids=["deep", "open", "NaN", "infinite", "code of 100 digits", "code of no whole number", "UTF-16", "Latin-1"],
)
async def test_json_of_any_kind(service: ScriptedService, body: bytes) -> None:
    service.answer("/path", Answer(body))
    async with called(service.url) as rest:
        with pytest.raises(InvalidResponseError):
            await rest.request(HTTPMethod.POST, "/path")


@pytest.mark.parametrize("encoding", [None, "gzip"])
@pytest.mark.parametrize("status", [200, 302, 403, 511])
async def test_a_web_page_is_called_one(service: ScriptedService, status: int, encoding: str | None) -> None:
    page = b"\xef\xbb\xbf\r\n <!DOCTYPE html><title>Sign in to the hotel</title>"
    body = page if encoding is None else gzip.compress(page)
    headers = {"Content-Type": "text/html"} | ({} if encoding is None else GZIP)
    service.answer("/path", Answer(body, status, headers))
    async with called(service.url) as rest:
        with pytest.raises(InvalidResponseError, match=f"HTTP {status} with a web page"):
            await rest.request(HTTPMethod.POST, "/path")


HOSTILE = "Closed\x1b[2J\r\n\x00**now**\u202e" + "!" * 10_000


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"code": 403, "msg": HOSTILE, "data": {"serverCheckText": HOSTILE}}, 403),
        Answer({"code": 500, "msg": HOSTILE}, 500),
        Answer({"code": 400, "msg": HOSTILE}, 400),
    ],
)
async def test_what_an_error_says_is_one_printable_line(service: ScriptedService, answer: Answer) -> None:
    service.answer("/path", answer)
    async with called(service.url) as rest:
        with pytest.raises(ApiError, match="Closed") as caught:
            await rest.request(HTTPMethod.POST, "/path")
    reported = [str(caught.value), caught.value.message]
    if isinstance(caught.value, MaintenanceError):
        reported.append(caught.value.notice)
    assert all(text.isprintable() and len(text) <= 500 for text in reported)


async def test_a_body_that_cannot_be_encoded_goes_nowhere(service: ScriptedService) -> None:
    async with called(service.url) as rest:
        with pytest.raises(PayloadError) as caught:
            await rest.request(HTTPMethod.POST, "/path", body={"password": "secret\ud800"})
    assert "secret" not in repr(caught.value)
    assert service.calls == []


# Anything that a socket can bring, packed or not, whole or not.
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=50).map(lambda text: text.encode(errors="surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "msg", "data"]), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": bytes,
    "zstd": bytes,
}


async def any_body_is_data_or_an_error(
    service: ScriptedService, rest: RestService, body: bytes, status: int, packing: tuple[str, str], cut: int
) -> None:
    claimed, real = packing
    packed = PACKERS[real](body)
    headers = {"Content-Encoding": claimed}
    service.answer("/path", Answer(packed[: len(packed) - cut] if cut else packed, status, headers))
    service.calls.clear()
    try:
        await rest.request(HTTPMethod.POST, "/path")
    except ApiError, ApiConnectionError:
        return


_ANYTHING = given(
    body=BODIES,
    status=st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 500, 503]),
    packing=st.tuples(st.sampled_from(sorted(PACKERS)), st.sampled_from(sorted(PACKERS)))
    | st.sampled_from(sorted(PACKERS)).map(lambda name: (name, name)),
    cut=st.integers(0, 20),
)
_FIXTURE = HealthCheck.function_scoped_fixture


@_ANYTHING
@settings(max_examples=100, deadline=None, suppress_health_check=[_FIXTURE])
async def test_any_body_is_data_or_an_error(
    service: ScriptedService, body: bytes, status: int, packing: tuple[str, str], cut: int
) -> None:
    async with called(service.url) as rest:
        await any_body_is_data_or_an_error(service, rest, body, status, packing, cut)


@pytest.mark.long
@pytest.mark.timeout(1200)
@_ANYTHING
@settings(max_examples=30_000, deadline=None, suppress_health_check=[_FIXTURE])
async def test_any_body_is_data_or_an_error_in_a_deep_search(
    service: ScriptedService, body: bytes, status: int, packing: tuple[str, str], cut: int
) -> None:
    async with called(service.url) as rest:
        await any_body_is_data_or_an_error(service, rest, body, status, packing, cut)


@pytest.mark.parametrize(
    "address",
    [
        "https://user:secret@localhost",
        "https://localhost?key=secret",
        "http://example.com/api?secret",
        "http://192.0.2.1",
        "http://secret.example.com",
    ],
)
async def test_no_secret_goes_to_an_address_that_may_not_have_it(address: str) -> None:
    client = NavienAuthClient("user@example.com", "secret", base_url=address)
    with pytest.raises(ApiConnectionError, match="the address of the REST service") as caught:
        await client.sign_in()
    assert "secret" not in str(caught.value)
    await client.close()


@pytest.fixture
def certificate(tmp_path: Path) -> ServerCertificate:
    return make_server_certificate(tmp_path)


@asynccontextmanager
async def encrypted(
    certificate: ServerCertificate, ssl_context: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedService]:
    """Serve over TLS, at the name that the certificate is for."""
    async with scripted_service(ssl_context or certificate.ssl_context) as service:
        service.answer("/path", success(1))
        yield service


@pytest.mark.parametrize("is_shared", [False, True], ids=["own session", "shared session"])
async def test_a_private_authority_is_trusted_for_rest(certificate: ServerCertificate, is_shared: bool) -> None:
    async with encrypted(certificate) as service, aiohttp.ClientSession() as shared:
        session = shared if is_shared else None
        for _ in range(2):
            async with called(service.url, session=session, ca_file=str(certificate.ca_file)) as rest:
                assert await rest.request(HTTPMethod.POST, "/path") == 1
        # Whoever shares the session trusts as before.
        async with called(service.url, session=session) as rest:
            with pytest.raises(ApiConnectionError, match="certificate verify failed"):
                await rest.request(HTTPMethod.POST, "/path")


async def test_with_a_file_nobody_else_is_trusted(certificate: ServerCertificate, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_server_certificate(tmp_path / "other")
    async with encrypted(certificate) as service, called(service.url, ca_file=str(other.ca_file)) as rest:
        with pytest.raises(ApiConnectionError, match="certificate verify failed"):
            await rest.request(HTTPMethod.POST, "/path")
        assert service.calls == []


@pytest.mark.parametrize("path", ["", "/nonexistent", "/", "/dev/zero", "\0", __file__])
async def test_a_file_that_cannot_be_used_is_said_to_be_so(certificate: ServerCertificate, path: str) -> None:
    async with encrypted(certificate) as service, called(service.url, ca_file=path) as rest:
        with pytest.raises(ApiConnectionError, match="the CA file cannot be used"):
            await rest.request(HTTPMethod.POST, "/path")
        assert service.calls == []


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_a_service_that_speaks_old_versions_of_tls_alone_is_not_called(
    certificate: ServerCertificate, newest: ssl.TLSVersion
) -> None:
    outdated = certificate.outdated_context(newest)
    async with (
        encrypted(certificate, outdated) as service,
        called(service.url, ca_file=str(certificate.ca_file)) as rest,
    ):
        with pytest.raises(ApiConnectionError):
            await rest.request(HTTPMethod.POST, "/path")
        assert service.calls == []
