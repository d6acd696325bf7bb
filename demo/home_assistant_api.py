"""Home Assistant's REST and WebSocket interfaces as the demo uses them: actions, flows, and states as they change."""

import asyncio
from collections.abc import Callable, Mapping
import itertools
from typing import Any, Self

import aiohttp

from .exceptions import ApiError, DeadlineError

type Json = dict[str, Any]
"""A JSON object whose members depend on the request: the one place where a type cannot say more."""


class HomeAssistantApi:
    """A signed-in client that keeps a copy of every state, up to date by events."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.states: dict[str, Json] = {}
        self._session = session
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Condition()
        self._reader = asyncio.create_task(self._read(), name="home assistant events")

    @classmethod
    async def connect(cls, url: str, token: str) -> Self:
        """Sign in with an access token. `ApiError` when it is refused."""
        session = aiohttp.ClientSession(base_url=url, headers={"Authorization": f"Bearer {token}"})
        try:
            socket = await session.ws_connect("/api/websocket", max_msg_size=0)
            await socket.receive_json()  # auth_required
            await socket.send_json({"type": "auth", "access_token": token})
            answer = await socket.receive_json()
        except BaseException:
            await session.close()
            raise
        if answer["type"] != "auth_ok":
            await session.close()
            raise ApiError("Home Assistant refused the access token")
        api = cls(session, socket)
        await api.call("subscribe_events", event_type="state_changed")
        for state in await api.call("get_states"):
            api.states.setdefault(state["entity_id"], state)
        return api

    async def close(self) -> None:
        """Close both interfaces."""
        await self._socket.close()
        await self._session.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def call(self, command: str, **members: object) -> Any:  # noqa: ANN401 - each command has its own answer
        """Send a WebSocket command and return its result. `ApiError` when it fails."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_json({"id": number, "type": command, **members})
            return await answer
        finally:
            del self._answers[number]

    async def action(self, name: str, entity_id: str, **data: object) -> None:
        """Perform an action such as `button.press` on one entity. `ApiError` when it is refused."""
        domain, service = name.split(".")
        await self.call(
            "call_service", domain=domain, service=service, service_data=data, target={"entity_id": entity_id}
        )

    async def configuration(self) -> Json:
        """Return Home Assistant's own configuration, among it the state of its start."""
        return await self._rest("GET", "/api/config")

    async def set_up(self, domain: str, data: Mapping[str, object]) -> None:
        """Go through the config flow that users take. `ApiError` when it does not end in a loaded entry."""
        flow = await self._rest("POST", "/api/config/config_entries/flow", {"handler": domain})
        step = await self._rest("POST", f"/api/config/config_entries/flow/{flow['flow_id']}", data)
        if step["type"] != "create_entry":
            raise ApiError(f"setting up {domain} ended with {step['type']}: {step.get('errors') or step.get('reason')}")
        (entry,) = await self.call("config_entries/get", domain=domain)
        if entry["state"] != "loaded":
            raise ApiError(f"{domain} is in the state {entry['state']}: {entry['reason']}")

    async def entities(self, domain: str) -> list[tuple[str, str]]:
        """Return the enabled entities of an integration: unique id, which two platforms may share, and entity id."""
        registry = await self.call("config/entity_registry/list")
        return [
            (entry["unique_id"], entry["entity_id"])
            for entry in registry
            if entry["platform"] == domain and entry["disabled_by"] is None
        ]

    async def devices(self, domain: str) -> dict[str, Json]:
        """Return the devices of an integration by their own identifier."""
        registry = await self.call("config/device_registry/list")
        return {
            identifier: device for device in registry for owner, identifier in device["identifiers"] if owner == domain
        }

    async def wait_until(self, what: str, is_so: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for states for which `is_so` holds, looking again at each change. `DeadlineError` names `what`."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(is_so)
        except TimeoutError as error:
            raise DeadlineError(f"{what}: not so after {seconds:.0f} s") from error

    async def wait_for_state(self, entity_id: str, state: str, seconds: float = 30.0) -> None:
        """Wait until an entity has this state. `DeadlineError` when it does not get there."""
        await self.wait_until(f"{entity_id} is {state}", lambda: self.state(entity_id) == state, seconds)

    def state(self, entity_id: str) -> str | None:
        """Return an entity's state now, `None` when there is no such entity."""
        state = self.states.get(entity_id)
        return None if state is None else str(state["state"])

    def attributes(self, entity_id: str) -> Json:
        """Return an entity's attributes now, empty when there is no such entity."""
        state = self.states.get(entity_id)
        return {} if state is None else state["attributes"]

    async def _rest(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        async with self._session.request(method, path, json=body) as response:
            if not response.ok:
                raise ApiError(f"{method} {path} was answered {response.status}: {await response.text()}")
            answer: Json = await response.json()
            return answer

    async def _read(self) -> None:
        async for message in self._socket:
            answer: Json = message.json()
            if answer["type"] == "event":
                await self._keep(answer["event"]["data"])
            elif (future := self._answers.get(answer["id"])) is not None and not future.done():
                _complete(future, answer)
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ApiError("Home Assistant closed the connection"))

    async def _keep(self, change: Json) -> None:
        async with self._changed:
            if change["new_state"] is None:
                self.states.pop(change["entity_id"], None)
            else:
                self.states[change["entity_id"]] = change["new_state"]
            self._changed.notify_all()


def _complete(future: asyncio.Future[Any], answer: Json) -> None:
    if answer.get("success"):
        future.set_result(answer.get("result"))
    else:
        future.set_exception(ApiError(answer.get("error", {}).get("message", "Home Assistant refused the command")))
