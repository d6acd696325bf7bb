"""Replies that a caller waits for."""

import asyncio

import pytest

from nwp500.exceptions import MqttConnectionError, ResponseFormatError
from nwp500.heaters.requests import PendingReplies
from nwp500.json_types import JsonMessage

MAC = "0478630a1b2c"
OTHER_MAC = "0478630a1b2d"


def number_in(message: JsonMessage) -> int:
    """Read the one thing that these replies report."""
    number = message.get("n")
    if not isinstance(number, int):
        raise ResponseFormatError(lacking="n")
    return number


async def test_each_reply_finds_whoever_waits_for_it() -> None:
    replies = PendingReplies()
    with replies.expecting("a", MAC, number_in) as first, replies.expecting("b", MAC, number_in) as second:
        replies.answered("c", MAC, {"n": 0})
        replies.answered("b", MAC, {"n": 2})
        replies.answered("a", MAC, {"n": 1})
        replies.answered("a", MAC, {"n": 3})
        assert (await first, await second) == (1, 2)


async def test_what_another_heater_says_is_no_reply() -> None:
    replies = PendingReplies()
    with replies.expecting("a", MAC, number_in) as reply:
        replies.answered("a", OTHER_MAC, {"n": 1})
        assert not reply.done()
        replies.answered("a", MAC, {"n": 2})
        assert await reply == 2


async def test_what_cannot_be_read_is_no_reply() -> None:
    replies = PendingReplies()
    with replies.expecting("a", MAC, number_in) as reply:
        replies.answered("a", MAC, {"m": 1})
        assert not reply.done()
        replies.answered("a", MAC, {"n": 2})
        assert await reply == 2


async def test_it_is_known_which_heater_a_session_asked() -> None:
    replies = PendingReplies()
    with replies.expecting("a", MAC, number_in):
        assert replies.asked("a") == MAC
        assert [replies.asked(session) for session in ("b", None, 1, ["a"])] == [None] * 4
    assert replies.asked("a") is None


async def test_no_wait_outlives_the_connection() -> None:
    replies = PendingReplies()
    with replies.expecting("a", MAC, number_in) as lost, replies.expecting("b", MAC, number_in) as answered:
        replies.answered("b", MAC, {"n": 2})
        replies.fail("cut")
        with pytest.raises(MqttConnectionError, match="cut"):
            await lost
        assert await answered == 2
    with replies.expecting("a", MAC, number_in) as again:
        replies.answered("a", MAC, {"n": 1})
        assert await again == 1


async def test_who_gives_up_is_forgotten() -> None:
    replies = PendingReplies()
    with pytest.raises(TimeoutError), replies.expecting("a", MAC, number_in) as reply:
        async with asyncio.timeout(0.001):
            await reply
    assert reply.cancelled()
    replies.answered("a", MAC, {"n": 1})
    replies.fail("cut")
    assert reply.cancelled()
