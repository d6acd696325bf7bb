"""What is learned from the statuses of each heater: an observer for each, over restarts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from ..kept_values import READ_ERRORS
from ..nwp500 import DeviceStatus, NavienMqttClient, StatusReceived
from ..times import aware_time
from .insight import (
    Household,
    Learned,
    Observer,
    Tank,
    cold_water,
    hot_water,
    is_low,
    showers_left,
    time_until_hot,
)

_VERSION = 1
# Seconds. It is learned over days.
_SAVE_DELAY = 600.0
# What is shown changes in such steps, so that it is not recorded with each status.
_TIME_STEP = timedelta(minutes=5)
_LITERS_STEP = 5
# What a time of hot water is worth that was stored before this could be chosen.
_USUAL = Household()

_FACTOR = vol.All(vol.Coerce(float), vol.Range(min=0.5, max=1.5))
_STORED = vol.Schema(
    {
        str: {
            vol.Required("heat_pump"): _FACTOR,
            vol.Required("element"): _FACTOR,
            vol.Required("loss"): _FACTOR,
            vol.Required("cop"): vol.Any(None, vol.All(vol.Coerce(float), vol.Range(min=0, max=20))),
            vol.Required("hygienic_at"): vol.Any(None, aware_time),
            vol.Optional("hygiene_temperature", default=_USUAL.hygiene_temperature): vol.Coerce(float),
            vol.Optional("hygiene_minutes", default=_USUAL.hygiene_minutes): vol.Coerce(float),
        }
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """What is worked out of a heater's last status, and of those before."""

    learned: Learned
    until_hot: timedelta | None = None
    """In steps of five minutes."""
    hot_at: datetime | None = None
    hot_water: int | None = None
    """Liters of 40 °C."""
    showers: float | None = None
    is_low: bool | None = None
    """Whether there is less hot water than the household wants to have."""


class Observers:
    """Watches the heaters of an account."""

    def __init__(self, hass: HomeAssistant, entry_id: str, client: NavienMqttClient, household: Household) -> None:
        """Take the client that reports, and the household; nothing is loaded yet."""
        self._client = client
        self.household = household
        self._store: Store[dict[str, Any]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.insight", private=True, atomic_writes=True
        )
        self._learned: dict[str, Learned] = {}
        self._observers: dict[str, Observer] = {}
        self._insights: dict[str, Insight] = {}

    async def async_load(self) -> None:
        """Read what was learned by earlier runs; what cannot be read counts for nothing."""
        try:
            stored = _STORED(await self._store.async_load() or {})
        except (*READ_ERRORS, vol.Invalid) as err:
            # Its text may contain values, so only its kind is logged.
            LOGGER.warning("Could not read what was learned about the water heaters: %s", type(err).__name__)
            return
        self._learned = {mac_address: _learned(values, self.household) for mac_address, values in stored.items()}

    @callback
    def listen(self) -> list[Callable[[], None]]:
        """Begin; returns what ends it."""
        return [self._client.on("status_received", self._on_status_received)]

    async def async_save(self) -> None:
        """Write what is learned."""
        await self._store.async_save(self._to_dict())

    @callback
    def forget(self, mac_addresses: Iterable[str]) -> None:
        """Forget heaters that have left the account."""
        for mac_address in mac_addresses:
            for known in (self._learned, self._observers, self._insights):
                known.pop(mac_address, None)

    def of(self, mac_address: str) -> Insight:
        """Return what is known of a heater."""
        return self._insights.get(mac_address) or Insight(learned=self._learned.get(mac_address, Learned()))

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        feature = self._client.feature(event.device)
        if feature is None or feature.volume_gallons is None:
            return
        mac_address, tank = event.device.mac_address, Tank(feature.volume_gallons)
        now = dt_util.utcnow()
        observer = self._observers.get(mac_address)
        if observer is None or observer.tank != tank:
            learned = self._learned.get(mac_address, Learned())
            observer = Observer(tank=tank, household=self.household, learned=learned)
        observer = observer.after(event.status, now)
        self._observers[mac_address] = observer
        if observer.learned != self._learned.get(mac_address, Learned()):
            self._learned[mac_address] = observer.learned
            self._store.async_delay_save(self._to_dict, _SAVE_DELAY)
        self._insights[mac_address] = _insight(event.status, observer, self.of(mac_address), now)

    def _to_dict(self) -> dict[str, Any]:
        return {
            mac_address: {
                "heat_pump": learned.heat_pump,
                "element": learned.element,
                "loss": learned.loss,
                "cop": learned.cop,
                "hygienic_at": None if learned.hygienic_at is None else learned.hygienic_at.isoformat(),
                "hygiene_temperature": self.household.hygiene_temperature,
                "hygiene_minutes": self.household.hygiene_minutes,
            }
            for mac_address, learned in self._learned.items()
        }


def _learned(stored: Mapping[str, Any], household: Household) -> Learned:
    """Return what was learned. When the water was hot is not known any more if it has to be hotter now, or longer."""
    learned = Learned(**{each.name: stored[each.name] for each in fields(Learned)})
    is_as_strict = (
        stored["hygiene_temperature"] >= household.hygiene_temperature
        and stored["hygiene_minutes"] >= household.hygiene_minutes
    )
    return learned if is_as_strict else replace(learned, hygienic_at=None)


def _insight(status: DeviceStatus, observer: Observer, last: Insight, now: datetime) -> Insight:
    household, tank = observer.household, observer.tank
    left = time_until_hot(status, tank, observer.learned)
    liters = hot_water(status, tank, cold_water(household, dt_util.as_local(now).date()))
    showers = None if liters is None else showers_left(liters, household)
    return Insight(
        learned=observer.learned,
        until_hot=None if left is None else ceil(left / _TIME_STEP) * _TIME_STEP,
        hot_at=_steady_time(None if left is None or not left else now + left, last.hot_at),
        hot_water=None if liters is None else round(liters / _LITERS_STEP) * _LITERS_STEP,
        showers=showers,
        is_low=None if showers is None else is_low(showers, household, was_low=last.is_low is True),
    )


def _steady_time(time: datetime | None, last: datetime | None) -> datetime | None:
    """Return a time in whole steps, or the last one while it is less than a step away."""
    if time is None:
        return None
    if last is not None and abs(time - last) < _TIME_STEP:
        return last
    step = _TIME_STEP.total_seconds()
    return datetime.fromtimestamp(ceil(time.timestamp() / step) * step, time.tzinfo)
