"""The past of the heaters as statistics: imported when asked for, and from then on repaired once a day.

A heater knows its days by the month. Each month is read and written before the next, so that a run that ends early
leaves nothing wrong behind, and the next one goes on there: the one of the next hour at the latest.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from homeassistant.components.recorder.const import DOMAIN as RECORDER_DOMAIN
from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..heater import heater_name
from ..kept_values import READ_ERRORS
from ..nwp500 import Device, NavienError, NavienMqttClient, NotConnectedError, watched
from ..wording import to_home_assistant_error
from .reader import EnergyReader
from .rows import Amount, months, stored_days
from .run import EnergyRun, RunOutcome
from .statistics import TOTAL, EnergyStatistics

STORE_VERSION = 1
# A day is repaired in the first hour of the next that has a connection.
REPAIR_INTERVAL = timedelta(hours=1)
# What heaters report for a day can change for so long.
REPAIR_WINDOW = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Imports:
    """What the user wants of a heater's past."""

    until: date
    """The first day that is not imported."""
    is_monthly: bool = False
    """Whether a month whose days the heater no longer knows becomes one row."""
    resume_from: date | None = None
    """The month in which the last run ended early."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values only."""
        resume_from = None if self.resume_from is None else self.resume_from.isoformat()
        return {"until": self.until.isoformat(), "is_monthly": self.is_monthly, "resume_from": resume_from}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        resume_from = stored["resume_from"]
        return cls(
            date.fromisoformat(stored["until"]),
            stored["is_monthly"],
            None if resume_from is None else date.fromisoformat(resume_from),
        )


class EnergyHistory:
    """Keeps the energy statistics of an account's heaters."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: NavienMqttClient,
        devices: Callable[[], Mapping[str, Device]],
    ) -> None:
        """Take what returns the heaters that the account has now, by MAC address."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._devices = devices
        # The queue's own file ends with the id of the entry. What begins like it is removed with the account.
        self._store = Store[dict[str, Any]](hass, STORE_VERSION, f"{DOMAIN}.{entry.entry_id}.energy")
        self._imports: dict[str, Imports] | None = None
        self._running: set[str] = set()
        self._repaired_on: dict[str, date] = {}
        self._is_closed = False

    @callback
    def listen(self) -> Callable[[], None]:
        """Begin to repair once a day what was imported; returns what ends it."""
        stop = async_track_time_interval(self._hass, self._on_interval, REPAIR_INTERVAL)

        @callback
        def close() -> None:
            # What a run still finds out is not stored: the account may be gone by then, or be set up anew. Where the
            # next run has to go on was stored when this one began.
            self._is_closed = True
            stop()

        return close

    # What is asked for

    async def async_import(
        self, device: Device, *, start: date | None = None, until: date | None = None, is_monthly: bool = False
    ) -> RunOutcome:
        """Import the days before `until`, by default those before the energy sensors were there.

        Raises `HomeAssistantError` when there is no recorder, no connection, no answer at all, nothing to import
        between the two days, or another run for this heater.
        """
        statistics = EnergyStatistics(self._hass, device)
        with self._only_run(device):
            imports = await self._async_imports()
            earlier = imports.get(device.mac_address)
            until = until or (earlier.until if earlier else self._installed_on(device))
            if start is not None and start >= until:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="energy_nothing_to_import",
                    translation_placeholders={"start": start.isoformat(), "until": until.isoformat()},
                )
            wanted = Imports(until, is_monthly)
            used = await self._async_used_months(device, start)
            first = max(min(used, default=dt_util.now().date()), start or date.min)
            if start is None and earlier is not None and earlier.resume_from and earlier.is_monthly is is_monthly:
                first = earlier.resume_from
            # Whatever ends this run, the next one goes on at least from here.
            await self._async_save(device, replace(wanted, resume_from=first))
            return await self._async_run(device, statistics, wanted, first, used if is_monthly else {})

    async def async_clear(self, device: Device) -> list[str]:
        """Remove the statistics of a heater, which are no longer repaired; returns the ids of those that there were."""
        statistics = EnergyStatistics(self._hass, device)
        with self._only_run(device):
            await self._async_save(device, None)
            return await statistics.async_clear()

    # What is done by itself

    @callback
    def _on_interval(self, _now: datetime) -> None:
        if self._entry.pref_disable_polling or RECORDER_DOMAIN not in self._hass.config.components:
            return
        repair = self.async_repair()
        watched(self._entry.async_create_background_task(self._hass, repair, f"{DOMAIN} energy"))

    async def async_repair(self) -> None:
        """Read the last days of what was imported again, and go on with what was not read, unless done today."""
        imports = await self._async_imports()
        for mac_address, device in self._devices().items():
            today = dt_util.now().date()
            is_due = mac_address in imports and self._repaired_on.get(mac_address) != today
            if not is_due or mac_address in self._running or not self._client.is_connected:
                continue
            try:
                with self._only_run(device):
                    outcome = await self._async_repair_heater(device, imports[mac_address])
            except HomeAssistantError as err:
                LOGGER.debug("Not repairing the energy history of %s now: %s", heater_name(device), err)
                continue
            if outcome.unanswered_month is None:
                self._repaired_on[mac_address] = today

    async def _async_repair_heater(self, device: Device, wanted: Imports) -> RunOutcome:
        """Read again from a month back at least, and from where nothing is left out."""
        statistics = EnergyStatistics(self._hass, device)
        used: Mapping[date, Amount] = {}
        if wanted.is_monthly and wanted.resume_from:
            used = await self._async_used_months(device, wanted.resume_from)
        today = dt_util.now().date()
        last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        since = [last_month, today - REPAIR_WINDOW, wanted.resume_from or today]
        stored = stored_days((await statistics.async_read())[TOTAL], dt_util.get_default_time_zone())
        missing = max(stored, default=today) + timedelta(days=1)
        if missing < wanted.until:
            since.append(missing)
        return await self._async_run(device, statistics, wanted, min(since).replace(day=1), used)

    # A run

    @contextmanager
    def _only_run(self, device: Device) -> Iterator[None]:
        """Keep others away from a heater's statistics."""
        if device.mac_address in self._running:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="energy_import_running")
        self._running.add(device.mac_address)
        try:
            yield
        finally:
            self._running.discard(device.mac_address)

    async def _async_used_months(self, device: Device, start: date | None) -> Mapping[date, Amount]:
        """Ask in which months something was used."""
        first_year = 0 if start is None else start.year
        try:
            used = await EnergyReader(self._client, device).async_months(first_year, dt_util.now().year)
        except NotConnectedError as err:
            raise to_home_assistant_error(self._hass, err) from err
        except NavienError as err:
            LOGGER.debug("%s did not report the energy of its months: %s", heater_name(device), err)
            used = None
        if used is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="energy_no_answer")
        return used

    async def _async_run(
        self,
        device: Device,
        statistics: EnergyStatistics,
        wanted: Imports,
        first: date,
        used: Mapping[date, Amount],
    ) -> RunOutcome:
        """Read and write month by month, and remember where that ended."""
        run = EnergyRun(EnergyReader(self._client, device), statistics, used)
        end = min(wanted.until, dt_util.now().date())
        await run.async_begin()
        unanswered = None
        for month in months(first, end):
            if not await run.async_month(month, end):
                unanswered = month
                LOGGER.debug("%s did not report the energy of %s", heater_name(device), month)
                break
        await statistics.async_written()
        await self._async_save(device, replace(wanted, resume_from=unanswered))
        return RunOutcome(run.outcomes(), unanswered)

    def _installed_on(self, device: Device) -> date:
        """Return the day from which on the energy sensors of a heater count, or will: today is not imported anyway."""
        devices, entities = dr.async_get(self._hass), er.async_get(self._hass)
        found = devices.async_get_device_by_identifier((DOMAIN, device.mac_address), self._entry.entry_id)
        created = [
            entity.created_at
            for entity in (er.async_entries_for_device(entities, found.id) if found else ())
            if entity.platform == DOMAIN and entity.original_device_class == SensorDeviceClass.ENERGY
        ]
        return dt_util.as_local(min(created, default=self._entry.created_at)).date()

    # What is stored

    async def _async_imports(self) -> dict[str, Imports]:
        """Return what the user wants, by MAC address; what cannot be read is not wanted any more."""
        if self._imports is None:
            try:
                stored = await self._store.async_load() or {}
                self._imports = {mac_address: Imports.from_dict(each) for mac_address, each in stored.items()}
            except READ_ERRORS as err:
                # Its text may contain values, so only its kind is logged.
                LOGGER.error("Could not read which energy history to keep up to date: %s", type(err).__name__)
                self._imports = {}
        return self._imports

    async def _async_save(self, device: Device, wanted: Imports | None) -> None:
        imports = await self._async_imports()
        if self._is_closed or imports.get(device.mac_address) == wanted:
            return
        if wanted is None:
            del imports[device.mac_address]
        else:
            imports[device.mac_address] = wanted
        await self._store.async_save({mac_address: each.to_dict() for mac_address, each in imports.items()})
