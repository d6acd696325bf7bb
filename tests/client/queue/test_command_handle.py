"""The handle by which a caller follows a command."""

import asyncio

import pytest

from nwp500 import CommandOutcome, CommandReason, commands
from nwp500.queue.command import CommandHandle
from nwp500.queue.outcome import CommandResult
from tests.client.support.bench import made
from tests.client.support.virtual_time import VirtualTimeLoop

CONFIRMED = CommandResult(CommandOutcome.CONFIRMED, CommandReason.REPORTED)
REJECTED = CommandResult(CommandOutcome.REJECTED, CommandReason.REFUSED, 7)


def new_handle() -> CommandHandle:
    """Make the handle of a setpoint."""
    return CommandHandle(made(commands.DHW_TEMPERATURE, 120), 1)


async def test_an_outcome_is_there_for_everybody_who_waits_and_whoever_comes_later() -> None:
    handle = new_handle()
    waiting = [asyncio.ensure_future(handle.outcome()) for _ in range(2)]
    await asyncio.sleep(0)
    assert ((handle.result is not None), handle.result) == (False, None)
    handle.complete(REJECTED)
    assert await asyncio.gather(*waiting, handle.outcome(timeout=0)) == [REJECTED] * 3
    assert ((handle.result is not None), handle.result) == (True, REJECTED)


async def test_only_the_first_outcome_counts() -> None:
    handle = new_handle()
    handle.complete(CONFIRMED)
    handle.complete(REJECTED)
    assert handle.result == CONFIRMED


def test_who_gives_up_waiting_takes_nothing_from_the_others() -> None:
    async def story() -> None:
        handle = new_handle()
        patient = asyncio.ensure_future(handle.outcome(timeout=60))
        cancelled = asyncio.ensure_future(handle.outcome())
        with pytest.raises(TimeoutError):
            await handle.outcome(timeout=5)
        cancelled.cancel()
        await asyncio.sleep(1)
        handle.complete(CONFIRMED)
        assert await patient == CONFIRMED
        assert cancelled.cancelled()

    asyncio.run(story(), loop_factory=VirtualTimeLoop)


@pytest.mark.parametrize("steps", [(7,), (7, 0), (0,), (0, 7)])
async def test_the_first_word_on_the_sending_counts(steps: tuple[int, ...]) -> None:
    handle = new_handle()
    for packet_id in steps:
        handle.handed_over(packet_id)
    assert await handle.sent() == steps[0]


async def test_what_ends_unsent_has_no_packet_id() -> None:
    handle = new_handle()
    sending = asyncio.ensure_future(handle.sent())
    await asyncio.sleep(0)
    handle.complete(CommandResult(CommandOutcome.CLEARED, CommandReason.QUEUE_CLEARED))
    assert await sending == 0


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL), "dropped, the queue was full"),
        (CommandResult(CommandOutcome.REJECTED, CommandReason.REFUSED, 7), "rejected, the heater refused it (code 7)"),
    ],
)
def test_a_result_reads_as_english(result: CommandResult, words: str) -> None:
    assert str(result) == words


def test_every_reason_has_words() -> None:
    assert all(reason.words for reason in CommandReason)
