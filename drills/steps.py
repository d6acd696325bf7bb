"""The steps of drills: faults, actions, and waiting. Each function here makes one."""

import asyncio
from collections.abc import Sequence

from .drill import Step
from .home import Home


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


async def disconnected(home: Home) -> None:
    """Wait until Home Assistant knows that it is disconnected."""
    await home.until("disconnected", lambda: not home.client.is_connected, 90)


async def connected(home: Home) -> None:
    """Wait until Home Assistant is connected."""
    await home.until("connected", lambda: home.is_running and home.client.is_connected, 120)


def queued(count: int) -> Step:
    """Wait until so many commands wait."""

    async def wait_for(home: Home) -> None:
        await home.until(
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
