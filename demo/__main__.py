"""`python -m demo`: the demo for a person, or with --check the proof for a machine."""

import argparse
import asyncio
import signal
import sys
import time

from simulator.process import SimulatorError

from .check import prove, show
from .console import obey_keys, welcome
from .exceptions import DemoError
from .home_assistant import free_port, port_is_free
from .stage import set_stage

_DEFAULT_PORT = 8123
_HIGHEST_PORT = 65535
_DEFAULT_SPEED = 60.0
"""A tank takes hours to heat up; nobody watches a demo for so long."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description="A simulated heater and a real Home Assistant.")
    parser.add_argument(
        "--port", type=_port_number, default=_DEFAULT_PORT, help="Home Assistant's port (default: %(default)s)"
    )
    parser.add_argument(
        "--speed", type=float, default=_DEFAULT_SPEED, help="how fast the heater's time runs (default: %(default)g)"
    )
    parser.add_argument(
        "--check", action="store_true", help="prove on free ports that no command is lost; exit 0 if so, else 1"
    )
    return parser.parse_args()


def _port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"must be 0 (any free one) to {_HIGHEST_PORT}")
    return number


def _port(wanted: int) -> int:
    if port_is_free(wanted):
        return wanted
    port = free_port()
    print(f"port {wanted} is taken; using {port} instead", flush=True)
    return port


async def _demonstrate(port: int, speed: float) -> None:
    print("starting the simulated heater and Home Assistant ...", flush=True)
    start = time.monotonic()
    async with set_stage(port, speed=speed) as stage:
        print(welcome(stage, time.monotonic() - start, speed), flush=True)
        await obey_keys(stage)
        print("stopping ...", flush=True)


async def _check() -> None:
    start = time.monotonic()
    async with set_stage() as stage:
        show("seconds to ready", f"{time.monotonic() - start:.1f}")
        await prove(stage)


async def _run(arguments: argparse.Namespace) -> int:
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(_check() if arguments.check else _demonstrate(_port(arguments.port), arguments.speed))

    def stop() -> None:
        # Once is enough: a second Ctrl-C must not keep the processes from being stopped.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        # Ctrl-C is how a person ends the demo; a check that was interrupted has proved nothing.
        print("stopped", flush=True)
        return 1 if arguments.check else 0
    except (DemoError, SimulatorError, TimeoutError) as error:
        print(f"failed: {error or 'no answer in time'}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_run(_arguments())))
