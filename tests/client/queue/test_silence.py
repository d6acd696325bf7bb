"""A connection that dies in mid-drain is replaced after a short silence; a slow one that lives is kept."""

import asyncio

import pytest

from nwp500 import CommandStage, commands
from nwp500.queue.timing import SHORTEST_SILENCE, UNACKNOWLEDGED
from tests.client.support.bench import Bench, on_the_bench

DEAD = [UNACKNOWLEDGED]


def _give(bench: Bench, count: int) -> list[str]:
    return [bench.give(commands.DHW_TEMPERATURE, 100 + number).command.id for number in range(count)]


async def _acknowledged_after(bench: Bench, seconds: float) -> None:
    await asyncio.sleep(seconds)
    assert bench.transport.acknowledge()


def test_in_mid_drain_a_short_silence_means_that_the_connection_is_dead() -> None:
    async def story(bench: Bench) -> None:
        given = _give(bench, 5)
        bench.up()
        await _acknowledged_after(bench, 0.1)
        await _acknowledged_after(bench, 1)
        await asyncio.sleep(SHORTEST_SILENCE - 0.1)
        assert bench.complaints == []
        await asyncio.sleep(0.2)
        assert bench.complaints == DEAD
        # What was in flight waits at the front for the next connection, as after any other loss.
        assert [command.id for command in bench.pipeline.queue.waiting] == given[2:]
        assert bench.pipeline.queue.in_flight == ()
        await asyncio.sleep(60)
        assert bench.complaints == DEAD
        bench.up()
        await bench.arrives()
        assert {bench.pipeline.registry.stage(command_id) for command_id in given} == {CommandStage.SENT}

    on_the_bench(story, max_in_flight=2)


def test_every_puback_is_a_sign_of_life() -> None:
    async def story(bench: Bench) -> None:
        _give(bench, 20)
        bench.up()
        for _ in range(20):
            await _acknowledged_after(bench, 3)
        await asyncio.sleep(60)
        assert bench.complaints == []

    on_the_bench(story, max_in_flight=1)


def test_without_a_puback_before_the_runtime_decides() -> None:
    async def story(bench: Bench) -> None:
        _give(bench, 5)
        bench.up()
        await bench.arrives()
        bench.down()
        _give(bench, 5)
        # What the connection before was like proves nothing about this one.
        bench.up()
        await asyncio.sleep(9.9)
        assert bench.complaints == []

    on_the_bench(story, max_in_flight=2)


def test_a_single_command_is_no_drain_until_another_one_waits_with_it() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        _give(bench, 1)
        await _acknowledged_after(bench, 0.1)
        await asyncio.sleep(100)
        _give(bench, 1)
        await asyncio.sleep(9)
        assert bench.complaints == []
        _give(bench, 1)
        await asyncio.sleep(0.1)
        assert bench.complaints == DEAD

    on_the_bench(story)


def test_the_silence_counts_from_what_is_in_flight_and_not_from_the_pause_before() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        _give(bench, 1)
        await _acknowledged_after(bench, 0.1)
        await asyncio.sleep(100)
        _give(bench, 3)
        await asyncio.sleep(SHORTEST_SILENCE - 0.1)
        assert bench.complaints == []
        await asyncio.sleep(0.2)
        assert bench.complaints == DEAD

    on_the_bench(story)


@pytest.mark.parametrize(("round_trip", "silence"), [(1.0, 4.5), (2.0, 6.0), (3.0, 9.0), (6.0, 10.0)])
def test_a_slow_connection_is_given_three_times_what_its_slowest_puback_took(round_trip: float, silence: float) -> None:
    async def story(bench: Bench) -> None:
        _give(bench, 6)
        bench.up()
        await _acknowledged_after(bench, round_trip)
        await _acknowledged_after(bench, 0.1)
        await asyncio.sleep(silence - 0.1)
        assert bench.complaints == []
        await asyncio.sleep(0.2)
        assert bench.complaints == DEAD

    on_the_bench(story, max_in_flight=1)


def test_no_silence_is_longer_than_a_single_message_may_stay_unacknowledged() -> None:
    async def story(bench: Bench) -> None:
        _give(bench, 6)
        bench.up()
        await _acknowledged_after(bench, 0.1)
        await asyncio.sleep(2.1)
        assert bench.complaints == DEAD

    on_the_bench(story, operation_timeout=2)


def test_after_the_end_nothing_is_watched() -> None:
    async def story(bench: Bench) -> None:
        _give(bench, 6)
        bench.up()
        await _acknowledged_after(bench, 0.1)
        bench.down()
        await asyncio.sleep(60)
        assert bench.complaints == []

    on_the_bench(story, max_in_flight=2)
