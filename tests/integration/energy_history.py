"""The energy statistics as the recorder has them, and days written into the simulated heater."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SERIES = ("heat_pump", "elements", "total")

type Stored = list[tuple[str, float, float]]
"""Local time, kWh of the row, and their sum so far."""


def statistic_id(series: str = "total", mac_address: str = MAC) -> str:
    return f"{DOMAIN}:{mac_address}_energy_{series}"


async def stored(hass: HomeAssistant, series: str = "total", mac_address: str = MAC) -> Stored:
    """Return the rows of a statistic."""
    wanted = statistic_id(series, mac_address)
    rows = await _read(hass, wanted, "hour", "state", "sum")
    return [(f"{_local(row['start']):%Y-%m-%d %H:%M}", round(row["state"], 6), round(row["sum"], 6)) for row in rows]


async def used(hass: HomeAssistant, period: Literal["day", "month"], series: str = "total") -> dict[str, float]:
    """Return how much the Energy dashboard shows for each day or month, as Home Assistant adds it up."""
    rows = await _read(hass, statistic_id(series), period, "change")
    return {f"{_local(row['start']):%Y-%m-%d}": round(row["change"], 6) for row in rows}


async def _read(
    hass: HomeAssistant,
    wanted: str,
    period: Literal["day", "hour", "month"],
    *types: Literal["state", "sum", "change"],
) -> list[dict[str, Any]]:
    # Any: Home Assistant has one shape for the rows of all types.
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, LONG_AGO, None, {wanted}, period, None, set(types)
    )
    return [dict(row) for row in found.get(wanted, [])]


def _local(seconds: float) -> datetime:
    return dt_util.as_local(dt_util.utc_from_timestamp(seconds))


async def write_days(
    simulator: SimulatorProcess, first: date, *watt_hours: int | tuple[int, int], mac_address: str = MAC
) -> None:
    """Let a heater have used so much on consecutive days: with the heat pump, or with heat pump and elements."""
    for number, each in enumerate(watt_hours):
        heat_pump, elements = each if isinstance(each, tuple) else (each, 0)
        day = (first + timedelta(days=number)).isoformat()
        await simulator.fault("energy_day", day=day, heat_pump=heat_pump, elements=elements, mac=mac_address)


def days_in(rows: Stored) -> Mapping[str, float]:
    """Return the kWh of each row that has some, by its local time."""
    return {start: energy for start, energy, _ in rows if energy}
