"""One simulator for all tests that this process runs, which begins afresh for each of them."""

from collections.abc import Iterator
import logging
from typing import override

from hypothesis import settings
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from demo.releases import TESTED_RELEASE, releases
from simulator.common.certificates import make_server_certificate
from simulator.process import run_simulator
from simulator.state import Addresses

# How long an example takes says more of the machine than of the code; times are measured in benchmarks.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# The plugin has it log every statement of a recorder, which nobody reads.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests in a browser run on every release that the demo runs on."""
    parser.addoption("--home-assistant", choices=releases(), default=TESTED_RELEASE, help="the release of the demo")


_BROWSER = ("tests/e2e/test_calendar.py", "tests/e2e/test_pages.py")
"""What looks at one demo, which takes half a minute to come up: in one process, and first, since it waits most."""


class ByModule(LoadScopeScheduling):
    """Gives a module to one process, and what shares a demo to one too."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return "the browser" if nodeid.startswith(_BROWSER) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByModule | None:
    """Have whole modules run in one process, with `--dist loadscope`."""
    return ByModule(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(_BROWSER))


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the debug mode of the event loops, in which each future notes its stack, to `--asyncio-debug`.

    It takes as long as everything else that a test with Home Assistant does.
    """


@pytest.fixture(scope="session", autouse=True)
def _real_clock_for_certificates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make a certificate first: the library keeps the class of times that it sees first, maybe a frozen one."""
    make_server_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Addresses]:
    """A simulator that outlives the tests' event loops; each test talks to it through a handle of its own."""
    with run_simulator() as (addresses, _):
        yield addresses
