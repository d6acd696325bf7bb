"""Who hears of a command may clear the queue or give the next one at once; neither order nor judgement suffers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from nwp500 import CommandEvent, CommandHandle, CommandOutcome, CommandStage, QueuedCommand, StoredQueue, commands
from nwp500.queue.command import QueueChanged
from nwp500.queue.confirmation import ANSWER_SECONDS
from tests.client.support.bench import ONE, Bench, made, on_the_bench

SETPOINT, MODE = commands.DHW_TEMPERATURE, commands.DHW_MODE
CAREFUL: dict[str, object] = {"guard_commands": True, "skip_redundant": True}


@pytest.mark.parametrize("is_up", [False, True])
@pytest.mark.parametrize("event", ["command_given", "queue_changed"])
def test_what_is_given_for_an_answer_lines_up_behind(event: str, *, is_up: bool) -> None:
    async def story(bench: Bench) -> None:
        answers: list[CommandHandle] = []

        def answer(_: CommandEvent | QueueChanged) -> None:
            answers.append(bench.give(MODE, 1))

        if is_up:
            bench.up()
        bench.emitter.once(event, answer)
        first = bench.give(SETPOINT, 120)
        (second,) = answers
        assert first.sequence < second.sequence
        if not is_up:
            assert [command.id for command in bench.pipeline.queue.waiting] == [first.command.id, second.command.id]
            bench.up()
        assert bench.written == [first.command.id, second.command.id]

    on_the_bench(story)


def test_a_command_that_is_cleared_as_soon_as_it_is_given_is_not_sent() -> None:
    async def story(bench: Bench) -> None:
        bench.emitter.once("command_given", lambda _: bench.pipeline.clear(lambda _: True))
        bench.up()
        handle = bench.give(SETPOINT, 120)
        assert handle.result is not None
        assert (handle.result.outcome, bench.written) == (CommandOutcome.CLEARED, [])
        assert "command_queued" not in bench.events

    on_the_bench(story)


def test_what_is_given_for_a_cleared_command_waits() -> None:
    async def story(bench: Bench) -> None:
        bench.emitter.once("command_cleared", lambda _: bench.give(SETPOINT, 110))
        bench.give(SETPOINT, 120)
        assert bench.pipeline.clear(lambda _: True) == 1
        assert [command.wanted for command in bench.pipeline.queue.waiting] == ["setpoint 110"]

    on_the_bench(story)


def test_who_insists_when_overruled_is_judged_by_the_status_that_overruled() -> None:
    async def story(bench: Bench) -> None:
        insisted: list[CommandHandle] = []
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        bench.down()
        bench.give(SETPOINT, 110, dhwTemperatureSetting=100)
        bench.emitter.once("command_superseded", lambda _: insisted.append(bench.give(SETPOINT, 100)))
        bench.up()
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.SUPERSEDED]
        assert bench.written == [handle.command.id for handle in insisted]

    on_the_bench(story, **CAREFUL)


def test_who_thinks_better_of_what_may_still_take_effect_has_no_redundant_command() -> None:
    async def story(bench: Bench) -> None:
        better: list[CommandHandle] = []
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        bench.emitter.once("command_unconfirmed", lambda _: better.append(bench.give(SETPOINT, 100)))
        doubtful = bench.give(SETPOINT, 110, dhwTemperatureSetting=100)
        await bench.arrives()
        await doubtful.outcome()
        assert bench.outcomes == [CommandOutcome.UNCONFIRMED]
        assert bench.written == [doubtful.command.id, *(handle.command.id for handle in better)]

    on_the_bench(story, **CAREFUL)


def test_a_listener_that_fails_or_clears_everything_each_time_harms_nothing() -> None:
    async def story(bench: Bench) -> None:
        def clear(_: QueueChanged) -> None:
            bench.pipeline.clear(lambda _: True)
            raise RuntimeError

        bench.emitter.on("queue_changed", clear)
        bench.up()
        sent, waiting = bench.give(SETPOINT, 120), bench.give(MODE, 1)
        assert (bench.written, bench.outcomes) == ([sent.command.id], [CommandOutcome.CLEARED])
        assert waiting.result is not None
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CLEARED, CommandOutcome.CONFIRMED]

    on_the_bench(story, command_interval=1.0)


def test_what_is_given_for_an_overtaken_command_waits_for_the_answer_to_the_newer_one() -> None:
    async def story(bench: Bench) -> None:
        stages: list[CommandStage | None] = []
        given: list[CommandHandle] = []
        bench.up()
        older, newer = bench.give(SETPOINT, 110), bench.give(SETPOINT, 120)

        def give_another(_: CommandEvent) -> None:
            stages.append(bench.pipeline.registry.stage(newer.command.id))
            given.append(bench.give(MODE, 1))

        bench.emitter.once("command_superseded", give_another)
        await bench.arrives()
        await asyncio.sleep(ANSWER_SECONDS + 1.0)
        assert bench.written == [older.command.id, newer.command.id]
        bench.refuses(older.command.id)
        await asyncio.sleep(3.0)
        await bench.arrives()
        assert older.result is not None
        assert older.result.outcome is CommandOutcome.SUPERSEDED
        assert (stages, bench.written) == ([CommandStage.SENT], [older.command.id, newer.command.id])
        bench.answers(bench.transport.session_ids[-1])
        assert bench.written == [older.command.id, newer.command.id, *(handle.command.id for handle in given)]

    on_the_bench(story, command_interval=1.0)


def test_what_is_left_at_the_end_is_reported_as_it_was_last_written() -> None:
    async def story(bench: Bench) -> None:
        left: list[QueuedCommand] = []
        bench.emitter.on("command_unconfirmed", lambda event: left.append(event.command))
        bench.up()
        handle = bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.refuses(handle.command.id)
        await asyncio.sleep(3.0)
        await bench.arrives()
        sessions = tuple(bench.transport.session_ids)
        bench.pipeline.close()
        assert [(command.id, command.attempts, command.sessions) for command in left] == [
            (handle.command.id, 2, sessions)
        ]

    on_the_bench(story)


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_given_for_a_confirmed_command_is_not_outlived_with_the_older_ones(*, fails: bool) -> None:
    async def story(bench: Bench) -> None:
        answers: list[CommandHandle] = []

        def answer(_: CommandEvent) -> None:
            answers.append(bench.give(SETPOINT, 110))
            if fails:
                raise RuntimeError

        bench.up()
        older, newer = bench.give(SETPOINT, 115), bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.emitter.once("command_confirmed", answer)
        bench.reports(dhwTemperatureSetting=120)
        ends = [(end.command_id, end.outcome) for end in bench.ends]
        assert ends == [
            (newer.command.id, CommandOutcome.CONFIRMED),
            (older.command.id, CommandOutcome.UNCONFIRMED),
        ]
        [last] = answers
        assert bench.written == [older.command.id, newer.command.id, last.command.id]
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=110)
        assert bench.outcomes[2:] == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


@pytest.mark.parametrize(
    "end",
    [
        lambda bench: bench.pipeline.clear(lambda _: True),
        lambda bench: bench.pipeline.remove_heater(ONE),
        lambda bench: bench.pipeline.close(),
    ],
    ids=["cleared", "removed", "closed"],
)
def test_each_of_several_that_end_together_ends_once_whatever_their_listeners_do(
    end: Callable[[Bench], object],
) -> None:
    async def story(bench: Bench) -> None:
        def end_all(_: CommandEvent) -> None:
            bench.pipeline.remove_heater(ONE)
            raise RuntimeError

        bench.up()
        sent = [bench.give(MODE, 1), bench.give(SETPOINT, 120)]
        await bench.arrives()
        bench.down()
        waiting = [bench.give(MODE, 2), bench.give(SETPOINT, 110)]
        bench.emitter.on("command_completed", end_all)
        end(bench)
        ids = [handle.command.id for handle in (*sent, *waiting)]
        assert sorted(each.command_id for each in bench.ends) == sorted(ids)
        assert bench.pipeline.registry.pending() == ()

    on_the_bench(story)


def test_a_reply_to_a_writing_of_an_earlier_connection_confirms_what_a_status_has_shown_meanwhile() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        handle = bench.give(SETPOINT, 120)
        [session_id] = bench.transport.session_ids
        bench.down()
        bench.up()
        bench.reports(dhwTemperatureSetting=120)
        # It is held, because a control was sent a moment ago.
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.WAITING
        bench.answers(session_id)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story, command_interval=60.0)


def test_nothing_is_remembered_of_what_has_ended() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.give(SETPOINT, 120)
        await bench.arrives()
        bench.refuses(bench.written[-1])
        await asyncio.sleep(3.0)
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]
        # It would show nowhere else, but in the memory after years.
        kept = vars(bench.pipeline.registry)
        assert [len(kept["_sessions"]), len(kept["records"])] == [0, 0]

    on_the_bench(story)


@pytest.mark.parametrize(
    "ends", [lambda bench: bench.pipeline.clear(lambda _: True), lambda bench: bench.pipeline.close()]
)
def test_who_clears_for_what_expired_before_the_restart_clears_everything_restored(
    ends: Callable[[Bench], object],
) -> None:
    async def story(bench: Bench) -> None:
        expired, other = made(MODE, 1), made(SETPOINT, 120)
        expired = replace(expired, is_restored=True, expires_at=expired.queued_at)
        bench.emitter.once("command_expired", lambda _: ends(bench))
        bench.pipeline.restore(StoredQueue(unsent=(expired, other), order=(expired.id, other.id)))
        # The clearing ends within the report of what expired.
        assert bench.outcomes == [CommandOutcome.CLEARED, CommandOutcome.EXPIRED]
        assert bench.pipeline.registry.pending() == bench.pipeline.queue.waiting == ()
        bench.up()
        assert bench.written == []

    on_the_bench(story)
