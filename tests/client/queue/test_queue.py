"""The command queue alone: what waits, what is in flight, what comes back, and what has to go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500 import QueuedCommand
from nwp500.queue.command import running_seconds
from nwp500.queue.queue import CommandQueue, Displaced

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"


def command(
    name: str, mac_address: str | None = ONE, *, setting: str | None = None, repeatable: bool = True
) -> QueuedCommand:
    """Make a command that is known from others by its name."""
    return QueuedCommand(
        id=name,
        kind="test",
        wanted=name,
        mac_address=mac_address,
        topic="test/a",
        body=b"{}",
        setting=setting,
        overwrites=frozenset() if setting is None else frozenset({setting}),
        repeatable=repeatable,
    )


def filled(*commands: QueuedCommand, limit: int = 10, coalesce: bool = False) -> CommandQueue:
    """Make a queue in which commands wait."""
    queue = CommandQueue(limit, coalesce=coalesce)
    for waiting in commands:
        queue.append(waiting)
    return queue


@pytest.mark.parametrize(
    ("reported", "known"), [(1, 1), (1.0, 1), (True, None), ("1", None), (1.5, None), (None, None)]
)
def test_only_a_whole_number_says_what_a_member_is(reported: object, known: int | None) -> None:
    wanting = replace(command("wanting"), expected={"touStatus": frozenset({1})})
    raw = {"touStatus": reported}
    assert wanting.is_shown_by(raw) is (known == 1)


def test_a_message_that_is_no_json_shows_its_text() -> None:
    assert replace(command("text"), body=b"\xfftext").payload == "\N{REPLACEMENT CHARACTER}text"


def ids(commands: Sequence[QueuedCommand]) -> str:
    """Return the ids of commands, each a letter, as one text."""
    return "".join(found.id for found in commands)


def take(queue: CommandQueue, count: int) -> list[QueuedCommand]:
    """Put the next commands in flight."""
    return [queue.take(queue.waiting[0]) for _ in range(count)]


def test_commands_wait_in_the_order_given() -> None:
    queue = filled(*map(command, "abc"))
    assert ids(queue.waiting) == "abc"
    assert len(queue) == 3
    assert queue.in_flight == ()


def test_a_full_queue_drops_its_oldest() -> None:
    queue = filled(*map(command, "abc"), limit=3)
    assert ids(queue.append(command("d")).dropped) == "a"
    assert ids(queue.waiting) == "bcd"


def test_what_is_in_flight_keeps_its_place_in_the_limit() -> None:
    queue = filled(*map(command, "abc"), limit=3)
    take(queue, 2)
    assert ids(queue.append(command("d")).dropped) == "c"
    assert ids(queue.append(command("e")).dropped) == "d"
    assert queue.return_in_flight() == Displaced()
    assert ids(queue.waiting) == "abe"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_what_comes_back_always_finds_room_beside_new_ones(limit: int) -> None:
    queue = CommandQueue(limit)
    for number in range(limit + 5):
        queue.append(command(str(number)))
        if queue.in_flight_count < queue.window:
            take(queue, 1)
    newest = queue.waiting[-1]
    queue.return_in_flight()
    # Of one alone, one in flight plus a new one are two: the newest is never the one that is dropped.
    assert len(queue) <= max(limit, 2)
    assert queue.waiting[-1] is newest


def test_a_taken_command_is_in_flight_with_its_attempt_counted() -> None:
    queue = filled(*map(command, "abc"))
    (taken,) = take(queue, 1)
    assert taken.attempts == 1
    assert (ids(queue.in_flight), ids(queue.waiting)) == ("a", "bc")
    queue.return_in_flight()
    assert [waiting.attempts for waiting in queue.waiting] == [1, 0, 0]
    assert take(queue, 1)[0].attempts == 2


def test_a_command_further_back_can_be_taken() -> None:
    queue = filled(*map(command, "abc"))
    queue.take(queue.waiting[1])
    assert (ids(queue.in_flight), ids(queue.waiting)) == ("b", "ac")


def test_an_acknowledged_command_is_gone_for_good() -> None:
    queue = filled(*map(command, "abc"))
    taken = take(queue, 2)
    assert queue.acknowledge("b") == taken[1]
    assert queue.acknowledge("b") is None
    queue.return_in_flight()
    assert ids(queue.waiting) == "ac"


def test_a_late_puback_takes_the_command_out_of_the_waiting_ones() -> None:
    queue = filled(*map(command, "abc"))
    take(queue, 2)
    queue.return_in_flight()
    late = queue.acknowledge("b")
    assert late is not None
    assert late.id == "b"
    assert ids(queue.waiting) == "ac"


def test_everything_in_flight_returns_to_the_front_in_its_old_order() -> None:
    queue = filled(*map(command, "abcde"))
    take(queue, 3)
    queue.append(command("f"))
    assert queue.return_in_flight() == Displaced()
    assert ids(queue.waiting) == "abcdef"
    assert queue.in_flight_count == 0


def test_what_must_not_be_sent_twice_does_not_come_back() -> None:
    queue = filled(command("a"), command("b", repeatable=False), command("c"))
    take(queue, 2)
    assert ids(queue.return_in_flight().unrepeatable) == "b"
    assert ids(queue.waiting) == "ac"


def test_a_return_that_is_forbidden() -> None:
    queue = filled(command("a"), command("b", OTHER), command("c"))
    take(queue, 2)
    queue.forbid_return(lambda found: found.mac_address == ONE)
    assert ids(queue.return_in_flight().unrepeatable) == "a"
    assert ids(queue.waiting) == "bc"


@pytest.mark.parametrize("gone", ["acknowledged", "not written", "returned"])
def test_beside_what_must_not_be_sent_twice_nothing_is_in_flight(gone: str) -> None:
    reset, after = command("a", repeatable=False), command("b")
    queue = filled(reset, after)
    taken = queue.take(reset)
    assert not queue.may_send(10)
    match gone:
        case "acknowledged":
            queue.acknowledge("a")
        case "not written":
            queue.not_written(taken, reset)
            queue.remove(lambda waiting: waiting.id == "a")
        case "returned":
            assert queue.return_in_flight().unrepeatable == (taken,)
    queue.take(after)
    queue.append(command("c"))
    assert queue.may_send(10)


def test_beside_what_is_forbidden_to_return_nothing_is_sent_until_all_of_it_is_gone() -> None:
    queue = filled(command("a"), command("b"), command("c"))
    take(queue, 2)
    queue.forbid_return(lambda sent: sent.id in "ab")
    queue.acknowledge("a")
    assert not queue.may_send(10)
    queue.acknowledge("b")
    assert queue.may_send(10)


def test_removing_picks_among_the_waiting_ones() -> None:
    queue = filled(command("a"), command("b"), command("c", OTHER), command("d"))
    take(queue, 1)
    assert ids(queue.remove(lambda found: found.mac_address == ONE)) == "bd"
    assert queue.remove(lambda found: found.mac_address == ONE) == []
    assert ids(queue.waiting) == "c"
    assert ids(queue.in_flight) == "a"


def test_going_through_everything_unsent() -> None:
    queue = filled(*map(command, "abc"))
    take(queue, 1)
    assert ids(list(queue.unsent())) == "abc"


def test_a_device_is_represented_by_its_first_command() -> None:
    queue = filled(command("a"), command("b"), command("c", OTHER), command("d", None))
    assert ids(list(queue.heads())) == "acd"
    assert list(CommandQueue(1).heads()) == []


SETPOINT = "setpoint"


def test_without_coalescing_nothing_is_superseded() -> None:
    queue = filled(command("a", setting=SETPOINT))
    assert queue.append(command("b", setting=SETPOINT)) == Displaced()
    assert ids(queue.waiting) == "ab"


def test_the_newest_command_for_a_setting_supersedes_the_older_ones() -> None:
    older = [
        command("a", setting=SETPOINT),
        command("b", setting="mode"),
        command("c", OTHER, setting=SETPOINT),
        command("d"),
    ]
    queue = filled(*older, coalesce=True)
    assert ids(queue.append(command("e", setting=SETPOINT)).superseded) == "a"
    assert ids(queue.waiting) == "bcde"
    assert queue.append(command("f")) == Displaced()
    assert ids(queue.waiting) == "bcdef"


def test_superseding_makes_room_before_anything_is_dropped() -> None:
    queue = filled(command("a"), command("b", setting=SETPOINT), limit=2, coalesce=True)
    displaced = queue.append(command("c", setting=SETPOINT))
    assert (ids(displaced.superseded), ids(displaced.dropped)) == ("b", "")
    assert ids(queue.waiting) == "ac"


def test_what_is_in_flight_is_superseded_only_when_it_would_come_back() -> None:
    queue = filled(command("a", setting=SETPOINT), command("b", setting="mode"), coalesce=True)
    take(queue, 2)
    assert queue.append(command("c", setting=SETPOINT)) == Displaced()
    assert ids(queue.in_flight) == "ab"
    assert ids(queue.return_in_flight().superseded) == "a"
    assert ids(queue.waiting) == "bc"


def test_of_two_in_flight_for_one_setting_the_newer_comes_back() -> None:
    queue = filled(command("a", setting=SETPOINT), coalesce=True)
    take(queue, 1)
    queue.append(command("b", setting=SETPOINT))
    take(queue, 1)
    assert ids(queue.return_in_flight().superseded) == "a"
    assert ids(queue.waiting) == "b"


def test_what_is_unconfirmed_is_not_called_superseded() -> None:
    queue = filled(command("a", setting=SETPOINT, repeatable=False), coalesce=True)
    take(queue, 1)
    queue.append(command("b", setting=SETPOINT))
    displaced = queue.return_in_flight()
    assert (ids(displaced.superseded), ids(displaced.unrepeatable)) == ("", "a")


def aged(
    *, by_wall_clock: float, by_monotonic_clock: float, life_time: float | None, is_restored: bool = False
) -> QueuedCommand:
    """Make a command that was given so many seconds ago, by each of the clocks."""
    queued_at = datetime.now(UTC) - timedelta(seconds=by_wall_clock)
    return QueuedCommand(
        kind="test",
        wanted="a",
        topic="test/a",
        body=b"{}",
        queued_at=queued_at,
        given_at=running_seconds() - by_monotonic_clock,
        expires_at=None if life_time is None else queued_at + timedelta(seconds=life_time),
        is_restored=is_restored,
    )


def test_a_command_without_an_end_never_expires() -> None:
    endless = aged(by_wall_clock=1e8, by_monotonic_clock=1e8, life_time=None)
    assert endless.life_time is None
    assert not endless.is_expired()


@pytest.mark.parametrize(
    ("by_wall_clock", "by_monotonic_clock", "is_restored", "expired"),
    [
        (0, 0, False, False),
        (3500, 3500, False, False),
        (3600, 3600, False, True),
        (7200, 10, False, False),  # The wall clock was set forward meanwhile.
        (-7200, 3600, False, True),  # The wall clock was set back meanwhile.
        (3600, 10, True, True),  # Given by an earlier run, an hour ago by the only clock that is known.
        (-7200, 10, True, False),  # The wall clock is not set yet.
        (-7200, 3600, True, True),
    ],
)
def test_within_one_run_the_monotonic_clock_alone_gives_the_age(
    by_wall_clock: float, by_monotonic_clock: float, is_restored: bool, expired: bool
) -> None:
    ending = aged(
        by_wall_clock=by_wall_clock, by_monotonic_clock=by_monotonic_clock, life_time=3600, is_restored=is_restored
    )
    assert ending.life_time == timedelta(hours=1)
    assert ending.is_expired() is expired
    assert ending.age() >= timedelta(seconds=by_monotonic_clock)


def test_a_clock_that_goes_backwards_makes_no_negative_age() -> None:
    early = aged(by_wall_clock=-10, by_monotonic_clock=-10, life_time=3600)
    assert early.age() == timedelta()


def test_each_writing_has_a_session_of_its_own() -> None:
    first = replace(command("a" * 32), body=b'{"sessionID":"%s","n":1}' % (b"a" * 32)).written_again()
    assert first.session_id == "a" * 32
    second, third = first.written_again(), first.written_again().written_again()
    assert len({each.session_id for each in (first, second, third)}) == 3
    for each in (first, second, third):
        assert each.payload == {"sessionID": each.session_id, "n": 1}
        assert len(each.session_id) == 32
    assert second.sessions == (first.session_id, second.session_id)
    assert third.sessions[0] == first.session_id
    assert third.sessions[-1] == third.session_id
    assert third.attempts == len(third.sessions) == 3


def test_the_first_writing_of_a_later_run_has_another_session_than_that_of_an_earlier_one() -> None:
    stored = replace(command("a" * 32), body=b'{"sessionID":"%s"}' % (b"a" * 32), is_restored=True)
    written = stored.written_again()
    assert written.session_id not in ("a" * 32, stored.written_again().session_id)
    assert written.payload == {"sessionID": written.session_id}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ({"mode": 5, "days": 7}, True),
        ({"mode": 6, "days": 7, "more": "x"}, True),
        ({"mode": 5, "days": 8}, False),
        ({"mode": 5}, False),
        ({"mode": None, "days": 7}, False),
        ({"mode": "5", "days": 7}, False),
        ({"mode": [], "days": 7}, False),
        ({"mode": {}, "days": 7}, False),
        ({}, False),
    ],
)
def test_every_member_of_the_effect_has_to_show(raw: dict[str, object], shown: bool) -> None:
    vacation = replace(command("a"), expected={"mode": frozenset({5, 6}), "days": frozenset({7})})
    assert vacation.is_shown_by(raw) is shown


def test_what_expects_nothing_is_shown_by_nothing() -> None:
    assert not command("a").is_shown_by({"mode": 5})


def test_what_was_refused_for_the_moment_is_the_next_one_again() -> None:
    queue = filled(*map(command, "abc"))
    (taken,) = take(queue, 1)
    queue.acknowledge("a")
    assert queue.put_back(taken) == Displaced()
    assert ids(queue.waiting) == "abc"
    assert queue.waiting[0].attempts == 1


def test_what_was_refused_for_the_moment_keeps_no_place_in_the_limit() -> None:
    queue = filled(*map(command, "abc"), limit=3)
    (refused,) = take(queue, 1)
    queue.acknowledge("a")
    assert queue.append(command("d")) == Displaced()
    # It is the oldest of four, so it is the one that goes, as if it had waited all the time.
    assert queue.put_back(refused).dropped == (refused,)
    assert ids(queue.waiting) == "bcd"


def test_with_what_was_refused_for_the_moment_the_oldest_of_all_goes() -> None:
    queue = filled(*map(command, "abcd"), limit=4)
    queue.take(queue.waiting[2])
    refused = queue.acknowledge("c")
    assert refused is not None
    assert queue.append(command("e")) == Displaced()
    take(queue, 1)
    assert ids(queue.put_back(refused).dropped) == "b"
    assert (ids(queue.in_flight), ids(queue.waiting)) == ("a", "cde")


@pytest.mark.parametrize("in_flight", [False, True])
def test_what_was_refused_for_the_moment_gives_way_to_a_newer_one(*, in_flight: bool) -> None:
    queue = filled(command("a", setting=SETPOINT), coalesce=True)
    (taken,) = take(queue, 1)
    queue.acknowledge("a")
    queue.append(command("b", setting=SETPOINT))
    if in_flight:
        take(queue, 1)
    assert queue.put_back(taken).superseded == (taken,)
    assert ids(list(queue.unsent())) == "b"


def test_a_command_knows_when_it_was_given_and_can_be_logged() -> None:
    before = datetime.now(UTC)
    made = QueuedCommand(
        kind="status", wanted="status", mac_address=ONE, topic=f"cmd/52/navilink-{ONE}/st", body=b'{"macAddress": 1}'
    )
    assert before <= made.queued_at <= datetime.now(UTC)
    assert made.id != QueuedCommand(kind="status", wanted="status", topic="a", body=b"").id
    assert ONE not in repr(made)
    assert "macAddress" not in repr(made)
    assert made.payload == {"macAddress": 1}
    assert made.payload is not made.payload


STEPS = st.lists(
    st.sampled_from(["append", "append", "take", "acknowledge", "late", "refuse", "return", "clear"]), max_size=60
)


@given(limit=st.integers(2, 6), steps=STEPS, data=st.data())
def test_whatever_happens_order_and_limit_hold_and_nothing_vanishes(
    limit: int, steps: list[str], data: st.DataObject
) -> None:
    queue = CommandQueue(limit)
    gone: list[str] = []
    given_ids: list[str] = []
    for step in steps:
        flying = [found.id for found in queue.in_flight]
        if step == "append":
            given_ids.append(f"{len(given_ids):03}")
            gone += [found.id for found in queue.append(command(given_ids[-1])).dropped]
        elif step == "take" and len(queue) and len(flying) < queue.window:
            take(queue, 1)
        elif step == "acknowledge" and flying:
            acknowledged = data.draw(st.sampled_from(flying))
            assert queue.acknowledge(acknowledged) is not None
            gone.append(acknowledged)
        elif step == "refuse" and flying:
            refused = queue.acknowledge(data.draw(st.sampled_from(flying)))
            assert refused is not None
            newer = command(f"{len(given_ids):03}")
            given_ids.append(newer.id)
            displaced = (queue.append(newer), queue.put_back(refused))
            gone += [found.id for part in displaced for found in part.dropped]
        elif step == "late" and len(queue):
            late = data.draw(st.sampled_from(queue.waiting)).id
            assert queue.acknowledge(late) is not None
            gone.append(late)
        elif step == "return":
            assert queue.return_in_flight() == Displaced()
        elif step == "clear":
            gone += [found.id for found in queue.remove(lambda _: True)]
        unsent = [found.id for found in queue.unsent()]
        waiting = [found.id for found in queue.waiting]
        assert waiting == sorted(waiting)
        assert unsent == sorted(unsent) or "refuse" in steps, "only what was refused goes after newer ones"
        assert sorted([*unsent, *gone]) == given_ids
        assert len(unsent) <= limit
