"""How a cloud is set up: the options of the command line, which a reset takes too."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
import secrets
from typing import NoReturn, Self, override
from zoneinfo import available_timezones

from .common.clock import MAX_SPEED
from .common.reading import BadRequestError
from .heater.energy import MAX_PAST_DAYS, PAST_DAYS
from .heater.heater import DEFAULT_TIME_ZONE

MAX_HEATERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudOptions:
    """How a cloud starts, and how a reset leaves it. Lifetimes, delay and interval in real seconds."""

    directory: Path
    """Where the certificates go; must exist."""
    host: str = "127.0.0.1"
    rest_port: int = 0
    mqtt_port: int = 0
    heaters: int = 1
    time_zone: str = DEFAULT_TIME_ZONE
    """Of the heaters, by its IANA name."""
    past_days: int = PAST_DAYS
    """So many days of energy the heaters have behind them when they start."""
    household: bool = False
    """Whether people live with the heaters: they draw hot water and have schedules."""
    offline_heaters: int = 0
    """So many of them, the last ones, are offline."""
    foreign_device: bool = False
    """Whether the account also has a device of another product."""
    speed: float = 1.0
    email: str = "user@example.com"
    password: str = field(default="correct horse", repr=False)
    jwt_lifetime: int = 3600
    aws_lifetime: int = 3600
    rotate_refresh_token: bool = True
    reply_delay: float = 0.05
    control_interval: float = 0.0
    """A DHW control that follows another one sooner is refused; how soon a real heater refuses is not documented."""
    push_interval: float | None = None
    """Between two status messages sent unasked to active clients; `None`: none are sent."""

    @classmethod
    def of(cls, options: Namespace, directory: Path) -> Self:
        """Take from the command line what concerns the cloud."""
        names = {option.name for option in fields(cls)} - {"directory"}
        return cls(directory=directory, **{name: value for name, value in vars(options).items() if name in names})

    def changed(self, arguments: Sequence[str]) -> Self:
        """Give options that differ by command line `arguments`; addresses and account cannot change."""
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        parser = _ResetParser(prog="reset", add_help=False, allow_abbrev=False)
        _add_cloud_options(parser)
        return type(self).of(_parse(parser, arguments, Namespace(**values)), self.directory)


class _ResetParser(ArgumentParser):
    """Raises BadRequestError instead of ending the process."""

    @override
    def error(self, message: str) -> NoReturn:
        raise BadRequestError(message)


def read_command_line(arguments: Sequence[str] | None) -> Namespace:
    """Read the options of `python -m simulator`; ends the process when they make no sense."""
    return _parse(command_line(), arguments)


def command_line() -> ArgumentParser:
    """Make the parser of the command line."""
    parser = ArgumentParser(prog="simulator", description="The NaviLink cloud and NWP500 heaters on this machine.")
    add = parser.add_argument
    add("--host", type=_loopback, help="loopback address to listen on (%(default)s)")
    for service in ("rest", "mqtt", "control"):
        add(f"--{service}-port", type=_number(int, 0, 65535), default=0, metavar="PORT", help="0: any free one")
    add("--directory", type=Path, help="where the certificates go (default: a temporary one)")
    add("--email", help="of the account (%(default)s)")
    add("--password", help="of the account (default: a new one each time)")
    add("--until-eof", action="store_true", help="end when the standard input does, so as not to outlive the caller")
    _add_cloud_options(parser)
    parser.set_defaults(password=secrets.token_urlsafe(12))
    return parser


def _add_cloud_options(parser: ArgumentParser) -> None:
    add, seconds = parser.add_argument, _number(float, 0, 600)
    add("--heaters", type=_number(int, 0, MAX_HEATERS), metavar="N", help="how many (%(default)s)")
    add("--past-days", type=_number(int, 0, MAX_PAST_DAYS), metavar="N", help="of energy behind them (%(default)s)")
    add("--household", action="store_true", help="people draw hot water from the heaters and have schedules")
    add("--offline-heaters", type=_number(int, 0, MAX_HEATERS), metavar="N", help="so many are offline")
    add("--foreign-device", action="store_true", help="the account also has a device of another product")
    add("--time-zone", type=_zone, metavar="NAME", help="of the heaters (%(default)s)")
    add("--speed", type=_number(float, 0, MAX_SPEED), help="of the heaters' clock (%(default)s)")
    add("--reply-delay", type=seconds, metavar="S", help="of the heaters (%(default)s s)")
    add("--control-interval", type=seconds, metavar="S", help="a DHW control sooner after another one is refused")
    add("--push-interval", type=_number(float, 0.1, 86400), metavar="S", help="send status unasked every S seconds")
    for kind in ("jwt", "aws"):
        add(f"--{kind}-lifetime", type=_number(int, 1, 86400), metavar="S", help="%(default)s s")
    add("--rotate-refresh-token", action=BooleanOptionalAction, help="a refresh makes the old one stale")
    parser.set_defaults(
        **{option.name: option.default for option in fields(CloudOptions) if option.name != "directory"}
    )


def _parse(parser: ArgumentParser, arguments: Sequence[str] | None, given: Namespace | None = None) -> Namespace:
    options = parser.parse_args(arguments, given)
    if options.offline_heaters > options.heaters:
        parser.error("there cannot be more offline heaters than heaters")
    return options


def _number[T: (int, float)](kind: Callable[[str], T], minimum: float, maximum: float) -> Callable[[str], T]:
    def number(text: str) -> T:
        value = kind(text)
        if not minimum <= value <= maximum:
            raise ArgumentTypeError(f"must be {minimum:g} to {maximum:g}")
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
