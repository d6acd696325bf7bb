"""A REST service on a real socket that gives one call an odd answer and all others the recorded one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict

from tests.client.support.fuzz_answers import OddAnswer
from tests.client.support.scripted_service import RECORDED

_SERVICE = "https://nlus.naviensmartcontrol.com/api/v2.1"
_SIGN_IN = "sign_in"


def path_of(exchange: str) -> str:
    """Return the path of a recorded exchange."""
    url: str = RECORDED[exchange]["request"]["url"]
    return url.removeprefix(_SERVICE)


class OddService:
    """Answers by path."""

    def __init__(self) -> None:
        self.url = ""
        self.calls = 0
        self.odd: tuple[str, OddAnswer] | None = None
        """The path with an odd answer, and the answer."""
        self._recorded = {
            path_of(name): (exchange["response"]["status"], exchange["response"]["body"])
            for name, exchange in reversed(RECORDED.items())
            if exchange["response"]["status"] == 200 or name == _SIGN_IN
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        self.calls += 1
        await request.read()
        path = request.path.removeprefix("/api/v2.1")
        if self.odd is None or self.odd[0] != path:
            status, body = self._recorded[path]
            return web.json_response(body, status=status)
        answer = self.odd[1]
        if not answer.is_raw:
            return web.Response(body=answer.body, status=answer.status, headers=CIMultiDict(answer.headers))
        transport = request.transport
        assert transport is not None
        transport.write(answer.body)
        transport.close()
        # What aiohttp writes of this, it writes to a connection that is closed.
        return web.Response()


@asynccontextmanager
async def odd_service() -> AsyncIterator[OddService]:
    """Serve on a free port of the loopback interface."""
    service = OddService()
    app = web.Application()
    app.router.add_route("*", "/api/v2.1/{path:.*}", service.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        service.url = str(server.make_url("/api/v2.1"))
        yield service
    finally:
        await server.close()
