"""Energy usage, by days, months or hours: the three queries are answered in one shape (protocol.md 10.1)."""

from collections.abc import Mapping
from typing import Self

from ..exceptions import ResponseFormatError
from .conversions import HOURS_OR_ZERO
from .members import WHOLE, Member, Message, block, measured, objects, reply_members

_ENERGY = measured("Wh")


class EnergyAmount(Message):
    """What was used in one span of time, by the heat pump and by the elements."""

    __slots__ = ()

    heat_pump = Member("hpUsage", _ENERGY, "Energy used by the heat pump")
    elements = Member("heUsage", _ENERGY, "Energy used by the heating elements")
    heat_pump_hours = Member("hpTime", HOURS_OR_ZERO, "How long the heat pump ran; missing is 0")
    element_hours = Member("heTime", HOURS_OR_ZERO, "How long the heating elements ran; missing is 0")
    ep_usage = Member("epUsage", WHOLE, "Defined, but not sent by the heaters seen; unit unknown")
    water_usage = Member("waterUsage", WHOLE, "Defined, but not sent by the heaters seen; unit unknown")

    @property
    def energy(self) -> float | None:
        """Energy used by both, in Wh."""
        heat_pump, elements = self.heat_pump, self.elements
        return None if heat_pump is None or elements is None else heat_pump + elements


class EnergyPeriod(Message):
    """A month with an amount for each day, a year with one for each month, or a day with one for each hour."""

    __slots__ = ()

    year = Member("year", WHOLE, "Year")
    month = Member("month", WHOLE, "Month, 1-12; missing in a year")
    day = Member("day", WHOLE, "Day, 1-31; missing in a month and in a year")

    @property
    def amounts(self) -> tuple[EnergyAmount, ...]:
        """One after the other, from the first day or month on; what cannot be read keeps its place."""
        return tuple(EnergyAmount(amount) for amount in objects(self.raw, "data"))


class EnergyUsage(Message):
    """The reply to an energy query."""

    __slots__ = ()

    kind = Member("typeOfUsage", WHOLE, "Kind of usage; 1 on the units seen")

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Decode a whole reply; raises `ResponseFormatError` if the message has neither a total nor a list."""
        reply = reply_members(message)
        if not isinstance(reply.get("total"), Mapping) and not isinstance(reply.get("usage"), list):
            raise ResponseFormatError(lacking="total or usage")
        return cls(reply)

    @property
    def total(self) -> EnergyAmount:
        """The total of the heater's life, whatever was asked for."""
        return EnergyAmount(block(self.raw, "total"))

    @property
    def periods(self) -> tuple[EnergyPeriod, ...]:
        """The months or years asked for."""
        return tuple(EnergyPeriod(period) for period in objects(self.raw, "usage"))

    def of_month(self, year: int, month: int) -> EnergyAmount | None:
        """Return a month of a reply by months."""
        return self._amount(year, None, month)

    def of_day(self, year: int, month: int, day: int) -> EnergyAmount | None:
        """Return a day of a reply by days."""
        return self._amount(year, month, day)

    def _amount(self, year: int, month: int | None, number: int) -> EnergyAmount | None:
        """Return an amount by its number in a period, the first of which is 1."""
        found = next((period for period in self.periods if (period.year, period.month) == (year, month)), None)
        amounts = () if found is None else found.amounts
        return amounts[number - 1] if 0 < number <= len(amounts) else None
