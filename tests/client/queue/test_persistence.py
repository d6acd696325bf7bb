"""What of the queue survives a restart: any content comes back the same, and nothing but an error comes of junk."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
import json
import time

from hypothesis import given
from hypothesis import strategies as st
import orjson
import pytest

from nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    CommandResult,
    Device,
    DeviceFeature,
    DeviceStatus,
    QueuedCommand,
    StoredQueue,
    commands,
    migrated_queue,
)
from nwp500.common.text import one_line
from nwp500.exceptions import StoredQueueError
from nwp500.protocol.controls import Control
from nwp500.queue import stored_values
from nwp500.queue.command import running_seconds
from tests.client.support.bench import made, with_life_time

CLOCKED = {"queued_at", "expires_at", "given_at"}
"""Members that go on with the time."""

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"
DEVICES = tuple(Device(mac_address=mac_address, additional_value="5322") for mac_address in (ONE, OTHER))
MACS = st.sampled_from([ONE, OTHER])
NUMBERS = st.integers(-(2**53), 2**53)
NAMES = st.text(max_size=8)
PRINTABLE = (
    st.text(st.characters(codec="utf-8").filter(lambda character: character.isprintable()), min_size=1, max_size=20)
    .map(one_line)
    .filter(bool)
)
"""Texts as they are stored: one line, and not empty."""
EFFECTS = st.dictionaries(PRINTABLE, st.frozensets(NUMBERS, max_size=3), max_size=3)
IDS = st.uuids().map(lambda uuid: uuid.hex)


def read(stored: object, devices: Iterable[Device] = DEVICES, client_id: str = "client") -> StoredQueue:
    """Read a stored queue for these devices and the client of the bench."""
    return StoredQueue.from_dict(stored, devices, client_id)


def on_the_disk(stored: StoredQueue) -> dict[str, object]:
    """Return a queue as a file holds it."""
    content: dict[str, object] = json.loads(json.dumps(stored.to_dict()))
    return content


@st.composite
def controls(draw: st.DrawFn) -> tuple[Control, tuple[int, ...]]:
    """Draw any control of the table, with parameters that it takes."""
    control = draw(st.sampled_from(stored_values.CONTROLS))
    parameters = [
        draw(st.sampled_from([value for value in range(each.low, each.high + 1) if value != each.gap]))
        for each in control.parameters
    ]
    if control is commands.DHW_TEMPERATURE:
        parameters = [draw(st.integers(70, 131))]
    return control, tuple(parameters)


@st.composite
def stored_commands(draw: st.DrawFn) -> QueuedCommand:
    control, parameters = draw(controls())
    command = made(control, *parameters, mac_address=draw(MACS))
    queued_at = datetime.now(UTC) - draw(st.timedeltas(timedelta(0), timedelta(days=400)))
    life_time = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
    sessions = tuple(draw(st.lists(st.uuids().map(lambda session: session.hex), max_size=16)))
    return replace(
        with_sessions(command, *sessions),
        attempts=len(sessions) + draw(st.integers(0, 100)),
        wanted=draw(PRINTABLE),
        queued_at=queued_at,
        given_at=running_seconds() - (datetime.now(UTC) - queued_at).total_seconds(),
        expires_at=None if life_time is None else queued_at + life_time,
        is_restored=True,
        repeatable=command.repeatable and draw(st.booleans()),
    )


@st.composite
def stored_outcomes(draw: st.DrawFn) -> CommandCompleted:
    outcome, reason = draw(st.sampled_from(CommandOutcome)), draw(st.sampled_from(CommandReason))
    result = CommandResult(outcome, reason, draw(st.none() | st.integers(0, 300)))
    return CommandCompleted(draw(stored_commands()), result)


@st.composite
def stored_queues(draw: st.DrawFn) -> StoredQueue:
    kept = draw(st.lists(stored_commands(), max_size=6))
    sent_count = draw(st.integers(0, len(kept)))
    members = st.dictionaries(MACS, st.dictionaries(PRINTABLE, NUMBERS | PRINTABLE, max_size=4))
    return StoredQueue(
        unsent=tuple(kept[sent_count:]),
        sent=tuple(kept[:sent_count]),
        order=tuple(draw(st.permutations([command.id for command in kept]))),
        outcomes=tuple(draw(st.lists(stored_outcomes(), max_size=3))),
        features=draw(members),
        statuses=draw(members),
        running_modes=draw(st.dictionaries(MACS, st.integers(1, 4))),
        completed_effects=draw(st.dictionaries(MACS, st.lists(EFFECTS, max_size=2).map(tuple))),
    )


def with_sessions(command: QueuedCommand, *sessions: str) -> QueuedCommand:
    """Return a command that was written with these sessions."""
    body = command.body.replace(command.session_id.encode(), (sessions[-1] if sessions else command.id).encode())
    return replace(command, sessions=sessions, body=body)


def by_the_way(command: QueuedCommand) -> dict[str, object]:
    """Return all of a command but its times."""
    return {field.name: getattr(command, field.name) for field in fields(command) if field.name not in CLOCKED}


@given(stored=stored_queues())
def test_everything_comes_back_as_it_was(stored: StoredQueue) -> None:
    restored = read(on_the_disk(stored))
    assert restored.unreadable == 0
    for name in ("order", "features", "statuses", "running_modes", "completed_effects"):
        assert getattr(restored, name) == getattr(stored, name)
    assert [event.result for event in restored.outcomes] == [event.result for event in stored.outcomes]
    ended = [event.command for event in stored.outcomes], [event.command for event in restored.outcomes]
    for before, after in ((stored.unsent, restored.unsent), (stored.sent, restored.sent), ended):
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
    (restored,) = read(on_the_disk(StoredQueue(unsent=(given_an_hour_ago,)))).unsent
    assert timedelta(hours=1) <= restored.age() < timedelta(hours=1, minutes=1)


@pytest.mark.parametrize(("clock_error", "age"), [(-18000, 60), (0, 60), (18000, 18060)])
def test_a_restored_age_goes_on_from_the_time_of_storing_and_is_never_less(clock_error: float, age: float) -> None:
    command = made(commands.DHW_TEMPERATURE, 120)
    written = on_the_disk(StoredQueue(unsent=(replace(command, given_at=command.given_at - 60),)))
    written["stored_at"] = (datetime.now(UTC) - timedelta(seconds=clock_error)).isoformat()
    (restored,) = read(written).unsent
    assert 0 <= time.monotonic() - restored.given_at - age < 30


def test_a_wall_clock_that_was_set_back_beyond_all_dates_does_not_stop_the_storing() -> None:
    first_day = replace(made(commands.DHW_TEMPERATURE, 120), queued_at=datetime.min.replace(tzinfo=UTC))
    older = replace(first_day, given_at=first_day.given_at - 10_000 * 365 * 86400)
    (restored,) = read(on_the_disk(StoredQueue(unsent=(older,)))).unsent
    assert restored.queued_at == older.queued_at


@pytest.mark.parametrize("sequence", ["unsent", "sent"])
def test_of_a_command_that_is_stored_twice_the_first_counts(sequence: str) -> None:
    first, second = made(commands.DHW_TEMPERATURE, 120), made(commands.DHW_MODE, 1)
    twice = (first, second, replace(second, id=first.id))
    stored = StoredQueue(unsent=twice) if sequence == "unsent" else StoredQueue(sent=twice)
    restored = read(on_the_disk(stored))
    assert [(command.id, command.wanted) for command in (*restored.unsent, *restored.sent)] == [
        (first.id, first.wanted),
        (second.id, second.wanted),
    ]


def test_what_is_stored_as_sent_too_is_not_sent_again_and_what_has_an_outcome_gets_no_other() -> None:
    command, other, ended = made(commands.DHW_TEMPERATURE, 120), made(commands.DHW_MODE, 1), made(commands.TOU_ON)
    result = CommandCompleted(ended, CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL))
    stored = StoredQueue(unsent=(command, other, ended), sent=(command, ended), outcomes=(result, result))
    restored = read(on_the_disk(stored))
    assert [found.id for found in restored.sent] == [command.id]
    assert [found.id for found in restored.unsent] == [other.id]
    assert [found.command.id for found in restored.outcomes] == [ended.id]


def test_nothing_to_store_is_nothing_restored() -> None:
    assert read(on_the_disk(StoredQueue())) == StoredQueue()


# Commands are made anew, and nothing else can come of a store


def test_a_vacation_is_found_among_the_mode_writes_and_goes_out_with_the_new_client_id() -> None:
    vacation = made(commands.VACATION, 5, 7)
    (restored,) = read(on_the_disk(StoredQueue(unsent=(vacation,))), client_id="another").unsent
    assert restored.expected == commands.VACATION.effect(5, 7)
    assert restored.topic == vacation.topic
    message = orjson.loads(restored.body)
    assert (message["clientID"], message["sessionID"]) == ("another", vacation.id)
    assert message["responseTopic"] == f"cmd/52/navilink-{ONE}/another/res"
    assert message["request"] == orjson.loads(vacation.body)["request"]


TAMPERED: tuple[dict[str, object], ...] = (
    {"kind": "firmware-update"},
    {"kind": "dhw-temperature"},
    {"kind": "dhw-temperature", "parameters": [196]},
    {"kind": "dhw-temperature", "parameters": [69]},
    {"kind": "dhw-temperature", "parameters": [-(10**9)]},
    {"parameters": [5]},
    {"parameters": [5, 100]},
    {"parameters": [5, 7, 1]},
    {"parameters": [True]},
    {"parameters": [1.0]},
    {"parameters": ["1"]},
    {"parameters": None},
    {"parameters": [10**100]},
    {"mac_address": "0478630a1bff"},
    {"mac_address": None},
    {"mac_address": "04" * 200},
    {"mac_address": f"{ONE}/ctrl"},
    {"id": ""},
    {"id": "x" * 65},
    {"id": "a\nb"},
    {"attempts": -1},
    {"attempts": 10**100},
    {"sessions": "a" * 32},
    {"sessions": [5]},
    {"sessions": ["a" * 65]},
    {"age": -1.0},
    {"age": 1e400},
    {"age": 1e300},
    {"life_time": -5},
    {"life_time": 1e300},
    {"queued_at": "2026-01-01T00:00:00"},
    {"queued_at": 5},
)


@pytest.mark.parametrize("tampered", TAMPERED, ids=str)
def test_a_command_that_cannot_be_made_anew_is_set_aside_and_the_others_are_restored(
    tampered: dict[str, object],
) -> None:
    first, changed, last = made(commands.DHW_TEMPERATURE, 120), made(commands.VACATION, 5, 7), made(commands.TOU_ON)
    written = on_the_disk(StoredQueue(unsent=(first, changed, last)))
    unsent = written["unsent"]
    assert isinstance(unsent, list)
    unsent[1] |= tampered
    restored = read(written)
    assert [command.id for command in restored.unsent] == [first.id, last.id]
    assert restored.unreadable == 1


def test_topic_body_and_effect_of_a_store_count_for_nothing(written: dict[str, object]) -> None:
    [before] = read(written).unsent
    first_command(written).update(
        {"topic": "cmd/52/navilink-0478630a1bff/ctrl", "body": "{}", "qos": 2, "expected": {}, "setting": "x"}
    )
    [command] = read(written).unsent
    assert by_the_way(command) == by_the_way(before)


def test_a_command_that_must_not_be_repeated_is_not_made_repeatable() -> None:
    written = on_the_disk(StoredQueue(unsent=(made(commands.AIR_FILTER_RESET),)))
    first_command(written)["repeatable"] = True
    assert not read(written).unsent[0].repeatable


def test_words_are_cut_to_one_printable_line() -> None:
    written = on_the_disk(StoredQueue(unsent=(made(commands.TOU_ON),)))
    first_command(written)["wanted"] = "time\nof\x1b[31m use" + "!" * 1000
    [command] = read(written).unsent
    assert command.wanted.startswith("time of [31m use!")
    assert len(command.wanted) == 256


# The first version


def as_the_first_version(command: QueuedCommand) -> dict[str, object]:
    """Return a command as the first version wrote it."""
    return {
        "id": command.id,
        "kind": command.kind,
        "wanted": command.wanted,
        "mac_address": command.mac_address,
        "topic": command.topic,
        "body": command.body.decode(),
        "qos": command.qos,
        "queued_at": command.queued_at.isoformat(),
        "life_time": None,
        "attempts": command.attempts,
        "setting": command.setting,
        "repeatable": command.repeatable,
        "expected": {name: sorted(values) for name, values in command.expected.items()},
        "baseline": {},
    }


def first_version(**members: object) -> dict[str, object]:
    """Return a queue as the first version wrote it."""
    return {"unsent": [], "sent": [], "features": {}, "running_modes": {}, **members}


@given(data=st.data())
def test_what_the_first_version_stored_is_read(data: st.DataObject) -> None:
    unsent, sent = (data.draw(st.lists(stored_commands(), max_size=3)) for _ in range(2))
    commands_of_it = {"unsent": list(map(as_the_first_version, unsent)), "sent": list(map(as_the_first_version, sent))}
    restored = read(migrated_queue(json.loads(json.dumps(first_version(**commands_of_it)))))
    assert restored.unreadable == 0
    for before, after in ((unsent, restored.unsent), (sent, restored.sent)):
        for old, new in zip(before, after, strict=True):
            # It wrote a command with the same session each time.
            sessions = (old.id,) if old.attempts else ()
            assert by_the_way(new) == by_the_way(with_sessions(old, *sessions))
            assert abs(new.age() - old.age()) < timedelta(seconds=30)


@given(stored=stored_queues())
def test_what_the_second_version_stored_is_read(stored: StoredQueue) -> None:
    """It had no sessions, and called the effects of completed commands wishes."""
    written = json.loads(json.dumps(stored.to_dict()))
    written["completed_wishes"] = written.pop("completed_effects")
    outcomes = [outcome["command"] for outcome in written["outcomes"]]
    for command in (*written["unsent"], *written["sent"], *outcomes):
        del command["sessions"]
    restored = read(migrated_queue(written))
    assert restored.unreadable == 0
    assert restored.completed_effects == stored.completed_effects
    assert [event.result for event in restored.outcomes] == [event.result for event in stored.outcomes]
    for command in (*restored.unsent, *restored.sent):
        assert command.sessions == ((command.id,) if command.attempts else ())


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("the queue was full", CommandReason.QUEUE_FULL),
        ("it waited longer than it may", CommandReason.TOO_OLD),
        ("the heater refused it with code 7", CommandReason.REFUSED),
        ("the heater refused it with code None", CommandReason.REFUSED),
        ("words of nobody", CommandReason.UNKNOWN),
    ],
)
def test_the_sentences_of_the_third_version_become_codes(
    written: dict[str, object], sentence: str, reason: CommandReason
) -> None:
    written["outcomes"][0]["reason"] = sentence  # type: ignore[index]  # JSON, whose shape only this test knows.
    [event] = read(migrated_queue(written)).outcomes
    assert event.result == CommandResult(CommandOutcome.REJECTED, reason, 3)


def test_a_reason_of_a_newer_version_costs_no_outcome(written: dict[str, object]) -> None:
    written["outcomes"][0]["reason"] = "not_invented_yet"  # type: ignore[index]  # As above.
    [event] = read(written).outcomes
    assert event.result.reason is CommandReason.UNKNOWN


def test_the_order_of_the_first_version_is_that_of_the_times() -> None:
    older, newer = made(commands.DHW_TEMPERATURE, 120), made(commands.DHW_MODE, 1)
    older = replace(older, queued_at=older.queued_at - timedelta(hours=1))
    stored = first_version(unsent=[as_the_first_version(newer)], sent=[as_the_first_version(older)])
    assert [command.id for command in read(migrated_queue(stored)).in_order()] == [older.id, newer.id]


@pytest.mark.parametrize(
    "body", [None, "", "{", "[]", "{}", '{"request": {}}', '{"request": {"param": 5}}', "[" * 5000]
)
def test_a_command_of_the_first_version_without_parameters_is_set_aside(body: object) -> None:
    command = as_the_first_version(made(commands.TOU_ON)) | {"body": body}
    restored = read(migrated_queue(first_version(unsent=[command, as_the_first_version(made(commands.TOU_OFF))])))
    assert (len(restored.unsent), restored.unreadable) == (1, 1)


# Nonsense


@pytest.fixture
def written() -> dict[str, object]:
    """A queue with something of everything, as it is written."""
    command = with_life_time(made(commands.VACATION, 5, 7), 3600)
    ended = replace(command, id="of the one with an outcome")
    return on_the_disk(
        StoredQueue(
            unsent=(command,),
            sent=(replace(command, id="of the one that was sent", queued_at=command.queued_at - timedelta(hours=1)),),
            outcomes=(CommandCompleted(ended, CommandResult(CommandOutcome.REJECTED, CommandReason.REFUSED, 3)),),
            features={ONE: {"powerUse": 2}},
            statuses={ONE: {"dhwTemperatureSetting": 120}},
            running_modes={ONE: 3},
            order=("of the one that was sent", command.id),
            completed_effects={ONE: ({"dhwOperationSetting": frozenset({2})},)},
        )
    )


JUNK: tuple[object, ...] = (None, True, 5, 1.5, "text", [], [5], {"a": 5}, [[]], "2026-01-01T00:00:00", 10**100)
MEMBERS = ({field.name for field in fields(StoredQueue)} | {"stored_at"}) - {"unreadable"}
COMMAND_MEMBERS = {
    "id", "kind", "parameters", "wanted", "mac_address", "queued_at", "age", "life_time", "attempts", "sessions",
    "repeatable",
}  # fmt: skip


def test_the_members_are_those_that_are_written(written: dict[str, object]) -> None:
    assert written.keys() == MEMBERS
    assert first_command(written).keys() == COMMAND_MEMBERS


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_no_stored_queue_is_refused(junk: object) -> None:
    with pytest.raises(StoredQueueError):
        read(junk)


@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_every_member_is_needed(written: dict[str, object], member: str) -> None:
    del written[member]
    with pytest.raises(StoredQueueError):
        read(written)


@pytest.mark.parametrize("junk", [None, 5, "id", [1], [None], {"mode": 1.5}, {ONE: "mode"}, {ONE: [1]}, {ONE: 10**30}])
@pytest.mark.parametrize("member", sorted(MEMBERS - {"unsent", "sent", "outcomes"}))
def test_junk_instead_of_what_is_known_is_refused(written: dict[str, object], member: str, junk: object) -> None:
    written[member] = junk
    with pytest.raises(StoredQueueError):
        read(written)


@pytest.mark.parametrize("member", sorted(COMMAND_MEMBERS))
def test_every_member_of_a_command_is_needed(written: dict[str, object], member: str) -> None:
    command = first_command(written)
    del command[member]
    restored = read(written)
    assert (restored.unsent, restored.unreadable) == ((), 1)


@pytest.mark.parametrize(
    "junk", [None, [], {}, "x", "[1]", 2, 1.5, True, 1e400, float("nan"), -(10**30), "2026-01-01T00:00:00"]
)
@pytest.mark.parametrize("member", sorted(COMMAND_MEMBERS))
def test_junk_in_a_command_is_set_aside_or_read_but_never_breaks_anything(
    written: dict[str, object], member: str, junk: object
) -> None:
    first_command(written)[member] = junk
    restored = read(written)
    assert len(restored.unsent) + restored.unreadable == 1
    for command in restored.unsent:
        # What was taken is whole: it can be judged, shown, sent, and stored again.
        assert command.is_expired() in (True, False)
        assert isinstance(command.payload, dict)
        assert read(on_the_disk(StoredQueue(unsent=(command,)))).unreadable == 0


def test_more_than_any_queue_holds_is_refused(written: dict[str, object]) -> None:
    written["unsent"] = [first_command(written)] * 50_001
    with pytest.raises(StoredQueueError):
        read(written)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just(10**100),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_corruption_of_any_kind_is_a_stored_queue_error_or_set_aside(data: st.DataObject) -> None:
    stored: object = on_the_disk(data.draw(stored_queues()))
    sequence: object = stored
    while isinstance(sequence, dict | list) and sequence:
        key = data.draw(st.sampled_from(sorted(sequence) if isinstance(sequence, dict) else range(len(sequence))))
        if not isinstance(sequence[key], dict | list) or not sequence[key] or data.draw(st.booleans()):
            sequence[key] = data.draw(JSON)
            break
        sequence = sequence[key]
    try:
        restored = read(stored)
    except StoredQueueError:
        return
    # Whatever was taken can be written again.
    orjson.dumps(restored.to_dict())


# What is known of the heaters


@pytest.mark.parametrize(
    ("serial_number", "stored"),
    [("S" * 64, {"controllerSerialNumber": "S" * 64}), ("S" * 65, {}), ("S" * 80_000, {}), ("a\n\x1bb", {})],
    ids=["longest", "too long", "huge", "unprintable"],
)
def test_of_device_info_only_what_is_read_is_stored_and_no_long_text(
    serial_number: str, stored: dict[str, object]
) -> None:
    raw = {
        "controllerSerialNumber": serial_number,
        "powerUse": 2,
        "dhwTemperatureMin": 10**30,
        "volumeCode": True,
        "drSettingUse": None,
        "wifiSwCode": [1],
        "somethingElse": "x" * 80_000,
    }
    assert stored_values.feature_to_store(raw) == stored | {"powerUse": 2}


def test_every_member_of_a_feature_is_stored_and_every_setting_of_a_status() -> None:
    feature = {member.wire_name: number for number, member in enumerate(DeviceFeature.members().values())}
    assert stored_values.feature_to_store(feature) == feature
    status = {member.wire_name: number for number, member in enumerate(DeviceStatus.members().values())}
    stored = stored_values.status_to_store(status)
    assert stored.items() <= status.items()
    shown_by = {
        name
        for control in stored_values.CONTROLS
        for name in control.effect(*(each.low for each in control.parameters))
    }
    assert shown_by <= stored.keys()
    kept = DeviceStatus(stored)
    whole = DeviceStatus(status)
    for name in ("dhw_mode", "dhw_temperature_setting", "dhw_temperature", "temperature_unit", "vacation_days",
                 "vacation_days_elapsed", "is_in_tou_window", "is_on_vacation", "tank_upper_temperature"):  # fmt: skip
        assert getattr(kept, name) == getattr(whole, name)


@pytest.mark.parametrize(
    ("now", "delay"),
    [
        ({"dhwTemperatureSetting": 100, "tankUpperTemperature": 500}, None),
        ({"dhwTemperatureSetting": 100, "tankUpperTemperature": 500, "currentFanRpm": 5}, None),
        ({"dhwTemperatureSetting": 100, "tankUpperTemperature": 501}, 900.0),
        ({"dhwTemperatureSetting": 102, "tankUpperTemperature": 501}, 0.0),
    ],
)
def test_a_setting_is_pressing_and_a_temperature_is_not(now: dict[str, object], delay: float | None) -> None:
    before = {"dhwTemperatureSetting": 100, "tankUpperTemperature": 500}
    assert stored_values.status_delay(before, now) == delay


def test_no_text_form_of_what_is_stored_has_a_mac_or_a_serial_number() -> None:
    command = made(commands.VACATION, 5, 7)
    stored = StoredQueue(
        unsent=(command,),
        outcomes=(CommandCompleted(command, CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL)),),
        features={ONE: {"controllerSerialNumber": "SERIAL"}},
        statuses={ONE: {"dhwTemperatureSetting": 120}},
        running_modes={ONE: 3},
        completed_effects={ONE: ({"dhwOperationSetting": frozenset({2})},)},
    )
    for text in (repr(stored), str(stored)):
        assert ONE not in text
        assert "SERIAL" not in text


def first_command(written: dict[str, object]) -> dict[str, object]:
    """Return the first unsent command as it is written."""
    unsent = written["unsent"]
    assert isinstance(unsent, list)
    command = unsent[0]
    assert isinstance(command, dict)
    return command
