"""The control interface: what a test or a demo sees of the cloud, and how it brings about faults (plain HTTP, JSON).

`process` has a method for each of its requests, which describes it.

A page from elsewhere must not use it through a browser on this machine: a body has to be JSON by its type, which a page
may send to another origin only when that one allows it, and the `Host` has to be this machine's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
import json
import time
from typing import Annotated

from aiohttp import hdrs, web

from ..cloud import Cloud
from ..common.listener import is_loopback_host
from ..common.reading import MAX_COUNT, BadRequestError, JsonObject, Span, checked, json_object, of_kind, part, sequence
from ..heater import report
from .faults import inject
from .panel import write, write_schedules
from .snapshot import CONDITIONS, holds, snapshot

DEFAULT_WAIT = 10.0
MAX_WAIT = 600.0
MAX_BODY = 2**20
"""Bytes; the largest message of the service has 128 KiB."""
MAX_BURST = 100_000
_BURST_AT_A_TIME = 1000
"""So many messages are sent before anything else gets a turn."""
_LOOK_EVERY = 0.01
_SHUTDOWN_TIMEOUT = 1.0


class ControlInterface:
    """Serves the control interface of a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        application = web.Application(middlewares=[_guard], client_max_size=MAX_BODY)
        application.add_routes(
            [
                web.get("/state", self._state),
                web.get("/wait", self._wait),
                web.post("/fault", self._fault),
                web.get("/device/{mac}", self._status),
                web.post("/device/{mac}", self._device),
                web.post("/schedule/{mac}", self._schedule),
                web.post("/publish", self._publish),
                web.post("/clock", self._clock),
                web.post("/reset", self._reset),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)

    async def start(self, host: str, port: int) -> str:
        """Open the port and return the URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close the port."""
        await self._runner.cleanup()

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(snapshot(self._cloud))

    async def _wait(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        timeout = _query_number("timeout", query.pop("timeout", str(DEFAULT_WAIT)), maximum=MAX_WAIT)
        topic_suffix = query.pop("topic_suffix", "")
        unknown = query.keys() - CONDITIONS.keys()
        if unknown or not query:
            wrong = ", ".join(sorted(unknown)) or "nothing"
            raise BadRequestError(f"wait for one or more of {', '.join(CONDITIONS)}, not for {wrong}")
        wanted = {name: _query_number(name, value, maximum=MAX_COUNT) for name, value in query.items()}
        deadline = time.monotonic() + timeout
        while unmet := [
            f"{name} is {count}"
            for name, count in ((name, CONDITIONS[name](self._cloud, topic_suffix)) for name in wanted)
            if not holds(name, count, wanted[name])
        ]:
            if time.monotonic() >= deadline:
                return web.json_response(
                    {"error": f"after {timeout:g} s {', '.join(unmet)}"}, status=HTTPStatus.REQUEST_TIMEOUT
                )
            await asyncio.sleep(_LOOK_EVERY)
        return web.json_response({})

    async def _fault(self, request: web.Request) -> web.Response:
        members = await _object(request)
        self._cloud.advance_heaters()
        inject(self._cloud, members)
        return web.json_response({})

    async def _status(self, request: web.Request) -> web.Response:
        self._cloud.advance_heaters()
        return web.json_response(report.status(self._cloud.heater(request.match_info["mac"])))

    async def _device(self, request: web.Request) -> web.Response:
        heater = self._cloud.heater(request.match_info["mac"])
        members = await _object(request)
        feature = part({"feature": members.pop("feature", {})}, "feature")
        self._cloud.advance_heaters()
        write(heater, members, feature)
        return web.json_response({})

    async def _schedule(self, request: web.Request) -> web.Response:
        heater, schedules = self._cloud.heater(request.match_info["mac"]), await _object(request)
        self._cloud.advance_heaters()
        write_schedules(heater, schedules)
        return web.json_response({})

    async def _publish(self, request: web.Request) -> web.Response:
        members = await _object(request)
        if ("payload" in members) is ("text" in members):
            raise BadRequestError("either a payload or a text is needed")
        await checked(publish, members)(self._cloud)
        return web.json_response({})

    async def _clock(self, request: web.Request) -> web.Response:
        members = await _object(request)
        if not members:
            raise BadRequestError("speed, advance or both are needed")
        adjust = checked(self._cloud.clock.adjust, members)
        self._cloud.advance_heaters()
        adjust()
        self._cloud.advance_heaters()
        return web.json_response({})

    async def _reset(self, request: web.Request) -> web.Response:
        members = await _object(request) if request.can_read_body else {}
        if members.keys() - {"options"}:
            raise BadRequestError("only options can be given")
        options = sequence({"options": [], **members}, "options")
        await self._cloud.reset([of_kind(option, str, "an option") for option in options])
        return web.json_response({})


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keep pages out, and say what is wrong with a request."""
    try:
        if not is_loopback_host(request.host):
            raise web.HTTPMisdirectedRequest(text=f"{request.host} is not this machine")
        if request.method == hdrs.METH_POST and request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text=f"the body must be application/json, not {request.content_type}")
        return await handler(request)
    except (BadRequestError, UnicodeEncodeError) as err:  # JSON may hold half a character
        return web.json_response({"error": str(err)}, status=HTTPStatus.BAD_REQUEST)
    except web.HTTPException as err:
        return web.json_response({"error": err.text}, status=err.status)


async def _object(request: web.Request) -> JsonObject:
    return json_object(await request.read())


async def publish(
    cloud: Cloud,
    *,
    topic: str,
    payload: object = None,
    text: str | None = None,
    count: Annotated[int, Span(1, MAX_BURST)] = 1,
) -> None:
    """Send a message so many times: `payload` as JSON, or `text` as it stands."""
    message = (json.dumps(payload) if text is None else text).encode()
    for number in range(count):
        cloud.broker.service.publish(topic, message)
        if number % _BURST_AT_A_TIME == 0:
            await asyncio.sleep(0)


def _query_number(name: str, value: str, *, maximum: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= maximum:
        raise BadRequestError(f"{name} must be 0 to {maximum:g}, not {value!r}")
    return number
