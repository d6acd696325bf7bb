"""What is not sent, and what is sent again: expiry, the guard, lost connections and restarts, in virtual time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from nwp500 import CommandOutcome, CommandReason, CommandStage, Device, StoredQueue, commands, queries
from nwp500.queue.command import plain_message, query_request
from tests.client.support.bench import ONE, OTHER, Bench, made, on_the_bench, with_life_time

SETPOINT, MODE = commands.DHW_TEMPERATURE, commands.DHW_MODE
HOT_BUTTON = commands.RECIRCULATION_HOT_BUTTON
CAREFUL: dict[str, object] = {"coalesce_commands": True, "guard_commands": True, "skip_redundant": True}


# Expiry


def test_what_waits_too_long_ends_at_that_moment() -> None:
    async def story(bench: Bench) -> None:
        await asyncio.sleep(10)
        for seconds in (100, 50, None):
            command = made(SETPOINT, 120)
            bench.pipeline.give(with_life_time(command, seconds))
        await asyncio.sleep(3600)
        assert [(end.outcome, round(end.at)) for end in bench.ends] == [
            (CommandOutcome.EXPIRED, 60),
            (CommandOutcome.EXPIRED, 110),
        ]
        assert len(bench.pipeline.queue) == 1

    on_the_bench(story)


def test_age_is_judged_again_right_before_the_send() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.pipeline.give(with_life_time(made(SETPOINT, 120), 3600))
        # The timer stands still while the machine sleeps.
        bench.clocks.sleep(4000)
        bench.up()
        assert bench.written == []
        assert [(end.outcome, end.command_id) for end in bench.ends] == [(CommandOutcome.EXPIRED, handle.command.id)]

    on_the_bench(story)


@pytest.mark.parametrize("years", [-1000, -30, -1])
def test_a_wall_clock_set_back_by_years_makes_nothing_younger(years: int) -> None:
    async def story(bench: Bench) -> None:
        bench.pipeline.give(with_life_time(made(SETPOINT, 120), 3600))
        await asyncio.sleep(3000)
        bench.clocks.set_wall_clock(years * 365 * 86400)
        await asyncio.sleep(599)
        assert bench.outcomes == []
        await asyncio.sleep(2)
        assert bench.outcomes == [CommandOutcome.EXPIRED]

    on_the_bench(story)


@pytest.mark.parametrize("seconds", [-7200, -10, 10, 7200, 30 * 365 * 86400])
def test_within_one_run_the_wall_clock_makes_nothing_older(seconds: float) -> None:
    async def story(bench: Bench) -> None:
        bench.clocks.set_wall_clock(-seconds)
        handle = bench.pipeline.give(with_life_time(made(SETPOINT, 120), 3600))
        bench.clocks.set_wall_clock(seconds)
        await asyncio.sleep(3000)
        assert bench.outcomes == []
        assert bench.pipeline.queue.waiting[0].age() == timedelta(seconds=3000)
        bench.up()
        assert bench.written == [handle.command.id]

    on_the_bench(story)


def test_the_age_of_what_an_earlier_run_was_given_is_judged_again_when_the_clock_is_set() -> None:
    async def story(bench: Bench) -> None:
        command = replace(with_life_time(made(SETPOINT, 120), 3600), is_restored=True)
        # As of a computer without a battery for its clock, which starts two hours behind.
        bench.clocks.set_wall_clock(-7200)
        bench.pipeline.restore(StoredQueue(unsent=(command,)))
        await asyncio.sleep(10)
        assert bench.pipeline.queue.waiting[0].age() == timedelta(seconds=10)
        bench.clocks.set_wall_clock(7200 + 3600)
        await asyncio.sleep(61)
        assert bench.outcomes == [CommandOutcome.EXPIRED]

    on_the_bench(story)


def test_what_was_sent_does_not_expire() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.pipeline.give(with_life_time(made(SETPOINT, 120), 5))
        await bench.arrives()
        await asyncio.sleep(20)
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_what_comes_back_from_a_lost_connection_can_still_expire() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.pipeline.give(with_life_time(made(SETPOINT, 120), 5))
        bench.down()
        await asyncio.sleep(6)
        assert [(end.outcome, round(end.at)) for end in bench.ends] == [(CommandOutcome.EXPIRED, 5)]

    on_the_bench(story)


# What the heater already reports


def test_what_the_heater_reports_when_asked_after_the_giving_is_not_sent() -> None:
    async def story(bench: Bench) -> None:
        same, other = bench.give(SETPOINT, 120), bench.give(MODE, 2)
        bench.up()
        bench.reports(dhwTemperatureSetting=120, dhwOperationSetting=1)
        assert same.result is not None
        assert (same.result.outcome, same.result.reason) == (CommandOutcome.CONFIRMED, CommandReason.ALREADY_SET)
        assert bench.written == [other.command.id]

    on_the_bench(story, skip_redundant=True, guard_commands=True)


def test_what_the_heater_reported_before_the_giving_proves_nothing() -> None:
    """Somebody may have turned the panel since, which no poll has seen yet."""

    async def story(bench: Bench) -> None:
        bench.up()
        question = bench.asks()
        handle = bench.give(SETPOINT, 120, dhwTemperatureSetting=120)
        bench.answers(question, dhwTemperatureSetting=120)
        assert bench.written == [handle.command.id]
        assert bench.outcomes == []

    on_the_bench(story, **CAREFUL, command_interval=2.0)


def test_without_the_wish_for_it_nothing_is_skipped() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120)
        bench.up()
        bench.reports(dhwTemperatureSetting=120)
        assert bench.written == [handle.command.id]

    on_the_bench(story, guard_commands=True)


def test_it_is_not_redundant_while_another_command_is_on_its_way() -> None:
    async def story(bench: Bench) -> None:
        away, back = bench.give(SETPOINT, 130), bench.give(SETPOINT, 120)
        bench.up()
        bench.reports(dhwTemperatureSetting=120)
        await bench.arrives()
        assert bench.written == [away.command.id, back.command.id]

    on_the_bench(story, skip_redundant=True, guard_commands=True)


@pytest.mark.parametrize("seconds", [0, 16])
def test_it_is_not_redundant_while_an_older_command_may_still_take_effect(seconds: float) -> None:
    """It arrived, unknown to the client, and was superseded; the heater reports it later only (protocol.md 13.1)."""

    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        older = bench.give(SETPOINT, 110)
        assert bench.written == [older.command.id]
        bench.down()
        newer = bench.give(SETPOINT, 100)
        assert bench.outcomes == [CommandOutcome.SUPERSEDED]
        await asyncio.sleep(seconds)
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        bench.pump()
        assert bench.written == [newer.command.id]

    on_the_bench(story, **CAREFUL)


def test_what_a_completed_command_brings_about_later_is_nobody_elses_change() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        bench.give(SETPOINT, 110)
        await bench.arrives()
        back = bench.give(SETPOINT, 100)
        await bench.arrives()
        for _ in range(2):
            bench.reports(dhwTemperatureSetting=100)
        assert back.result is not None
        bench.down()
        last = bench.give(SETPOINT, 90)
        await asyncio.sleep(10)
        bench.up()
        bench.reports(dhwTemperatureSetting=110)
        bench.pump()
        assert last.command.id in bench.written
        assert CommandOutcome.SUPERSEDED not in bench.outcomes

    on_the_bench(story, guard_commands=True)


# What a status proves


def test_only_what_is_asked_after_the_sending_confirms() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        early = bench.asks()
        handle = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.says_unasked(dhwTemperatureSetting=120)
        bench.answers(early, dhwTemperatureSetting=120)
        assert handle.result is None
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_its_own_reply_confirms() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.answers(handle.command.id, dhwTemperatureSetting=98)
        assert handle.result is None
        bench.answers(handle.command.id, dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_a_late_duplicate_of_an_older_status_is_dropped() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        old = bench.asks()
        assert bench.answers(old, dhwTemperatureSetting=120)
        bench.reports(dhwTemperatureSetting=100)
        bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.down()
        queued = bench.give(SETPOINT, 110)
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        assert not bench.answers(old, dhwTemperatureSetting=120)
        assert bench.outcomes == []
        assert bench.written == [queued.command.id]

    on_the_bench(story, guard_commands=True)


def test_what_nobody_asked_for_counts_only_when_nothing_newer_was_asked() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98)
        assert bench.says_unasked(dhwTemperatureSetting=99)
        question = bench.asks()
        assert not bench.says_unasked(dhwTemperatureSetting=98)
        assert bench.answers(question, dhwTemperatureSetting=100)
        assert bench.says_unasked(dhwTemperatureSetting=101)
        bench.asks()
        await asyncio.sleep(31)
        assert bench.says_unasked(dhwTemperatureSetting=102)

    on_the_bench(story)


# The guard


def test_after_each_connection_a_control_waits_for_a_status_of_its_heater() -> None:
    async def story(bench: Bench) -> None:
        first = bench.give(SETPOINT, 120)
        assert not bench.pipeline.guard.is_waiting_for_status(ONE)
        for _ in range(2):
            bench.up()
            assert bench.pipeline.guard.is_waiting_for_status(ONE)
            assert bench.written == []
            assert bench.asked[-1][0] == ONE
            bench.reports(OTHER, dhwTemperatureSetting=98)
            assert bench.written == []
            bench.reports(dhwTemperatureSetting=98)
            assert not bench.pipeline.guard.is_waiting_for_status(ONE)
            assert bench.written == [first.command.id]
            bench.down()

    on_the_bench(story, guard_commands=True)


def test_a_late_status_is_not_a_fresh_one() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120, dhwTemperatureSetting=98)
        bench.up()
        question = bench.asks()
        bench.down()
        bench.up()
        # Made before somebody turned the panel, and on its way since: the answer to a question of the older connection.
        bench.answers(question, dhwTemperatureSetting=98)
        assert bench.pipeline.guard.is_waiting_for_status(ONE)
        assert bench.written == []
        bench.reports(dhwTemperatureSetting=100)
        assert not bench.pipeline.guard.is_waiting_for_status(ONE)
        assert bench.written == []
        assert [(end.outcome, end.command_id) for end in bench.ends] == [(CommandOutcome.SUPERSEDED, handle.command.id)]

    on_the_bench(story, guard_commands=True)


def test_what_is_written_again_has_a_session_of_its_own() -> None:
    async def story(bench: Bench) -> None:
        device = Device(mac_address=ONE, additional_value="5322")
        bench.up()
        asked = bench.pipeline.give(query_request(queries.STATUS, device, "client"))
        bench.give(SETPOINT, 120)
        bench.down()
        bench.up()
        (again,) = bench.transport.session_ids
        assert again != asked.command.id
        # The answer to the first writing, which may be older than this connection, proves nothing of it.
        bench.answers(asked.command.id, dhwTemperatureSetting=98)
        assert bench.pipeline.guard.is_waiting_for_status(ONE)
        bench.answers(again, dhwTemperatureSetting=98)
        assert not bench.pipeline.guard.is_waiting_for_status(ONE)

    on_the_bench(story, guard_commands=True)


def test_an_answer_without_a_status_says_nothing_of_the_setting() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120)
        bench.up()
        question = bench.asks()
        bench.answers(question)
        bench.says_unasked(dhwTemperatureSetting=98)
        assert bench.written == []
        bench.answers(question, dhwTemperatureSetting=98)
        assert bench.written == [handle.command.id]

    on_the_bench(story, guard_commands=True)


def test_a_heater_that_reports_but_never_answers_by_session_is_believed_in_the_end() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120)
        bench.up()
        for _ in range(34):
            bench.says_unasked(dhwTemperatureSetting=98)
            assert bench.written == []
            await asyncio.sleep(1)
        await asyncio.sleep(2)
        bench.says_unasked(dhwTemperatureSetting=98)
        assert bench.written == [handle.command.id]

    on_the_bench(story, guard_commands=True)


def test_a_heater_that_does_not_answer_is_asked_again_and_holds_up_nobody() -> None:
    async def story(bench: Bench) -> None:
        silent, other = bench.give(SETPOINT, 120), bench.give(SETPOINT, 110, mac_address=OTHER)
        bench.up()
        bench.reports(OTHER, dhwTemperatureSetting=98)
        assert bench.written == [other.command.id]
        await asyncio.sleep(120)
        assert [at for mac_address, at in bench.asked if mac_address == ONE][:5] == [0, 5, 15, 35, 65]
        assert bench.pipeline.registry.stage(silent.command.id) is CommandStage.WAITING
        bench.pipeline.clear(lambda _: True)
        bench.asked.clear()
        await asyncio.sleep(3600)
        assert [mac_address for mac_address, _ in bench.asked if mac_address == ONE] == []

    on_the_bench(story, guard_commands=True)


def test_a_query_does_not_wait_for_a_status() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.pipeline.give(plain_message("test/a", {"sessionID": "plain"}, 1))
        assert bench.written == ["plain"]

    on_the_bench(story, guard_commands=True)


@pytest.mark.parametrize(
    ("found", "is_sent"),
    [
        ({"dhwTemperatureSetting": 98}, True),  # As it was.
        ({"dhwTemperatureSetting": 120}, True),  # As it is wanted.
        ({"dhwTemperatureSetting": 100}, False),  # As somebody else wants it.
        ({"dhwOperationSetting": 2}, True),  # Another setting.
        ({"dhwTemperatureSetting": None}, True),  # Not reported.
    ],
)
def test_somebody_elses_later_change_of_the_setting_wins(found: dict[str, object], is_sent: bool) -> None:
    async def story(bench: Bench) -> None:
        await asyncio.sleep(10)
        handle = bench.give(SETPOINT, 120, dhwTemperatureSetting=98)
        mode = bench.give(commands.TOU_ON)
        await asyncio.sleep(10)
        bench.up()
        bench.reports(**found)
        assert bench.written == ([handle.command.id] if is_sent else []) + [mode.command.id]
        assert bench.outcomes == ([] if is_sent else [CommandOutcome.SUPERSEDED])
        if handle.result is not None:
            assert handle.result.reason is CommandReason.CHANGED_ELSEWHERE

    on_the_bench(story, guard_commands=True)


def test_without_the_guard_the_command_decides() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120, dhwTemperatureSetting=98)
        await asyncio.sleep(10)
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        assert bench.written == [handle.command.id]

    on_the_bench(story)


def test_the_effect_of_a_command_of_ones_own_is_nobody_elses_change() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98)
        sent = bench.give(SETPOINT, 120, dhwTemperatureSetting=98)
        await bench.arrives()
        bench.down()
        later = bench.give(SETPOINT, 110, dhwTemperatureSetting=98)
        await asyncio.sleep(10)
        bench.up()
        bench.reports(dhwTemperatureSetting=120)
        assert bench.written == [later.command.id]
        assert [(end.outcome, end.command_id) for end in bench.ends] == [(CommandOutcome.CONFIRMED, sent.command.id)]

    on_the_bench(story, **CAREFUL)


def test_what_a_dropped_command_may_have_done_is_nobody_elses_change_either() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwOperationSetting=3)
        off, on = bench.give(commands.POWER_OFF), bench.give(commands.POWER_ON)
        assert bench.transport.acknowledge()
        assert bench.written == [off.command.id, on.command.id]
        bench.down()
        bench.give(SETPOINT, 120)
        again = bench.give(commands.POWER_OFF, dhwOperationSetting=3)
        assert [(end.outcome, end.command_id) for end in bench.ends] == [(CommandOutcome.DROPPED, on.command.id)]
        bench.up()
        # The belated answer to the first one; the second one had arrived as well, though nobody knows.
        bench.says_unasked(dhwOperationSetting=6)
        bench.reports(dhwOperationSetting=3)
        bench.pump()
        await bench.arrives()
        assert again.command.id in bench.written
        assert CommandOutcome.SUPERSEDED not in bench.outcomes

    on_the_bench(story, guard_commands=True, max_queued_commands=2)


# Coming back


def test_everything_in_flight_goes_again_in_its_old_order_but_what_was_acknowledged() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        given = [bench.give(SETPOINT, raw).command.id for raw in (100, 110, 120)]
        assert bench.transport.acknowledge()
        bench.down()
        given.append(bench.give(SETPOINT, 130).command.id)
        bench.up()
        assert bench.written == given[1:]

    on_the_bench(story)


def test_what_must_not_be_sent_twice_is_unconfirmed_after_a_drop() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(HOT_BUTTON, 1)
        bench.down()
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.UNCONFIRMED, handle.command.id),
        ]
        bench.up()
        assert bench.written == []

    on_the_bench(story)


def test_what_was_in_flight_when_cleared_is_not_sent_again() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.give(SETPOINT, 120)
        assert bench.pipeline.clear(lambda _: True) == 0
        bench.down()
        bench.up()
        assert bench.written == []
        assert bench.outcomes == [CommandOutcome.UNCONFIRMED]

    on_the_bench(story)


# An earlier run


def test_what_an_earlier_run_left_is_taken_up() -> None:
    async def story(bench: Bench) -> None:
        sent, first, second = made(SETPOINT, 110), made(SETPOINT, 120), made(MODE, 1)
        bench.pipeline.restore(StoredQueue(unsent=(first, second), sent=(sent,)))
        assert bench.pipeline.queue.waiting == (first, second)
        assert bench.pipeline.registry.sent_commands == (sent,)
        assert bench.pipeline.guard.wanted(ONE) == {"dhwTemperatureSetting": 120, "dhwOperationSetting": 1}
        handles = [bench.pipeline.registry.records[command.id].handle for command in (sent, first, second)]
        assert [await handle.sent() for handle in handles] == [0, 0, 0]
        bench.up()
        await bench.arrives()
        assert bench.written == [first.id, second.id]
        bench.reports(dhwTemperatureSetting=120, dhwOperationSetting=1)
        assert {end.command_id for end in bench.ends} == {sent.id, first.id, second.id}
        assert bench.pipeline.registry.pending() == ()

    on_the_bench(story)


def test_of_what_an_earlier_run_left_some_ends_at_once() -> None:
    async def story(bench: Bench) -> None:
        old = with_life_time(made(SETPOINT, 120), 60)
        in_doubt = replace(made(HOT_BUTTON, 1), attempts=1)
        unpressed, again = made(HOT_BUTTON, 1), replace(made(MODE, 1), attempts=1)
        bench.clocks.sleep(100)
        bench.pipeline.restore(StoredQueue(unsent=(old, in_doubt, unpressed, again)))
        assert {end.command_id: end.outcome for end in bench.ends} == {
            old.id: CommandOutcome.EXPIRED,
            in_doubt.id: CommandOutcome.UNCONFIRMED,
        }
        assert bench.pipeline.queue.waiting == (unpressed, again)

    on_the_bench(story)


def test_what_expired_while_nobody_ran_does_not_bring_an_older_command_back() -> None:
    async def story(bench: Bench) -> None:
        older = replace(made(commands.DHW_MODE, 3).written_again(), is_restored=True)
        newer = replace(with_life_time(made(commands.DHW_MODE, 4), 3600), is_restored=True)
        bench.clocks.sleep(7200)
        bench.pipeline.restore(StoredQueue(unsent=(older, newer)))
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.SUPERSEDED, older.id),
            (CommandOutcome.EXPIRED, newer.id),
        ]
        assert not bench.pipeline.queue.waiting

    on_the_bench(story, coalesce_commands=True)


def test_commands_of_an_earlier_run_keep_their_order_whatever_their_times() -> None:
    async def story(bench: Bench) -> None:
        first, second = made(SETPOINT, 120), made(MODE, 1)
        second = replace(second, queued_at=first.queued_at - timedelta(microseconds=1))
        bench.pipeline.restore(StoredQueue(unsent=(first, second)))
        bench.up()
        bench.down()
        bench.up()
        assert bench.written == [first.id, second.id]
        assert [command.id for command in bench.pipeline.registry.pending()] == [first.id, second.id]

    on_the_bench(story)


def test_what_is_restored_twice_is_there_once() -> None:
    async def story(bench: Bench) -> None:
        sent, waiting = made(MODE, 1), made(SETPOINT, 120)
        stored = StoredQueue(unsent=(waiting,), sent=(sent,))
        bench.pipeline.restore(stored)
        bench.up()
        record = bench.pipeline.registry.records[waiting.id]
        bench.pipeline.restore(stored)
        assert bench.pipeline.registry.records[waiting.id] is record
        assert (bench.written, bench.pipeline.queue.waiting) == ([waiting.id], ())
        await bench.arrives()
        bench.reports(dhwOperationSetting=1, dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED] * 2
        assert bench.written == [waiting.id]

    on_the_bench(story)


def test_what_an_earlier_run_left_held_may_still_take_effect() -> None:
    async def story(bench: Bench) -> None:
        held = {"dhwOperationSetting": frozenset({2})}
        bench.pipeline.restore(StoredQueue(completed_effects={ONE: (held,)}))
        assert bench.pipeline.guard.completed_effects == {ONE: (held,)}
        # The heater will take up the mode that it holds, unless it is asked once more to stay in this one.
        mode, setpoint = bench.give(MODE, 1), bench.give(SETPOINT, 120)
        bench.up()
        bench.reports(dhwOperationSetting=1, dhwTemperatureSetting=120, touStatus=1, hpUpperOnDiffTempSetting=16)
        await bench.arrives()
        assert bench.written == [mode.command.id]
        bench.reports(dhwOperationSetting=1, touStatus=1, hpUpperOnDiffTempSetting=16)
        assert bench.outcomes == [CommandOutcome.CONFIRMED] * 2
        assert bench.pipeline.guard.completed_effects[ONE] == (held, mode.command.expected)
        await asyncio.sleep(60)
        for _ in range(2):
            bench.reports(dhwOperationSetting=1, touStatus=1, hpUpperOnDiffTempSetting=0)
        assert bench.pipeline.guard.completed_effects == {}
        assert setpoint.result is not None

    on_the_bench(story, skip_redundant=True, guard_commands=True)


def test_the_order_of_giving_comes_from_the_store_whatever_the_times() -> None:
    async def story(bench: Bench) -> None:
        older = made(SETPOINT, 120)
        newer = replace(made(SETPOINT, 100), queued_at=older.queued_at - timedelta(hours=1))
        bench.pipeline.restore(StoredQueue(unsent=(newer,), sent=(older,), order=(older.id, newer.id)))
        assert bench.pipeline.guard.wanted(ONE) == {"dhwTemperatureSetting": 100}
        bench.up()
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=100)
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.CONFIRMED, newer.id),
            (CommandOutcome.UNCONFIRMED, older.id),
        ]

    on_the_bench(story)


def test_a_queue_that_has_become_smaller_drops_the_oldest() -> None:
    async def story(bench: Bench) -> None:
        left = tuple(made(SETPOINT, raw) for raw in (100, 110, 120))
        bench.pipeline.restore(StoredQueue(unsent=left))
        assert bench.pipeline.queue.waiting == (left[1], left[2])
        assert [(end.outcome, end.command_id) for end in bench.ends] == [(CommandOutcome.DROPPED, left[0].id)]

    on_the_bench(story, max_queued_commands=2)


# A connection that fails


def test_a_connection_that_cannot_be_written_to_is_replaced_and_nothing_is_lost() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.transport.refuses = True
        handle = bench.give(SETPOINT, 120)
        assert bench.complaints == ["AWS_ERROR_MQTT_NOT_CONNECTED"]
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.WAITING
        bench.down()
        bench.up()
        assert bench.written == [handle.command.id]

    on_the_bench(story)
