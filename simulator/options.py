"""How a simulator is set up: the options of the command line, most of which a reset takes too."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from ipaddress import ip_address
import secrets
from typing import NoReturn, override
from zoneinfo import available_timezones

from .common.clock import MAX_SPEED
from .common.reading import BadRequestError
from .heater.energy import MAX_PAST_DAYS, PAST_DAYS
from .heater.heater import DEFAULT_TIME_ZONE

MAX_HEATERS = 200

_OF_THE_START = frozenset(
    {"host", "rest_port", "mqtt_port", "control_port", "directory", "email", "password", "until_eof"}
)
"""Addresses, the account and what concerns the process: a reset cannot change them."""


def _option[T](default: T, description: str, **argument: object) -> T:
    """Make a field with its argument of the command line."""
    return field(default=default, metadata={"help": description, **argument})


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


_FLAG = {"action": "store_true"}
_PORT = {"type": _number(int, 0, 65535), "metavar": "PORT"}
_HOW_MANY = {"type": _number(int, 0, MAX_HEATERS), "metavar": "N"}
_PAST_DAYS = {"type": _number(int, 0, MAX_PAST_DAYS), "metavar": "N"}
_SECONDS = {"type": _number(float, 0, 600), "metavar": "S"}
_LIFETIME = {"type": _number(int, 1, 86400), "metavar": "S"}


@dataclass(frozen=True, kw_only=True, repr=False)  # one of them is the password
class Options:
    """How a simulator starts, and how a reset leaves it. Lifetimes, delay and intervals in real seconds."""

    host: str = _option("127.0.0.1", "loopback address to listen on (%(default)s)", type=_loopback)
    rest_port: int = _option(0, "0: any free one", **_PORT)
    mqtt_port: int = _option(0, "0: any free one", **_PORT)
    control_port: int = _option(0, "0: any free one", **_PORT)
    directory: str = _option("", "where the certificates go (default: a temporary one)")
    email: str = _option("user@example.com", "of the account (%(default)s)")
    password: str = _option("correct horse", "of the account (default: a new one each time)")
    until_eof: bool = _option(False, "end when the standard input does, so as not to outlive the caller", **_FLAG)
    heaters: int = _option(1, "how many (%(default)s)", **_HOW_MANY)
    past_days: int = _option(PAST_DAYS, "of energy behind them (%(default)s)", **_PAST_DAYS)
    household: bool = _option(False, "people draw hot water from the heaters and have schedules", **_FLAG)
    offline_heaters: int = _option(0, "so many, the last ones, are offline", **_HOW_MANY)
    foreign_device: bool = _option(False, "the account also has a device of another product", **_FLAG)
    time_zone: str = _option(DEFAULT_TIME_ZONE, "of the heaters (%(default)s)", type=_zone, metavar="NAME")
    speed: float = _option(1.0, "of the heaters' clock (%(default)s)", type=_number(float, 0, MAX_SPEED))
    reply_delay: float = _option(0.05, "of the heaters (%(default)s s)", **_SECONDS)
    control_interval: float = _option(0.0, "a DHW control sooner after another one is refused", **_SECONDS)
    """How soon a real heater refuses is not documented."""
    push_interval: float | None = _option(
        None, "send status unasked to active clients every S seconds", type=_number(float, 0.1, 86400), metavar="S"
    )
    jwt_lifetime: int = _option(3600, "%(default)s s", **_LIFETIME)
    aws_lifetime: int = _option(3600, "%(default)s s", **_LIFETIME)
    rotate_refresh_token: bool = _option(True, "a refresh makes the old one stale", action=BooleanOptionalAction)

    def changed(self, arguments: Sequence[str]) -> Options:
        """Give options that differ by command line `arguments`; addresses and account cannot change."""
        parser = _ResetParser(prog="reset", add_help=False, allow_abbrev=False)
        return parse(_with_options(parser, self, without=_OF_THE_START), arguments)


class _ResetParser(ArgumentParser):
    """Raises BadRequestError instead of ending the process."""

    @override
    def error(self, message: str) -> NoReturn:
        raise BadRequestError(message)


def command_line() -> ArgumentParser:
    """Make the parser of the command line of `python -m simulator`."""
    parser = ArgumentParser(prog="simulator", description="The NaviLink cloud and NWP500 heaters on this machine.")
    return _with_options(parser, Options(password=secrets.token_urlsafe(12)))


def _with_options(parser: ArgumentParser, defaults: Options, without: frozenset[str] = frozenset()) -> ArgumentParser:
    for option in fields(Options):
        if option.name not in without:
            parser.add_argument(f"--{option.name.replace('_', '-')}", **option.metadata)
    parser.set_defaults(**asdict(defaults))
    return parser


def parse(parser: ArgumentParser, arguments: Sequence[str] | None) -> Options:
    """Read options; those that make no sense are an error of the parser, which ends the process or raises."""
    options = Options(**vars(parser.parse_args(arguments)))
    if options.offline_heaters > options.heaters:
        parser.error("there cannot be more offline heaters than heaters")
    return options
