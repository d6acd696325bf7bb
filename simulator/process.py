"""The simulator as a process of its own, for tests, demos and examples."""

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from http import HTTPStatus
import json
from pathlib import Path
import select
import subprocess
import sys
from typing import Self, cast

from aiohttp import ClientSession, ClientTimeout

from .state import Addresses, State

START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0
_ANSWER_TIMEOUT = 30.0
_ROOT = Path(__file__).resolve().parent.parent


class SimulatorError(Exception):
    """The simulator did not start, or refused a request; the text is its own."""


@contextmanager
def run_simulator(*options: str) -> Iterator[tuple[Addresses, int]]:
    """Run `python -m simulator` while the context lasts, and no longer than this process; gives its process id too.

    It belongs to no event loop, so that those of many tests can use it one after the other.
    """
    command = (sys.executable, "-m", "simulator", "--until-eof", *options)
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own program
        try:
            yield _read_addresses(process), process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()


def _read_addresses(process: subprocess.Popen[bytes]) -> Addresses:
    stream = process.stdout
    if stream is None or not select.select([stream], [], [], START_TIMEOUT)[0]:
        raise SimulatorError("the simulator did not become ready in time")
    line = stream.readline()
    if not line:
        raise SimulatorError("the simulator ended before it was ready")
    return cast("Addresses", json.loads(line))


class SimulatorProcess:
    """A simulator that runs while the context lasts; with `addresses`, one that runs already and goes on.

    Use it as `async with SimulatorProcess("--heaters", "2") as simulator:`, with the options of the command line.
    Requests to the control interface raise SimulatorError when they are refused.
    """

    def __init__(self, *options: str, addresses: Addresses | None = None) -> None:
        self._options = options
        self._addresses = addresses
        self._pid: int | None = None
        self._running = AsyncExitStack()
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        if self._addresses is None:
            self._addresses, self._pid = self._running.enter_context(run_simulator(*self._options))
        self._session = await self._running.enter_async_context(ClientSession(self._addresses["control_url"]))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    @property
    def addresses(self) -> Addresses:
        """Where it can be reached, and the account; a reset changes none of it."""
        if self._addresses is None:
            raise SimulatorError("the simulator has not been started")
        return self._addresses

    @property
    def pid(self) -> int:
        """Process id of one that this object has started."""
        if self._pid is None:
            raise SimulatorError("the simulator has not been started here")
        return self._pid

    async def state(self) -> State:
        """Give everything that can be seen: connections, messages received, heaters, REST requests."""
        return cast("State", await self._request("GET", "/state"))

    async def status(self, mac_address: str) -> dict[str, int]:
        """Give the raw status members of a heater as they are now."""
        return cast("dict[str, int]", await self._request("GET", f"/device/{mac_address}"))

    async def fault(self, kind: str, **members: object) -> None:
        """Bring about a fault, see `control.service_faults` and `control.heater_faults`."""
        await self._request("POST", "/fault", {"kind": kind, **members})

    async def device(
        self, mac_address: str, *, feature: Mapping[str, int] | None = None, **members: int | None
    ) -> None:
        """Write raw status members of a heater, and `feature` members, as at its panel (see `panel`)."""
        await self._request("POST", f"/device/{mac_address}", {**members, "feature": dict(feature or {})})

    async def schedules(self, mac_address: str, **schedules: Mapping[str, object]) -> None:
        """Write whole schedules of a heater as at its panel: `reservations`, `recirculation`, `tou` in wire form."""
        await self._request("POST", f"/schedule/{mac_address}", schedules)

    async def publish(self, topic: str, payload: object, *, count: int = 1) -> None:
        """Send a JSON message from the cloud to whoever subscribes to `topic`, so many times in a row."""
        await self._request("POST", "/publish", {"topic": topic, "payload": payload, "count": count})

    async def publish_text(self, topic: str, text: str, *, count: int = 1) -> None:
        """Send any text to whoever subscribes to `topic`, so many times in a row."""
        await self._request("POST", "/publish", {"topic": topic, "text": text, "count": count})

    async def clock(self, speed: float | None = None, *, advance: float = 0.0) -> None:
        """Set the heaters' clock forward by so many seconds, and its speed; the time jumped over is lived through."""
        await self._request("POST", "/clock", {"speed": speed, "advance": advance})

    async def reset(self, *options: str) -> None:
        """Begin afresh as if started again: connections end, credentials are void, heaters are as from the factory.

        `options` of the command line that concern heaters and lifetimes take the place of those of the start.
        """
        await self._request("POST", "/reset", {"options": options})

    async def wait(self, *, timeout: float = 10.0, topic_suffix: str = "", **counts: int) -> None:  # noqa: ASYNC109 - the simulator keeps the time
        """Wait until every count is reached, or raise TimeoutError.

        At least: `received`, `applied`, `subscriptions`, `connects` and `disconnected` (so far), `upgrades` (asked for,
        refused ones too), `throttled` (messages above the rate limit), `rest_requests`.
        Exactly: `connections`. `topic_suffix` counts only messages received on topics that end so.
        """
        query = {name: str(count) for name, count in counts.items()}
        query |= {"timeout": str(timeout), "topic_suffix": topic_suffix}
        await self._request("GET", "/wait", query=query, allowed=timeout + _ANSWER_TIMEOUT)

    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        allowed: float = _ANSWER_TIMEOUT,
    ) -> object:
        if self._session is None:
            raise SimulatorError("the simulator has not been started")
        limit = ClientTimeout(total=allowed)
        async with self._session.request(method, path, json=body, params=query, timeout=limit) as response:
            answer = await response.json()
        if response.status == HTTPStatus.REQUEST_TIMEOUT:  # what was waited for did not happen
            raise TimeoutError(answer["error"])
        if not response.ok:
            raise SimulatorError(answer["error"])
        return answer
