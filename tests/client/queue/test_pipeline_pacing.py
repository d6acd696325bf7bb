"""When a control goes: refusals that mean "too soon", pauses between controls, one at a time for each heater."""

import asyncio

import pytest

from nwp500 import CommandOutcome, CommandStage, commands
from nwp500.queue.confirmation import ANSWER_SECONDS
from nwp500.queue.requests import plain_message
from tests.client.support.bench import ONE, OTHER, Bench, on_the_bench

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
        assert bench.pipeline.wanted(ONE) == {}
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
        assert bench.pipeline.stage(handle.command.id) is CommandStage.WAITING
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
        assert bench.pipeline.stage(handle.command.id) is CommandStage.IN_FLIGHT
        assert bench.transport.acknowledge()
        assert bench.pipeline.stage(handle.command.id) is CommandStage.SENT

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
        assert bench.pipeline.stage(second.command.id) is CommandStage.WAITING
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
