"""A real Home Assistant in its own process: a fresh configuration folder, boot, onboarding, and the end of both."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from types import TracebackType
from typing import Self

import aiohttp

from .exceptions import StartError
from .home_assistant_api import HomeAssistantApi

_HOST = "127.0.0.1"
_FOLDER = Path(__file__).resolve().parent
_REPOSITORY = _FOLDER.parent
_BOOT_SECONDS = 300.0
"""On a machine where Home Assistant still has to install its own requirements, this takes minutes."""
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1

_CONFIGURATION = """\
# The components a person needs to look at a heater; default_config would bring some that want the internet.
homeassistant:
  name: Home
  country: US
  language: en
  currency: USD
  unit_system: us_customary
  time_zone: {time_zone}
frontend:
history:
logbook:
diagnostics:
energy:
repairs:
system_health:
"""


def _new_password() -> str:
    """Choose a password. Home Assistant answers under any host name, so a page may reach it that must not know one."""
    return secrets.token_urlsafe(12)


@dataclass(frozen=True, slots=True)
class User:
    """Who signs in to Home Assistant, with a password of their own in each run."""

    name: str = "Demo"
    username: str = "demo"
    password: str = field(default_factory=_new_password, repr=False)


def port_is_free(port: int) -> bool:
    """Whether a server can listen on this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port


class HomeAssistantProcess:
    """Home Assistant with the integration at hand, started on entry and stopped, by its process id, on exit.

    On entry it is running, its owner is signed up and `api` is connected. No integration is set up yet.
    The configuration folder is temporary and leaves with it.
    """

    def __init__(
        self, *, port: int | None = None, user: User | None = None, python: str | Path = sys.executable
    ) -> None:
        """`python` is that of the environment whose Home Assistant is started."""
        self.user = user or User()
        self._python = python
        self.port = port or free_port()
        self.url = f"http://{_HOST}:{self.port}"
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._token = ""
        self._api: HomeAssistantApi | None = None

    @property
    def api(self) -> HomeAssistantApi:
        """The signed-in interface."""
        if self._api is None:
            raise StartError("Home Assistant has not been started")
        return self._api

    @property
    def folder(self) -> Path:
        """The configuration folder."""
        if self._folder is None:
            raise StartError("Home Assistant has not been started")
        return self._folder

    async def __aenter__(self) -> Self:
        """Start, wait until it runs, and sign up its owner. `StartError` when it does not come up."""
        try:
            async with asyncio.timeout(_BOOT_SECONDS):
                await self._start()
        except BaseException as error:
            log = self._log_tail()
            await self.stop()
            if isinstance(error, TimeoutError):
                raise StartError(
                    f"Home Assistant was not ready after {_BOOT_SECONDS:.0f} s. It said last:\n{log}"
                ) from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it and remove its folder."""
        await self.stop()

    async def _start(self) -> None:
        if not port_is_free(self.port):
            # Home Assistant would come up somewhere else, in recovery mode.
            raise StartError(f"port {self.port} is taken")
        self._folder = Path(tempfile.mkdtemp(prefix="navilink-demo-"))
        write_configuration(self._folder, self.port)
        await self._boot(self._folder)
        async with aiohttp.ClientSession() as session:
            await self._until_it_answers(session)
            token = await _sign_up(session, self.url, self.user)
        short_lived = await HomeAssistantApi.connect(self.url, token)
        self._token = await short_lived.call("auth/long_lived_access_token", client_name="Demo", lifespan=1)
        await short_lived.close()
        await self._connect()

    async def _boot(self, folder: Path) -> None:
        with (folder / "output.log").open("ab") as output:
            # Its own process group: Ctrl-C in the terminal reaches the demo alone, which then stops things in order.
            self._process = await asyncio.create_subprocess_exec(
                self._python,
                # -P and the environment: what it imports comes from its configuration, not from the repository.
                *("-P", _FOLDER / "until_eof.py", folder),
                *("homeassistant", "--config", folder, "--log-no-color"),
                cwd=folder,
                env=_environment(os.environ),
                # Never written to. However this process ends, the pipe ends with it, and so does Home Assistant.
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                process_group=0,
            )

    async def _connect(self) -> None:
        """Connect the interface and wait until everything is set up."""
        self._api = await HomeAssistantApi.connect(self.url, self._token)
        while (await self._api.configuration())["state"] != "RUNNING":
            self._check_alive()
            await asyncio.sleep(_POLL_SECONDS)

    async def _until_it_answers(self, session: aiohttp.ClientSession) -> None:
        while True:
            self._check_alive()
            try:
                async with session.get(f"{self.url}/api/onboarding") as response:
                    if response.ok:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(_POLL_SECONDS)

    def _check_alive(self) -> None:
        if self._process is not None and self._process.returncode is not None:
            raise StartError(
                f"Home Assistant ended with code {self._process.returncode}. It said last:\n{self._log_tail()}"
            )

    @property
    def log(self) -> str:
        """Everything Home Assistant has written so far."""
        if self._folder is None:
            return ""
        return (self._folder / "output.log").read_text(encoding="utf-8", errors="replace")

    def _log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.splitlines()[-lines:])

    async def stop(self) -> None:
        """Stop it and remove its folder; does nothing a second time."""
        await self.halt()
        folder, self._folder = self._folder, None
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def kill(self) -> None:
        """End it at once, as a power cut does (SIGKILL): it can save nothing. Its folder stays for `start_again`."""
        if self._process is None:
            raise StartError("Home Assistant has not been started")
        self._process.kill()
        await self._process.wait()
        await self.halt()

    async def halt(self) -> None:
        """Stop it in order. Its folder stays for `start_again`."""
        api, self._api = self._api, None
        if api is not None:
            await api.close()
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            await _terminate(process)

    async def start_again(self) -> None:
        """Start it with the folder as it was left and wait until it runs. `StartError` when it does not come up."""
        if self._folder is None or self._process is not None:
            raise StartError("Home Assistant has not been halted")
        try:
            async with asyncio.timeout(_BOOT_SECONDS):
                await self._boot(self._folder)
                await self._until_it_listens()
                await self._connect()
        except TimeoutError as error:
            raise StartError(f"Home Assistant did not start again. It said last:\n{self._log_tail()}") from error

    async def _until_it_listens(self) -> None:
        """Wait until signed-in requests are answered: a start without onboarding has nothing to ask before."""
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"}) as session:
            while True:
                self._check_alive()
                try:
                    async with session.get(f"{self.url}/api/config") as response:
                        if response.ok:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(_POLL_SECONDS)


async def _terminate(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def write_configuration(folder: Path, port: int) -> None:
    """Fill a configuration folder: the integration, the components, the address, and onboarding but for its owner."""
    (folder / "configuration.yaml").write_text(_CONFIGURATION.format(time_zone=time_zone()), encoding="utf-8")
    (folder / "custom_components").mkdir()
    (folder / "custom_components" / "navilink").symlink_to(_REPOSITORY / "custom_components" / "navilink")
    storage = folder / ".storage"
    storage.mkdir()
    # The address goes where a confirmed setting is kept: in YAML it would be a trial, reverted after five minutes.
    address = {
        "server_host": [_HOST],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    _write_store(storage, "http", (2, 2), {"stable": address, "pending": None, "yaml_migration_done": True})
    # The step "core_config" would add integrations that need the internet, so it counts as done.
    _write_store(storage, "onboarding", (4, 1), {"done": ["core_config", "integration", "analytics"]})


def time_zone() -> str:
    """Return the machine's time zone, so that Home Assistant shows the times that its user's clock does."""
    _, found, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return name if found else "UTC"


def _write_store(storage: Path, key: str, version: tuple[int, int], data: Mapping[str, object]) -> None:
    content = {"version": version[0], "minor_version": version[1], "key": key, "data": data}
    (storage / key).write_text(json.dumps(content), encoding="utf-8")


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would make Home Assistant import the repository's folder instead of its configuration's."""
    return {name: value for name, value in outer.items() if name != "PYTHONPATH"}


async def _sign_up(session: aiohttp.ClientSession, url: str, user: User) -> str:
    """Create the owner in the one onboarding step left open and return an access token of theirs."""
    client_id = f"{url}/"
    owner = {
        "client_id": client_id,
        "name": user.name,
        "username": user.username,
        "password": user.password,
        "language": "en",
    }
    async with session.post(f"{url}/api/onboarding/users", json=owner) as response:
        response.raise_for_status()
        code: str = (await response.json())["auth_code"]
    grant = {"client_id": client_id, "grant_type": "authorization_code", "code": code}
    async with session.post(f"{url}/auth/token", data=grant) as response:
        response.raise_for_status()
        token: str = (await response.json())["access_token"]
    return token
