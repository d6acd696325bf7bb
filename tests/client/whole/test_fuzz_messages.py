"""Messages of any content on any topic, through the client's delivery: it stays quiet, small, and as good as new."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import gc
from itertools import batched
import logging
import sys
from typing import Any, override

import pytest

from nwp500 import HeaterCommand, MqttConnectionConfig, NavienMqttClient, commands
from nwp500.enums import DhwMode
from nwp500.events import EVENTS
from nwp500.json_types import JsonMessage
from tests.client.support.fuzz_deliveries import Deliveries
from tests.client.support.fuzz_heater_kinds import HEATER_KINDS
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted
from tests.client.whole.test_fuzz import asked

CASES, LONG_CASES, PARTS = 20_000, 100_000, 10
BATCH = 500
ASKED_KINDS = tuple(kind for kind in HEATER_KINDS if kind.question is not None)
_LONGEST_ROW = 3
"""So many turns of the event loop does a message cause, one after the other, at most."""
_MOST_BLOCKS = 20_000
"""By so many blocks of memory may a client grow: the last messages of one heater are kept, no more."""


class Tracebacks(logging.Handler):
    """Keeps what is logged with an error, and formats all the rest, as a log file would."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.exc_info or record.levelno > logging.WARNING:
            self.found.append(text)


@contextmanager
def trouble() -> Iterator[list[str]]:
    """Return what reaches the event loop's last resort, and what is logged as an error."""
    loop, logger, handler = asyncio.get_running_loop(), logging.getLogger("nwp500"), Tracebacks()

    # Any: as the event loop calls it.
    def escaped(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        handler.found.append(f"escaped: {context}")

    level, last_resort = logger.level, loop.get_exception_handler()
    loop.set_exception_handler(escaped)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield handler.found
    finally:
        logger.propagate = True
        logger.setLevel(level)
        logger.removeHandler(handler)
        loop.set_exception_handler(last_resort)


class Listener:
    """Hears everything that a client has to report, and keeps nothing."""

    def __init__(self, client: NavienMqttClient) -> None:
        self.events = 0
        self.messages = 0
        for event in EVENTS:
            client.on(event, self._hear)

    def _hear(self, happened: object) -> None:
        # Whoever logs an event has its text.
        assert str(happened)
        self.events += 1

    def take(self, _topic: str, _message: JsonMessage) -> None:
        """Take a message in."""
        self.messages += 1


async def give_commands(client: NavienMqttClient) -> None:
    """Give commands whose effect is looked for in every status."""
    await client.set_dhw_temperature(DEVICE, 97)
    await client.set_dhw_mode(DEVICE, DhwMode.VACATION, vacation_days=98)
    await client.give(HeaterCommand(DEVICE, commands.ANTI_LEGIONELLA_ON, (29,)))


async def deliver(client: NavienMqttClient, transport: OwnTransport, deliveries: Deliveries, batch: list[int]) -> None:
    """Deliver the messages of some numbers, while commands and a question wait for their answers."""
    await give_commands(client)
    kind = ASKED_KINDS[batch[0] // BATCH % len(ASKED_KINDS)]
    async with asked(kind, client, transport):
        sessions = transport.session_ids[-4:]
        for number in batch:
            delivery = deliveries.case(number, sessions)
            try:
                transport.message(delivery.topic, delivery.body)
            except Exception as error:
                error.add_note(f"message {number} on {delivery.topic}")
                raise
        for _ in range(_LONGEST_ROW):
            await asyncio.sleep(0)


def assert_as_good_as_new(used: OwnTransport, fresh: OwnTransport, clients: list[NavienMqttClient]) -> None:
    """Let the same status and device info arrive at both; both clients have to know the same by them."""
    members = {"errorCode": 799, "dhwTemperatureSetting": 98, "dhwOperationSetting": 3, "dhwUse": 2}
    for transport in (used, fresh):
        transport.reply("res", status=members)
        transport.reply("res/did", feature={"controllerSwVersion": 184877056, "powerUse": 2})
    known = [(client.status(DEVICE), client.feature(DEVICE), client.is_online(DEVICE)) for client in clients]
    assert known[0] == known[1]
    assert known[0][0] is not None
    assert known[0][0].raw == members


async def check(numbers: range) -> None:
    """Deliver the messages of these numbers to one client."""
    # Many commands in one burst are nothing to wait for here.
    clients, transports = [], []
    for _ in range(2):
        client, made = await scripted(MqttConnectionConfig(command_interval=0))
        client.add_device(DEVICE)
        clients.append(client)
        transports.append(made[0])
        await give_commands(client)
    used, fresh = transports
    listener, deliveries = Listener(clients[0]), Deliveries()
    await clients[0].subscribe("cmd/#", listener.take)
    blocks: list[int] = []
    with trouble() as found:
        for batch in batched(numbers, BATCH, strict=False):
            await deliver(clients[0], used, deliveries, list(batch))
            assert found == [], batch[0]
            assert_as_good_as_new(used, fresh, clients)
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    assert listener.messages > len(numbers) / 3
    assert listener.events > len(numbers) / 10
    # What is loaded and cached once is there after some batches.
    assert blocks[-1] - blocks[min(4, len(blocks) - 1)] < _MOST_BLOCKS, blocks
    for client in clients:
        await client.disconnect()


async def test_any_message_on_any_topic() -> None:
    await check(range(CASES))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
async def test_any_message_on_any_topic_many_times(part: int) -> None:
    first = part * LONG_CASES // PARTS
    await check(range(first, first + LONG_CASES // PARTS))
