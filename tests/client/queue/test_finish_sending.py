"""The end of a client whose commands another one goes on with: nothing more is written, what is in flight lands."""

import asyncio

from nwp500 import CommandStage, Device, StoredQueue, commands
from tests.client.support.bench import ONE, Bench, made, on_the_bench

DEVICE = Device(mac_address=ONE, additional_value="5322")
_TIMEOUT = 10.0
"""As long as a PUBACK may take, by default."""


def test_nothing_more_is_written_and_the_end_comes_with_the_last_puback() -> None:
    async def story(bench: Bench) -> None:
        bench.up()
        given = [bench.give(commands.DHW_TEMPERATURE, raw) for raw in (100, 102, 104)]
        assert bench.written == [handle.command.id for handle in given[:2]]
        finish = asyncio.ensure_future(bench.pipeline.writer.finish(10))
        await asyncio.sleep(0)
        late = bench.give(commands.DHW_MODE, 1)
        assert bench.transport.acknowledge()
        await asyncio.sleep(1)
        assert not finish.done()
        assert bench.transport.acknowledge()
        await finish
        bench.reports(dhwTemperatureSetting=90)
        await asyncio.sleep(100)
        assert bench.written == [handle.command.id for handle in given[:2]]
        stages = [bench.pipeline.registry.stage(handle.command.id) for handle in (given[2], late)]
        assert stages == [CommandStage.WAITING] * 2

    on_the_bench(story, max_in_flight=2)


def test_without_anything_in_flight_the_end_is_at_once() -> None:
    async def story(bench: Bench) -> None:
        bench.give(commands.DHW_TEMPERATURE, 100)
        before = asyncio.get_running_loop().time()
        await bench.pipeline.writer.finish(10)
        assert asyncio.get_running_loop().time() == before
        bench.up()
        assert bench.written == []

    on_the_bench(story)


def test_a_lost_connection_and_a_puback_that_never_comes_end_it_too() -> None:
    async def story(bench: Bench) -> None:
        loop = asyncio.get_running_loop()
        bench.up()
        handle = bench.give(commands.DHW_TEMPERATURE, 100)
        before = loop.time()
        await bench.pipeline.writer.finish(10)
        assert loop.time() - before == _TIMEOUT
        finish = asyncio.ensure_future(bench.pipeline.writer.finish(10))
        await asyncio.sleep(1)
        bench.down()
        await finish
        assert loop.time() - before == _TIMEOUT + 1
        # It may have arrived, and is stored so.
        [waiting] = tuple(bench.pipeline.queue.unsent())
        assert (waiting.id, waiting.attempts) == (handle.command.id, 1)

    on_the_bench(story)


def test_what_may_have_arrived_is_looked_at_before_it_goes_again() -> None:
    async def story(bench: Bench) -> None:
        in_doubt = made(commands.DHW_TEMPERATURE, 120)
        stored = StoredQueue(unsent=(in_doubt,)).to_dict()
        assert isinstance(stored["unsent"], list)
        [command] = stored["unsent"]
        assert isinstance(command, dict)
        command["attempts"] = 1
        bench.pipeline.restore(StoredQueue.from_dict(stored, [DEVICE], "client"))
        bench.up()
        assert bench.written == []
        bench.reports(dhwTemperatureSetting=120)
        assert bench.written == []

    on_the_bench(story, guard_commands=True, skip_redundant=True)
