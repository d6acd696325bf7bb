"""Edits of schedules while the client is disconnected on purpose, and beside controls that are on their way."""

import asyncio

import pytest

from nwp500 import CommandOutcome, HeaterCommand, NavienMqttClient, WriteOutcome, commands
from nwp500.exceptions import ScheduleReadError
from tests.client.heaters.test_schedules import SCHEDULE, entry, lists, run
from tests.client.support.answering_heater import DEVICE, AnsweringHeater, AnsweringLink

READ_SECONDS, WRITE_SECONDS = 2.0, 2.0
"""How long the heater takes to answer."""


@pytest.mark.parametrize("seconds", [0.0, 1.0, READ_SECONDS + 1, READ_SECONDS + WRITE_SECONDS + 1, 6.5])
def test_a_disconnect_ends_every_edit_and_says_what_is_known(seconds: float) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.landing_seconds = 100
        edits = [asyncio.create_task(client.schedules.put_reservation(DEVICE, entry(hour=hour))) for hour in (1, 2)]
        await asyncio.sleep(seconds)
        await client.disconnect()
        async with asyncio.timeout(10):
            first, second = await asyncio.gather(*edits, return_exceptions=True)
        # The one that waited for its turn has nothing to read from.
        assert isinstance(second, ScheduleReadError)
        if seconds < READ_SECONDS:
            assert isinstance(first, ScheduleReadError)
            assert lists(heater) == []
        else:
            assert not isinstance(first, BaseException)
            assert (first.outcome, first.attempts, first.after) == (WriteOutcome.UNKNOWN, 1, None)
            assert len(lists(heater)) == 1
        with pytest.raises(ScheduleReadError):
            await client.schedules.clear_reservations(DEVICE)

    run(story)


def test_an_edit_and_controls_on_their_way_do_not_meet() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        edit = asyncio.create_task(client.schedules.put_reservation(DEVICE, entry()))
        await asyncio.sleep(READ_SECONDS + 0.5)
        handles = [await client.submit(HeaterCommand(DEVICE, commands.AIR_FILTER_RESET)) for _ in range(3)]
        transports[0].cut()
        assert (await edit).outcome is WriteOutcome.UNKNOWN
        for handle in handles:
            assert (await handle.outcome(200)).outcome is CommandOutcome.UNCONFIRMED
        assert (await client.schedules.put_reservation(DEVICE, entry())).outcome is WriteOutcome.ALREADY_SO
        assert lists(heater) == [(2, [*SCHEDULE, entry().raw])]

    run(story)
