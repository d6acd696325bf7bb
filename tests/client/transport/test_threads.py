"""Between the threads of a native runtime and the event loop: calls in order, and callbacks that outlive objects."""

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import cast
import weakref

from nwp500.transport.threads import LoopCalls, weakly

_CALLS = 2000
_THREADS = 4


class Listener:
    """Notes what it is called with."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def on_value(self, *, value: int) -> None:
        self.heard.append(value)


class CountingLoop:
    """Counts how often an event loop is woken."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.is_closed = loop.is_closed
        self.woken = 0

    def call_soon_threadsafe(self, function: Callable[[], None]) -> asyncio.Handle:
        self.woken += 1
        return self._loop.call_soon_threadsafe(function)


def test_callback_calls_its_object_as_long_as_there_is_one() -> None:
    listener = Listener()
    call = weakly(listener.on_value)
    call(value=1)
    heard = listener.heard
    del listener
    call(value=2)
    assert heard == [1]


async def test_calls_of_many_threads_are_all_made_and_those_of_each_in_order() -> None:
    calls = LoopCalls(asyncio.get_running_loop())
    made: list[tuple[int, int]] = []
    all_made = asyncio.Event()

    def note(thread: int, number: int) -> None:
        made.append((thread, number))
        if len(made) == _THREADS * _CALLS:
            all_made.set()

    def give(thread: int) -> None:
        for number in range(_CALLS):
            calls.call(partial(note, thread, number))

    threads = [Thread(target=give, args=(thread,)) for thread in range(_THREADS)]
    for thread in threads:
        thread.start()
    async with asyncio.timeout(60):
        await all_made.wait()
    for thread in threads:
        thread.join()
    for number in range(_THREADS):
        assert [each for each in made if each[0] == number] == [(number, call) for call in range(_CALLS)]


async def test_calls_that_come_at_once_wake_the_loop_once() -> None:
    loop = CountingLoop(asyncio.get_running_loop())
    calls = LoopCalls(cast("asyncio.AbstractEventLoop", loop))
    made: list[int] = []
    for number in range(3):
        calls.call(partial(made.append, number))
    await asyncio.sleep(0)
    assert (made, loop.woken) == ([0, 1, 2], 1)
    calls.call(partial(made.append, 3))
    await asyncio.sleep(0)
    assert (made, loop.woken) == ([0, 1, 2, 3], 2)


async def test_flood_of_calls_leaves_others_their_turn() -> None:
    calls = LoopCalls(asyncio.get_running_loop())
    made: list[int] = []
    for number in range(_CALLS):
        calls.call(partial(made.append, number))
    turns = 0
    while len(made) < _CALLS:
        before = len(made)
        await asyncio.sleep(0)
        turns += 1
        assert 0 < len(made) - before <= 100
    assert made == list(range(_CALLS))
    assert turns == _CALLS / 100


async def test_call_that_fails_is_reported_and_the_others_are_made() -> None:
    loop, made = asyncio.get_running_loop(), asyncio.Event()
    reported: list[str] = []

    def fail() -> None:
        raise ValueError("of the test")

    loop.set_exception_handler(lambda _, context: reported.append(repr(context["exception"])))
    calls = LoopCalls(loop)
    calls.call(fail)
    calls.call(made.set)
    async with asyncio.timeout(60):
        await made.wait()
    assert reported == ["ValueError('of the test')"]


async def test_call_in_a_call_is_made_in_another_turn_of_the_loop() -> None:
    calls = LoopCalls(asyncio.get_running_loop())
    made: list[str] = []

    def again() -> None:
        made.append("first")
        calls.call(lambda: made.append("second"))

    calls.call(again)
    await asyncio.sleep(0)
    assert made == ["first"]
    await asyncio.sleep(0)
    assert made == ["first", "second"]


def test_what_is_called_after_the_event_loop_has_ended_is_dropped() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    calls = LoopCalls(loop)
    made: list[str] = []
    for _ in range(2):
        calls.call(lambda: made.append("called"))
    assert made == []


def test_event_loop_that_ends_before_it_looks_leaves_nothing_behind() -> None:
    loop = asyncio.new_event_loop()
    calls, listener = LoopCalls(loop), Listener()
    calls.call(partial(listener.on_value, value=1))
    loop.close()
    calls.call(partial(listener.on_value, value=2))
    known = weakref.ref(listener)
    del listener
    assert known() is None
