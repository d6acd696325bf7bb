"""The options: the dialog, and what each of them changes."""

from collections.abc import Mapping
from datetime import timedelta

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.actions import (
    CONNECTION,
    OUTCOME,
    QUEUED,
    act,
    cut,
    queued_words,
    set_mode,
    set_temperature,
    shown,
)
from tests.integration.dialogs import suggested
from tests.integration.heaters import HEATER, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

EXPIRED = "sensor.nwp500_expired_commands"

DEFAULTS = {
    "queue": True,
    "queue_size": 100,
    "expiration": "by_kind",
    "expiration_time": {"days": 1},
}
OF_HEATING: dict[str, dict[str, float]] = {
    "household": {
        "liters_per_shower": 40.0,
        "low_showers": 1.0,
        "hygiene_temperature": 60.0,
        "hygiene_minutes": 30.0,
    },
    "boost": {"max_starts": 6},
}


async def test_dialog_shows_what_holds_and_reloads_with_what_is_chosen(
    hass: HomeAssistant, running: MockConfigEntry
) -> None:
    result = await hass.config_entries.options.async_init(running.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    assert result["data_schema"] is not None
    assert suggested(result) == DEFAULTS | OF_HEATING

    chosen = DEFAULTS | OF_HEATING | {"queue_size": 7}
    before = running.runtime_data
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert running.options == chosen
    assert running.state is ConfigEntryState.LOADED
    assert running.runtime_data is not before


@pytest.mark.parametrize("wait", [{"hours": 0}, {"days": 7, "minutes": 1}])
async def test_expiration_that_is_no_time_or_too_long(
    hass: HomeAssistant, running: MockConfigEntry, wait: dict[str, int]
) -> None:
    result = await hass.config_entries.options.async_init(running.entry_id)
    chosen = DEFAULTS | {"expiration": "fixed", "expiration_time": wait}
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"expiration_time": "expiration_out_of_range"}
    chosen |= OF_HEATING | {"expiration_time": {"days": 7}}
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert running.options == chosen


async def test_values_out_of_range_are_not_taken(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    result = await hass.config_entries.options.async_init(entry.entry_id)
    for wrong in ({"queue_size": 0}, {"queue_size": 1001}, {"expiration": "sometimes"}):
        with pytest.raises(InvalidData):
            await hass.config_entries.options.async_configure(result["flow_id"], DEFAULTS | wrong)
    assert entry.options == {}


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("options", [{"queue": False}])
async def test_without_a_queue_nothing_can_be_commanded_while_the_connection_is_down(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await set_mode(hass, "heat_pump")
    await cut(hass, simulator)
    await wait_for_value(hass, HEATER, STATE_UNAVAILABLE)
    await set_temperature(hass, 60)
    assert shown(hass, QUEUED).state == "0"
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    await wait_for_value(hass, HEATER, "heat_pump")
    assert await applied(simulator) == [("dhw-mode", [1])]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("options", [{"queue_size": 2}])
async def test_size(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 50)
    await set_mode(hass, "electric")
    await act(hass, "turn_off")
    assert queued_words(hass) == ["mode electric", "power off"]
    assert shown(hass, OUTCOME).attributes["event_type"] == "dropped"


@pytest.mark.usefixtures("every_entity", "running")
@pytest.mark.parametrize(
    ("options", "after", "left"),
    [
        ({}, timedelta(minutes=59), 2),
        ({}, timedelta(minutes=61), 1),
        ({}, timedelta(hours=25), 0),
        ({"expiration": "fixed", "expiration_time": {"minutes": 10}}, timedelta(minutes=9), 2),
        ({"expiration": "fixed", "expiration_time": {"minutes": 10}}, timedelta(minutes=11), 0),
        ({"expiration": "never"}, timedelta(days=300), 2),
    ],
)
async def test_expiration(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    wall_clock: WallClock,
    options: Mapping[str, object],
    after: timedelta,
    left: int,
) -> None:
    await cut(hass, simulator)
    # More heat, which goes out of date sooner, and less.
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    expiries = [command["expires_at"] for command in shown(hass, QUEUED).attributes["commands"]]
    assert (expiries == [None, None]) == (options.get("expiration") == "never")
    await wall_clock.pass_by(after)
    await wait_for_value(hass, QUEUED, str(left))
    assert shown(hass, EXPIRED).state == str(2 - left)
    assert queued_words(hass) == ["target temperature 60 °C", "mode heat pump"][2 - left :]
    # When the dialog is closed, the truth is shown again.
    assert shown(hass, HEATER).attributes["temperature"] == (60 if left == 2 else 49)


@pytest.mark.usefixtures("running")
async def test_what_is_redundant_is_not_sent(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert shown(hass, HEATER).state == "eco"
    await cut(hass, simulator)
    await set_mode(hass, "eco")
    await simulator.fault("mqtt_up")
    reported = await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] is not None)
    outcome = reported.attributes
    assert outcome["event_type"] == "confirmed"
    assert outcome["reason_code"] == "already_set"
    assert await applied(simulator) == []


FORMER = {
    "queue": True,
    "queue_size": 7,
    "longest_wait": "by_class",
    "longest_wait_time": {"hours": 3},
    "coalesce": False,
    "skip_redundant": False,
    "status_interval": 45,
}


@pytest.mark.parametrize(
    ("former", "migrated"),
    [
        ({}, {}),
        (FORMER, {"queue": True, "queue_size": 7, "expiration": "by_kind", "expiration_time": {"hours": 3}}),
        ({"longest_wait": "fixed"}, {"expiration": "fixed"}),
        ({"longest_wait": ["edited by hand"]}, {"expiration": ["edited by hand"]}),
        ({"longest_wait": "forever", "queue": False}, {"queue": False, "expiration": "never"}),
    ],
)
async def test_options_of_the_first_version_are_taken_over(
    hass: HomeAssistant, entry: MockConfigEntry, former: dict[str, object], migrated: dict[str, object]
) -> None:
    hass.config_entries.async_update_entry(entry, options=former, minor_version=1)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.version, entry.minor_version) == (1, 2)
    assert entry.options == migrated
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_entry_of_a_newer_minor_version_is_used_as_it_is(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    options = {"queue_size": 7, "of a newer version": True}
    hass.config_entries.async_update_entry(entry, options=options, minor_version=99)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.minor_version, entry.options) == (99, options)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_entry_of_a_newer_version_is_not_used(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, version=2)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
