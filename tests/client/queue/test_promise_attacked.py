"""The promise under attack: single stories that ended with a lie, a lost command or a lost change at the panel."""

import asyncio
from dataclasses import replace

import pytest

from nwp500 import CommandOutcome, CommandReason, HeaterCommand, MqttConnectionConfig, StoredQueue, commands
from tests.client.support.bench import ONE, Bench, made, on_the_bench
from tests.client.support.own_transport import DEVICE, scripted

SETPOINT, MODE = commands.DHW_TEMPERATURE, commands.DHW_MODE
CAREFUL: dict[str, object] = {"coalesce_commands": True, "guard_commands": True, "skip_redundant": True}
WEEKS = 3 * 7 * 86400.0


# Who changed it


@pytest.mark.parametrize("attempts", [0, 1], ids=["stored before the writing", "stored after it"])
def test_what_the_process_before_has_written_is_nobody_elses_change(attempts: int) -> None:
    async def story(bench: Bench) -> None:
        left = made(SETPOINT, 120), made(SETPOINT, 110), made(SETPOINT, 105)
        stored = (replace(left[0], attempts=attempts), *left[1:])
        bench.pipeline.restore(StoredQueue(unsent=stored, statuses={ONE: {"dhwTemperatureSetting": 98}}))
        bench.up()
        bench.reports(dhwTemperatureSetting=120)
        await bench.arrives()
        assert CommandOutcome.SUPERSEDED not in bench.outcomes
        assert bench.written == [command.id for command in left]

    on_the_bench(story, guard_commands=True)


def test_many_setpoints_in_a_row_and_cuts_are_nobody_elses_change() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98)
        for raw in range(100, 120, 2):
            bench.give(SETPOINT, raw)
            # It has arrived, but neither its PUBACK nor its answer gets through before the connection is lost.
            bench.down()
            bench.up()
            bench.reports(dhwTemperatureSetting=raw)
        await bench.arrives()
        assert not [end for end in bench.ends if end.outcome is CommandOutcome.SUPERSEDED]

    on_the_bench(story, guard_commands=True, command_interval=0.1)


def test_what_was_known_before_a_restart_shows_what_was_changed_since() -> None:
    async def story(bench: Bench) -> None:
        bench.pipeline.restore(StoredQueue(statuses={ONE: {"dhwTemperatureSetting": 98}}))
        handle = bench.give(SETPOINT, 120)
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        assert bench.written == []
        assert handle.result is not None
        assert handle.result.reason is CommandReason.CHANGED_ELSEWHERE

    on_the_bench(story, **CAREFUL)


def test_it_is_judged_at_every_status_until_it_is_written() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98, dhwOperationSetting=3)
        bench.down()
        mode, setpoint = bench.give(MODE, 1), bench.give(SETPOINT, 120)
        bench.up()
        bench.reports(dhwTemperatureSetting=98, dhwOperationSetting=3)
        for pause in (2, 4, 8):
            await bench.arrives()
            bench.refuses(mode.command.id)
            await asyncio.sleep(pause / 2)
            bench.reports(dhwTemperatureSetting=98 if pause < 8 else 100, dhwOperationSetting=3)
            await asyncio.sleep(pause / 2 + 2)
        assert setpoint.command.id not in bench.written
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.SUPERSEDED, setpoint.command.id)
        ]

    on_the_bench(story, **CAREFUL, command_interval=2.0)


@pytest.mark.parametrize("turned", [100, 120], ids=["another value", "what was wanted in vain"])
def test_what_ended_unconfirmed_weeks_ago_makes_nothing_uncertain(turned: int) -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98)
        in_vain = bench.give(SETPOINT, 120)
        await bench.arrives()
        await asyncio.sleep(200)
        assert in_vain.result is not None
        assert in_vain.result.outcome is CommandOutcome.UNCONFIRMED
        bench.reports(dhwTemperatureSetting=98)
        await asyncio.sleep(WEEKS)
        bench.down()
        handle = bench.give(SETPOINT, 110)
        bench.up()
        bench.reports(dhwTemperatureSetting=turned)
        assert handle.result is not None
        assert handle.result.outcome is CommandOutcome.SUPERSEDED
        assert handle.command.id not in bench.written

    on_the_bench(story, **CAREFUL)


def test_of_a_panel_and_a_command_during_an_outage_nobody_knows_the_order_so_the_panel_wins() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98)
        bench.down()
        # The panel was turned before this; nobody here can know.
        handle = bench.give(SETPOINT, 120)
        bench.up()
        bench.reports(dhwTemperatureSetting=100)
        assert handle.result is not None
        assert handle.result.reason is CommandReason.CHANGED_ELSEWHERE

    on_the_bench(story, **CAREFUL)


def test_what_a_question_from_before_the_giving_shows_counts_when_it_is_still_so_afterwards() -> None:
    """It may be older than the command, which is why it does not count by itself; but it makes nothing old either."""

    async def story(bench: Bench) -> None:
        bench.up()
        bench.reports(dhwTemperatureSetting=98)
        question = bench.asks()
        bench.down()
        handle = bench.give(SETPOINT, 120)
        bench.up()
        bench.answers(question, dhwTemperatureSetting=100)
        assert bench.outcomes == []
        bench.reports(dhwTemperatureSetting=100)
        assert [(end.outcome, end.command_id) for end in bench.ends] == [(CommandOutcome.SUPERSEDED, handle.command.id)]

    on_the_bench(story, guard_commands=True)


async def test_what_an_answer_shows_is_judged_before_the_next_command_goes() -> None:
    client, transports = await scripted(MqttConnectionConfig(guard_commands=True, command_interval=0.01))
    (transport,) = transports
    await client.subscribe_device(DEVICE)
    client.poll(DEVICE)
    known = {"dhwOperationSetting": 3, "dhwTemperatureSetting": 98, "touStatus": 0}
    transport.reply("client/res", status=known)
    pending_effects = ((MODE, 1), (commands.TOU_ON,), (SETPOINT, 120))
    handles = [
        await client.submit(HeaterCommand(DEVICE, control, tuple(parameters)))
        for control, *parameters in pending_effects
    ]
    known |= {"dhwOperationSetting": 1, "dhwTemperatureSetting": 100}
    for handle in handles[:2]:
        while transport.session_ids[-1] != handle.command.id:
            transport.written.clear()
            await transport.written.wait()
        # By now the pause is over, and the next one waits for nothing but this answer.
        await asyncio.sleep(0.02)
        transport.reply("client/res", status=known)
    result = await handles[2].outcome(5)
    assert result.outcome is CommandOutcome.SUPERSEDED
    assert handles[2].command.id not in transport.session_ids
    await client.disconnect()


async def test_an_answer_is_stored_though_somebody_else_was_given_it_before() -> None:
    client, transports = await scripted()
    (transport,) = transports
    await client.subscribe_device(DEVICE)
    reported: list[object] = []
    client.on("knowledge_changed", lambda _: reported.append(client.stored_queue().statuses[DEVICE.mac_address]))
    client.poll(DEVICE)
    transport.reply("client/res", status={"dhwTemperatureSetting": 98})
    transport.session_ids.append("of somebody else")
    transport.reply("other/res", status={"dhwTemperatureSetting": 120})
    shown = client.status(DEVICE)
    assert shown is not None
    assert shown.raw == {"dhwTemperatureSetting": 120}
    client.poll(DEVICE)
    transport.reply("client/res", status={"dhwTemperatureSetting": 120})
    assert reported == [{"dhwTemperatureSetting": 98}, {"dhwTemperatureSetting": 120}]
    await client.disconnect()


# What a report proves


def test_a_session_of_somebody_else_is_no_report_without_a_session() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120)
        bench.up()
        await asyncio.sleep(100)
        # As late as the answer to what an earlier run has asked.
        question = bench.pipeline.fresh.dated(ONE, "of an earlier run")
        assert question == 0
        assert bench.pipeline.guard.is_waiting_for_status(ONE)
        assert handle.result is None

    on_the_bench(story, guard_commands=True)


def test_what_an_earlier_run_wrote_twice_is_confirmed_by_what_was_asked_since_the_last_time() -> None:
    async def story(bench: Bench) -> None:
        sent = replace(made(SETPOINT, 120).written_again().written_again(), is_restored=True)
        bench.pipeline.restore(StoredQueue(sent=(sent,)))
        bench.up()
        first, last = sent.sessions
        bench.answers(first, dhwTemperatureSetting=120)
        assert bench.outcomes == []
        bench.answers(last, dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_a_later_answer_confirms_what_is_still_in_flight() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        bench.reports(dhwTemperatureSetting=120)
        assert handle.result is not None
        assert handle.result.outcome is CommandOutcome.CONFIRMED
        bench.down()
        bench.up()
        assert bench.written == []

    on_the_bench(story)


# Refusals


@pytest.mark.parametrize("lost_before", [False, True], ids=["written once", "written twice"])
def test_a_refusal_that_comes_twice_counts_once(*, lost_before: bool) -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        if lost_before:
            bench.down()
            bench.up()
        for pause in (2, 4, 8, 16, 30, 30, 0):
            assert handle.result is None
            await bench.arrives()
            refused = bench.transport.session_ids[-1]
            for _ in range(2):
                bench.pipeline.on_refusal(refused, 2)
            await asyncio.sleep(pause + 1)
            # And a third time, when it has gone out again.
            bench.pipeline.on_refusal(refused, 2)
        assert bench.outcomes == [CommandOutcome.REJECTED]
        assert len(set(bench.transport.session_ids)) == len(bench.written) == 7

    on_the_bench(story)


def test_what_was_refused_for_the_moment_does_not_follow_a_newer_one_in_flight() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        older, newer = bench.give(SETPOINT, 120), bench.give(SETPOINT, 110)
        bench.refuses(older.command.id)
        await asyncio.sleep(5)
        assert bench.written == [older.command.id, newer.command.id]
        await bench.arrives()
        assert older.result is not None
        assert older.result.outcome is CommandOutcome.SUPERSEDED
        assert bench.written == [older.command.id, newer.command.id]

    on_the_bench(story)


# What was not written


def test_what_could_not_be_written_is_not_unconfirmed() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.transport.refuses = True
        handle = bench.give(commands.RECIRCULATION_HOT_BUTTON, 1)
        bench.down()
        assert handle.result is None
        bench.up()
        assert bench.written == [handle.command.id]

    on_the_bench(story)
