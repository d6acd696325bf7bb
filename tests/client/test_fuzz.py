"""Ten thousand broken messages of each kind: no exception, the rest is still read, and no noise in the log."""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
from typing import override

import pytest

from nwp500 import DhwMode, MqttConnectionConfig, NavienMqttClient, commands
from nwp500.events import EVENTS
from nwp500.message_body import decoded
from nwp500.models import DeviceStatus
from tests.client.fuzz_kinds import KINDS, Kind, Parts
from tests.client.mutations import Mutated, Mutations, Path, overlap
from tests.client.own_link import DEVICE, OwnLink, scripted

MESSAGES = 10_000


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


async def client_at_work() -> tuple[NavienMqttClient, OwnLink]:
    """Connect a client with commands whose effect is looked for in every status, and listeners of everything."""
    client, links = await scripted(MqttConnectionConfig())
    heard: list[str] = []
    for event in EVENTS:
        client.on(event, lambda happened: heard.append(str(happened)))
    await client.set_dhw_temperature(DEVICE, 97)
    await client.set_dhw_mode(DEVICE, DhwMode.VACATION, vacation_days=98)
    await client.control(DEVICE, commands.ANTI_LEGIONELLA_ON, 29)
    await client.control(DEVICE, commands.RECIRCULATION_HOT_BUTTON, 1)
    return client, links[0]


def is_touched(kind: Kind, mutated: Mutated, part: Path) -> bool:
    """Tell whether a mutation had a say in what a place decodes to."""
    for path in mutated.touched:
        decides_about = kind.keys(path)
        if overlap(path, part) or (decides_about is not None and overlap(decides_about, part)):
            return True
    return False


def assert_others_stay(kind: Kind, client: NavienMqttClient, mutated: Mutated, originals: Parts) -> None:
    """Read the message; every place that was not touched has to decode to what it decoded to."""
    untouched = {part: value for part, value in originals.items() if not is_touched(kind, mutated, part)}
    document = decoded(mutated.body)
    if kind.read is None or not untouched or document is None:
        return
    message = kind.read(document)
    found = kind.parts(message)
    assert {part: found.get(part) for part in untouched} == untouched, mutated.body
    if kind.kept is not None:
        assert kind.kept(client) == message, mutated.body


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_broken_messages_break_nothing(kind: Kind) -> None:
    client, link = await client_at_work()
    originals = {} if kind.read is None else kind.parts(kind.read(kind.document))
    assert (kind.read is not None) == bool(originals)
    with noise() as logged:
        for mutated in Mutations(kind.document, seed=kind.name).take(MESSAGES):
            assert decoded(mutated.body) is not None or not mutated.is_whole, mutated.body
            if kind.topic is not None:
                link.message(kind.topic, mutated.body)
            if mutated.is_whole:
                assert_others_stay(kind, client, mutated, originals)
    assert len(logged) <= 1, logged[:5]
    # It still hears what makes sense.
    link.reply("res", status={"errorCode": 799})
    status = client.status(DEVICE)
    assert isinstance(status, DeviceStatus)
    assert status.raw == {"errorCode": 799}
    await client.disconnect()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_mutations_reach_every_part_of_a_message(kind: Kind) -> None:
    """Or the ten thousand would prove less than they say."""
    paths = {path for mutated in Mutations(kind.document, seed=kind.name).take(MESSAGES) for path in mutated.touched}
    originals = {} if kind.read is None else kind.parts(kind.read(kind.document))
    assert {len(path) for path in paths} >= {1, 2}
    assert all(any(overlap(path, part) and len(path) > 1 for path in paths) for part in originals)
