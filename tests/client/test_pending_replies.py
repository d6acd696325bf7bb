"""Replies that a caller waits for."""

import asyncio

import pytest

from nwp500 import MqttConnectionError
from nwp500.pending_replies import PendingReplies


async def test_each_reply_finds_whoever_waits_for_it() -> None:
    replies = PendingReplies()
    with replies.expecting("a") as first, replies.expecting("b") as second:
        replies.answered("c", {"n": 0})
        replies.answered("b", {"n": 2})
        replies.answered("a", {"n": 1})
        replies.answered("a", {"n": 3})
        assert (await first, await second) == ({"n": 1}, {"n": 2})


async def test_no_wait_outlives_the_link() -> None:
    replies = PendingReplies()
    with replies.expecting("a") as lost, replies.expecting("b") as answered:
        replies.answered("b", {"n": 2})
        replies.link_lost("cut")
        with pytest.raises(MqttConnectionError, match="cut"):
            await lost
        assert await answered == {"n": 2}
    with replies.expecting("a") as again:
        replies.answered("a", {"n": 1})
        assert await again == {"n": 1}


async def test_who_gives_up_is_forgotten() -> None:
    replies = PendingReplies()
    with pytest.raises(TimeoutError), replies.expecting("a") as reply:
        async with asyncio.timeout(0.001):
            await reply
    assert reply.cancelled()
    replies.answered("a", {"n": 1})
    replies.link_lost("cut")
    assert reply.cancelled()
