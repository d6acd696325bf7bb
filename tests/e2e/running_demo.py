"""The demo as a person starts it: one command, and what it prints."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
import re
import signal
import subprocess
import sys
from typing import cast

import aiohttp

from simulator.state import HeaterState, State

REPOSITORY = Path(__file__).resolve().parents[2]
READY = "Ctrl-C stops all of it."
"""The last line that the demo prints before it waits for the person."""
MAC_ADDRESS = "0478630a1b2c"
"""Of the first heater."""
_STOP_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDemo:
    """What the demo printed for the person in front of it."""

    url: str
    username: str
    password: str
    control_url: str
    output: str

    async def fault(self, kind: str, **members: object) -> None:
        """Do what the printed curl line does, with more members if the fault takes them."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.control_url}/fault", json={"kind": kind, **members}) as response,
        ):
            response.raise_for_status()

    async def heater(self, *, applied: int = 0) -> HeaterState:
        """Return the first simulated heater, as soon as all together have applied so many controls."""
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            await self._get(session, "/wait", {"applied": applied})
            return cast("State", await self._get(session, "/state", {}))["heaters"][MAC_ADDRESS]

    async def _get(self, session: aiohttp.ClientSession, path: str, query: Mapping[str, int]) -> object:
        async with session.get(f"{self.control_url}{path}", params=query) as response:
            return await response.json()


@contextmanager
def run_demo(*arguments: str) -> Iterator[RunningDemo]:
    """Start the demo, wait until it has printed how to sign in, and end it with Ctrl-C; it must end in good order."""
    command = [sys.executable, "-m", "demo", *arguments]
    with subprocess.Popen(  # noqa: S603 - the command is our own
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield _read(process)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=_STOP_SECONDS)
            raise
        process.send_signal(signal.SIGINT)
        farewell, _ = process.communicate(timeout=_STOP_SECONDS)
        assert process.returncode == 0, farewell
        assert farewell.endswith("stopped\n"), farewell


def _read(process: subprocess.Popen[str]) -> RunningDemo:
    assert process.stdout is not None
    output = ""
    while READY not in output:
        line = process.stdout.readline()
        assert line, f"the demo ended early:\n{output}"
        output += line

    def reported(pattern: str) -> str:
        found = re.search(pattern, output)
        assert found is not None, f"the demo did not print {pattern}:\n{output}"
        return found.group(1)

    return RunningDemo(
        url=reported(r"address +(http\S+)"),
        username=reported(r"user name +(\S+)"),
        password=reported(r"password +(\S+)"),
        control_url=reported(r"(http\S+)/fault"),
        output=output,
    )
