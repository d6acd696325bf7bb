"""The demo's two forms, as a person and as a machine start them."""

import asyncio
from collections.abc import Callable
import os
from pathlib import Path
import re
import signal
import sys
import tempfile

import pytest

from demo.home_assistant import User
from demo.log import complaints
from demo.releases import releases

from .running_demo import READY, REPOSITORY, RunningDemo

_DEADLINE = 100.0
_PARTS = 3
"""The demo itself, the simulator and Home Assistant are a process each."""


async def _start(
    *arguments: str, folder: Path = REPOSITORY, temporary: Path | None = None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=folder,
        env=os.environ | ({"TMPDIR": str(temporary)} if temporary else {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _output_of(process: asyncio.subprocess.Process) -> tuple[str, str]:
    """Return what a process has written to its output and to its error stream, once it has ended."""
    async with asyncio.timeout(_DEADLINE):
        output, errors = await process.communicate()
    return output.decode(), errors.decode()


def _processes_with(folder: Path) -> list[int]:
    """Return the running processes whose temporary files go to a folder."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = environment.read_bytes().split(b"\0")
        except OSError:
            # It ended between the listing and the reading.
            continue
        if b"TMPDIR=" + bytes(folder) in variables:
            found.append(int(environment.parent.name))
    return found


def _files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def _wait_until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_DEADLINE):
        while not is_so():  # noqa: ASYNC110 - processes begin and end without notice
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("release", releases())
async def test_check_proves_the_promise(release: str) -> None:
    process = await _start("-m", "demo", "--check", "--home-assistant", release)
    output, errors = await _output_of(process)
    assert (process.returncode, errors) == (0, ""), output
    figures = dict(line.split(": ", 1) for line in output.splitlines())
    assert float(figures["seconds to ready"]) > 0
    assert float(figures["temperature"]) > 0
    assert figures["queued commands while cut"] == "2"
    assert figures["commands applied by the heater"] == "['dhw-temperature', 'dhw-mode']"
    assert figures["queued commands after the repair"] == "0"
    assert figures["commands applied after clear"] == "0"
    assert figures["warnings about the integration"] == "[]"


@pytest.mark.slow
async def test_check_fails_when_the_heater_does_not_obey() -> None:
    process = await _start("-m", "tests.e2e.bad_setting", "disobedience")
    output, errors = await _output_of(process)
    assert process.returncode == 1, output
    assert output.endswith("commands applied by the heater: []\n")
    assert errors.startswith("failed: commands applied by the heater: [], but ['dhw-temperature', 'dhw-mode'] was")


@pytest.mark.slow
async def test_check_fails_when_home_assistant_complains_of_the_integration() -> None:
    process = await _start("-m", "tests.e2e.bad_setting", "complaint")
    output, errors = await _output_of(process)
    assert process.returncode == 1, output
    assert errors.startswith("failed: warnings about the integration: [")
    assert "WARNING (MainThread) [homeassistant.helpers.frame]" in errors
    assert "custom integration 'navilink' uses something deprecated" in errors


@pytest.mark.parametrize("offset", ["", "+00:00"])
@pytest.mark.parametrize(
    ("entry", "count"),
    [
        (
            "WARNING (W_0) [homeassistant.loader] We found a custom integration navilink which has not been tested",
            0,
        ),
        ("WARNING (MainThread) [homeassistant.helpers.frame] Detected that custom integration 'navilink' uses x", 1),
        ("WARNING (MainThread) [homeassistant.components.sensor] Setup of sensor platform navilink is taking over", 1),
        ('ERROR (MainThread) [homeassistant] Error doing job: x\nTraceback:\n  File "/c/custom_components/n.py"', 1),
        ("ERROR (MainThread) [custom_components.navilink.sensor] Something", 1),
        ("INFO (MainThread) [custom_components.navilink.coordinator] Connected to NaviLink", 0),
        ("ERROR (MainThread) [homeassistant.helpers.entity] Update for water_heater.nwp500 fails", 1),
        ('ERROR (MainThread) [haffmpeg.core] FFmpeg fails\n  File "/x/navilink/.venv/lib/haffmpeg/core.py"', 0),
        ('ERROR (MainThread) [haffmpeg.core] FFmpeg fails\n  File "/x/.cache/navilink-dev/lib/subprocess.py"', 0),
    ],
)
def test_complaints_of_home_assistant_are_distinguished_from_other_lines(entry: str, count: int, offset: str) -> None:
    other = f"2026-11-28 08:45:07.498{offset} WARNING (MainThread) [haffmpeg.tools] Error starting FFmpeg."
    log = f"Some text\n{other}\n2026-11-28 08:45:06.702{offset} {entry}\n{other}\n"
    assert complaints(log) == [entry] * count


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_starting_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    process = await _start("-m", "demo", "--port", "0", temporary=tmp_path)
    try:
        await _wait_until(lambda: len(_processes_with(tmp_path)) >= _PARTS)
    finally:
        process.send_signal(number)
    output, _ = await _output_of(process)
    assert process.returncode == 0, output
    assert output.endswith("stopped\n")
    assert _processes_with(tmp_path) == []
    assert _files_in(tmp_path) == []


async def test_a_killed_demo_leaves_nothing_running(tmp_path: Path) -> None:
    process = await _start("-m", "demo", "--port", "0", temporary=tmp_path)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_DEADLINE):
            await process.stdout.readuntil(READY.encode())
        assert len(_processes_with(tmp_path)) >= _PARTS
    finally:
        process.kill()
    await process.wait()
    await _wait_until(lambda: not _processes_with(tmp_path))
    assert _files_in(tmp_path) == []


def test_passwords_are_new_in_each_run_and_said(demo: RunningDemo) -> None:
    first, second = User(), User()
    assert len({first.password, second.password, demo.password}) == 3
    assert first.password not in repr(first)
    account = re.search(r"NaviLink +user@example\.com, simulated, with the password (\S+)", demo.output)
    assert account is not None
    assert len({account.group(1), demo.password}) == 2
    assert min(len(account.group(1)), len(demo.password)) >= 16


def test_a_taken_port_is_said_and_replaced(demo: RunningDemo) -> None:
    said = re.search(r"port (\d+) is taken; using (\d+) instead", demo.output)
    assert said is not None
    assert demo.url.endswith(f":{said.group(2)}")
    assert said.group(1) != said.group(2)


async def test_queue_example() -> None:
    process = await _start(str(REPOSITORY / "examples" / "command_queue_demo.py"), folder=Path(tempfile.gettempdir()))
    output, errors = await _output_of(process)
    assert process.returncode == 0, errors
    assert errors.count("The command queue is full: dropped the oldest") == 2
    assert output.count("status: was dropped") == 2
    assert "removed: 5" in output
    restored, _, end = output.partition("== Restore the network")[2].partition("== What the heater has now")
    assert restored.index("setpoint 125 °F: is sent") < restored.index("mode high demand: is sent")
    assert "mode: high demand, target temperature: 51.5 °C" in end
