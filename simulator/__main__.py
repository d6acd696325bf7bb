"""`python -m simulator`: starts the cloud, prints one JSON line with its addresses, runs until SIGTERM or SIGINT."""

import asyncio
from collections.abc import Sequence
import json
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory

from .cloud import Cloud
from .control.control import ControlInterface
from .options import Options, command_line, parse
from .state import Addresses


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 1 when the simulator cannot start."""
    options = parse(command_line(), arguments)
    try:
        with TemporaryDirectory(prefix="navilink-simulator-") as temporary:
            directory = Path(options.directory or temporary)
            directory.mkdir(parents=True, exist_ok=True)
            asyncio.run(_run(options, directory))
    except OSError as err:
        print(f"The simulator cannot start: {err}", file=sys.stderr)  # noqa: T201 - the error of a command
        return 1
    return 0


async def _run(options: Options, directory: Path) -> None:
    cloud = Cloud(options, directory)
    control = ControlInterface(cloud)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if options.until_eof:
        loop.add_reader(sys.stdin, ended.set)
    try:
        await cloud.start()
        control_url = await control.start(options.host, options.control_port)
        addresses = Addresses(
            api_url=cloud.api_url,
            mqtt_endpoint="localhost",
            mqtt_port=cloud.mqtt_port,
            ca_file=str(cloud.certificate.ca_file),
            control_url=control_url,
            email=options.email,
            password=options.password,
        )
        print(json.dumps(addresses), flush=True)  # noqa: T201 - the one line that callers wait for
        await ended.wait()
    finally:
        if options.until_eof:
            loop.remove_reader(sys.stdin)
        await control.stop()
        await cloud.stop()


if __name__ == "__main__":
    sys.exit(main())
