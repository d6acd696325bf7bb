"""What the sources of prices respond: the members, the zones and the units that the blueprints have to read."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from .price_sources import ENTITIES, ENTRY, ZONES, offer, show

NEXT_DAY = {"start": "2027-01-20", "end": "2027-01-20"}


async def evening(hass: HomeAssistant, freezer: FrozenDateTimeFactory, name: str) -> datetime:
    """Let it be an evening where a source is; returns until when its prices are known."""
    await hass.config.async_set_time_zone(ZONES[name])
    freezer.move_to(datetime(2027, 1, 19, 19, 55, tzinfo=ZoneInfo(ZONES[name])))
    return dt_util.start_of_local_day(date(2027, 1, 21))


@pytest.mark.parametrize(
    ("action", "data", "path", "first"),
    [
        (
            "nordpool.get_prices_for_date",
            {"config_entry": ENTRY, "date": "2027-01-20"},
            ["SE3"],
            {"start": "2027-01-19T23:00:00+00:00", "end": "2027-01-19T23:15:00+00:00", "price": 300.0},
        ),
        (
            "tibber.get_prices",
            {},
            ["prices", "Home"],
            {"start_time": "2027-01-19T00:00:00.000+01:00", "price": 0.3},
        ),
        (
            "amberelectric.get_forecasts",
            {"config_entry_id": ENTRY, "channel_type": "general"},
            ["forecasts"],
            {
                "duration": 30,
                "date": "2027-01-19",
                "nem_date": "2027-01-19T19:30:00+10:00",
                "per_kwh": 0.3,
                "spot_per_kwh": 0.15,
                "start_time": "2027-01-19T09:00:01+00:00",
                "end_time": "2027-01-19T09:30:00+00:00",
                "renewables": 31,
                "spike_status": "none",
                "descriptor": "neutral",
                "range_min": 0.28,
                "range_max": 0.32,
                "advanced_price_low": 0.29,
                "advanced_price_predicted": 0.3,
                "advanced_price_high": 0.31,
            },
        ),
        (
            "energyzero.get_energy_prices",
            {"config_entry": ENTRY, "incl_vat": True, **NEXT_DAY},
            ["prices"],
            {
                "price": 0.3,
                "timestamp": "2027-01-19 23:00:00+00:00",
                "start": "2027-01-19 23:00:00+00:00",
                "end": "2027-01-20 00:00:00+00:00",
            },
        ),
    ],
)
async def test_first_price_of_an_action(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    action: str,
    data: dict[str, object],
    path: list[str],
    first: dict[str, object],
) -> None:
    domain, service = action.split(".")
    known_until = await evening(hass, freezer, domain)
    offer(hass, domain, lambda: known_until)
    found: object = await hass.services.async_call(domain, service, data, blocking=True, return_response=True)
    for name in path:
        assert isinstance(found, dict)
        found = found[name]
    assert isinstance(found, list)
    assert found[0] == first


@pytest.mark.parametrize("name", ENTITIES)
async def test_first_price_in_an_attribute(hass: HomeAssistant, freezer: FrozenDateTimeFactory, name: str) -> None:
    source = ENTITIES[name]
    show(hass, name, await evening(hass, freezer, name))
    for day, entity_id, attribute in zip((19, 20), source.entity_ids, source.attributes, strict=True):
        state = hass.states.get(entity_id)
        assert state is not None
        [first, *_] = state.attributes[attribute]
        assert first["start"] == datetime(2027, 1, day, tzinfo=ZoneInfo(source.zone))
        assert first[source.price] == 0.3
