"""A client in front of heaters of nothing but recorded messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nwp500 import Device, MqttConnectionConfig, NavienAPIClient, NavienAuthClient, NavienMqttClient
from tests.client.support.fixture_heater import FixtureService


@asynccontextmanager
async def connected(service: FixtureService) -> AsyncIterator[tuple[NavienMqttClient, dict[str, Device]]]:
    """Sign in, list the heaters and connect."""
    async with NavienAuthClient("user@example.com", "correct horse", base_url=service.rest.url) as auth_client:
        devices = {device.mac_address: device for device in await NavienAPIClient(auth_client).list_devices()}
        broker = service.broker
        config = MqttConnectionConfig(
            endpoint="localhost", port=broker.port, ca_file=broker.ca_file, reconnect_spread=0
        )
        client = NavienMqttClient(auth_client, config=config)
        await client.connect()
        try:
            yield client, devices
        finally:
            await client.disconnect()
