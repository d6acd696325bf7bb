"""The sources of prices: actions of Home Assistant's own integrations, and entities that list prices in attributes.

The responses of the actions are the real ones. What entities show is written as their repositories have it; each file
in `attributes` says where that was read, and its values are made up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .price_libraries import Amber, EnergyZero, Market, NordPool, Tibber, setup_services

ATTRIBUTES = Path(__file__).parent / "attributes"
ENTRY = "0123456789abcdef"
AMSTERDAM, LONDON, SYDNEY = "Europe/Amsterdam", "Europe/London", "Australia/Sydney"
CLOCK_CHANGES = {
    AMSTERDAM: {23: "2027-03-28", 25: "2027-10-31"},
    LONDON: {23: "2027-03-28", 25: "2027-10-31"},
    SYDNEY: {23: "2027-10-03", 25: "2027-04-04"},
}
"""The days of 23 and of 25 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action of Home Assistant that responds with prices."""

    library: Callable[[Market], object]
    zone: str = AMSTERDAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Entities that list the prices of the current day and of the next day in attributes."""

    entity_ids: tuple[str, str]
    attributes: tuple[str, str]
    price: str
    zone: str = AMSTERDAM


ACTIONS = {
    "nordpool": Action(library=NordPool),
    "tibber": Action(library=Tibber),
    "amberelectric": Action(library=Amber, zone=SYDNEY),
    "energyzero": Action(library=EnergyZero),
}
ENTITIES = {
    "octopus": Entities(
        entity_ids=("event.current_day_rates", "event.next_day_rates"),
        attributes=("rates", "rates"),
        price="value_inc_vat",
        zone=LONDON,
    ),
    "nordpool_sensor": Entities(
        entity_ids=("sensor.nordpool", "sensor.nordpool"), attributes=("raw_today", "raw_tomorrow"), price="value"
    ),
}
ZONES = {name: source.zone for name, source in (ACTIONS | ENTITIES).items()}


def offer(hass: HomeAssistant, name: str, known_until: Callable[[], datetime]) -> Market:
    """Set up the action of a source, which knows the prices until a time."""
    market = Market(known_until)
    setup_services(name)(hass)
    entry = MockConfigEntry(
        domain=name, entry_id=ENTRY, data={"areas": ["SE3"], "currency": "SEK"}, state=ConfigEntryState.LOADED
    )
    entry.runtime_data = ACTIONS[name].library(market)
    entry.add_to_hass(hass)
    return market


def show(hass: HomeAssistant, name: str, known_until: datetime, *, is_restored: bool = False) -> dict[str, object]:
    """Show the prices of today and tomorrow that are known in entities; returns the inputs of a blueprint for them.

    Attributes have times. Those of an event that was restored after a restart have texts.
    """
    source, today = ENTITIES[name], dt_util.start_of_local_day()
    recorded = json.loads((ATTRIBUTES / f"{name}.json").read_text())["attributes"]
    shown: dict[str, dict[str, object]] = {entity_id: dict(recorded) for entity_id in source.entity_ids}
    for entity_id, attribute, day in zip(source.entity_ids, source.attributes, (today, _next(today)), strict=True):
        shown[entity_id][attribute] = _rows(source, recorded[attribute], day, known_until)
    for entity_id, attributes in shown.items():
        kept = json.loads(json.dumps(attributes, default=datetime.isoformat)) if is_restored else attributes
        hass.states.async_set(entity_id, dt_util.utcnow().isoformat(), kept)
    return {"source": "entities", "source_entities": sorted(shown)}


def _rows(
    source: Entities, recorded: list[dict[str, Any]], day: datetime, known_until: datetime
) -> list[dict[str, object]]:
    """Return the prices of a day; they are as long as the recorded one."""
    row, market = recorded[0], Market(lambda: known_until)
    step = datetime.fromisoformat(row["end"]) - datetime.fromisoformat(row["start"])
    return [
        row | {"start": dt_util.as_local(start), "end": dt_util.as_local(end), source.price: price}
        for start, end, price in market.between(day, _next(day), step)
    ]


def _next(day: datetime) -> datetime:
    return dt_util.start_of_local_day(day.date() + timedelta(days=1))
