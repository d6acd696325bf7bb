"""Commands to two heaters amid everything that can go wrong, over the real runtime: none is lost, the end is right.

A command is known by any of its sessions, for each writing has its own. Unconfirmed, a pair goes out again in its order
(A, B, A, B): an older value after a newer one is always followed by the newer one once more.
"""

import asyncio
from collections import Counter
import random

import pytest

from nwp500 import CommandCompleted, CommandHandle, CommandOutcome, Device, HeaterCommand, NavienMqttClient, commands
from nwp500.protocol.controls import Control
from simulator.state import ReceivedState
from tests.client.support.stage import Stage, staged
from tests.client.support.steps import reported

COMMANDS: tuple[tuple[Control, tuple[int, ...]], ...] = (
    (commands.DHW_TEMPERATURE, (90,)),
    (commands.DHW_TEMPERATURE, (110,)),
    (commands.DHW_MODE, (1,)),
    (commands.DHW_MODE, (3,)),
    (commands.ANTI_LEGIONELLA_ON, (7,)),
    (commands.AIR_FILTER_RESET, ()),
)
# Expired credentials are not among them: a second renewal within a minute is not made.
TROUBLES: tuple[dict[str, object], ...] = (
    {"kind": "cut"},
    {"kind": "cut", "fin": False},
    {"kind": "cut", "after": 2, "puback": False},
    {"kind": "cut", "after": 3, "puback": True},
    {"kind": "drop_session"},
    {"kind": "lose_suback", "count": 2},
    {"kind": "ctrl_fail", "count": 2, "code": 2},
)
AS_IN_HOME_ASSISTANT: dict[str, object] = {"guard_commands": True, "command_interval": 0.05, "expire_by_class": True}
COUNT = 60


async def given(stage: Stage, client: NavienMqttClient, chance: random.Random) -> list[CommandHandle]:
    """Give commands, with trouble between them."""
    handles = []
    for _ in range(COUNT):
        control, parameters = chance.choice(COMMANDS)
        device: Device = chance.choice(stage.devices)
        handles.append(await client.submit(HeaterCommand(device, control, parameters)))
        if chance.random() < 1 / 4:
            await stage.simulator.fault(**chance.choice(TROUBLES))  # type: ignore[arg-type]  # checked by the simulator
        await asyncio.sleep(chance.uniform(0, 0.3))
    return handles


def arrivals(
    received: list[ReceivedState], written: dict[str, str], handles: list[CommandHandle]
) -> list[CommandHandle]:
    """Return the commands in the order in which they reached the broker, each as often as it did."""
    sessions = (message["payload"]["sessionID"] for message in received if message["topic"].endswith("/ctrl"))
    by_id = {handle.command.id: handle for handle in handles}
    return [by_id[written[session_id]] for session_id in sessions]


def undone(arrived: list[CommandHandle]) -> list[tuple[CommandHandle, CommandHandle]]:
    """Return each command that arrived after a newer one for the same setting which did not follow it once more."""
    return [
        (older, newer)
        for number, older in enumerate(arrived)
        for newer in dict.fromkeys(arrived[:number])
        if newer.sequence > older.sequence
        and newer.command.is_related_to(older.command)
        and not any(
            later.sequence >= newer.sequence and later.command.is_related_to(newer.command)
            for later in arrived[number:]
        )
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("settings", [{}, AS_IN_HOME_ASSISTANT], ids=["plain", "as in Home Assistant"])
async def test_every_command_has_one_outcome_and_its_place(settings: dict[str, object], seed: int) -> None:
    async with staged("--heaters", "2", "--reply-delay", "0.01") as stage:
        client = await stage.connected(operation_timeout=1.0, **settings)
        ends: Counter[str] = Counter()
        written: dict[str, str] = {}

        def result(event: CommandCompleted) -> None:
            ends[event.command.id] += 1
            written.update(dict.fromkeys(event.command.sessions, event.command.id))

        client.on("command_completed", result)
        for device in stage.devices:
            await reported(client, device)
        ends.clear()
        handles = await given(stage, client, random.Random(seed))  # noqa: S311 - to be repeated, not to be secret
        outcomes = [(await handle.outcome(300)).outcome for handle in handles]
        assert ends == {handle.command.id: 1 for handle in handles}
        state = await stage.simulator.state()
        received = arrivals(state["received"], written, handles)
        for device in stage.devices:
            own = [handle for handle in handles if handle.command.mac_address == device.mac_address]
            arrived = [handle for handle in received if handle in own]
            assert list(dict.fromkeys(arrived)) == [handle for handle in own if handle in arrived]
            assert not undone(arrived)
            setpoints = [handle.command for handle in own if handle.command.kind == commands.DHW_TEMPERATURE.name]
            assert setpoints[-1].is_shown_by(state["heaters"][device.mac_address]["status"])
        for handle, outcome in zip(handles, outcomes, strict=True):
            assert outcome in {CommandOutcome.CONFIRMED, CommandOutcome.UNCONFIRMED, CommandOutcome.SUPERSEDED}
            assert handle in received or outcome is not CommandOutcome.CONFIRMED, handle.command
