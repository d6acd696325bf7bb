"""What a heater answers to questions about its energy (protocol.md 5.3 and 10.1)."""

from collections.abc import Sequence

from ..heater.energy import Usage
from ..heater.heater import Heater
from ..heater.requests import Request, whole_number, whole_numbers
from .replies import Reply, reply

_YEARS = range(2000, 2100)
_MONTHS = range(1, 13)
_TYPE_OF_USAGE = 1


def send_daily(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the days of each month asked for."""
    year = whole_number(request.members.get("year"), "year", _YEARS)
    months = whole_numbers(request, "month", _MONTHS)
    usage = [
        {"year": year, "month": month, "data": _items(heater, heater.energy.month(year, month))} for month in months
    ]
    return _usage_reply(heater, request, usage)


def send_monthly(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the months of each year asked for."""
    years = whole_numbers(request, "year", _YEARS)
    usage: list[dict[str, object]] = [
        {"year": year, "data": _items(heater, heater.energy.year(year))} for year in years
    ]
    return _usage_reply(heater, request, usage)


def _usage_reply(heater: Heater, request: Request, usage: Sequence[dict[str, object]]) -> tuple[Reply, ...]:
    """The total is that of the heater's whole life, whatever was asked."""
    members = {"typeOfUsage": _TYPE_OF_USAGE, "total": heater.energy.total().as_wire(), "usage": usage}
    return (reply(heater, request, members),)


def _items(heater: Heater, usages: Sequence[Usage]) -> list[dict[str, int]]:
    return [usage.as_wire(times=heater.faults.energy_times) for usage in usages]
