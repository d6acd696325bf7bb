"""Callbacks that a native runtime keeps for longer than their objects live."""

from nwp500.transport.threads import weakly


class Listener:
    """Notes what it is called with."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def on_value(self, *, value: int) -> None:
        self.heard.append(value)


def test_callback_calls_its_object_as_long_as_there_is_one() -> None:
    listener = Listener()
    call = weakly(listener.on_value)
    call(value=1)
    heard = listener.heard
    del listener
    call(value=2)
    assert heard == [1]
