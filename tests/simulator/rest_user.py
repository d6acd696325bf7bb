"""Someone who calls the REST service of a cloud, over real sockets."""

from collections.abc import Awaitable, Callable, Mapping
import json
from typing import Any

from aiohttp import ClientSession

from simulator.cloud import Cloud
from simulator.control.control import inject

EMAIL, PASSWORD = "user@example.com", "correct horse"
DEVICE = {"macAddress": "0478630a1b2c", "additionalValue": "5322", "userId": EMAIL}

# Any: decoded JSON, looked at member by member.
type Answer = tuple[int, dict[str, Any]]
type StartService = Callable[..., Awaitable[RestUser]]


class RestUser:
    """Someone who calls a cloud's REST service."""

    def __init__(self, cloud: Cloud, session: ClientSession) -> None:
        self.cloud = cloud
        self.session = session
        self.access_token = ""

    async def post(self, path: str, *, authorization: str | None = None, **members: object) -> Answer:
        """Call an endpoint with a JSON body."""
        return await self.send(path, json.dumps(members).encode(), authorization=authorization)

    async def send(self, path: str, body: bytes, *, authorization: str | None = None) -> Answer:
        """Call an endpoint with any body; signed in unless another authorization is given."""
        return await self.call("POST", path, body=body, authorization=authorization)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        authorization: str | None = None,
    ) -> Answer:
        """Call an endpoint in any way."""
        headers = {"authorization": self.access_token if authorization is None else authorization}
        url = self.cloud.api_url + path
        async with self.session.request(method, url, params=query, data=body, headers=headers) as response:
            envelope = await response.json()
        assert envelope["code"] == response.status
        return response.status, envelope

    def fault(self, kind: str, **members: object) -> None:
        """Bring about a fault of the cloud."""
        inject(self.cloud, {"kind": kind, **members})

    async def data(self, path: str, **members: object) -> Any:  # noqa: ANN401 - JSON of any kind
        """Call an endpoint with a JSON body, with success, and return `data`."""
        status, envelope = await self.send(path, json.dumps(members).encode())
        assert (status, envelope["msg"]) == (200, "SUCCESS")
        return envelope.get("data")

    async def sign_in(self) -> dict[str, Any]:
        """Sign in and return the token object."""
        data = await self.data("/user/sign-in", userId=EMAIL, password=PASSWORD)
        token: dict[str, Any] = data["token"]
        self.access_token = token["accessToken"]
        return token

    async def list_devices(self, offset: int = 0, count: int = 20) -> list[dict[str, Any]]:
        """Return one page of the device list."""
        rows: list[dict[str, Any]] = await self.data("/device/list", userId=EMAIL, offset=offset, count=count)
        return rows
