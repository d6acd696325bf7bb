"""Home Assistant's own sources of prices, run for real; only the library of each, which is not installed, stands in.

What a library returns and raises was read in its repository; the values are made up. What becomes of it is Home
Assistant's own: the schemas of the actions, their errors, and the shape of their responses.

* pynordpool (github.com/gjohansson-ST/pynordpool): quarter hours of a day in Oslo, in UTC, for each MWh. An error of
  aiohttp goes through.
* pyTibber (github.com/Danielhiversen/pyTibber): the prices of today and of tomorrow by their local start, a text.
* amberelectric (github.com/home-assistant/core, tests/components/amberelectric): half hours that start a second late,
  in cents; the current one is not among the forecasts.
* energyzero (github.com/klaasnicolaas/python-energyzero): ranges in UTC. A day without prices and a failed connection
  are two errors.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, auto
import importlib
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock
from zoneinfo import ZoneInfo

from aiohttp import ClientConnectionError
from homeassistant.util import dt as dt_util

CHEAP = range(2, 5)
"""The hours of the day at which power is cheap."""
_DAY = timedelta(days=1)


class EmptyResponseError(Exception):
    """Nord Pool has no prices for a day."""


class NoDataError(Exception):
    """EnergyZero has no prices for a day."""


class EnergyZeroDownError(Exception):
    """EnergyZero cannot be reached."""


class PriceDescriptor(StrEnum):
    """What Amber Electric calls a price."""

    NEUTRAL = auto()
    SPIKE = auto()
    HIGH = auto()
    LOW = auto()
    VERYLOW = auto()
    EXTREMELYLOW = auto()
    NEGATIVE = auto()


_LIBRARIES: dict[str, dict[str, type]] = {
    "pynordpool": {
        "NordPoolAuthenticationError": type("NordPoolAuthenticationError", (Exception,), {}),
        "NordPoolEmptyResponseError": EmptyResponseError,
        "NordPoolError": type("NordPoolError", (Exception,), {}),
    },
    "pynordpool.const": {},
    "tibber": {
        name: type(name, (Exception,), {})
        for name in ("InvalidLoginError", "RetryableHttpExceptionError", "FatalHttpExceptionError")
    },
    "tibber.data_api": {},
    "amberelectric": {},
    "amberelectric.rest": {},
    **{
        f"amberelectric.models.{name}": {}
        for name in ("actual_interval", "channel", "current_interval", "forecast_interval", "site", "site_status")
    },
    "amberelectric.models.price_descriptor": {"PriceDescriptor": PriceDescriptor},
    "energyzero": {"EnergyZeroNoDataError": NoDataError, "EnergyZeroConnectionError": EnergyZeroDownError},
}


def setup_services(domain: str) -> Callable[..., None]:
    """Return what sets up the services of an integration; its library stands in only while that is imported."""
    missing = {name: MagicMock() for name in _LIBRARIES if name not in sys.modules}
    for name, library in missing.items():
        library.configure_mock(**_LIBRARIES[name])
    sys.modules.update(missing)
    try:
        services = importlib.import_module(f"homeassistant.components.{domain}.services")
    finally:
        for name in missing:
            del sys.modules[name]
    set_up: Callable[..., None] = services.async_setup_services
    return set_up


@dataclass(slots=True)
class Market:
    """The prices for each kWh that are known, which are low at cheap hours; while it is down, nobody knows any."""

    known_until: Callable[[], datetime]
    is_down: bool = False
    asked: int = 0

    def between(self, begin: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime, float]]:
        """Yield the start and the end, in UTC, of each price of a time, and the price."""
        self.asked += 1
        at, end = begin.astimezone(UTC), min(end, self.known_until()).astimezone(UTC)
        while at < end:
            yield at, at + step, 0.1 if dt_util.as_local(at).hour in CHEAP else 0.3
            at += step


@dataclass(frozen=True, slots=True)
class NordPool:
    """A client of pynordpool, as the runtime data of an entry has it."""

    market: Market

    @property
    def client(self) -> NordPool:
        """Return itself."""
        return self

    async def async_get_delivery_period(self, day: datetime, _currency: object, areas: list[str]) -> SimpleNamespace:
        """Return the prices of a day."""
        if self.market.is_down:
            raise ClientConnectionError
        begin = datetime.combine(day.date(), time(), ZoneInfo("Europe/Oslo"))
        entries = [
            SimpleNamespace(start=start, end=end, entry=dict.fromkeys(areas, 1000 * price))
            for start, end, price in self.market.between(begin, begin + _DAY, timedelta(minutes=15))
        ]
        if not entries:
            raise EmptyResponseError
        return SimpleNamespace(entries=entries)


class Tibber:
    """The connection of pyTibber, with a single home."""

    name = "Home"

    def __init__(self, market: Market) -> None:
        """Take the prices; none are fetched yet."""
        self.market = market
        self.price_total: dict[str, float] = {}

    async def async_get_client(self, _hass: object) -> Tibber:
        """Return itself, once a new token has come."""
        if self.market.is_down:
            raise ClientConnectionError
        return self

    def get_homes(self, *, only_active: bool) -> list[Tibber]:
        """Return the home."""
        return [self] if only_active else []

    async def update_info_and_price_info(self) -> None:
        """Fetch the prices of today and of tomorrow."""
        begin = dt_util.start_of_local_day()
        self.price_total = {
            dt_util.as_local(start).isoformat(timespec="milliseconds"): price
            for start, _, price in self.market.between(begin, begin + 2 * _DAY, timedelta(minutes=15))
        }


@dataclass(frozen=True, slots=True)
class Amber:
    """The data of Amber Electric's coordinator, which keeps what it had."""

    market: Market

    @property
    def data(self) -> dict[str, dict[str, list[SimpleNamespace]]]:
        """Return the forecasts of a day and a half from the next half hour on."""
        now = dt_util.utcnow()
        begin = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) + timedelta(minutes=30)
        prices = self.market.between(begin, begin + timedelta(hours=36), timedelta(minutes=30))
        return {"forecasts": {"general": [self._interval(start, end, 100 * price) for start, end, price in prices]}}

    @staticmethod
    def _interval(start: datetime, end: datetime, cents: float) -> SimpleNamespace:
        nem_time = end.astimezone(ZoneInfo("Australia/Brisbane"))
        return SimpleNamespace(
            channel_type="general",
            duration=30,
            var_date=nem_time.date(),
            nem_time=nem_time,
            start_time=start + timedelta(seconds=1),
            end_time=end,
            per_kwh=cents,
            spot_per_kwh=cents / 2,
            renewables=31.4,
            spike_status=SimpleNamespace(value="none"),
            descriptor="neutral",
            range=SimpleNamespace(min=cents - 2, max=cents + 2),
            advanced_price=SimpleNamespace(low=cents - 1, predicted=cents, high=cents + 1),
        )


@dataclass(frozen=True, slots=True)
class EnergyZero:
    """A client of energyzero, as the runtime data of an entry has it."""

    market: Market

    @property
    def energyzero(self) -> EnergyZero:
        """Return itself."""
        return self

    async def get_electricity_prices(self, *, start_date: date, local_tz: ZoneInfo, **_: object) -> SimpleNamespace:
        """Return the prices of a day."""
        if self.market.is_down:
            raise EnergyZeroDownError
        begin = datetime.combine(start_date, time(), local_tz)
        prices = {
            _TimeRange(start, end): price
            for start, end, price in self.market.between(begin, begin + _DAY, timedelta(hours=1))
        }
        if not prices:
            raise NoDataError
        return SimpleNamespace(prices=prices)


@dataclass(frozen=True, slots=True)
class _TimeRange:
    start_including: datetime
    end_excluding: datetime
