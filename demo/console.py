"""The demo's texts on the terminal, and the keys that control it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import sys
import termios
import tty

from .stage import Stage

_KEYS = "keys: c disconnect, r reconnect, q quit"


def welcome(stage: Stage, seconds: float, speed: float) -> str:
    """Return the text shown once everything runs."""
    home_assistant, account = stage.home_assistant, stage.simulator.addresses
    return f"""
ready in {seconds:.1f} s

  address    {home_assistant.url}
  user name  {home_assistant.user.username}
  password   {home_assistant.user.password}

  NaviLink   {account["email"]}, simulated, with the password {account["password"]}

The heaters are simulated; their time runs {speed:g} times as fast as yours.
Disconnect them, change a temperature in the browser, and see the command wait in the queue. Then reconnect them:

  {_request(stage, "mqtt_down")}
  {_request(stage, "mqtt_up")}

Ctrl-C stops all of it.
"""


def _request(stage: Stage, kind: str) -> str:
    url = f"{stage.simulator.addresses['control_url']}/fault"
    return f"""curl -X POST -H 'Content-Type: application/json' -d '{{"kind": "{kind}"}}' {url}"""


async def obey_keys(stage: Stage) -> None:
    """Serve keys until `q`; without a terminal, until canceled."""
    if not sys.stdin.isatty():
        await asyncio.Event().wait()
        return
    print(_KEYS, flush=True)
    async with _pressed_keys() as keys:
        while (key := await keys.get()) != "q":
            await _obey(stage, key)


async def _obey(stage: Stage, key: str) -> None:
    kind = {"c": "mqtt_down", "r": "mqtt_up"}.get(key)
    if kind is None:
        print(_KEYS, flush=True)
        return
    await stage.simulator.fault(kind)
    print({"mqtt_down": "disconnected", "mqtt_up": "reconnected"}[kind], flush=True)


@asynccontextmanager
async def _pressed_keys() -> AsyncIterator[asyncio.Queue[str]]:
    """Read single keys, without Enter, and give the terminal back as it was."""
    loop = asyncio.get_running_loop()
    keys: asyncio.Queue[str] = asyncio.Queue()
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    # The end of the input reads as an empty string, and quits as `q` does.
    loop.add_reader(terminal, lambda: keys.put_nowait(sys.stdin.read(1) or "q"))
    try:
        yield keys
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
