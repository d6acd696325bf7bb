"""The control interface: what a test or a demo sees of the cloud, and how it brings about faults (plain HTTP, JSON).

`process` has a method for each of its requests, which describes it.

A page from elsewhere must not use it through a browser on this machine: a body has to be JSON by its type, which a page
may send to another origin only when that one allows it, and the `Host` has to be this machine's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from inspect import isfunction, signature
import json
import time
from typing import Annotated

from aiohttp import hdrs, web

from ..cloud import Cloud
from ..common.listener import is_loopback_host
from ..common.reading import MAX_COUNT, BadRequestError, JsonObject, Span, checked, json_object, of_kind, part, sequence
from ..heater import report
from ..heater.heater import Heater
from . import heater_faults, service_faults
from .panel import write, write_schedules
from .snapshot import CONDITIONS, snapshot

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
                web.get("/device/{mac}", self._status),
                *(web.post(path, partial(self._change, change)) for path, change in _CHANGES.items()),
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

    async def _change(self, change: Callable[..., Awaitable[None]], request: web.Request) -> web.Response:
        """Change something by a JSON object, which a reset may lack; the heaters live up to now before."""
        is_bare_reset = change is _reset and not request.can_read_body
        members = {} if is_bare_reset else json_object(await request.read())
        self._cloud.advance_heaters()
        await change(self._cloud, members, **request.match_info)
        return web.json_response({})

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
            if (count != wanted[name] if name == "connections" else count < wanted[name])
        ]:
            if time.monotonic() >= deadline:
                return web.json_response(
                    {"error": f"after {timeout:g} s {', '.join(unmet)}"}, status=HTTPStatus.REQUEST_TIMEOUT
                )
            await asyncio.sleep(_LOOK_EVERY)
        return web.json_response({})

    async def _status(self, request: web.Request) -> web.Response:
        self._cloud.advance_heaters()
        return web.json_response(report.status(self._cloud.heater(request.match_info["mac"])))


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


def inject(cloud: Cloud, members: Mapping[str, object]) -> None:
    """Bring about the fault that `members` describe; without `mac`, one of heaters concerns all of them."""
    kind = members.get("kind")
    fault = FAULTS.get(kind) if isinstance(kind, str) else None
    if fault is None:
        raise BadRequestError(f"kind must be one of {', '.join(sorted(FAULTS))}, not {kind!r}")
    arguments = {name: value for name, value in members.items() if name != "kind"}
    parameters = signature(fault).parameters
    heaters: Iterable[Heater | None] = [None]
    if "heater" in parameters:
        mac = arguments.pop("mac", None)
        heaters = cloud.heaters.values() if mac is None else [cloud.heater(mac)]
    bring_about = checked(fault, arguments)
    for heater in heaters:
        subjects = {name: value for name, value in (("heater", heater), ("cloud", cloud)) if name in parameters}
        bring_about(**subjects)


FAULTS: Mapping[str, Callable[..., None]] = {
    name: function
    for module in (service_faults, heater_faults)
    for name, function in vars(module).items()
    if isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
}
"""By kind, the name of a function; its keyword parameters are the members that `POST /fault` takes beside it."""


async def _fault(cloud: Cloud, members: JsonObject) -> None:
    inject(cloud, members)


async def _device(cloud: Cloud, members: JsonObject, *, mac: str) -> None:
    feature = part({"feature": members.pop("feature", {})}, "feature")
    write(cloud.heater(mac), members, feature)


async def _schedule(cloud: Cloud, members: JsonObject, *, mac: str) -> None:
    write_schedules(cloud.heater(mac), members)


async def _publish(cloud: Cloud, members: JsonObject) -> None:
    if ("payload" in members) is ("text" in members):
        raise BadRequestError("either a payload or a text is needed")
    await checked(publish, members)(cloud)


async def _clock(cloud: Cloud, members: JsonObject) -> None:
    if not members:
        raise BadRequestError("speed, advance or both are needed")
    checked(cloud.clock.adjust, members)()
    cloud.advance_heaters()


async def _reset(cloud: Cloud, members: JsonObject) -> None:
    if members.keys() - {"options"}:
        raise BadRequestError("only options can be given")
    options = sequence({"options": [], **members}, "options")
    await cloud.reset([of_kind(option, str, "an option") for option in options])


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


_CHANGES: Mapping[str, Callable[..., Awaitable[None]]] = {
    "/fault": _fault,
    "/device/{mac}": _device,
    "/schedule/{mac}": _schedule,
    "/publish": _publish,
    "/clock": _clock,
    "/reset": _reset,
}
"""What each POST brings about."""
