"""The demo's two forms, as a person and as a machine start them."""

import asyncio
import os
from pathlib import Path
import re
import signal
import sys
import tempfile

import pytest

from demo.check import CheckError, prove
from demo.exceptions import DeadlineError
from demo.stage import set_stage

from .running_demo import REPOSITORY, RunningDemo

_DEADLINE = 240.0


async def _start(*arguments: str, temporary: Path | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "demo", *arguments),
        cwd=REPOSITORY,
        env=os.environ | ({"TMPDIR": str(temporary)} if temporary else {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _output_of(process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(_DEADLINE):
        output, _ = await process.communicate()
    return output.decode()


def _files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _commands_with(folder: Path) -> list[bytes]:
    """Return the command lines of running processes that name a folder."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes())
        except OSError:
            # It ended between the listing and the reading.
            continue
    return [line for line in lines if bytes(folder) in line]


async def test_check_proves_the_promise() -> None:
    process = await _start("--check")
    output = await _output_of(process)
    assert process.returncode == 0, output
    figures = dict(line.split(": ", 1) for line in output.splitlines())
    assert float(figures["seconds to ready"]) > 0
    assert float(figures["temperature"]) > 0
    assert figures["queued commands while cut"] == "2"
    assert figures["commands applied by the heater"] == "['dhw-temperature', 'dhw-mode']"
    assert figures["queued commands after the repair"] == "0"
    assert figures["commands applied after clear"] == "0"


async def test_check_fails_when_the_heater_does_not_obey() -> None:
    async with set_stage() as stage:
        await stage.simulator.fault("ignore_write", count=10)
        with pytest.raises((CheckError, DeadlineError), match="applied"):
            await prove(stage)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_starting_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    process = await _start("--port", "0", temporary=tmp_path)
    try:
        async with asyncio.timeout(_DEADLINE):
            while not _commands_with(tmp_path):  # noqa: ASYNC110 - a process that starts others tells nobody
                await asyncio.sleep(0.05)
    finally:
        process.send_signal(number)
    output = await _output_of(process)
    assert process.returncode == 0, output
    assert output.endswith("stopped\n")
    assert _commands_with(tmp_path) == []
    assert _files_in(tmp_path) == []


def test_a_taken_port_is_said_and_replaced(demo: RunningDemo) -> None:
    said = re.search(r"port (\d+) is taken; using (\d+) instead", demo.output)
    assert said is not None
    assert demo.url.endswith(f":{said.group(2)}")
    assert said.group(1) != said.group(2)


async def test_queue_example_tells_its_tale() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(REPOSITORY / "examples" / "command_queue_demo.py"),
        cwd=tempfile.gettempdir(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output = await _output_of(process)
    assert process.returncode == 0, output
    assert output.count("status: was dropped") == 2
    assert "removed: 5" in output
    restored, _, end = output.partition("== Restore the link")[2].partition("== What the heater has now")
    assert restored.index("set point 125 °F: is sent") < restored.index("mode high demand: is sent")
    assert "mode: high demand, set point: 51.5 °C" in end
