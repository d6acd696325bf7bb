"""One demo and one browser for all tests of a process, and a fresh page for each."""

from collections.abc import AsyncIterator, Iterator
import socket

from playwright.async_api import BrowserContext
import pytest
import pytest_asyncio
from pytest_socket import enable_socket

from .browser import chromium, open_browser
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo, run_demo


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the tests talk to the demo and the browser on the loopback."""


@pytest.fixture(scope="session")
def demo(pytestconfig: pytest.Config) -> Iterator[RunningDemo]:
    """Start the demo on a port that is taken, so that it has to find a free one."""
    # The plugin closes sockets for each test, and the fixture that opens them lives no longer than a test.
    enable_socket()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # The heaters' time stands still: no entry of a schedule changes them in the middle of a test.
        options = ("--speed", "0", "--home-assistant", pytestconfig.getoption("home_assistant"))
        with run_demo("--port", str(taken.getsockname()[1]), *options) as running:
            yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def visitor(demo: RunningDemo) -> AsyncIterator[BrowserContext]:
    """Somebody's browser, signed in to Home Assistant through its form."""
    if chromium() is None:
        pytest.skip("no Chromium is installed")
    async with open_browser() as browser:
        # Nobody watches what moves.
        context = await browser.new_context(reduced_motion="reduce")
        page = await context.new_page()
        await HomeAssistantPage(page, demo).sign_in()
        await page.close()
        yield context


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def one_page(visitor: BrowserContext, demo: RunningDemo) -> AsyncIterator[HomeAssistantPage]:
    """Home Assistant on one page for all views, which each opens for itself."""
    page = HomeAssistantPage(await visitor.new_page(), demo)
    await page.open_dashboard()
    yield page
    await page.page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def home_assistant(visitor: BrowserContext, demo: RunningDemo) -> AsyncIterator[HomeAssistantPage]:
    """Home Assistant's dashboard on a page of its own; nothing may go wrong on it unnoticed."""
    page = HomeAssistantPage(await visitor.new_page(), demo)
    await page.open_dashboard()
    yield page
    assert page.errors == []
    await page.page.close()
