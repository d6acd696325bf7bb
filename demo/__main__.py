"""`python -m demo`: the demo for a person, or with --check the proof for a machine."""

import argparse
import sys
import time

from .check import check
from .command import run
from .console import obey_keys, welcome
from .home_assistant import free_port, port_is_free
from .releases import TESTED_RELEASE, releases
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
        "--home-assistant",
        choices=releases(),
        default=TESTED_RELEASE,
        metavar="RELEASE",
        help="%(choices)s (default: %(default)s)",
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


async def _demonstrate(port: int, release: str, speed: float) -> None:
    print(f"starting the simulated heaters and Home Assistant {release} ...", flush=True)
    start = time.monotonic()
    async with set_stage(port, release=release, speed=speed, lived_in=True) as stage:
        print(welcome(stage, time.monotonic() - start, speed), flush=True)
        await obey_keys(stage)
        print("stopping ...", flush=True)


def main() -> int:
    """Return the exit status."""
    arguments = _arguments()
    if arguments.check:
        # A check that was stopped has proved nothing; for a person, Ctrl-C is how the demo ends.
        return run(check(set_stage(release=arguments.home_assistant)), if_stopped=1)
    return run(_demonstrate(_port(arguments.port), arguments.home_assistant, arguments.speed), if_stopped=0)


if __name__ == "__main__":
    sys.exit(main())
