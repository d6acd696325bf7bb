"""The way of commands through the pipeline, in virtual time over a connection that the test decides on."""

import asyncio

import pytest

from nwp500 import CommandOutcome, CommandReason, CommandResult, CommandStage, NotConnectedError, StoredQueue, commands
from nwp500.protocol.controls import Control
from nwp500.queue.command import plain_message
from tests.client.support.bench import ONE, OTHER, Bench, on_the_bench

SETPOINT, MODE = commands.DHW_TEMPERATURE, commands.DHW_MODE
HOT_BUTTON = commands.RECIRCULATION_HOT_BUTTON
CAREFUL: dict[str, object] = {"coalesce_commands": True, "guard_commands": True, "skip_redundant": True}


# Stages, handles and counts


def test_from_waiting_to_its_outcome() -> None:
    async def story(bench: Bench) -> None:
        handle = bench.give(SETPOINT, 120)
        command_id = handle.command.id
        assert bench.pipeline.registry.stage(command_id) is CommandStage.WAITING
        assert await handle.sent() == 0
        bench.up()
        assert bench.pipeline.registry.stage(command_id) is CommandStage.IN_FLIGHT
        assert len(bench.pipeline.queue) == 0
        assert [command.id for command in tuple(bench.pipeline.queue.unsent())] == [command_id]
        await bench.arrives()
        assert bench.pipeline.registry.stage(command_id) is CommandStage.SENT
        assert [command.id for command in bench.pipeline.registry.sent_commands] == [command_id]
        assert bench.pipeline.registry.records[command_id].handle is handle
        bench.reports(dhwTemperatureSetting=120)
        assert bench.pipeline.registry.stage(command_id) is None
        assert bench.pipeline.registry.stage(command_id) is None
        assert handle.result is not None
        assert handle.result.outcome is CommandOutcome.CONFIRMED
        assert [name for name in bench.events if name.startswith("command_")] == [
            "command_given",
            "command_queued",
            "command_sent",
            "command_confirmed",
            "command_completed",
        ]

    on_the_bench(story)


def test_a_message_to_no_heater_is_completed_by_its_puback() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.pipeline.give(plain_message("test/a", {"sessionID": "plain"}, 1))
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.IN_FLIGHT
        await bench.arrives()
        assert handle.result is not None
        assert handle.result == CommandResult(CommandOutcome.CONFIRMED, CommandReason.ACKNOWLEDGED)
        assert bench.pipeline.registry.sent_commands == ()
        assert [name for name in bench.events if name.startswith("command_")] == [
            "command_given",
            "command_sent",
            "command_confirmed",
            "command_completed",
        ]
        assert bench.events[-1] == "queue_changed"
        assert bench.written == ["plain"]

    on_the_bench(story)


def test_what_goes_straight_out_gives_its_packet_id_with_the_puback() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        first, second = bench.give(SETPOINT, 120), bench.give(MODE, 1)
        sending = asyncio.ensure_future(second.sent())
        await asyncio.sleep(1)
        assert not sending.done()
        await bench.arrives()
        assert (await first.sent(), await sending) == (1, 2)
        assert "command_queued" not in bench.events
        assert bench.pipeline.writer.sent_count == 2

    on_the_bench(story)


def test_outcomes_are_counted_for_each_heater_and_for_all() -> None:
    async def story(bench: Bench) -> None:
        bench.give(SETPOINT, 120)
        bench.give(SETPOINT, 110, mac_address=OTHER)
        bench.give(MODE, 1, mac_address=OTHER)
        assert bench.pipeline.clear(lambda command: command.mac_address == OTHER) == 2
        assert bench.pipeline.registry.counts(ONE) == {}
        assert bench.pipeline.registry.counts(OTHER) == {CommandOutcome.CLEARED: 2}
        assert bench.pipeline.clear(lambda _: True) == 1
        assert bench.pipeline.registry.counts() == {CommandOutcome.CLEARED: 3}
        assert bench.pipeline.registry.counts("0478630affff") == {}

    on_the_bench(story)


def test_without_a_queue_nothing_is_taken_while_there_is_no_connection_and_nothing_is_kept() -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(NotConnectedError):
            bench.give(SETPOINT, 120)
        assert (bench.events, bench.pipeline.registry.pending()) == ([], ())
        bench.up()
        handle = bench.give(SETPOINT, 120)
        bench.down()
        assert await handle.sent() == 0
        assert bench.outcomes == [CommandOutcome.FAILED]
        bench.up()
        assert bench.written == []

    on_the_bench(story, enable_command_queue=False)


def test_at_the_end_everything_has_its_outcome() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        sent = bench.give(SETPOINT, 120)
        await bench.arrives()
        in_flight = bench.give(MODE, 1)
        bench.down()
        waiting = bench.give(commands.POWER_OFF, mac_address=OTHER)
        bench.pipeline.close()
        ends = {end.command_id: end.outcome for end in bench.ends}
        assert ends == {
            sent.command.id: CommandOutcome.UNCONFIRMED,
            in_flight.command.id: CommandOutcome.CLEARED,
            waiting.command.id: CommandOutcome.CLEARED,
        }
        assert bench.pipeline.registry.pending() == ()
        await asyncio.sleep(3600)
        assert len(bench.ends) == 3

    on_the_bench(story)


def test_what_is_unconfirmed_at_the_end_is_not_called_unsent() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.give(SETPOINT, 120)
        bench.pipeline.close()
        assert bench.outcomes == [CommandOutcome.UNCONFIRMED]

    on_the_bench(story)


def test_whatever_changes_what_has_to_be_stored_is_reported() -> None:
    async def story(bench: Bench) -> None:
        def is_reported() -> bool:
            reported = "queue_changed" in bench.events
            bench.events.clear()
            return reported

        bench.give(SETPOINT, 120)
        assert is_reported()
        bench.up()
        assert is_reported()
        await bench.arrives()
        assert is_reported()
        bench.reports(dhwTemperatureSetting=98)
        assert not is_reported(), "statuses are stored too, but whoever takes them in reports that"
        bench.reports(dhwOperationSetting=2)
        assert is_reported(), "the mode that power-on will bring back is stored too"
        bench.reports(dhwTemperatureSetting=120)
        assert is_reported()

    on_the_bench(story)


# Wanted values


def test_what_was_given_and_has_no_outcome_is_wanted() -> None:
    async def story(bench: Bench) -> None:
        bench.give(SETPOINT, 120)
        bench.give(MODE, 2)
        bench.give(SETPOINT, 100)
        bench.give(SETPOINT, 90, mac_address=OTHER)
        assert bench.pipeline.guard.wanted(ONE) == {"dhwTemperatureSetting": 100, "dhwOperationSetting": 2}
        bench.up()
        await bench.arrives()
        assert bench.pipeline.guard.wanted(ONE) == {"dhwTemperatureSetting": 100, "dhwOperationSetting": 2}
        bench.reports(dhwOperationSetting=2)
        assert bench.pipeline.guard.wanted(ONE) == {"dhwTemperatureSetting": 100}
        assert bench.pipeline.guard.wanted(OTHER) == {"dhwTemperatureSetting": 90}

    on_the_bench(story)


def test_an_older_wish_does_not_come_back_once_the_newer_one_took_effect() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        older, newer = bench.give(SETPOINT, 120), bench.give(SETPOINT, 100)
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=100)
        assert bench.pipeline.guard.wanted(ONE) == {}
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.CONFIRMED, newer.command.id),
            (CommandOutcome.UNCONFIRMED, older.command.id),
        ]

    on_the_bench(story)


@pytest.mark.parametrize("hours", [-5, 5])
def test_which_wish_is_the_newer_one_is_not_for_the_wall_clock_to_say(hours: float) -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        older = bench.give(SETPOINT, 120)
        bench.clocks.set_wall_clock(hours * 3600)
        newer = bench.give(SETPOINT, 100)
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=120)
        bench.reports(dhwTemperatureSetting=100)
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.CONFIRMED, older.command.id),
            (CommandOutcome.CONFIRMED, newer.command.id),
        ]

    on_the_bench(story)


def test_with_a_wall_clock_set_back_an_older_wish_still_ends_with_the_newer_one() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        older = bench.give(SETPOINT, 120)
        bench.clocks.set_wall_clock(-3600)
        newer = bench.give(SETPOINT, 100)
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=100)
        assert [(end.outcome, end.command_id) for end in bench.ends] == [
            (CommandOutcome.CONFIRMED, newer.command.id),
            (CommandOutcome.UNCONFIRMED, older.command.id),
        ]

    on_the_bench(story)


@pytest.mark.parametrize(("reported", "likely"), [((), 3), ((1,), 1), ((2, 6), 2), ((4, 5, 0), 4), ((2, "junk"), 2)])
def test_power_on_is_expected_to_bring_back_the_mode_before(reported: tuple[object, ...], likely: int) -> None:
    async def story(bench: Bench) -> None:
        for mode in reported:
            bench.reports(dhwOperationSetting=mode)
        bench.reports(OTHER, dhwOperationSetting=1)
        bench.give(commands.POWER_ON)
        assert bench.pipeline.guard.wanted(ONE) == {"dhwOperationSetting": likely}
        bench.up()
        await bench.arrives()
        bench.reports(dhwOperationSetting=6)
        assert bench.outcomes == []
        # Whichever comes back, it is on.
        bench.reports(dhwOperationSetting=2)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_the_mode_before_is_known_from_an_earlier_run_too() -> None:
    async def story(bench: Bench) -> None:
        bench.pipeline.restore(StoredQueue(running_modes={ONE: 4}))
        assert bench.pipeline.guard.running_modes == {ONE: 4}
        bench.give(commands.POWER_ON)
        assert bench.pipeline.guard.wanted(ONE) == {"dhwOperationSetting": 4}

    on_the_bench(story)


# Replies out of the usual order


@pytest.mark.parametrize(("control", "parameters"), [(HOT_BUTTON, (1,)), (SETPOINT, (120,))])
def test_a_reply_that_overtakes_the_puback_proves_that_it_was_sent(
    control: Control, parameters: tuple[int, ...]
) -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(control, *parameters)
        bench.answers(handle.command.id)
        assert await handle.sent() == 1
        assert tuple(bench.pipeline.queue.unsent()) == ()
        bench.down()
        bench.up()
        assert bench.written == []
        bench.reports(dhwTemperatureSetting=120)
        assert bench.outcomes == [CommandOutcome.CONFIRMED]

    on_the_bench(story)


def test_a_reply_that_outlives_the_connection_takes_the_command_out_of_the_queue() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        handle = bench.give(SETPOINT, 120)
        bench.down()
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.WAITING
        bench.answers(handle.command.id)
        assert bench.pipeline.registry.stage(handle.command.id) is CommandStage.SENT
        bench.up()
        assert bench.written == []

    on_the_bench(story)


def test_a_refusal_that_is_delivered_twice_is_one() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        refused, other = bench.give(SETPOINT, 120), bench.give(MODE, 3)
        await bench.arrives()
        bench.refuses(refused.command.id, 2)
        bench.refuses(refused.command.id, 2)
        assert bench.pipeline.registry.stage(refused.command.id) is CommandStage.WAITING
        # The pause after one refusal; the second would make it six seconds.
        await asyncio.sleep(2.1)
        bench.pump()
        assert bench.written == [refused.command.id, other.command.id, refused.command.id]
        await bench.arrives()
        bench.reports(dhwTemperatureSetting=120, dhwOperationSetting=3)
        assert bench.outcomes == [CommandOutcome.CONFIRMED] * 2

    on_the_bench(story)


def test_replies_and_refusals_of_others_are_none_of_ours() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        bench.give(commands.AIR_FILTER_RESET)
        await bench.arrives()
        bench.answers("of somebody else")
        bench.pipeline.on_refusal("of somebody else", 2)
        assert bench.ends == []

    on_the_bench(story)
