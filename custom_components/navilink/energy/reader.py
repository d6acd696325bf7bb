"""What a heater reports of the energy it has used: days of a month, months of a year."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from ..nwp500 import Device, NavienMqttClient, exceptions, models, queries
from .rows import Amount, days_of

# A reply takes 2 to 4 s, the first after connecting up to 8 s (protocol.md 4.4).
ANSWER_SECONDS = 10.0
# The limits of the queries.
FIRST_YEAR, LAST_YEAR = 2000, 2099


class EnergyReader:
    """Asks one heater, over the connection there is; every method raises as `HeaterQueries` does."""

    def __init__(self, client: NavienMqttClient, device: Device) -> None:
        """Ask this heater through its account's client."""
        self._client = client
        self._device = device

    async def async_days(self, month: date, end: date) -> dict[date, Amount] | None:
        """Return the days of a month that are before `end`; None when one of them is missing or makes no sense."""
        usage = await self.async_ask(queries.ENERGY_DAILY, year=month.year, month=[month.month])
        amounts = {day: _amount(usage.of_day(day.year, day.month, day.day)) for day in days_of(month) if day < end}
        return _complete(amounts)

    async def async_months(self, first_year: int, last_year: int) -> dict[date, Amount] | None:
        """Return the months in which something was used, backward from a year to the first without or another one.

        None when the heater does not know its last year.
        """
        used: dict[date, Amount] = {}
        for year in range(last_year, max(first_year, FIRST_YEAR) - 1, -1):
            usage = await self.async_ask(queries.ENERGY_MONTHLY, year=[year])
            amounts = {date(year, month, 1): _amount(usage.of_month(year, month)) for month in range(1, 13)}
            if year == last_year and not any(amounts.values()):
                return None
            of_year = {month: amount for month, amount in amounts.items() if amount is not None and amount.total}
            used |= of_year
            # In the first days of a year it has nothing yet.
            if not of_year and year < last_year:
                break
        return used

    async def async_ask(self, query: queries.Query, **content: int | Sequence[int]) -> models.EnergyUsage:
        """Ask, and once more without an answer: messages get lost now and then."""
        with suppress(exceptions.RequestTimeoutError):
            return await self._async_ask_once(query, content)
        return await self._async_ask_once(query, content)

    async def _async_ask_once(self, query: queries.Query, content: Mapping[str, object]) -> models.EnergyUsage:
        return await self._client.queries.exchange(
            self._device, query, models.EnergyUsage.from_message, content=content, timeout=ANSWER_SECONDS
        )


def _complete(amounts: Mapping[date, Amount | None]) -> dict[date, Amount] | None:
    known = {day: amount for day, amount in amounts.items() if amount is not None}
    return known if len(known) == len(amounts) else None


def _amount(reported: models.EnergyAmount | None) -> Amount | None:
    """Return an amount in whole Wh, None for what is missing or cannot be."""
    if reported is None or reported.heat_pump is None or reported.elements is None:
        return None
    amount = Amount(round(reported.heat_pump), round(reported.elements))
    return amount if amount.heat_pump >= 0 and amount.elements >= 0 else None
