"""`python -m simulator` starts, announces itself, and ends without a trace."""

import asyncio
import json
import os
from pathlib import Path
import signal
import socket
import stat
import sys

import pytest

from simulator.__main__ import main
from simulator.process import SimulatorError, SimulatorProcess
from simulator.state import Addresses

ROOT = Path(__file__).parents[2]


def _exists(path: str) -> bool:
    return Path(path).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    addresses = json.loads(await process.stdout.readline())
    assert _exists(addresses["ca_file"])
    process.send_signal(number)
    output, errors = await process.communicate()
    assert (process.returncode, output, errors) == (0, b"", b"")
    assert not _exists(str(Path(addresses["ca_file"]).parent))


async def test_does_not_outlive_its_caller() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--until-eof"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline()
    process.stdin.close()
    assert await process.wait() == 0


async def test_announces_where_it_can_be_reached_and_the_account(tmp_path: Path) -> None:
    async with SimulatorProcess(
        *("--email", "somebody@example.com", "--password", "secret", "--directory", str(tmp_path / "new"))
    ) as simulator:
        addresses = simulator.addresses
        assert addresses["api_url"].startswith("http://127.0.0.1:")
        assert addresses["api_url"].endswith("/api/v2.1")
        assert addresses["mqtt_endpoint"] == "localhost"
        assert addresses["mqtt_port"] > 0
        assert (addresses["email"], addresses["password"]) == ("somebody@example.com", "secret")
        assert addresses["ca_file"] == str(tmp_path / "new" / "ca.pem")
    assert _exists(addresses["ca_file"])
    for key in (tmp_path / "new").glob("*.key"):
        assert not key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


async def test_heaters_as_many_as_asked_for_some_offline_in_the_time_zone_asked_for() -> None:
    async with SimulatorProcess("--heaters", "3", "--offline-heaters", "2", "--time-zone", "Etc/GMT+9") as simulator:
        heaters = (await simulator.state())["heaters"]
    assert [heater["online"] for heater in heaters.values()] == [True, False, False]
    assert list(heaters) == ["0478630a1b2c", "0478630a1b2d", "0478630a1b2e"]
    assert heaters["0478630a1b2c"]["local_time"].endswith("-09:00")


async def test_takes_the_port_it_is_given_and_reports_when_it_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SimulatorError):
            async with SimulatorProcess("--mqtt-port", str(taken.getsockname()[1])):
                pass
    assert "cannot start" in capfd.readouterr().err
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with SimulatorProcess("--mqtt-port", str(port)) as simulator:
        assert simulator.addresses["mqtt_port"] == port


async def test_is_gone_after_the_context_and_has_a_password_of_its_own(running_simulator: Addresses) -> None:
    async with SimulatorProcess() as simulator:
        pid, passwords = simulator.pid, {simulator.addresses["password"], running_simulator["password"]}
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert len(passwords) == 2
    assert min(map(len, passwords)) >= 16


async def test_a_handle_leaves_a_simulator_running_that_it_did_not_start(running_simulator: Addresses) -> None:
    for _ in range(2):
        async with SimulatorProcess(addresses=running_simulator) as simulator:
            assert (await simulator.state())["clock"]["speed"] >= 0
            with pytest.raises(SimulatorError):
                _ = simulator.pid


def test_cannot_be_used_before_it_is_started() -> None:
    with pytest.raises(SimulatorError):
        _ = SimulatorProcess().addresses


@pytest.mark.parametrize(
    "options",
    [
        ["--host", "0.0.0.0"],  # noqa: S104 - refused
        ["--host", "nowhere"],
        ["--heaters", "-1"],
        ["--heaters", "1", "--offline-heaters", "2"],
        ["--speed", "1e9"],
        ["--time-zone", "Europe/Nowhere"],
        ["--rest-port", "65536"],
        ["--jwt-lifetime", "0"],
        ["--no-such-option"],
    ],
)
def test_bad_options_are_refused_with_a_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(options)
    assert refused.value.code == 2
    assert "usage: simulator" in capsys.readouterr().err
