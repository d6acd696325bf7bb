"""Steps with heaters that several test modules take."""

import asyncio
from collections.abc import Awaitable, Callable

from nwp500 import CommandEvent, Device, HeaterCommand, NavienMqttClient
from nwp500.enums import TemperatureUnit
from nwp500.events import EVENTS
from nwp500.protocol.setpoint import dhw_temperature
from simulator.state import ReceivedState
from tests.client.support.stage import MAC, Stage, expected


def setpoint_command(device: Device, fahrenheit: float) -> HeaterCommand:
    """Return the command for a target temperature, to a heater of which nothing is known."""
    return dhw_temperature(device, fahrenheit, TemperatureUnit.FAHRENHEIT, None)


async def reported(client: NavienMqttClient, device: Device) -> None:
    """Have a heater report its status and its features."""
    status, feature = expected(client, "status_received"), expected(client, "feature_received")
    await client.request_device_status(device)
    await client.request_device_info(device)
    await asyncio.gather(status, feature)


async def outcome(client: NavienMqttClient, name: str, command: Awaitable[int]) -> CommandEvent:
    """Give a command and wait for an outcome."""
    future = expected(client, f"command_{name}")
    await command
    event = await future
    assert isinstance(event, CommandEvent)
    return event


def outcomes_of(client: NavienMqttClient) -> list[tuple[str, str, str]]:
    """Return a list of what becomes of commands from now on: each event's name, the command's kind and id."""
    found: list[tuple[str, str, str]] = []

    def noted(outcome: str) -> Callable[[CommandEvent], None]:
        return lambda event: found.append((outcome, event.command.kind, event.command.id))

    for name in EVENTS - {"command_given", "command_completed"}:
        if name.startswith("command_"):
            client.on(name, noted(name.removeprefix("command_")))
    return found


async def requests(stage: Stage, suffix: str, mac_address: str = MAC) -> list[ReceivedState]:
    """Return the requests of a suffix that reached the broker for a heater."""
    topic = f"cmd/52/navilink-{mac_address}/{suffix}"
    return [message for message in (await stage.simulator.state())["received"] if message["topic"] == topic]
