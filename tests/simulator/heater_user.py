"""Someone signed in to a simulator in its own process who talks to its first heater over MQTT."""

from collections.abc import Awaitable, Callable
import json
import time
from typing import Any

from aiohttp import ClientSession

from simulator.common.sigv4 import AwsCredentials
from simulator.mqtt.packets import PubAck, Publish, SubAck, Subscribe
from simulator.process import SimulatorProcess

from .requests_on_file import MAC
from .running_broker import RawClient

CLIENT_ID = "ha-client-3f9a1c07"
RESPONSE_TOPIC = f"cmd/52/navilink-{MAC}/{CLIENT_ID}/res"

type Open = Callable[[], Awaitable[HeaterUser]]


class HeaterUser:
    """Someone signed in to the simulator who talks to its first heater over MQTT."""

    def __init__(self, client: RawClient, client_id: str) -> None:
        self.client = client
        self.client_id = client_id
        self._packet_id = 0

    async def subscribe(self, *topics: str) -> None:
        """Subscribe to topics, or to what the heater answers."""
        self._packet_id += 1
        filters = tuple((topic, 1) for topic in topics or (f"{RESPONSE_TOPIC}/#", f"cmd/52/navilink-{MAC}/res/#"))
        await self.client.send(Subscribe(self._packet_id, filters))
        await self.client.receive(SubAck)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish a message; its PUBACK is not awaited."""
        self._packet_id += 1
        await self.client.send(Publish(topic=topic, payload=payload, qos=1, packet_id=self._packet_id))

    async def request(self, command: int, suffix: str = "ctrl", *, session: str = "s", **members: object) -> None:
        """Send a request to the heater."""
        topic = f"cmd/52/navilink-{MAC}/{suffix}"
        identity = {"command": command, "deviceType": 52, "macAddress": MAC, "additionalValue": "5322"}
        envelope = {
            "clientID": CLIENT_ID,
            "sessionID": session,
            "protocolVersion": 2,
            "requestTopic": topic,
            "responseTopic": RESPONSE_TOPIC,
            "request": identity | members,
        }
        await self.publish(topic, json.dumps(envelope).encode())

    async def set_temperature(self, half_degrees: int, *, session: str = "s") -> None:
        """Write the setpoint."""
        await self.request(33554464, session=session, mode="dhw-temperature", param=[half_degrees], paramStr="")

    async def reply(self) -> tuple[str, dict[str, Any]]:
        """Return topic and message of the next reply."""
        while isinstance(packet := await self.client.receive_any(), PubAck):
            pass
        assert isinstance(packet, Publish)
        assert packet.packet_id is not None
        await self.client.send(PubAck(packet.packet_id))
        return packet.topic, json.loads(packet.payload)


async def sign_in(simulator: SimulatorProcess) -> AwsCredentials:
    """Sign in over REST for AWS credentials."""
    addresses = simulator.addresses
    account = {"userId": addresses["email"], "password": addresses["password"]}
    async with (
        ClientSession() as session,
        session.post(f"{addresses['api_url']}/user/sign-in", json=account) as response,
    ):
        token = (await response.json())["data"]["token"]
    lifetime = token["authorizationExpiresIn"]
    return AwsCredentials(token["accessKeyId"], token["secretKey"], token["sessionToken"], time.time() + lifetime)
