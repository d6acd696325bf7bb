"""The dispatcher: which message goes to which callback."""

import pytest

from nwp500.json_types import JsonMessage
from nwp500.transport.callbacks import MessageDispatcher


class Received:
    """A callback that remembers what it was called with."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, JsonMessage]] = []

    def __call__(self, topic: str, message: JsonMessage) -> None:
        self.messages.append((topic, message))


@pytest.fixture
def table() -> MessageDispatcher:
    return MessageDispatcher()


def failing(_topic: str, _message: JsonMessage) -> None:
    """Be a callback that fails."""
    raise ArithmeticError("of the callback")


def test_a_message_goes_to_every_callback_whose_filter_covers_its_topic(table: MessageDispatcher) -> None:
    exact, wild, other = Received(), Received(), Received()
    table.add("a/b", exact)
    table.add("a/#", wild)
    table.add("b/#", other)
    table.deliver("a/b", {"n": 1})
    table.deliver("a/c", {"n": 2})
    assert exact.messages == [("a/b", {"n": 1})]
    assert wild.messages == [("a/b", {"n": 1}), ("a/c", {"n": 2})]
    assert other.messages == []


def test_the_same_callback_twice_counts_once(table: MessageDispatcher) -> None:
    received = Received()
    table.add("a", received)
    table.add("a", received)
    table.deliver("a", {})
    assert len(received.messages) == 1
    assert table.remove("a", received)
    table.deliver("a", {})
    assert len(received.messages) == 1


def test_a_filter_is_of_use_as_long_as_it_has_callbacks(table: MessageDispatcher) -> None:
    first, second = Received(), Received()
    table.add("a", first)
    table.add("a", second)
    assert not table.remove("a", first)
    assert table.remove("a", second)


def test_a_stranger_is_removed_without_an_effect(table: MessageDispatcher) -> None:
    received = Received()
    table.add("a", received)
    assert not table.remove("a", Received())
    assert table.remove("absent")
    table.deliver("a", {})
    assert len(received.messages) == 1


def test_all_callbacks_of_a_filter_can_be_removed(table: MessageDispatcher) -> None:
    received = Received()
    table.add("a", received)
    table.add("a", Received())
    assert table.remove("a")
    table.deliver("a", {})
    assert received.messages == []


def test_a_callback_that_fails_stops_nobody(table: MessageDispatcher, caplog: pytest.LogCaptureFixture) -> None:
    received = Received()
    table.add("a", failing)
    table.add("a", received)
    table.deliver("a", {})
    assert len(received.messages) == 1
    assert "A message callback failed" in caplog.text


def test_a_callback_may_change_the_table_while_it_is_called(table: MessageDispatcher) -> None:
    received = Received()

    def only_now(_topic: str, _message: JsonMessage) -> None:
        table.remove("a", only_now)
        table.add("b", received)

    table.add("a", only_now)
    table.add("a", received)
    table.deliver("a", {})
    table.deliver("b", {})
    assert [topic for topic, _ in received.messages] == ["a", "b"]
