"""The simulator, an account signed in to it, and clients made for a test."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass, field

from nwp500 import Device, MqttConnectionConfig, NavienAPIClient, NavienAuthClient, NavienMqttClient
from simulator.process import SimulatorProcess
from simulator.state import HeaterState

MAC = "0478630a1b2c"
PATIENCE = 60.0
"""Seconds after which a test that waits for something has failed."""


@dataclass(slots=True)
class Stage:
    """What a test plays with."""

    simulator: SimulatorProcess
    auth_client: NavienAuthClient
    devices: list[Device]
    clients: list[NavienMqttClient] = field(default_factory=list)

    @property
    def device(self) -> Device:
        """The first heater of the account."""
        return self.devices[0]

    def client(self, **settings: object) -> NavienMqttClient:
        """Make a client for the simulator; it is disconnected at the end of the test.

        Unless a test has it otherwise, it reconnects as fast without a command as with one.
        """
        addresses = self.simulator.addresses
        config = MqttConnectionConfig(
            endpoint=addresses["mqtt_endpoint"],
            port=addresses["mqtt_port"],
            ca_file=addresses["ca_file"],
            **{"reconnect_spread": 0, **settings},  # type: ignore[arg-type]  # the class checks each of them itself
        )
        client = NavienMqttClient(self.auth_client, config=config)
        self.clients.append(client)
        return client

    async def connected(self, **settings: object) -> NavienMqttClient:
        """Make a client and connect it."""
        client = self.client(**settings)
        await client.connect()
        return client

    async def heater(self, mac_address: str = MAC) -> HeaterState:
        """Return the state of a simulated heater."""
        return (await self.simulator.state())["heaters"][mac_address]

    async def applied(self, mac_address: str = MAC) -> list[tuple[str, list[int]]]:
        """Return the controls that took effect on a heater, in order."""
        return [(control["control"], control["param"]) for control in (await self.heater(mac_address))["applied"]]

    async def client_idle(self, client: NavienMqttClient) -> None:
        """Wait until a client is connected and its queue has run empty."""
        while not client.is_connected or client.queued_commands_count:
            await expected(client, "connection_resumed")

    async def numbers(self, topic: str) -> list[int]:
        """Return the `n` of every message that reached the broker on a topic, in order."""
        received = (await self.simulator.state())["received"]
        return [message["payload"]["n"] for message in received if message["topic"] == topic]


@contextlib.asynccontextmanager
async def staged(*options: str) -> AsyncIterator[Stage]:
    """Start the simulator and sign in."""
    async with SimulatorProcess(*options) as simulator, signed_in(simulator) as stage:
        yield stage


@contextlib.asynccontextmanager
async def signed_in(simulator: SimulatorProcess) -> AsyncIterator[Stage]:
    """Sign in to a simulator that is running."""
    addresses = simulator.addresses
    async with NavienAuthClient(
        addresses["email"], addresses["password"], base_url=addresses["api_url"]
    ) as auth_client:
        stage = Stage(simulator, auth_client, await NavienAPIClient(auth_client).list_devices())
        try:
            yield stage
        finally:
            for client in stage.clients:
                await client.disconnect()


def expected(client: NavienMqttClient, event: str) -> asyncio.Future[object]:
    """Return a future for the next event of a name; made before the step that brings the event about."""
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def happened(value: object) -> None:
        if not future.done():
            future.set_result(value)

    client.once(event, happened)
    return future
