"""The options about the household and its boosts: how they are asked for, and what each of them changes."""

from collections.abc import Mapping
from datetime import timedelta
import math
from string import Formatter
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.data_entry_flow import section as FormSection  # noqa: N812 - it is a class
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.heating.insight import Household
from custom_components.navilink.heating.options import household, max_starts
from simulator.process import SimulatorProcess
from tests.integration.actions import press, shown
from tests.integration.boosts import BOOST, boost, in_hours, refused, switch, target
from tests.integration.dialogs import suggested
from tests.integration.fuzz_trouble import TEXTS
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.test_insight_sensors import HOT_WATER, LOW, REFRESH, SHOWERS
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

LAST_HOT_AT_50 = "sensor.nwp500_last_at_50_degc"


@pytest.fixture
def at_rest(entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch) -> MockConfigEntry:
    """An account whose set-up does nothing: only its form is of interest."""
    for name in ("async_setup_entry", "async_unload_entry"):
        monkeypatch.setattr(f"custom_components.navilink.{name}", AsyncMock(return_value=True))
    return entry


async def opened(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    return await hass.config_entries.options.async_init(entry.entry_id)


async def enter(hass: HomeAssistant, form: ConfigFlowResult, **sections: Mapping[str, float]) -> ConfigFlowResult:
    result = await hass.config_entries.options.async_configure(form["flow_id"], sections)
    await hass.async_block_till_done()
    return result


def is_open(field: object) -> bool:
    return isinstance(field, FormSection) and not field.options["collapsed"]


# The form


@pytest.mark.parametrize(
    ("units", "values"),
    [
        (METRIC_SYSTEM, {"liters_per_shower": 40, "hygiene_temperature": 60}),
        (US_CUSTOMARY_SYSTEM, {"liters_per_shower": 10.6, "hygiene_temperature": 140}),
    ],
    ids=["metric", "us"],
)
async def test_form_begins_with_the_defaults_in_the_users_units(
    hass: HomeAssistant, at_rest: MockConfigEntry, units: UnitSystem, values: Mapping[str, float]
) -> None:
    hass.config.units = units
    form = await opened(hass, at_rest)
    usual: Mapping[str, Mapping[str, float]] = {
        "household": {**values, "low_showers": 1, "hygiene_minutes": 30},
        "boost": {"max_starts": 6},
    }
    assert {name: suggested(form)[name] for name in usual} == usual
    await enter(hass, form, **usual)
    # What was shown rounded is not what is stored.
    assert household(at_rest.options) == Household()
    assert max_starts(at_rest.options) == 6


async def test_what_is_entered_is_stored_exactly_and_shown_as_it_was_entered(
    hass: HomeAssistant, at_rest: MockConfigEntry
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    entered = {"cold_water": 55, "liters_per_shower": 15.5, "hygiene_temperature": 131}
    await enter(hass, await opened(hass, at_rest), household=entered)
    assert at_rest.options["household"] == pytest.approx(
        {"cold_water": 23 / 1.8, "liters_per_shower": 15.5 * 3.785411784, "hygiene_temperature": 55}, abs=1e-9
    )
    stored = at_rest.options["household"]
    assert suggested(await opened(hass, at_rest))["household"] == {**entered, "low_showers": 1, "hygiene_minutes": 30}
    # As a user of degrees Celsius sees them, and submits them without a change.
    hass.config.units = METRIC_SYSTEM
    form = await opened(hass, at_rest)
    rounded = suggested(form)["household"]
    assert (rounded["cold_water"], rounded["liters_per_shower"]) == (12.8, 58.7)
    await enter(hass, form, household=rounded)
    assert at_rest.options["household"] == {**stored, "low_showers": 1, "hygiene_minutes": 30}


async def test_an_emptied_field_has_its_default_again(hass: HomeAssistant, at_rest: MockConfigEntry) -> None:
    entered = {"cold_water": 4, "liters_per_shower": 60, "low_showers": 2.5, "hygiene_minutes": 45}
    await enter(hass, await opened(hass, at_rest), household=entered, boost={"max_starts": 2})
    assert household(at_rest.options) == Household(
        cold_water=4, liters_per_shower=60, low_showers=2.5, hygiene_minutes=45
    )
    assert max_starts(at_rest.options) == 2
    await enter(hass, await opened(hass, at_rest), household={"liters_per_shower": 60}, boost={})
    assert household(at_rest.options) == Household(liters_per_shower=60)
    assert max_starts(at_rest.options) == 6
    assert "cold_water" not in suggested(await opened(hass, at_rest))["household"]


@pytest.mark.parametrize("options", [{}, {"queue_size": 7}, {"household": {"of a newer version": 1}}])
async def test_an_entry_without_these_options_is_as_before(entry: MockConfigEntry) -> None:
    assert household(entry.options) == Household()
    assert max_starts(entry.options) == 6


@pytest.mark.parametrize(
    ("section", "name", "wrong", "limits", "unit"),
    [
        ("household", "liters_per_shower", (2.5, 52.9, -15, math.nan, math.inf), (2.6, 52.8), " gal"),
        ("household", "low_showers", (0.4, 10.1, 0), (0.5, 10), ""),
        ("household", "cold_water", (31.9, 95.1, 12.0), (32, 95), " °F"),
        ("household", "hygiene_temperature", (121, 150, 60), (122, 149), " °F"),
        ("household", "hygiene_minutes", (0.5, 121), (1, 120), " min"),
        ("boost", "max_starts", (0, 25, -1), (1, 24), ""),
    ],
)
async def test_what_is_out_of_range_is_said(
    hass: HomeAssistant,
    at_rest: MockConfigEntry,
    section: str,
    name: str,
    wrong: tuple[float, ...],
    limits: tuple[float, float],
    unit: str,
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    allowed = f"{limits[0]}\N{EN DASH}{limits[1]}{unit}"
    form = await opened(hass, at_rest)
    for value in wrong:
        form = await enter(hass, form, **{section: {name: value}})
        assert form["type"] is FlowResultType.FORM
        assert form["errors"] == {section: f"{name}_out_of_range"}
        assert form["description_placeholders"] is not None
        said = TEXTS["options"]["error"][f"{name}_out_of_range"].format(**form["description_placeholders"])
        assert said.endswith(f": {allowed}.")
        assert form["data_schema"] is not None
        assert [name for name, field in form["data_schema"].schema.items() if is_open(field)] == [section]
        # What was entered is not lost.
        assert name in suggested(form)[section]
    for value in limits:
        assert (await enter(hass, form, **{section: {name: value}}))["type"] is FlowResultType.CREATE_ENTRY
        form = await opened(hass, at_rest)
        assert suggested(form)[section][name] == value


async def test_every_gap_in_the_texts_is_filled(hass: HomeAssistant, at_rest: MockConfigEntry) -> None:
    form = await opened(hass, at_rest)
    step = TEXTS["options"]["step"]["init"]
    texts = [text for section in step["sections"].values() for text in section["data_description"].values()]
    gaps = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    assert form["description_placeholders"] is not None
    assert gaps == set(form["description_placeholders"])


# What they change


@pytest.mark.usefixtures("every_entity")
async def test_showers_and_hot_water(hass: HomeAssistant, running: MockConfigEntry) -> None:
    liters, half = float(shown(hass, HOT_WATER).state), float(shown(hass, SHOWERS).state) / 2
    await enter(hass, await opened(hass, running), household={"liters_per_shower": 80})
    await wait_for(hass, SHOWERS, lambda state: state.state in {str(half), str(half - 0.25)})
    # Warmer than what is usual at any season, so that it can be mixed with more of it.
    await enter(hass, await opened(hass, running), household={"cold_water": 30})
    await wait_for(hass, HOT_WATER, lambda state: state.state.isdigit() and int(state.state) > 1.3 * liters)


@pytest.mark.parametrize(("latitude", "is_southern"), [(52.4, False), (0, False), (-33.9, True)])
async def test_season_is_that_of_the_home_location(
    hass: HomeAssistant, entry: MockConfigEntry, latitude: float, is_southern: bool
) -> None:
    await hass.config.async_update(latitude=latitude)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.runtime_data.observers.household.is_southern is is_southern
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("every_entity", "running")
@pytest.mark.parametrize("options", [{"household": {"low_showers": 4, "cold_water": 10}}])
async def test_low_below_so_many_showers_until_half_a_shower_more(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    # The upper half has 119.6 liters; the lower one is too cold.
    for celsius, showers, low in ((52, "4.0", "off"), (50, "3.5", "on"), (52, "4.0", "on"), (58, "4.5", "off")):
        await simulator.device(MAC, tankUpperTemperature=10 * celsius, tankLowerTemperature=200)
        await press(hass, REFRESH)
        await wait_for_value(hass, SHOWERS, showers)
        await wait_for_value(hass, LOW, low)


@pytest.mark.usefixtures("every_entity", "running")
@pytest.mark.parametrize("options", [{"household": {"hygiene_temperature": 50, "hygiene_minutes": 2}}])
async def test_hot_enough_against_legionella(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    await simulator.device(MAC, tankUpperTemperature=520, tankLowerTemperature=510)
    await press(hass, REFRESH)
    await wait_for_value(hass, "sensor.nwp500_lower_tank_temperature", "51.0")
    for _ in range(2):
        assert shown(hass, LAST_HOT_AT_50).state == "unknown"
        wall_clock.pass_unseen(timedelta(seconds=61))
        await press(hass, REFRESH)
    await wait_for(hass, LAST_HOT_AT_50, lambda state: state.state != "unknown")


@pytest.mark.parametrize(
    ("units", "options", "name"),
    [
        (METRIC_SYSTEM, {}, "Last at 60 °C"),
        (US_CUSTOMARY_SYSTEM, {}, "Last at 140 °F"),
        (METRIC_SYSTEM, {"household": {"hygiene_temperature": 57.5}}, "Last at 57.5 °C"),
    ],
)
async def test_sensor_is_named_after_the_temperature(
    hass: HomeAssistant, entry: MockConfigEntry, units: UnitSystem, name: str
) -> None:
    hass.config.units = units
    assert await hass.config_entries.async_setup(entry.entry_id)
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", "navilink", f"{MAC}_last_hygienic")
    assert entity_id is not None
    registered = registry.async_get(entity_id)
    assert registered is not None
    assert registered.original_name == name
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("options", [{"boost": {"max_starts": 1}}])
async def test_no_more_boosts_than_chosen(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    # One that takes over starts nothing.
    for applied_so_far, temperature in enumerate((58, 59), 1):
        await boost(hass, temperature=temperature)
        await simulator.wait(applied=applied_so_far)
        await target(hass, temperature)
    await wait_for_value(hass, BOOST, "on")
    await switch(hass, "turn_off")
    await simulator.wait(applied=3)
    await wait_for_value(hass, BOOST, "off")
    assert await refused(hass, temperature=58) == "boost_too_many_starts"


# What survives a change of them


async def test_a_boost_goes_on_and_its_start_is_remembered(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    response = await boost(hass, temperature=58)
    planned = await boost(hass, start=in_hours(3), temperature=60)
    await simulator.wait(applied=1)
    await target(hass, 58)
    await enter(hass, await opened(hass, running), household={"liters_per_shower": 60}, boost={"max_starts": 1})
    await wait_for_value(hass, BOOST, "on")
    boosts = running.runtime_data.boosts.of(MAC)
    assert boosts.running is not None
    assert boosts.running.boost.id == response["id"]
    assert [each.id for each in boosts.planned] == [planned["id"]]
    await target(hass, 58)
    await switch(hass, "turn_off")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [116]), ("dhw-temperature", [int(before * 2)])]
    await wait_for_value(hass, BOOST, "off")
    assert await refused(hass, temperature=58) == "boost_too_many_starts"


@pytest.mark.parametrize(
    ("chosen", "is_kept"),
    [
        ({"liters_per_shower": 60}, True),
        ({"hygiene_temperature": 55, "hygiene_minutes": 10}, True),
        ({"hygiene_temperature": 62}, False),
        ({"hygiene_minutes": 45}, False),
    ],
)
async def test_what_is_learned_stays_and_a_hot_time_only_if_it_still_counts(
    hass: HomeAssistant,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
    chosen: Mapping[str, float],
    is_kept: bool,
) -> None:
    hot_at = dt_util.utcnow() - timedelta(days=2)
    assert await hass.config_entries.async_unload(running.entry_id)
    learned = {"heat_pump": 1.2, "element": 0.9, "loss": 1.1, "cop": 3.0, "hygienic_at": hot_at.isoformat()}
    hass_storage[f"navilink.{running.entry_id}.insight"]["data"][MAC] = learned
    assert await hass.config_entries.async_setup(running.entry_id)
    assert running.runtime_data.observers.of(MAC).learned.hygienic_at == hot_at
    await enter(hass, await opened(hass, running), household=chosen)
    now = running.runtime_data.observers.of(MAC).learned
    assert (now.heat_pump, now.element, now.loss, now.cop) == (1.2, 0.9, 1.1, 3.0)
    assert now.hygienic_at == (hot_at if is_kept else None)
    # Cleared, it is not known any more either.
    await enter(hass, await opened(hass, running))
    is_known = is_kept and "hygiene_temperature" not in chosen
    assert running.runtime_data.observers.of(MAC).learned.hygienic_at == (hot_at if is_known else None)
