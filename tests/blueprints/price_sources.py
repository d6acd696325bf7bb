"""What the sources of prices respond, in the shapes that were recorded of each, for any two days.

A recorded response has two rows. A day is made of copies of the first one, with other prices and other times, in the
same form and as far apart as the two are; it has 23, 24 or 25 hours, as the clock says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

# Any: JSON as the sources respond.
type Row = dict[str, Any]

RESPONSES = Path(__file__).parent / "responses"
CHEAP = range(2, 5)
"""The hours of the day at which power is cheap."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source, with how its rows are found and what their members are called."""

    name: str
    action: str | None = None
    """None: it shows its prices in attributes."""
    path: tuple[str, ...] = ()
    price: str = "price"
    start: tuple[str, ...] = ("start",)
    end: str | None = "end"
    unit: float = 1.0
    """How much is paid for 1 where it says this much."""
    is_late: bool = False
    """Whether it starts a second late."""
    fails_early: bool = False
    """Whether it fails for a day whose prices are not known yet; others respond with an empty list."""

    def recorded(self) -> Row:
        """Return the recorded response."""
        response: Row = json.loads((RESPONSES / f"{self.name}.json").read_text())
        return response

    def rows(self, begin: datetime, end: datetime) -> list[Row]:
        """Return the rows of a time."""
        first, second = self._recorded_rows()
        step = self._time(second) - self._time(first)
        rows, at = [], begin.astimezone(UTC)
        while at < end:
            price = 0.1 if dt_util.as_local(at).hour in CHEAP else 0.3
            times = dict.fromkeys(self.start, at + timedelta(seconds=self.is_late))
            times |= {} if self.end is None else {self.end: at + step}
            rows.append(
                first | {self.price: price / self.unit} | {name: _as(first[name], each) for name, each in times.items()}
            )
            at += step
        return rows

    def response(self, rows: list[Row]) -> Row:
        """Return a response with these rows."""
        response: Any = rows
        for name in reversed(self.path):
            response = {name: response}
        return dict(response)

    def _recorded_rows(self) -> list[Row]:
        found: Any = self.recorded()
        for name in self.path:
            found = found[name]
        return list(found)

    def _time(self, row: Row) -> datetime:
        return datetime.fromisoformat(row[self.start[0]])


SOURCES = {
    "nordpool": Source(name="nordpool", action="nordpool.get_prices_for_date", path=("SE3",), unit=0.001),
    "tibber": Source(
        name="tibber", action="tibber.get_prices", path=("prices", "Home"), start=("start_time",), end=None
    ),
    "energyzero": Source(
        name="energyzero",
        action="energyzero.get_energy_prices",
        path=("prices",),
        start=("start", "timestamp"),
        fails_early=True,
    ),
    "amberelectric": Source(
        name="amberelectric",
        action="amberelectric.get_forecasts",
        path=("forecasts",),
        price="per_kwh",
        start=("start_time",),
        end="end_time",
        is_late=True,
    ),
    "octopus": Source(name="octopus", path=("rates",), price="value_inc_vat"),
    "nordpool_sensor": Source(name="nordpool_sensor", path=("raw_today",), price="value"),
}


def _as(recorded: str, time: datetime) -> str:
    """Return a time in the form, and with the zone, of a recorded one."""
    written = time.astimezone(datetime.fromisoformat(recorded).tzinfo if recorded.endswith("+00:00") else None)
    written = written if recorded.endswith("+00:00") else dt_util.as_local(time)
    text = written.isoformat(sep=recorded[10])
    return re.sub(r"(:\d\d)([+-])", r"\1.000\2", text, count=1) if "." in recorded else text


def offer(hass: HomeAssistant, source: Source, known_until: Callable[[], datetime]) -> list[Mapping[str, object]]:
    """Offer the action of a source, which knows the prices until a time; returns the calls as they come."""
    calls: list[Mapping[str, object]] = []

    async def respond(call: ServiceCall) -> ServiceResponse:
        calls.append(call.data)
        begin, end = _asked(call.data)
        end = min(end, known_until())
        if end <= begin and source.fails_early:
            raise ServiceValidationError("no data")
        return source.response(source.rows(begin, end))

    assert source.action is not None
    domain, name = source.action.split(".")
    hass.services.async_register(domain, name, respond, supports_response=SupportsResponse.ONLY)
    return calls


def _asked(data: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return from when to when prices are asked for: those of a date, of a time, or of the next 36 hours."""
    if (of := data.get("date") or (data.get("start") if len(str(data.get("start"))) == 10 else None)) is not None:
        begin = dt_util.start_of_local_day(datetime.fromisoformat(str(of)).date())
        return begin, begin + _DAY
    if "start" in data:
        return datetime.fromisoformat(data["start"]), datetime.fromisoformat(data["end"])
    begin = dt_util.now().replace(minute=0, second=0, microsecond=0)
    return begin, begin + timedelta(hours=36)


def shown(hass: HomeAssistant, source: Source, entity_id: str, begin: datetime, end: datetime) -> None:
    """Show the prices of a time in an entity; its attributes have times, not texts."""
    rows = [
        row | {name: datetime.fromisoformat(row[name]) for name in ("start", "end")} for row in source.rows(begin, end)
    ]
    hass.states.async_set(entity_id, dt_util.utcnow().isoformat(), {source.path[0]: rows})
