"""When a control goes: refusals that mean "too soon", pauses between controls, one at a time for each heater."""

import asyncio

import pytest

from nwp500 import CommandOutcome, CommandStage, StoredQueue, commands
from nwp500.queue.command import plain_message
from nwp500.queue.confirmation import ANSWER_SECONDS
from tests.client.support.bench import ONE, OTHER, Bench, made, on_the_bench

SETPOINT, MODE = commands.DHW_TEMPERATURE, commands.DHW_MODE


# Refusals


@pytest.mark.parametrize("code", [1, 3, 7, None])
def test_a_refusal_ends_it_with_the_heaters_code(code: int | None) -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.refuses(handle.command.id, code)
        assert [(end.outcome, end.code) for end in bench.ends] == [(CommandOutcome.REJECTED, code)]
        assert bench.pipeline.guard.wanted(ONE) == {}
        await asyncio.sleep(3600)
        assert bench.written == [handle.command.id]

    on_the_bench(story)


def test_too_soon_means_again_after_growing_pauses_and_in_the_end_rejected() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        for attempts, pause in enumerate((2, 4, 8, 16, 30, 30), start=1):
            await bench.arrives()
            bench.refuses(handle.command.id, 2)
            await asyncio.sleep(pause - 0.1)
            assert len(bench.pipeline.queue) == 1
            assert len(bench.written) == attempts
            await asyncio.sleep(0.2)
            assert len(bench.written) == attempts + 1
        await bench.arrives()
        bench.refuses(handle.command.id, 2)
        assert bench.written == [handle.command.id] * 7
        assert [(end.outcome, end.code) for end in bench.ends] == [(CommandOutcome.REJECTED, 2)]

    on_the_bench(story)


def test_after_a_refusal_the_order_is_kept_and_the_other_heater_goes_on() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        first, second = bench.give(SETPOINT, 120), bench.give(MODE, 1)
        elsewhere = bench.give(SETPOINT, 110, mac_address=OTHER)
        await bench.arrives()
        assert bench.written == [first.command.id, elsewhere.command.id]
        bench.refuses(first.command.id, 2)
        again = bench.give(MODE, 1, mac_address=OTHER)
        bench.answers(elsewhere.command.id)
        await asyncio.sleep(3)
        await bench.arrives()
        bench.answers(first.command.id)
        await asyncio.sleep(3)
        assert bench.written[2:] == [again.command.id, first.command.id, second.command.id]

    on_the_bench(story, command_interval=1)


def test_what_was_refused_for_the_moment_gives_way_to_a_newer_wish() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        older = bench.give(SETPOINT, 120)
        await bench.arrives()
        newer = bench.give(SETPOINT, 100)
        bench.refuses(older.command.id, 2)
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.SUPERSEDED, older.command.id),
        ]
        assert bench.written == [older.command.id, newer.command.id]

    on_the_bench(story, coalesce_commands=True)


def test_refused_commands_that_come_back_to_a_full_queue_are_the_oldest_and_go() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        given = [bench.give(SETPOINT, 100), bench.give(MODE, 1), bench.give(commands.TOU_ON)]
        await bench.arrives()
        bench.down()
        given += [bench.give(commands.VACATION_DAYS, days) for days in (1, 2, 3)]
        for handle in given[:3]:
            bench.refuses(handle.command.id, 2)
        assert bench.outcomes == [CommandOutcome.DROPPED] * 3
        assert [command.id for command in bench.pipeline.queue.waiting] == [handle.command.id for handle in given[3:]]

    on_the_bench(story, max_queued_commands=3)


def test_a_puback_that_a_refusal_has_overtaken_does_not_take_the_command_out_of_the_queue() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        bench.refuses(handle.command.id, 2)
        await bench.arrives()
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.WAITING
        await asyncio.sleep(3)
        assert bench.written == [handle.command.id] * 2
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_a_puback_of_the_first_writing_says_nothing_of_the_second() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        bench.refuses(handle.command.id, 2)
        await asyncio.sleep(3)
        assert bench.written == [handle.command.id] * 2
        assert bench.transport.acknowledge()
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.IN_FLIGHT
        assert bench.transport.acknowledge()
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.SENT

    on_the_bench(story)


def test_a_refusal_does_not_cut_the_pause_after_another_one_short() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        often, once = bench.give(SETPOINT, 120), bench.give(MODE, 1)
        await bench.arrives()
        for _ in range(2):
            bench.refuses(often.command.id, 2)
            await asyncio.sleep(5)
            await bench.arrives()
        bench.refuses(often.command.id, 2)
        bench.refuses(once.command.id, 2)
        written = len(bench.written)
        await asyncio.sleep(7.9)
        assert len(bench.written) == written
        await asyncio.sleep(0.2)
        assert bench.written[written:] == [often.command.id, once.command.id]

    on_the_bench(story)


# Pacing


def test_one_control_at_a_time_for_each_heater() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        first, second = bench.give(SETPOINT, 120), bench.give(MODE, 1)
        other = bench.give(SETPOINT, 120, mac_address=OTHER)
        await bench.arrives()
        assert bench.written == [first.command.id, other.command.id]
        await asyncio.sleep(5)
        assert bench.pipeline.registry.stage(second.command.id) is CommandStage.WAITING
        bench.answers(first.command.id)
        assert bench.written[-1] == second.command.id

    on_the_bench(story, command_interval=1)


def test_without_an_answer_the_next_one_goes_all_the_same_after_a_while() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        first, second = bench.give(SETPOINT, 120), bench.give(MODE, 1)
        await bench.arrives()
        await asyncio.sleep(ANSWER_SECONDS - 1)
        assert bench.written == [first.command.id]
        await asyncio.sleep(2)
        assert bench.written == [first.command.id, second.command.id]

    on_the_bench(story, command_interval=1)


def test_a_message_to_no_heater_waits_for_no_control() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.give(SETPOINT, 120)
        bench.give(MODE, 1)
        message = plain_message("test/a", {"sessionID": "plain"}, 1)
        bench.pipeline.give(message)
        assert bench.written[-1] == "plain"

    on_the_bench(story, command_interval=1)


def test_what_an_earlier_run_has_sent_is_not_sent_again() -> None:
    async def story(bench: Bench) -> None:
        refused, unanswered = made(SETPOINT, 120).written_again(), made(MODE, 1).written_again()
        bench.pipeline.restore(StoredQueue(sent=(refused, unanswered)))
        bench.up()
        bench.refuses(refused.id)
        bench.pipeline.heater_offline(ONE)
        bench.reports(ONE, dhwTemperatureSetting=100, dhwOperationSetting=3)
        assert bench.outcomes == [CommandOutcome.REJECTED]
        assert bench.pipeline.registry.stage(unanswered.id) is CommandStage.SENT
        assert bench.written == []

    on_the_bench(story, guard_commands=True)


# A heater that is offline


def test_what_an_offline_heater_has_not_answered_waits_and_goes_again_in_its_order() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100, dhwOperationSetting=3)
        first = bench.give(SETPOINT, 120)
        await bench.arrives()
        assert bench.pipeline.registry.stage(first.command.id) is CommandStage.SENT
        bench.pipeline.heater_offline(ONE)
        second = bench.give(MODE, 1)
        await asyncio.sleep(600)
        assert [bench.pipeline.registry.stage(each.command.id) for each in (first, second)] == [
            CommandStage.WAITING
        ] * 2
        assert bench.written == [first.command.id]
        bench.reports(ONE, dhwTemperatureSetting=100, dhwOperationSetting=3)
        await bench.arrives()
        assert bench.written == [first.command.id, first.command.id, second.command.id]
        bench.reports(ONE, dhwTemperatureSetting=120, dhwOperationSetting=1)
        assert [end.outcome for end in bench.ends] == [CommandOutcome.CONFIRMED] * 2

    on_the_bench(story, guard_commands=True)


def test_what_is_in_flight_to_a_heater_that_goes_offline_goes_again() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        handle = bench.give(SETPOINT, 120)
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.IN_FLIGHT
        bench.pipeline.heater_offline(ONE)
        await bench.arrives()
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.WAITING
        # A status that was asked for before it went offline, and comes late, proves nothing.
        assert bench.written == [handle.command.id]
        bench.reports(ONE, dhwTemperatureSetting=100)
        assert bench.written == [handle.command.id] * 2

    on_the_bench(story, guard_commands=True)


def test_a_late_answer_to_something_else_does_not_hide_what_an_offline_heater_has_missed() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        earlier = bench.asks(ONE)
        handle = bench.give(SETPOINT, 120)
        bench.pipeline.heater_offline(ONE)
        bench.answers(earlier, ONE, dhwTemperatureSetting=100)
        await bench.arrives()
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.WAITING
        bench.reports(ONE, dhwTemperatureSetting=100)
        assert bench.written == [handle.command.id] * 2

    on_the_bench(story, guard_commands=True)


def test_what_a_newer_one_has_overtaken_in_flight_does_not_go_again() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        older, newer = bench.give(SETPOINT, 120), bench.give(SETPOINT, 110)
        assert bench.written == [older.command.id, newer.command.id]
        # Its reply comes before both PUBACKs.
        bench.answers(newer.command.id, ONE, dhwTemperatureSetting=100)
        await bench.arrives()
        bench.pipeline.heater_offline(ONE)
        # It may have reached the heater all the same.
        assert bench.pipeline.registry.stage(older.command.id) is CommandStage.SENT
        bench.reports(ONE, dhwTemperatureSetting=110)
        assert bench.outcomes == [CommandOutcome.CONFIRMED, CommandOutcome.UNCONFIRMED]
        assert bench.written == [older.command.id, newer.command.id]

    on_the_bench(story, guard_commands=True)


@pytest.mark.parametrize("is_acknowledged", [True, False])
def test_what_a_heater_has_answered_before_it_went_offline_does_not_go_again(*, is_acknowledged: bool) -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        handle = bench.give(SETPOINT, 120)
        bench.pipeline.heater_offline(ONE)
        bench.answers(bench.transport.session_ids[-1], ONE, dhwTemperatureSetting=100)
        if is_acknowledged:
            await bench.arrives()
        bench.reports(ONE, dhwTemperatureSetting=100)
        await asyncio.sleep(ANSWER_SECONDS)
        assert bench.written == [handle.command.id]

    on_the_bench(story, guard_commands=True)


def test_a_refusal_from_before_a_heater_went_offline_counts() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        handle = bench.give(SETPOINT, 120)
        bench.pipeline.heater_offline(ONE)
        bench.refuses(handle.command.id, 1)
        await bench.arrives()
        assert bench.outcomes == [CommandOutcome.REJECTED]

    on_the_bench(story, guard_commands=True)


def test_a_status_from_before_a_heater_went_offline_does_not_release_its_commands() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        earlier = bench.asks(ONE)
        bench.pipeline.heater_offline(ONE)
        handle = bench.give(SETPOINT, 120)
        bench.answers(earlier, ONE, dhwTemperatureSetting=100)
        await asyncio.sleep(0)
        assert bench.written == []
        bench.reports(ONE, dhwTemperatureSetting=100)
        assert bench.written == [handle.command.id]

    on_the_bench(story, guard_commands=True)


def test_what_an_offline_heater_has_carried_out_after_all_does_not_go_again() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        handle = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.pipeline.heater_offline(ONE)
        bench.reports(ONE, dhwTemperatureSetting=120)
        await bench.arrives()
        assert bench.written == [handle.command.id]
        assert [end.outcome for end in bench.ends] == [CommandOutcome.CONFIRMED]

    on_the_bench(story, guard_commands=True, skip_redundant=True)


def test_what_an_offline_heater_has_missed_gives_way_to_a_newer_command() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        older = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.pipeline.heater_offline(ONE)
        newer = bench.give(SETPOINT, 110)
        assert [(end.command_id, end.outcome) for end in bench.ends] == [(older.command.id, CommandOutcome.SUPERSEDED)]
        bench.reports(ONE, dhwTemperatureSetting=100)
        assert bench.written == [older.command.id, newer.command.id]

    on_the_bench(story, guard_commands=True, coalesce_commands=True)


def test_what_was_cleared_after_it_was_sent_does_not_go_again_to_a_heater_that_was_offline() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        handle = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.pipeline.clear(lambda _: True)
        bench.pipeline.heater_offline(ONE)
        bench.reports(ONE, dhwTemperatureSetting=100)
        await asyncio.sleep(600)
        assert bench.written == [handle.command.id]
        assert [end.outcome for end in bench.ends] == [CommandOutcome.UNCONFIRMED]

    on_the_bench(story, guard_commands=True)


def test_another_heater_is_not_held_up_by_one_that_is_offline() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(ONE, dhwTemperatureSetting=100)
        bench.reports(OTHER, dhwTemperatureSetting=100)
        bench.pipeline.heater_offline(ONE)
        bench.give(SETPOINT, 120)
        elsewhere = bench.give(SETPOINT, 110, mac_address=OTHER)
        assert bench.written == [elsewhere.command.id]

    on_the_bench(story, guard_commands=True)
