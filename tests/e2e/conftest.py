"""One demo for all tests of this folder, and a fresh browser for each."""

from collections.abc import AsyncIterator, Iterator
import socket

import pytest
from pytest_socket import enable_socket

from .browser import Page, chromium, open_page
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo, run_demo


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the tests talk to the demo and the browser on the loopback."""


@pytest.fixture(scope="session")
def demo() -> Iterator[RunningDemo]:
    """Start the demo on a port that is taken, so that it has to find a free one."""
    # The plugin closes sockets for each test, and the fixture that opens them lives no longer than a test.
    enable_socket()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with run_demo("--port", str(taken.getsockname()[1]), "--speed", "1") as running:
            yield running


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """Open an empty page of a fresh browser."""
    if chromium() is None:
        pytest.skip("no Chromium is installed")
    async with open_page() as opened:
        yield opened


@pytest.fixture
async def home_assistant(page: Page, demo: RunningDemo) -> HomeAssistantPage:
    """Sign in to Home Assistant through its form; the heater's link is up."""
    await demo.fault("link_up")
    signed_in = HomeAssistantPage(page, demo.url)
    await signed_in.sign_in(demo.username, demo.password)
    await signed_in.wait_for_link()
    return signed_in
