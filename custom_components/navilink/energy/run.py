"""One reading of a heater's past, month by month, each written before the next is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..nwp500 import NavienError
from .reader import EnergyReader
from .rows import Amount, Plan, Row, believable, next_month, planned, stored_days
from .statistics import SERIES, TOTAL, EnergyStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOutcome:
    """What a run has done to one statistic."""

    first_day: date | None
    """The first day that has a row now."""
    last_day: date | None
    rows_written: int
    changed_days: tuple[date, ...]
    """Days that were stored with another energy."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run has done."""

    by_statistic: Mapping[str, SeriesOutcome]
    unanswered_month: date | None
    """The month before which it ended, because the heater did not answer."""


class EnergyRun:
    """One reading of a heater's past, month by month in order."""

    def __init__(self, reader: EnergyReader, statistics: EnergyStatistics, used: Mapping[date, Amount]) -> None:
        """Take months that become one row when the heater no longer knows their days."""
        self._reader = reader
        self._statistics = statistics
        self._used = used
        self._stored: dict[str, tuple[Row, ...]] = {}
        self._plans: dict[str, list[Plan]] = {series: [] for series in SERIES}
        self._has_answered = False
        self._zone = dt_util.get_default_time_zone()

    async def async_begin(self) -> None:
        """Read what is stored; while this runs, nobody else writes to it."""
        self._stored = await self._statistics.async_read()

    async def async_month(self, month: date, end: date) -> bool:
        """Read the days of a month that are before `end` and write what differs; returns whether there is an answer."""
        try:
            days = await self._reader.async_days(month, end)
        except NavienError as err:
            LOGGER.debug("No days of %s: %s", month, err)
            return False
        if days is None:
            return False
        is_whole = next_month(month) <= end
        taken = believable(
            days,
            self._stored[TOTAL],
            self._zone,
            has_answered=self._has_answered,
            whole=self._used.get(month) if is_whole else None,
        )
        self._has_answered = self._has_answered or any(amount.total for amount in days.values())
        for series, part in SERIES.items():
            plan = planned(self._stored[series], {day: part(amount) for day, amount in taken.items()}, self._zone)
            self._plans[series].append(plan)
            if plan.rows:
                self._statistics.write(series, plan.rows)
                self._stored[series] = plan.applied(self._stored[series])
        return True

    def outcomes(self) -> dict[str, SeriesOutcome]:
        """Return what was done, by the id of the statistic."""
        return {self._statistics.ids[series]: self._outcome(series) for series in SERIES}

    def _outcome(self, series: str) -> SeriesOutcome:
        days, plans = stored_days(self._stored[series], self._zone), self._plans[series]
        return SeriesOutcome(
            first_day=min(days, default=None),
            last_day=max(days, default=None),
            rows_written=sum(len(plan.rows) for plan in plans),
            changed_days=tuple(sorted({day for plan in plans for day in plan.changed_days})),
        )
