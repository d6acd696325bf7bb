"""Sockets for the loopback, which the plugin closes otherwise."""

import pytest


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the tests talk to Home Assistant and to the simulator."""
