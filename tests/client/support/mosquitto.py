"""Debian's mosquitto as its own process, reached over a TLS WebSocket."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from pathlib import Path
import shutil
import socket
import subprocess

from simulator.common.certificates import make_server_certificate

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


class Mosquitto:
    """A broker that can be stopped and started again on the same port."""

    def __init__(self, directory: Path) -> None:
        self.ca_file = str(make_server_certificate(directory).ca_file)
        self.port, self.plain_port = _free_ports()
        """Where it takes MQTT in a TLS WebSocket, and where plain MQTT."""
        self._configuration = directory / "mosquitto.conf"
        self._configuration.write_text(
            # This version does not start with WebSocket listeners alone.
            f"listener {self.plain_port} 127.0.0.1\n"
            f"listener {self.port} 127.0.0.1\n"
            "socket_domain ipv4\n"
            "protocol websockets\n"
            "allow_anonymous true\n"
            f"certfile {directory / 'server.pem'}\n"
            f"keyfile {directory / 'server.key'}\n"
            "user root\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the broker and wait until it takes connections."""
        assert MOSQUITTO is not None
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._configuration), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(20):
            while not await self._is_listening():  # noqa: ASYNC110 - another process, which has no event to wait for
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Kill the broker, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _is_listening(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


@contextlib.asynccontextmanager
async def running_mosquitto(directory: Path) -> AsyncIterator[Mosquitto]:
    """Run a broker for the length of a test."""
    broker = Mosquitto(directory)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
