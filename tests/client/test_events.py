"""The emitter: who is called, in which order, and that one listener's trouble is nobody else's."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging

import pytest

from nwp500 import ConnectionInterrupted
from nwp500.events import EVENTS, EventEmitter
from nwp500.exceptions import InvalidParameterError

EVENT = "connection_interrupted"
HAPPENED = ConnectionInterrupted("test")

PROMISED = {
    "connection_interrupted",
    "connection_resumed",
    "command_queued",
    "command_sent",
    "command_confirmed",
    "command_rejected",
    "command_unconfirmed",
    "command_expired",
    "command_superseded",
    "command_dropped",
    "command_failed",
    "status_received",
    "feature_received",
    "temperature_changed",
    "mode_changed",
    "error_detected",
    "error_cleared",
}


@pytest.fixture
def emitter() -> EventEmitter:
    return EventEmitter()


def _note(called: list[tuple[str, ConnectionInterrupted]], name: str, happened: ConnectionInterrupted) -> None:
    called.append((name, happened))


def failing(_: ConnectionInterrupted) -> None:
    """Be a listener that fails."""
    raise ArithmeticError("of the listener")


async def failing_later(_: ConnectionInterrupted) -> None:
    """Be a listener that fails in its asynchronous part."""
    await asyncio.sleep(0)
    raise ArithmeticError("of the listener")


def test_the_events_that_are_promised_exist() -> None:
    assert PROMISED <= EVENTS


def test_listeners_are_called_in_the_order_in_which_they_came(emitter: EventEmitter) -> None:
    called: list[tuple[str, ConnectionInterrupted]] = []
    for name in "abc":
        emitter.on(EVENT, partial(_note, called, name))
    emitter.emit(EVENT, HAPPENED)
    assert called == [("a", HAPPENED), ("b", HAPPENED), ("c", HAPPENED)]


def test_only_the_listeners_of_that_event_are_called(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    emitter.on("connection_resumed", called.append)
    emitter.emit(EVENT, HAPPENED)
    assert called == []


@pytest.mark.parametrize("register", [EventEmitter.on, EventEmitter.once])
def test_a_name_that_no_event_has_is_refused(
    emitter: EventEmitter, register: Callable[[EventEmitter, str, Callable[[object], None]], object]
) -> None:
    with pytest.raises(InvalidParameterError, match=r"event must be one of .*connection_interrupted.*not 'typo'"):
        register(emitter, "typo", lambda _: None)


def test_the_returned_function_ends_it(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    stop = emitter.on(EVENT, called.append)
    stop()
    stop()
    emitter.emit(EVENT, HAPPENED)
    assert called == []


def test_off_ends_it_and_is_no_error_for_a_stranger(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    emitter.off(EVENT, called.append)
    listener = called.append
    emitter.on(EVENT, listener)
    emitter.off("connection_resumed", listener)
    emitter.emit(EVENT, HAPPENED)
    emitter.off(EVENT, listener)
    emitter.emit(EVENT, HAPPENED)
    assert called == [HAPPENED]


def test_once_is_once(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    emitter.once(EVENT, called.append)
    emitter.emit(EVENT, HAPPENED)
    emitter.emit(EVENT, HAPPENED)
    assert called == [HAPPENED]


def test_once_can_be_ended_before_it_happens(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    emitter.once(EVENT, called.append)()
    emitter.emit(EVENT, HAPPENED)
    assert called == []


def test_off_ends_once_too(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    listener = called.append
    emitter.once(EVENT, listener)
    emitter.off(EVENT, listener)
    emitter.emit(EVENT, HAPPENED)
    assert called == []


def test_once_is_once_even_when_a_listener_brings_the_event_about_again(emitter: EventEmitter) -> None:
    called: list[ConnectionInterrupted] = []
    emitter.once(EVENT, lambda happened: emitter.emit(EVENT, happened))
    emitter.once(EVENT, called.append)
    emitter.emit(EVENT, HAPPENED)
    assert called == [HAPPENED]


def test_a_listener_may_end_itself_while_it_is_called(emitter: EventEmitter) -> None:
    called: list[str] = []

    def only_now(_: ConnectionInterrupted) -> None:
        called.append("first")
        stop()

    stop = emitter.on(EVENT, only_now)
    emitter.on(EVENT, lambda _: called.append("second"))
    emitter.emit(EVENT, HAPPENED)
    emitter.emit(EVENT, HAPPENED)
    assert called == ["first", "second", "second"]


def test_a_listener_that_fails_stops_nobody(emitter: EventEmitter, caplog: pytest.LogCaptureFixture) -> None:
    called: list[ConnectionInterrupted] = []
    emitter.on(EVENT, failing)
    emitter.on(EVENT, called.append)
    emitter.emit(EVENT, HAPPENED)
    assert called == [HAPPENED]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, f"A listener of {EVENT} failed")
    ]


async def test_an_asynchronous_listener_is_finished(emitter: EventEmitter) -> None:
    done = asyncio.Event()

    async def listener(_: ConnectionInterrupted) -> None:
        await asyncio.sleep(0)
        done.set()

    emitter.on(EVENT, listener)
    emitter.emit(EVENT, HAPPENED)
    assert not done.is_set()
    async with asyncio.timeout(5):
        await done.wait()
    await emitter.close()


async def test_an_asynchronous_listener_that_fails_is_logged(
    emitter: EventEmitter, caplog: pytest.LogCaptureFixture
) -> None:
    done = asyncio.Event()

    async def listener(_: ConnectionInterrupted) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.set()

    emitter.on(EVENT, failing_later)
    emitter.on(EVENT, listener)
    emitter.emit(EVENT, HAPPENED)
    async with asyncio.timeout(5):
        await done.wait()
    assert f"A listener of {EVENT} failed" in caplog.text
    await emitter.close()


async def test_closing_ends_the_listeners_at_work(emitter: EventEmitter) -> None:
    ended: list[str] = []
    started = asyncio.Event()

    async def endless(_: ConnectionInterrupted) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    emitter.on(EVENT, endless)
    emitter.emit(EVENT, HAPPENED)
    await started.wait()
    async with asyncio.timeout(5):
        await emitter.close()
    assert ended == ["endless"]


async def test_a_listener_may_close_the_emitter(emitter: EventEmitter) -> None:
    closed = asyncio.Event()

    async def closing(_: ConnectionInterrupted) -> None:
        await emitter.close()
        closed.set()

    emitter.on(EVENT, closing)
    emitter.emit(EVENT, HAPPENED)
    async with asyncio.timeout(5):
        await closed.wait()


def test_what_nobody_hears_is_not_made() -> None:
    emitter, made, heard = EventEmitter(), list[str](), list[str]()

    def make(word: str, again: str) -> str:
        made.append(word)
        return word + again

    emitter.emit_made(EVENT, make, "un", "heard")
    stop = emitter.on(EVENT, heard.append)
    emitter.emit_made(EVENT, make, "over", "heard")
    stop()
    emitter.emit_made(EVENT, make, "not ", "heard")
    assert (made, heard) == (["over"], ["overheard"])
