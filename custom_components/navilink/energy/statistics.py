"""The energy statistics of one heater in Home Assistant's recorder: read, written and cleared as a whole."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from homeassistant.components.recorder.const import DOMAIN as RECORDER_DOMAIN
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics, statistics_during_period
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.recorder import get_instance
from homeassistant.util.unit_conversion import EnergyConverter

from ..const import DOMAIN
from ..heater import heater_name
from ..nwp500 import Device
from ..wording import text
from .rows import Amount, Row

WH_PER_KWH = 1000

SERIES: Mapping[str, Callable[[Amount], int]] = {
    "heat_pump": lambda amount: amount.heat_pump,
    "elements": lambda amount: amount.elements,
    "total": lambda amount: amount.total,
}
"""The statistics of a heater, by the end of their ids, and what of an amount each has."""

TOTAL = "total"

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class EnergyStatistics:
    """The three statistics of a heater."""

    def __init__(self, hass: HomeAssistant, device: Device) -> None:
        """Raise `ServiceValidationError` when there is no recorder."""
        # One that could not open its database is there all the same, and never does anything.
        if RECORDER_DOMAIN not in hass.config.components:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="recorder_off")
        self._hass = hass
        self._recorder = get_instance(hass)
        self._device = device
        self.ids = {series: f"{DOMAIN}:{device.mac_address}_energy_{series}" for series in SERIES}

    async def async_read(self) -> dict[str, tuple[Row, ...]]:
        """Return what is stored of each series, in order."""
        await self.async_written()
        stored = await self._recorder.async_add_executor_job(
            statistics_during_period,
            self._hass,
            _LONG_AGO,
            None,
            set(self.ids.values()),
            "hour",
            {EnergyConverter.UNIT_CLASS: UnitOfEnergy.KILO_WATT_HOUR},
            {"state", "sum"},
        )
        return {
            series: tuple(
                Row(datetime.fromtimestamp(row["start"], UTC), max(0, _wh(row.get("state"))), _wh(row.get("sum")))
                for row in stored.get(statistic_id, ())
            )
            for series, statistic_id in self.ids.items()
        }

    @callback
    def write(self, series: str, rows: Sequence[Row]) -> None:
        """Let these rows be stored in the place of those with the same start."""
        async_add_external_statistics(
            self._hass,
            StatisticMetaData(
                mean_type=StatisticMeanType.NONE,
                has_sum=True,
                name=text(self._hass, "energy_statistic", series, {"heater": heater_name(self._device)}),
                source=DOMAIN,
                statistic_id=self.ids[series],
                unit_class=EnergyConverter.UNIT_CLASS,
                unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            ),
            [StatisticData(start=row.start, state=row.energy / WH_PER_KWH, sum=row.total / WH_PER_KWH) for row in rows],
        )

    async def async_written(self) -> None:
        """Wait until everything is in the database."""
        # The recorder's own way of waiting does not wait for a task that is being done while no other is queued.
        await self._async_delete([])

    async def async_clear(self) -> list[str]:
        """Remove every row, and return the ids of the statistics that had some."""
        stored = await self.async_read()
        cleared = [self.ids[series] for series, rows in stored.items() if rows]
        await self._async_delete(cleared)
        return cleared

    async def _async_delete(self, statistic_ids: list[str]) -> None:
        """Remove statistics, and wait until that and all that was queued before is done."""
        done = asyncio.Event()

        def on_done() -> None:
            self._hass.loop.call_soon_threadsafe(done.set)

        self._recorder.async_clear_statistics(statistic_ids, on_done=on_done)
        await done.wait()


def _wh(kilowatt_hours: float | None) -> int:
    return round((kilowatt_hours or 0) * WH_PER_KWH)
