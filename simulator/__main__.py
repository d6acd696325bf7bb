"""`python -m simulator`: starts the cloud, prints one JSON line with its addresses, runs until SIGTERM or SIGINT."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
import asyncio
from collections.abc import Callable, Sequence
from ipaddress import ip_address
import json
from pathlib import Path
import secrets
import signal
import sys
from tempfile import TemporaryDirectory
from zoneinfo import available_timezones

from .cloud import MAX_HEATERS, Cloud, CloudOptions
from .common.clock import MAX_SPEED
from .control.control import ControlInterface
from .heater.heater import DEFAULT_TIME_ZONE
from .state import Addresses

_MQTT_ENDPOINT = "localhost"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 1 when the simulator cannot start."""
    options = _parser().parse_args(arguments)
    if options.offline_heaters > options.heaters:
        _parser().error("there cannot be more offline heaters than heaters")
    try:
        with TemporaryDirectory(prefix="navilink-simulator-") as temporary:
            directory = options.directory or Path(temporary)
            directory.mkdir(parents=True, exist_ok=True)
            asyncio.run(_run(options, directory))
    except OSError as err:
        print(f"The simulator cannot start: {err}", file=sys.stderr)  # noqa: T201 - a command speaks on its streams
        return 1
    return 0


async def _run(options: Namespace, directory: Path) -> None:
    own = {"directory", "control_port", "until_eof"}
    settings = {name: value for name, value in vars(options).items() if name not in own}
    cloud = Cloud(CloudOptions(directory=directory, **settings))
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
            mqtt_endpoint=_MQTT_ENDPOINT,
            mqtt_port=cloud.mqtt_port,
            ca_file=str(cloud.ca_file),
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


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="simulator", description="The NaviLink cloud and NWP500 heaters, on this machine alone."
    )
    add = parser.add_argument
    add("--host", type=_loopback, default="127.0.0.1", help="loopback address to listen on (%(default)s)")
    for service in ("rest", "mqtt", "control"):
        add(f"--{service}-port", type=_number(int, 0, 65535), default=0, metavar="PORT", help="0: any free one")
    add("--directory", type=Path, help="where the certificates go (default: a temporary one)")
    add("--email", default="user@example.com", help="of the account (%(default)s)")
    add("--password", default=secrets.token_urlsafe(12), help="of the account (default: a new one each time)")
    add("--heaters", type=_number(int, 0, MAX_HEATERS), default=1, metavar="N", help="how many (%(default)s)")
    add("--offline-heaters", type=_number(int, 0, MAX_HEATERS), default=0, metavar="N", help="so many are offline")
    add("--foreign-device", action="store_true", help="the account also has a device of another product")
    add("--time-zone", type=_zone, default=DEFAULT_TIME_ZONE, metavar="NAME", help="of the heaters (%(default)s)")
    add("--speed", type=_number(float, 0, MAX_SPEED), default=1.0, help="of the heaters' clock (%(default)s)")
    add("--reply-delay", type=_number(float, 0, 600), default=0.05, metavar="S", help="of the heaters (%(default)s s)")
    add(
        "--control-interval",
        type=_number(float, 0, 600),
        default=0.0,
        metavar="S",
        help="a DHW control that follows another one sooner is refused (%(default)s s)",
    )
    add("--push-interval", type=_number(float, 0.1, 86400), metavar="S", help="send status unasked every S seconds")
    for kind in ("jwt", "aws"):
        add(f"--{kind}-lifetime", type=_number(int, 1, 86400), default=3600, metavar="S", help="%(default)s s")
    add("--rotate-refresh-token", action=BooleanOptionalAction, default=True, help="a refresh makes the old one stale")
    add("--until-eof", action="store_true", help="end when the standard input does, so as not to outlive the caller")
    return parser


def _number[T: (int, float)](kind: Callable[[str], T], least: float, most: float) -> Callable[[str], T]:
    def number(text: str) -> T:
        value = kind(text)
        if not least <= value <= most:
            raise ArgumentTypeError(f"must be {least:g} to {most:g}")
        return value

    return number


def _loopback(text: str) -> str:
    if not ip_address(text).is_loopback:
        raise ArgumentTypeError("must be a loopback address: the simulator is for this machine alone")
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ArgumentTypeError("must be the IANA name of a time zone, such as America/New_York")
    return name


if __name__ == "__main__":
    sys.exit(main())
