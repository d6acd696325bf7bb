"""200 clients against one simulator after a restart of its broker: `python -m benchmarks.fleet`.

Each is a client as a home has it, with a sign-in, a session and a heater of its own; they share the account, the
simulator's only one. Twice the broker is down for some seconds; the second time every credential issued so far is void
afterwards, as when the whole service starts again, so that each home signs in anew. Counted is what the simulator took:
CONNECTs, sign-ins and all REST requests, and their share in the busiest second.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
import time

from nwp500 import Device, MqttConnectionConfig, NavienAPIClient, NavienAuthClient, NavienMqttClient
from simulator.process import SimulatorProcess
from simulator.state import State

from .figures import Figure, at_most
from .report import run_alone
from .support.spread import busiest

CLIENTS = 200
AT_A_TIME = 10
OUTAGE_SECONDS = 5.0
STEADY_SECONDS = 12.0
"""A connection that held 10 s starts its pauses from the beginning."""
PATIENCE = 180.0
TARGET = 10.0
SIGN_IN = "/user/sign-in"


async def home(stack: AsyncExitStack, simulator: SimulatorProcess, device: Device) -> NavienMqttClient:
    """Return a client that is signed in, connected and subscribed to its heater."""
    addresses = simulator.addresses
    auth_client = await stack.enter_async_context(
        NavienAuthClient(addresses["email"], addresses["password"], base_url=addresses["api_url"])
    )
    config = MqttConnectionConfig(
        endpoint=addresses["mqtt_endpoint"], port=addresses["mqtt_port"], ca_file=addresses["ca_file"]
    )
    client = NavienMqttClient(auth_client, config=config)
    stack.push_async_callback(client.disconnect)
    await client.connect()
    await client.subscribe_device(device)
    return client


async def devices_of(simulator: SimulatorProcess) -> Sequence[Device]:
    """Return the heaters of the account."""
    addresses = simulator.addresses
    async with NavienAuthClient(addresses["email"], addresses["password"], base_url=addresses["api_url"]) as auth:
        return await NavienAPIClient(auth).list_devices()


async def recovery(simulator: SimulatorProcess, *, credentials_void: bool) -> tuple[State, float]:
    """Take the broker down and up again, wait until everybody is back; return the state and when it came up."""
    await asyncio.sleep(STEADY_SECONDS)
    await simulator.fault("mqtt_down")
    if credentials_void:
        await simulator.fault("expire_aws")
        await simulator.fault("expire_jwt", refresh=True)
    await asyncio.sleep(OUTAGE_SECONDS)
    up_at = time.time()
    await simulator.fault("mqtt_up")
    await simulator.wait(connections=CLIENTS, timeout=PATIENCE)
    return await simulator.state(), up_at


def figures_of(title: str, state: State, up_at: float) -> list[Figure]:
    """Return the spread of everything since the broker came up."""
    connects = [connection["connected_at"] for connection in state["connections"]]
    requests = [request for request in state["rest_requests"] if request["time"] >= up_at]
    kinds = {
        "CONNECTs": connects,
        "sign-ins": [request["time"] for request in requests if request["path"].endswith(SIGN_IN)],
        "REST requests": [request["time"] for request in requests],
    }
    figures = [Figure(name=f"{title}: the last is back after", value=max(connects) - up_at, unit="s")]
    for kind, moments in kinds.items():
        figures.append(Figure(name=f"{title}: {kind}", value=len(moments), unit=""))
        if moments:
            share = 100 * busiest(moments) / len(moments)
            name = f"{title}: share of the busiest second, {kind}"
            figures.append(Figure(name=name, value=share, unit="%", target=at_most(TARGET)))
    return figures


async def measured() -> list[Figure]:
    """Start everybody, then restart the broker twice."""
    async with SimulatorProcess("--heaters", str(CLIENTS)) as simulator, AsyncExitStack() as stack:
        devices = await devices_of(simulator)
        for first in range(0, CLIENTS, AT_A_TIME):
            await asyncio.gather(*(home(stack, simulator, device) for device in devices[first : first + AT_A_TIME]))
        restarted = await recovery(simulator, credentials_void=False)
        void = await recovery(simulator, credentials_void=True)
    title = f"{CLIENTS} clients, broker down for {OUTAGE_SECONDS:g} s"
    return [*figures_of(title, *restarted), *figures_of(f"{title}, credentials void", *void)]


if __name__ == "__main__":
    run_alone(measured)
