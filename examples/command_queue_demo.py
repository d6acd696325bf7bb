"""Shows step by step what happens to commands while disconnected.

    python examples/command_queue_demo.py                          with a simulated heater, nothing else needed
    python examples/command_queue_demo.py --email you@example.com  with your own; its status is only read

The password is prompted for. Your heater receives status requests and no commands.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import getpass
from pathlib import Path
import sys
from typing import TYPE_CHECKING

from nwp500 import (
    CommandEvent,
    Device,
    MqttConnectionConfig,
    NavienAPIClient,
    NavienAuthClient,
    NavienError,
    NavienMqttClient,
)
from nwp500.enums import DhwMode

if TYPE_CHECKING:
    from simulator.process import SimulatorProcess

_REPOSITORY = Path(__file__).resolve().parent.parent
_SMALL_QUEUE = 5
_REPLY_SECONDS = 30.0
_RECONNECT_SECONDS = 90.0

_OUTCOMES = {
    "command_queued": "is queued",
    "command_sent": "is sent",
    "command_confirmed": "was confirmed by the heater",
    "command_rejected": "was rejected by the heater",
    "command_dropped": "was dropped, the oldest of a full queue",
    "command_cleared": "was cleared",
    "command_failed": "could not be sent",
}


def step(text: str) -> None:
    """Print the heading of a step."""
    print(f"\n== {text}", flush=True)


def announce_outcomes(client: NavienMqttClient) -> None:
    """Print what happens to each command, when it does."""

    def printer(outcome: str) -> Callable[[CommandEvent], None]:
        def show(event: CommandEvent) -> None:
            print(f"   {event.command.wanted}: {outcome}", flush=True)

        return show

    for event, outcome in _OUTCOMES.items():
        client.on(event, printer(outcome))


def show_queue(client: NavienMqttClient) -> None:
    """List the queue, next command first."""
    print(f"   in the queue: {client.queued_commands_count}", flush=True)
    for sequence, command in enumerate(client.queued_commands, 1):
        print(f"     {sequence}. {command.wanted} (queued at {command.queued_at:%H:%M:%S} UTC)", flush=True)


@asynccontextmanager
async def happening(client: NavienMqttClient, event: str, seconds: float, *, times: int = 1) -> AsyncIterator[None]:
    """Wait, at the end of the block, until the client has fired this event so many times since its start."""
    happened = asyncio.Semaphore(0)
    stop = client.on(event, lambda _: happened.release())
    try:
        yield
        async with asyncio.timeout(seconds):
            for _ in range(times):
                await happened.acquire()
    finally:
        stop()


async def fill_and_clear(client: NavienMqttClient, device: Device) -> None:
    """Overfill the queue with status requests, then clear it. None of them reaches the heater."""
    step(f"Seven status requests, in a queue of {_SMALL_QUEUE}")
    for _ in range(7):
        await client.request_device_status(device)
    show_queue(client)
    step("Clear")
    print(f"   removed: {client.clear_command_queue()}")
    show_queue(client)


async def with_simulator() -> None:
    """Show everything with a simulated heater and its cloud."""
    # The simulator is part of the repository and not of the installed package.
    sys.path.insert(0, str(_REPOSITORY))
    from simulator.process import SimulatorProcess

    step("Start a simulated heater and its cloud, and sign in")
    async with SimulatorProcess() as simulator:
        addresses = simulator.addresses
        config = MqttConnectionConfig(
            endpoint=addresses["mqtt_endpoint"],
            port=addresses["mqtt_port"],
            ca_file=addresses["ca_file"],
            max_queued_commands=_SMALL_QUEUE,
        )
        async with NavienAuthClient(
            addresses["email"], addresses["password"], base_url=addresses["api_url"]
        ) as auth_client:
            device = (await NavienAPIClient(auth_client).list_devices())[0]
            client = NavienMqttClient(auth_client, config=config)
            try:
                await client.connect()
                await cut_queue_and_restore(simulator, client, device)
            finally:
                await client.disconnect()


async def cut_queue_and_restore(simulator: SimulatorProcess, client: NavienMqttClient, device: Device) -> None:
    """Disconnect, submit commands, reconnect and see them arrive."""
    await ask_status(client, device)
    announce_outcomes(client)

    step("Disconnect")
    async with happening(client, "connection_interrupted", _RECONNECT_SECONDS):
        await simulator.fault("mqtt_down")

    await fill_and_clear(client, device)

    step("Two commands while still disconnected")
    await client.set_dhw_temperature(device, 125.0)
    await client.set_dhw_mode(device, DhwMode.HIGH_DEMAND)
    show_queue(client)

    step("Restore the network: the client reconnects and sends them in order")
    async with happening(client, "command_confirmed", _RECONNECT_SECONDS, times=2):
        await simulator.fault("mqtt_up")
    show_queue(client)

    step("What the heater has now")
    await ask_status(client, device)


async def with_own_heater(email: str) -> None:
    """Show the part that changes nothing: requests made before the connection is established."""
    password = getpass.getpass(f"Password of {email}: ")
    config = MqttConnectionConfig(max_queued_commands=_SMALL_QUEUE)
    step("Sign in")
    async with NavienAuthClient(email, password) as auth_client:
        devices = await NavienAPIClient(auth_client).list_devices()
        print(f"   heaters in this account: {len(devices)}")
        if not devices:
            return
        device = devices[0]
        client = NavienMqttClient(auth_client, config=config)
        announce_outcomes(client)
        await fill_and_clear(client, device)
        step("One more status request, then connect: it is sent as soon as the connection is established")
        await client.request_device_status(device)
        try:
            async with happening(client, "status_received", _REPLY_SECONDS):
                await client.connect()
            show_status(client, device)
        finally:
            await client.disconnect()


async def ask_status(client: NavienMqttClient, device: Device) -> None:
    """Request the status of the heater, and print it."""
    async with happening(client, "status_received", _REPLY_SECONDS):
        await client.request_device_status(device)
    show_status(client, device)


def show_status(client: NavienMqttClient, device: Device) -> None:
    """Print the last status."""
    status = client.status(device)
    if status is not None and status.dhw_mode is not None:
        mode = status.dhw_mode.name.lower().replace("_", " ")
        print(f"   mode: {mode}, target temperature: {status.dhw_temperature_setting} °C", flush=True)


def main() -> int:
    """Return 0 when everything worked."""
    parser = argparse.ArgumentParser(description="Shows what happens to commands while disconnected.")
    parser.add_argument("--email", help="use your own account instead of the simulator; the password is prompted for")
    arguments = parser.parse_args()
    try:
        asyncio.run(with_own_heater(arguments.email) if arguments.email else with_simulator())
    except (NavienError, TimeoutError) as error:
        print(f"ended early: {error or 'no response in time'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
