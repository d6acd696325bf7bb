"""Intervals and the length of a vacation: what changes them, what does not, and that they are remembered."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink import kept_values
from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, act, cut, queued_words, shown
from tests.integration.controls import (
    ANTI_LEGIONELLA,
    ANTI_LEGIONELLA_INTERVAL,
    DEMAND_RESPONSE,
    FILTER_INTERVAL,
    FILTER_REMINDER,
    VACATION_LENGTH,
    Applied,
    report,
)
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock


@pytest.fixture
def members() -> Mapping[str, int]:
    """How the heater is set at first; a test parametrizes it."""
    return {}


@pytest.fixture(autouse=True)
async def _all_enabled(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch, members: Mapping[str, int]
) -> None:
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
    await simulator.device(MAC, feature=None, **members)


def key(entry: MockConfigEntry) -> str:
    return f"{DOMAIN}.{entry.entry_id}.kept"


async def set_number(hass: HomeAssistant, entity_id: str, value: float) -> None:
    await hass.services.async_call("number", "set_value", {"entity_id": entity_id, "value": value}, blocking=True)


async def turn(hass: HomeAssistant, entity_id: str, state: str) -> None:
    await hass.services.async_call("switch", f"turn_{state}", {"entity_id": entity_id}, blocking=True)


async def away(hass: HomeAssistant, is_away: bool) -> None:
    await act(hass, "set_away_mode", away_mode=is_away)


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


class Interval(NamedTuple):
    """A switch, the number with which it is switched on, and what the heater carries out."""

    switch: str
    number: str
    value: int
    on: Applied
    off: Applied


INTERVALS = (
    Interval(ANTI_LEGIONELLA, ANTI_LEGIONELLA_INTERVAL, 14, ("anti-leg-on", [14]), ("anti-leg-off", [])),
    Interval(FILTER_REMINDER, FILTER_INTERVAL, 3500, ("air-filter-life", [7]), ("air-filter-life", [0])),
)
EACH_INTERVAL = pytest.mark.parametrize("interval", INTERVALS, ids=lambda each: each.switch)
ALL_OFF = pytest.mark.parametrize("members", [{"airFilterAlarmPeriod": 0}])
ALL_ON = pytest.mark.parametrize("members", [{"antiLegionellaUse": 2}])


@ALL_OFF
@EACH_INTERVAL
async def test_interval_that_is_chosen_while_off_is_used_when_switched_on(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
    interval: Interval,
) -> None:
    await wait_for_value(hass, interval.switch, "off")
    await set_number(hass, interval.number, interval.value)
    assert shown(hass, interval.number).state == str(interval.value)
    assert shown(hass, interval.switch).state == "off"
    assert queued_words(hass) == []
    # It is stored when the action returns.
    assert interval.value in hass_storage[key(running)]["data"][MAC].values()
    await restart(hass, running)
    await wait_for_value(hass, interval.switch, "off")
    assert shown(hass, interval.number).state == str(interval.value)
    assert await applied(simulator) == []
    await turn(hass, interval.switch, "on")
    assert shown(hass, interval.switch).state == "on"
    await simulator.wait(applied=1)
    assert await applied(simulator) == [interval.on]


@ALL_ON
@EACH_INTERVAL
async def test_interval_in_use_is_used_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, interval: Interval
) -> None:
    await wait_for_value(hass, interval.switch, "on")
    await set_number(hass, interval.number, interval.value)
    await turn(hass, interval.switch, "off")
    assert shown(hass, interval.switch).state == "off"
    assert shown(hass, interval.number).state == str(interval.value)
    await restart(hass, running)
    await turn(hass, interval.switch, "on")
    await simulator.wait(applied=3)
    assert await applied(simulator) == [interval.on, interval.off, interval.on]
    await wait_for_value(hass, QUEUED, "0")
    assert shown(hass, interval.number).state == str(interval.value)


@ALL_ON
@EACH_INTERVAL
@pytest.mark.usefixtures("running")
async def test_interval_is_chosen_while_switching_off_waits(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock, interval: Interval
) -> None:
    await wait_for_value(hass, interval.switch, "on")
    await cut(hass, simulator)
    await turn(hass, interval.switch, "off")
    await set_number(hass, interval.number, interval.value)
    assert len(queued_words(hass)) == 1
    # What the heater last reported is older than what was chosen since, however often it is looked at.
    await wall_clock.pass_by(timedelta(minutes=10))
    assert shown(hass, interval.number).state == str(interval.value)
    await simulator.fault("mqtt_up")
    await wait_for(hass, QUEUED, lambda state: not state.attributes["commands"])
    await turn(hass, interval.switch, "on")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [interval.off, interval.on]


@pytest.mark.usefixtures("running")
async def test_interval_is_chosen_while_switching_on_waits(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await wait_for_value(hass, ANTI_LEGIONELLA, "off")
    await cut(hass, simulator)
    await turn(hass, ANTI_LEGIONELLA, "on")
    await set_number(hass, ANTI_LEGIONELLA_INTERVAL, 3)
    assert queued_words(hass) == ["anti-legionella every 3 days"]
    await wait_for_value(hass, ANTI_LEGIONELLA_INTERVAL, "3")
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("anti-leg-on", [3])]


@pytest.mark.usefixtures("running")
async def test_interval_that_is_changed_at_the_heater_counts(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await wait_for_value(hass, ANTI_LEGIONELLA_INTERVAL, "7")
    await set_number(hass, ANTI_LEGIONELLA_INTERVAL, 14)
    await report(hass, simulator, ANTI_LEGIONELLA_INTERVAL, "20", antiLegionellaPeriod=20)
    await set_number(hass, ANTI_LEGIONELLA_INTERVAL, 14)
    # Switched on at the panel with the interval that was reported all along.
    await report(hass, simulator, ANTI_LEGIONELLA, "on", antiLegionellaUse=2)
    assert shown(hass, ANTI_LEGIONELLA_INTERVAL).state == "20"
    await report(hass, simulator, ANTI_LEGIONELLA, "off", antiLegionellaUse=1)
    assert shown(hass, ANTI_LEGIONELLA_INTERVAL).state == "20"


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("members", [{"airFilterAlarmPeriod": 0}])
async def test_filter_interval_of_which_nothing_is_known(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await wait_for_value(hass, FILTER_REMINDER, "off")
    assert shown(hass, FILTER_INTERVAL).state == "unknown"
    await turn(hass, FILTER_REMINDER, "on")
    assert await applied(simulator) == [("air-filter-life", [2])]
    assert shown(hass, FILTER_INTERVAL).state == "1000"


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("entity_id", "value", "translation_key", "placeholders"),
    [
        (
            FILTER_INTERVAL,
            1250,
            "value_not_a_step",
            {
                "setting": "filter interval",
                "value": "1250 h",
                "minimum": "1000 h",
                "maximum": "10000 h",
                "step": "500 h",
            },
        ),
        (ANTI_LEGIONELLA_INTERVAL, 2.5, "value_not_a_step", {"setting": "anti-legionella interval", "value": "2.5 d"}),
        (VACATION_LENGTH, 1.5, "value_not_a_step", {"setting": "vacation length", "maximum": "99 d"}),
        (VACATION_LENGTH, float("nan"), "value_not_a_step", {"setting": "vacation length"}),
        (VACATION_LENGTH, 100, "out_of_range", {}),
        (VACATION_LENGTH, 0, "out_of_range", {}),
        (FILTER_INTERVAL, 500, "out_of_range", {}),
    ],
)
async def test_number_that_the_heater_does_not_take(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entity_id: str,
    value: float,
    translation_key: str,
    placeholders: Mapping[str, str],
) -> None:
    await wait_for(hass, entity_id, lambda state: state.state != "unavailable")
    with pytest.raises(ServiceValidationError) as error:
        await set_number(hass, entity_id, value)
    assert error.value.translation_key == translation_key
    assert placeholders.items() <= (error.value.translation_placeholders or {}).items()
    assert await applied(simulator) == []


# The length of a vacation


async def test_away_mode_lasts_as_long_as_is_set(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, VACATION_LENGTH, "7")
    await set_number(hass, VACATION_LENGTH, 14)
    assert shown(hass, HEATER).attributes["away_mode"] == "off"
    await away(hass, True)
    assert (await applied(simulator))[1:] == [("dhw-mode", [5, 14])]
    await away(hass, False)
    # The heater reports no length any more after a vacation.
    await report(hass, simulator, "sensor.nwp500_vacation_days_left", "0", vacationDaySetting=0)
    await restart(hass, running)
    assert shown(hass, VACATION_LENGTH).state == "14"
    await away(hass, True)
    await simulator.wait(applied=4)
    assert (await applied(simulator))[-1] == ("dhw-mode", [5, 14])


@pytest.mark.usefixtures("running")
async def test_vacation_with_days_of_its_own_does_not_change_the_next_one(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await hass.services.async_call(DOMAIN, "start_vacation", {"entity_id": HEATER, "days": 21}, blocking=True)
    await wait_for_value(hass, VACATION_LENGTH, "21")
    await away(hass, False)
    await report(hass, simulator, VACATION_LENGTH, "7", vacationDaySetting=0)
    await away(hass, True)
    assert (await applied(simulator))[-1] == ("dhw-mode", [5, 7])


@pytest.mark.usefixtures("running")
async def test_length_is_changed_during_a_vacation(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await away(hass, True)
    await wait_for_value(hass, VACATION_LENGTH, "7")
    await set_number(hass, VACATION_LENGTH, 10)
    await wait_for_value(hass, "sensor.nwp500_vacation_days_left", "10")
    assert shown(hass, HEATER).attributes["away_mode"] == "on"
    assert await applied(simulator) == [("dhw-mode", [5, 7]), ("goout-day", [10])]


@pytest.mark.usefixtures("running")
async def test_length_that_waits_is_that_of_the_vacation_after_it(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await wait_for_value(hass, VACATION_LENGTH, "7")
    await cut(hass, simulator)
    await set_number(hass, VACATION_LENGTH, 30)
    await away(hass, True)
    assert queued_words(hass) == ["vacation length 30 days", "vacation for 30 days"]
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, "sensor.nwp500_vacation_days_left", "30")
    await wait_for_value(hass, QUEUED, "0")


# What is stored


async def test_demand_response_is_assumed_as_it_was_confirmed_last(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, DEMAND_RESPONSE, "unknown")
    assert shown(hass, DEMAND_RESPONSE).attributes["assumed_state"] is True
    await turn(hass, DEMAND_RESPONSE, "on")
    assert shown(hass, DEMAND_RESPONSE).state == "on"
    await cut(hass, simulator)
    await turn(hass, DEMAND_RESPONSE, "off")
    await wait_for_value(hass, DEMAND_RESPONSE, "off")
    await restart(hass, running)
    assert shown(hass, DEMAND_RESPONSE).state == "off"
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_clear_queue"}, blocking=True)
    await wait_for_value(hass, DEMAND_RESPONSE, "on")


@pytest.fixture
def _without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write what is reported at once; ask for it before `running`."""
    monkeypatch.setattr(kept_values, "SAVE_DELAY", 0.0)


@pytest.mark.usefixtures("_without_delay")
async def test_reported_change_is_written_soon(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await report(hass, simulator, ANTI_LEGIONELLA_INTERVAL, "20", antiLegionellaPeriod=20)
    await hass.async_block_till_done()
    assert hass_storage[key(running)]["data"][MAC]["anti_legionella_interval"] == 20


async def test_nothing_is_left_of_an_account_that_is_removed(
    hass: HomeAssistant, running: MockConfigEntry, hass_storage: dict[str, Any], stored_files: StoredFiles
) -> None:
    await wait_for_value(hass, ANTI_LEGIONELLA_INTERVAL, "7")
    await set_number(hass, ANTI_LEGIONELLA_INTERVAL, 9)
    # As it is on the disk of a home.
    stored_files[key(running)] = hass_storage[key(running)]
    assert await hass.config_entries.async_remove(running.entry_id)
    await hass.async_block_till_done()
    assert stored_files.of(running.entry_id) == []


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"version": 99, "minor_version": 1, "key": "x", "data": {}},
        {"version": 0, "minor_version": 1, "key": "x", "data": {}},
        {"version": "1", "data": {}},
        {"version": 1, "minor_version": 1},
        {"version": 1, "minor_version": 1, "data": [1]},
        {"version": 1, "minor_version": 1, "data": {MAC: 14, "x": {"anti_legionella_interval": 5}}},
        {"version": 1, "minor_version": 1, "data": {MAC: {"anti_legionella_interval": "5", "filter_interval": True}}},
        {"version": 1, "minor_version": 1, "data": {MAC: {"anti_legionella_interval": 31, "filter_interval": 1}}},
    ],
)
async def test_damaged_file_counts_for_nothing(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    content: dict[str, object],
) -> None:
    hass_storage[key(entry)] = content
    await simulator.device(MAC, airFilterAlarmPeriod=0)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, ANTI_LEGIONELLA_INTERVAL, "7")
    assert shown(hass, FILTER_INTERVAL).state == "unknown"
    await turn(hass, FILTER_REMINDER, "on")
    assert await applied(simulator) == [("air-filter-life", [2])]
    assert await hass.config_entries.async_unload(entry.entry_id)
