"""Ten thousand broken messages of each kind: no exception, the rest is still read, and no noise in the log."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
import logging
from typing import Never, override

import pytest

from nwp500 import HeaterCommand, MqttConnectionConfig, NavienMqttClient, commands
from nwp500.enums import DhwMode
from nwp500.events import EVENTS
from nwp500.exceptions import ResponseFormatError
from nwp500.json_types import JsonMessage
from nwp500.models import DeviceStatus
from nwp500.protocol.codec import decoded
from tests.client.support.fuzz_heater_kinds import HEATER_KINDS
from tests.client.support.fuzz_kinds import Kind, Parts
from tests.client.support.fuzz_rest_kinds import REST_KINDS
from tests.client.support.mutations import Mutated, Mutations, overlap
from tests.client.support.own_transport import DEVICE, OwnTransport, scripted

KINDS = (*HEATER_KINDS, *REST_KINDS)
MESSAGES, LONG_MESSAGES = 2_000, 10_000
_FOREVER = 3600.0


class LoudRecords(logging.Handler):
    """Keeps what is logged above debug, and formats all of it, as a log file would."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno > logging.DEBUG:
            self.found.append(text)


@contextmanager
def noise() -> Iterator[list[str]]:
    """Return what the client logs above debug."""
    logger, handler = logging.getLogger("nwp500"), LoudRecords()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield handler.found
    finally:
        logger.propagate = True
        logger.setLevel(level)
        logger.removeHandler(handler)


async def client_at_work() -> tuple[NavienMqttClient, OwnTransport]:
    """Connect a client with commands whose effect is looked for in every status, and listeners of everything."""
    client, transports = await scripted(MqttConnectionConfig())
    heard: list[str] = []
    for event in EVENTS:
        client.on(event, lambda happened: heard.append(str(happened)))
    await client.set_dhw_temperature(DEVICE, 97)
    await client.set_dhw_mode(DEVICE, DhwMode.VACATION, vacation_days=98)
    await client.give(HeaterCommand(DEVICE, commands.ANTI_LEGIONELLA_ON, (29,)))
    await client.give(HeaterCommand(DEVICE, commands.RECIRCULATION_HOT_BUTTON, (1,)))
    return client, transports[0]


@asynccontextmanager
async def asked(kind: Kind, client: NavienMqttClient, transport: OwnTransport) -> AsyncIterator[Kind]:
    """Give the kind as the client hears it: where only somebody who has asked reads it, somebody has, and goes on."""
    question, read = kind.question, kind.read
    if question is None or read is None:
        yield kind
        return
    heard: list[object] = [None]

    def hear(message: JsonMessage) -> Never:
        heard[0] = read(message)
        raise ResponseFormatError(lacking="end of the test")

    transport.written.clear()
    asking = asyncio.create_task(
        client.queries.exchange(DEVICE, question.request, hear, content=question.content, timeout=_FOREVER)
    )
    await transport.written.wait()
    try:
        yield replace(kind, document={**kind.document, "sessionID": transport.session_ids[-1]}, kept=lambda _: heard[0])
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


def untouched(kind: Kind, mutated: Mutated, parts: Parts) -> Parts:
    """Give the parts of which no mutation had a say in what they decode to."""
    decided = (kind.keys(path) for path in mutated.touched)
    sequences = [*mutated.touched, *(sequence for sequence in decided if sequence is not None)]
    return {part: value for part, value in parts.items() if not any(overlap(sequence, part) for sequence in sequences)}


def assert_others_stay(kind: Kind, client: NavienMqttClient, mutated: Mutated, originals: Parts) -> None:
    """Read the message; every place that was not touched has to decode to what it decoded to."""
    document = decoded(mutated.body)
    if kind.read is None or document is None:
        return
    unchanged = untouched(kind, mutated, originals)
    try:
        message = kind.read(document)
    except ResponseFormatError:
        assert not unchanged, mutated.body
        return
    found = kind.parts(message)
    assert {part: found.get(part) for part in unchanged} == unchanged, mutated.body
    if kind.kept is not None and unchanged:
        assert kind.kept(client) == message, mutated.body


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("messages", [MESSAGES, pytest.param(LONG_MESSAGES, marks=pytest.mark.long)])
async def test_broken_messages_break_nothing(kind: Kind, messages: int) -> None:
    client, transport = await client_at_work()
    originals = {} if kind.read is None else kind.parts(kind.read(kind.document))
    assert (kind.read is not None) == bool(originals)
    async with asked(kind, client, transport) as heard:
        with noise() as logged:
            for mutated in Mutations(heard.document, seed=kind.name).take(messages):
                assert decoded(mutated.body) is not None or not mutated.is_whole, mutated.body
                if kind.topic is not None:
                    transport.message(kind.topic, mutated.body)
                if mutated.is_whole:
                    assert_others_stay(heard, client, mutated, originals)
    assert len(logged) <= 1, logged[:5]
    # It still hears what makes sense.
    transport.reply("res", status={"errorCode": 799})
    status = client.status(DEVICE)
    assert isinstance(status, DeviceStatus)
    assert status.raw == {"errorCode": 799}
    await client.disconnect()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_mutations_reach_every_part_of_a_message(kind: Kind) -> None:
    """Or even the smaller number would prove less than it claims."""
    paths = {path for mutated in Mutations(kind.document, seed=kind.name).take(MESSAGES) for path in mutated.touched}
    originals = {} if kind.read is None else kind.parts(kind.read(kind.document))
    assert {len(path) for path in paths} >= {1, 2}
    assert all(any(overlap(path, part) and len(path) > 1 for path in paths) for part in originals)
