"""What of the queue survives a restart: any content comes back the same, and nothing but an error comes of junk."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500 import QueuedCommand, StoredQueue, StoredQueueError, commands
from tests.client.bench import made, with_life_time

CLOCKED = {"queued_at", "expires_at", "given_at"}
"""Members that go on with the time."""

MACS = st.sampled_from(["0478630a1b2c", "0478630a1b2d"])
NUMBERS = st.integers(-(2**53), 2**53)
NAMES = st.text(max_size=8)
# No surrogates: what goes over the wire is UTF-8.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
TOPICS = st.text(st.characters(codec="utf-8", exclude_characters="+#\0/"), min_size=1, max_size=20)


@st.composite
def stored_commands(draw: st.DrawFn) -> QueuedCommand:
    queued_at = datetime.now(UTC) - draw(st.timedeltas(timedelta(0), timedelta(days=400)))
    life_time = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
    return QueuedCommand(
        id=draw(TEXTS),
        kind=draw(TEXTS),
        wanted=draw(TEXTS),
        mac_address=draw(MACS),
        topic=draw(TOPICS),
        body=json.dumps({draw(TEXTS): draw(NUMBERS)}).encode(),
        qos=draw(st.sampled_from([0, 1])),
        queued_at=queued_at,
        expires_at=None if life_time is None else queued_at + life_time,
        attempts=draw(st.integers(0, 100)),
        setting=draw(st.none() | TEXTS),
        is_control=True,
        repeatable=draw(st.booleans()),
        expected=draw(st.dictionaries(TEXTS, st.frozensets(NUMBERS, max_size=4), max_size=3)),
        baseline=draw(st.dictionaries(TEXTS, NUMBERS, max_size=3)),
    )


@st.composite
def stored_queues(draw: st.DrawFn) -> StoredQueue:
    kept = draw(st.lists(stored_commands(), max_size=6, unique_by=lambda command: command.id))
    sent_count = draw(st.integers(0, len(kept)))
    return StoredQueue(
        unsent=tuple(kept[sent_count:]),
        sent=tuple(kept[:sent_count]),
        order=tuple(draw(st.permutations([command.id for command in kept]))),
        features=draw(st.dictionaries(MACS, st.dictionaries(TEXTS, NUMBERS | TEXTS, max_size=4))),
        running_modes=draw(st.dictionaries(MACS, st.integers(1, 4))),
        uncertain=draw(st.dictionaries(MACS, st.frozensets(TEXTS, max_size=3))),
    )


def by_the_way(command: QueuedCommand) -> dict[str, object]:
    """Return all of a command but its times."""
    return {field.name: getattr(command, field.name) for field in fields(command) if field.name not in CLOCKED}


@given(stored=stored_queues())
def test_everything_comes_back_as_it_was(stored: StoredQueue) -> None:
    restored = StoredQueue.from_dict(json.loads(json.dumps(stored.to_dict())))
    for name in ("order", "features", "running_modes", "uncertain"):
        assert getattr(restored, name) == getattr(stored, name)
    for before, after in ((stored.unsent, restored.unsent), (stored.sent, restored.sent)):
        assert [by_the_way(command) for command in after] == [by_the_way(command) for command in before]
        for old, new in zip(before, after, strict=True):
            assert old.age() <= new.age() + timedelta(milliseconds=1)
            assert new.age() - old.age() < timedelta(minutes=1)
            assert (new.life_time is None) is (old.life_time is None)
            if old.life_time is not None and new.life_time is not None:
                assert abs(new.life_time - old.life_time) < timedelta(milliseconds=1)
                assert not old.is_expired() or new.is_expired()


def test_an_age_is_not_lost_with_a_wall_clock_that_was_set_back() -> None:
    given_an_hour_ago = replace(made(commands.DHW_TEMPERATURE, 120), queued_at=datetime.now(UTC) + timedelta(hours=5))
    given_an_hour_ago = replace(given_an_hour_ago, given_at=given_an_hour_ago.given_at - 3600)
    (restored,) = StoredQueue.from_dict(StoredQueue(unsent=(given_an_hour_ago,)).to_dict()).unsent
    assert timedelta(hours=1) <= restored.age() < timedelta(hours=1, minutes=1)


def test_a_wall_clock_that_was_set_back_beyond_all_dates_does_not_stop_the_storing() -> None:
    first_day = replace(made(commands.DHW_TEMPERATURE, 120), queued_at=datetime.min.replace(tzinfo=UTC))
    older = replace(first_day, given_at=first_day.given_at - 10_000 * 365 * 86400)
    (restored,) = StoredQueue.from_dict(StoredQueue(unsent=(older,)).to_dict()).unsent
    assert restored.queued_at == older.queued_at


def test_a_message_that_is_larger_than_the_service_takes_is_refused(written: dict[str, object]) -> None:
    first_command(written)["body"] = json.dumps({"n": "x" * 128 * 1024})
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(written)


@pytest.mark.parametrize("topic", ["", "cmd/#", "cmd/+/st", "a/" * 9, "t" * 257, "nul\0"])
def test_a_topic_that_would_end_every_link_is_refused(written: dict[str, object], topic: str) -> None:
    first_command(written)["topic"] = topic
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(written)


@pytest.mark.parametrize("place", ["unsent", "sent"])
def test_of_a_command_that_is_stored_twice_the_first_counts(place: str) -> None:
    first, second = made(commands.DHW_TEMPERATURE, 120), made(commands.DHW_MODE, 1)
    twice = (first, second, replace(second, id=first.id))
    stored = StoredQueue(unsent=twice) if place == "unsent" else StoredQueue(sent=twice)
    restored = StoredQueue.from_dict(stored.to_dict())
    assert [(command.id, command.wanted) for command in (*restored.unsent, *restored.sent)] == [
        (first.id, first.wanted),
        (second.id, second.wanted),
    ]


def test_what_is_stored_as_sent_too_is_not_sent_again() -> None:
    command, other = made(commands.DHW_TEMPERATURE, 120), made(commands.DHW_MODE, 1)
    restored = StoredQueue.from_dict(StoredQueue(unsent=(command, other), sent=(command,)).to_dict())
    assert [found.id for found in restored.sent] == [command.id]
    assert [found.id for found in restored.unsent] == [other.id]


def test_nothing_to_store_is_nothing_restored() -> None:
    assert StoredQueue.from_dict(StoredQueue().to_dict()) == StoredQueue()


@pytest.fixture
def written() -> dict[str, object]:
    """A queue with something of everything, as it is written."""
    command = with_life_time(made(commands.VACATION, 5, 7, dhwOperationSetting=3), 3600)
    stored = StoredQueue(
        unsent=(command,),
        sent=(replace(command, id="of the one that was sent", queued_at=command.queued_at - timedelta(hours=1)),),
        features={"0478630a1b2c": {"powerUse": 2}},
        running_modes={"0478630a1b2c": 3},
        order=("of the one that was sent", command.id),
        uncertain={"0478630a1b2c": frozenset({"mode"})},
    )
    content: dict[str, object] = json.loads(json.dumps(stored.to_dict()))
    return content


JUNK: tuple[object, ...] = (None, True, 5, 1.5, "text", [], [5], {"a": 5}, [[]], "2026-01-01T00:00:00")
MEMBERS = {field.name for field in fields(StoredQueue)} - {"order", "uncertain"}
COMMAND_MEMBERS = {field.name for field in fields(QueuedCommand)} - {"is_control", "expires_at", "given_at"}


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_no_stored_queue_is_refused(junk: object) -> None:
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(junk)


@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_every_member_is_needed(written: dict[str, object], member: str) -> None:
    del written[member]
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(written)


def test_a_queue_that_the_first_version_stored_is_read(written: dict[str, object]) -> None:
    del written["uncertain"]
    del written["order"]
    restored = StoredQueue.from_dict(written)
    assert (restored.uncertain, restored.order) == ({}, ())
    assert restored.in_order() == [*restored.sent, *restored.unsent]


@pytest.mark.parametrize("junk", [None, {}, "id", [1], [None], 5])
def test_junk_instead_of_the_order_is_refused(written: dict[str, object], junk: object) -> None:
    written["order"] = junk
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(written)


@pytest.mark.parametrize("junk", [None, [], {"mode": 1}, {"0478630a1b2c": "mode"}, {"0478630a1b2c": [1]}, 5])
def test_junk_instead_of_uncertain_settings_is_refused(written: dict[str, object], junk: object) -> None:
    written["uncertain"] = junk
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(written)


@pytest.mark.parametrize("member", sorted(COMMAND_MEMBERS | {"life_time"}))
def test_every_member_of_a_command_is_needed(written: dict[str, object], member: str) -> None:
    command = first_command(written)
    assert member in command
    del command[member]
    with pytest.raises(StoredQueueError):
        StoredQueue.from_dict(written)


@pytest.mark.parametrize(
    "junk", [None, [], {}, "x", "[1]", 2, 1.5, True, 1e400, float("nan"), -(10**30), "2026-01-01T00:00:00"]
)
@pytest.mark.parametrize("member", sorted(COMMAND_MEMBERS | {"life_time"}))
def test_junk_in_a_command_is_refused_or_read_but_never_breaks_anything(
    written: dict[str, object], member: str, junk: object
) -> None:
    first_command(written)[member] = junk
    try:
        (command,) = StoredQueue.from_dict(written).unsent
    except StoredQueueError:
        return
    # What was taken is whole: it can be judged, shown, sent, and stored again.
    assert command.is_expired() in (True, False)
    assert isinstance(command.payload, dict)
    assert command.qos in (0, 1)
    StoredQueue.from_dict(json.loads(json.dumps(StoredQueue(unsent=(command,)).to_dict())))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_corruption_of_any_kind_is_a_stored_queue_error(data: st.DataObject) -> None:
    stored: object = json.loads(json.dumps(data.draw(stored_queues()).to_dict()))
    place: object = stored
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    try:
        StoredQueue.from_dict(stored)
    except StoredQueueError:
        return


def first_command(written: dict[str, object]) -> dict[str, object]:
    """Return the first unsent command as it is written."""
    unsent = written["unsent"]
    assert isinstance(unsent, list)
    command = unsent[0]
    assert isinstance(command, dict)
    return command
