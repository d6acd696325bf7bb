"""One simulator for all tests that this process runs, which begins afresh for each of them."""

from collections.abc import Iterator

import pytest

from simulator.process import run_simulator
from simulator.state import Addresses


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Addresses]:
    """A simulator that outlives the tests' event loops; each test talks to it through a handle of its own."""
    with run_simulator() as (addresses, _):
        yield addresses
