"""A REST service on a real socket that answers what a test lays out, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
import ssl
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests import FIXTURES

# Any: decoded JSON of a fixture.
RECORDED: dict[str, Any] = json.loads((FIXTURES / "rest_all.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived; header names in the case they had on the wire."""

    path: str
    headers: dict[str, str]
    body: dict[str, object]
    """Empty also for a call without one."""
    method: str
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: an object goes out as JSON, bytes as they are; None closes the connection instead.

    It goes out once `after` is set, if there is one.
    """

    content: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: asyncio.Event | None = None


def success(data: object) -> Answer:
    """Return the envelope of a success."""
    return Answer({"code": 200, "msg": "SUCCESS", "data": data})


def refusal(code: int = 401, msg: str = "Unauthorized") -> Answer:
    """Return the envelope of an error, its code also as the HTTP status."""
    return Answer({"code": code, "msg": msg}, code)


def recorded(name: str) -> Answer:
    """Return an answer of the recorded exchanges."""
    response = RECORDED[name]["response"]
    return Answer(response["body"], response["status"])


class ScriptedService:
    """Answers by path; of several answers each call takes the next, and the last one stays."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""
        self._answers: dict[str, list[Answer]] = {}
        self._arrived = asyncio.Condition()

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [call.path for call in self.calls]

    def answer(self, path: str, *answers: Answer) -> None:
        """Lay out the answers to the next calls of one path."""
        self._answers[path] = list(answers)

    async def arrivals(self, count: int) -> None:
        """Wait until that many calls have arrived."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.calls) >= count)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, while the gate is open."""
        headers = {name.decode(): value.decode() for name, value in request.raw_headers}
        path = request.path.removeprefix("/api/v2.1")
        async with self._arrived:
            body = await request.json() if request.can_read_body else {}
            self.calls.append(Call(path, headers, body, request.method, dict(request.query)))
            self._arrived.notify_all()
        answers = self._answers.get(path, [recorded("not_found")])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        await self.gate.wait()
        if answer.after is not None:
            await answer.after.wait()
        match answer.content:
            case None:
                request.protocol.force_close()
                return web.Response()
            case bytes() as body:
                return web.Response(body=body, status=answer.status, headers=answer.headers)
            case document:
                return web.json_response(document, status=answer.status, headers=answer.headers)


@asynccontextmanager
async def scripted_service(context: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedService]:
    """Serve on a free port of the loopback interface, over TLS with a context."""
    service = ScriptedService()
    app = web.Application()
    app.router.add_route("*", "/api/v2.1/{path:.*}", service.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(ssl=context)
    try:
        service.url = str(server.make_url("/api/v2.1"))
        yield service
    finally:
        await server.close()
