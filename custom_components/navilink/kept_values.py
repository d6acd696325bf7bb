"""What a heater does not keep for its owner, kept for each heater of an account over restarts.

A heater reports no filter interval while its reminder is off and no length of a vacation after one, takes an interval
of anti-legionella only together with switching it on, and does not report whether the utility may control it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .const import DOMAIN, LOGGER
from .heater import HeaterState
from .nwp500 import DeviceStatus

VERSION = 1
# Seconds; what a heater reports may change several times at once.
SAVE_DELAY = 1.0

# A file that cannot be read, one of another form, and one of a version that there never was.
READ_ERRORS = (HomeAssistantError, OSError, LookupError, TypeError, ValueError, AttributeError, NotImplementedError)

type Stored = dict[str, dict[str, int]]
"""The values of each heater by their names, by its MAC address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNumber:
    """An interval or a length that is used again later, also when the heater does not report it any more."""

    name: str
    """By which it is stored."""
    allowed: range
    usual: int
    """What is used while nothing else is known."""
    in_force: Callable[[DeviceStatus], float | None]
    """The number that has an effect now, zero or None without one."""
    reported: Callable[[DeviceStatus], float | None]
    """The number that the heater itself would use the next time, zero or None without one."""

    def allowed_or_none(self, number: float | None) -> int | None:
        """Return a number of the heater, None for one that it could not be given."""
        return None if number is None or number not in self.allowed else int(number)

    def is_in_force(self, heater: HeaterState) -> bool:
        """Return whether it has an effect now, or will have when the commands on their way are carried out."""
        return heater.shown is not None and bool(self.in_force(heater.shown))


ANTI_LEGIONELLA_INTERVAL = KeptNumber(
    name="anti_legionella_interval",
    allowed=range(1, 31),
    usual=7,
    in_force=lambda status: status.anti_legionella_period if status.anti_legionella_enabled else None,
    reported=lambda status: status.anti_legionella_period,
)
FILTER_INTERVAL = KeptNumber(
    name="filter_interval",
    allowed=range(1000, 10_001, 500),
    usual=1000,
    in_force=lambda status: status.air_filter_alarm_period,
    reported=lambda status: status.air_filter_alarm_period,
)
VACATION_LENGTH = KeptNumber(
    name="vacation_length",
    allowed=range(1, 100),
    usual=7,
    in_force=lambda status: status.vacation_days,
    # The length of a vacation that was started with days of its own is not what the owner wants the next time.
    reported=lambda status: None if status.is_on_vacation else status.vacation_days,
)


class KeptValues:
    """The kept values of an account's heaters; a change of them is on the disk soon, one by the user at once."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Take whose they are."""
        self._store: Store[Stored] = Store(hass, VERSION, f"{DOMAIN}.{entry_id}.kept", private=True, atomic_writes=True)
        self._values: Stored = {}
        self._is_changed = False
        """Whether there may be something to write."""

    async def async_load(self) -> None:
        """Read what an earlier run has stored; what cannot be read counts for nothing."""
        try:
            self._values = _readable(await self._store.async_load())
        except READ_ERRORS as err:
            # Its text may contain values, so only its kind is logged.
            LOGGER.warning("Could not read the remembered settings, starting without: %s", type(err).__name__)

    async def async_saved(self) -> None:
        """Write what has changed."""
        if self._is_changed:
            self._is_changed = False
            await self._store.async_save(self._values)

    def get(self, mac_address: str, name: str) -> int | None:
        """Return the value of this name, None when there is none."""
        return self._values.get(mac_address, {}).get(name)

    @callback
    def put(self, mac_address: str, **values: int) -> None:
        """Keep values by their names; nothing is written when they are those that are kept."""
        known = self._values.get(mac_address, {})
        if known | values != known:
            self._write_soon({**self._values, mac_address: known | values})

    async def async_put(self, mac_address: str, **values: int) -> None:
        """Keep values that the user has chosen; return once they are written."""
        self.put(mac_address, **values)
        await self.async_saved()

    @callback
    def forget(self, mac_addresses: Iterable[str]) -> None:
        """Forget heaters that have left the account."""
        gone = self._values.keys() & set(mac_addresses)
        if gone:
            self._write_soon({mac: values for mac, values in self._values.items() if mac not in gone})

    @callback
    def _write_soon(self, values: Stored) -> None:
        self._values, self._is_changed = values, True
        self._store.async_delay_save(lambda: self._values, SAVE_DELAY)

    # Numbers

    @callback
    def take_in(self, heater: HeaterState, number: KeptNumber) -> None:
        """Keep a number that the heater uses, or that was changed elsewhere since it was last reported.

        While it has no effect, what the user has chosen meanwhile is newer than what the heater has reported all along.
        """
        status, mac_address, reported_name = heater.status, heater.device.mac_address, f"{number.name}_reported"
        reported = None if status is None else number.allowed_or_none(number.reported(status))
        if status is None or reported is None:
            return
        known, last = self._kept(mac_address, number), self.get(mac_address, reported_name)
        is_used = bool(number.in_force(status)) and number.is_in_force(heater)
        is_changed = last is not None and reported != last
        kept = reported if is_used or is_changed or known is None else known
        self.put(mac_address, **{number.name: kept, reported_name: reported})

    def number(self, heater: HeaterState, number: KeptNumber) -> int | None:
        """Return the number that has an effect now or will have, else the one that is used the next time."""
        in_force = None if heater.shown is None else number.allowed_or_none(number.in_force(heater.shown))
        return in_force or self._kept(heater.device.mac_address, number)

    def next_number(self, heater: HeaterState, number: KeptNumber) -> int:
        """Return the number that is used the next time, the usual one while nothing else is known."""
        return self.number(heater, number) or number.usual

    def _kept(self, mac_address: str, number: KeptNumber) -> int | None:
        return number.allowed_or_none(self.get(mac_address, number.name))


def _readable(stored: object) -> Stored:
    """Return what of a stored content is of the right form."""
    if not isinstance(stored, dict):
        return {}
    return {
        mac_address: {name: value for name, value in values.items() if type(value) is int}
        for mac_address, values in stored.items()
        if isinstance(values, dict)
    }
