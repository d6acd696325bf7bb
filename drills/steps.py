"""The steps of drills: faults, actions, and waiting. Each function here makes one."""

import asyncio
from collections.abc import Sequence
import time

from custom_components.navilink.nwp500 import MqttConnectionConfig, NavienAuthClient, NavienMqttClient

from .drill import RECOVERY_SECONDS, Step
from .home import Home
from .waiting import until


def fault(kind: str, **members: object) -> Step:
    """Bring about a fault of the simulator, see `simulator/control/faults.py`."""

    async def bring_about(home: Home) -> None:
        await home.simulator.fault(kind, **members)

    return bring_about


def wait(seconds: float) -> Step:
    """Let so much time pass."""

    async def pass_by(_home: Home) -> None:
        await asyncio.sleep(seconds)

    return pass_by


async def over(home: Home) -> None:
    """Note that the fault has ended: from now on statuses have to flow again soon."""
    home.over_at = asyncio.get_running_loop().time()
    home.fault_lasted = (home.fault_lasted[0], time.time())


async def disconnected(home: Home) -> None:
    """Wait until Home Assistant knows that it is disconnected."""
    await until("disconnected", lambda: not home.client.is_connected, 90)


async def connected(home: Home) -> None:
    """Wait until Home Assistant is connected."""
    await until("connected", lambda: home.is_running and home.client.is_connected, 120)


def queued(count: int) -> Step:
    """Wait until so many commands wait."""

    async def wait_for(home: Home) -> None:
        await until(
            f"{count} commands wait", lambda: home.is_running and home.client.queued_commands_count >= count, 120
        )

    return wait_for


def burst(count: int) -> Step:
    """Give so many commands to every heater at once."""

    async def give(home: Home) -> None:
        for sequence in range(count):
            for mac_address in home.heaters:
                home.give(mac_address, sequence)
        await asyncio.sleep(0)

    return give


def repeated(times: int, *steps: Step) -> Step:
    """Take steps again and again."""

    async def again(home: Home) -> None:
        for _ in range(times):
            for step in steps:
                await step(home)

    return again


async def reload(home: Home) -> None:
    """Reload the integration."""
    await home.reload()


async def restart(home: Home) -> None:
    """Stop Home Assistant, and start it again in the same folder."""
    await home.stop()
    await home.start()


def outage(*steps: Step) -> Sequence[Step]:
    """Take the broker down, take some steps, and bring it up again."""
    return (fault("mqtt_down"), *steps, fault("mqtt_up"), over)


# Of the connection


def disconnected_within(seconds: float) -> Step:
    """Demand that Home Assistant notices so soon that it is disconnected."""

    async def notice(home: Home) -> None:
        await until("disconnected", lambda: not home.client.is_connected, seconds)

    return notice


async def ready(home: Home) -> None:
    """Wait until every command so far has its outcome."""
    await until("every command has its outcome", lambda: home.ledger.given > 0 and not home.ledger.open)


def draining(count: int) -> Step:
    """Wait until connected with at most so many commands left to be sent, and at least one."""

    async def wait_for(home: Home) -> None:
        await until(
            f"at most {count} commands wait",
            lambda: home.client.is_connected and 0 < home.client.queued_commands_count <= count,
        )

    return wait_for


def confirmed_meanwhile(count: int, seconds: float) -> Step:
    """Demand that so many further commands are confirmed within so many seconds."""

    async def wait_for(home: Home) -> None:
        before = home.ledger.confirmed
        await until(f"{count} confirmed", lambda: home.ledger.confirmed >= before + count, seconds)

    return wait_for


def connecting_at_most(times: int, *steps: Step) -> Step:
    """Take steps, and demand that no more attempts to connect are made meanwhile."""

    async def count(home: Home) -> None:
        before = (await home.simulator.state())["upgrades"]
        for step in steps:
            await step(home)
        made = (await home.simulator.state())["upgrades"] - before
        if made > times:
            home.errors.append(f"{made} attempts to connect, at most {times}")

    return count


def never_ended(reason: str) -> Step:
    """Demand that the service has ended no connection for this reason."""

    async def look(home: Home) -> None:
        if count := sum(ended["reason"] == reason for ended in (await home.simulator.state())["ended"]):
            home.errors.append(f"{count} connections ended: {reason}")

    return look


async def statuses_flow(home: Home) -> None:
    """Wait until every heater has reported since the fault ended."""
    over_at = home.over_at or 0.0
    await until("statuses flow", lambda: home.reported_since(over_at), RECOVERY_SECONDS)


async def polling_off(home: Home) -> None:
    """Choose in Home Assistant that nothing is asked of the heaters regularly."""
    home.hass.config_entries.async_update_entry(home.entry, pref_disable_polling=True)


async def another_client(home: Home) -> None:
    """Connect another client with the client id of Home Assistant's, which ends that one's connection."""
    addresses = home.simulator.addresses
    async with NavienAuthClient(
        addresses["email"], addresses["password"], base_url=addresses["api_url"]
    ) as auth_client:
        client = NavienMqttClient(
            auth_client,
            config=MqttConnectionConfig(
                endpoint=addresses["mqtt_endpoint"],
                port=addresses["mqtt_port"],
                ca_file=addresses["ca_file"],
                client_id=home.client.client_id,
            ),
        )
        # Not waited for: the service may refuse its first attempt, as one too many in that second.
        await client.connect(wait=False)
        await disconnected(home)
        await client.disconnect()
