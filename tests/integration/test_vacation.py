"""Vacations: what begins and ends one, what is left alone, and that the heater is afterwards as it was before."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.water_heater import LastModes
from simulator.process import SimulatorProcess
from tests.integration.actions import act, cut, press, set_mode, shown
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for

type Applied = tuple[str, list[int]]

OFF: Applied = ("power-off", [])
ON: Applied = ("power-on", [])
WEEK: Applied = ("dhw-mode", [5, 7])


def mode(number: int) -> Applied:
    return ("dhw-mode", [number])


async def away(hass: HomeAssistant, is_away: bool) -> None:
    await act(hass, "set_away_mode", away_mode=is_away)


async def start_vacation(hass: HomeAssistant, **data: object) -> None:
    await hass.services.async_call(DOMAIN, "start_vacation", {"entity_id": HEATER, **data}, blocking=True)


def look(hass: HomeAssistant) -> tuple[str, str]:
    """Return the mode and whether the heater is away."""
    state = shown(hass, HEATER)
    return state.state, state.attributes["away_mode"]


async def look_afresh(hass: HomeAssistant, wanted: tuple[str, str]) -> None:
    """See that the heater itself reports a mode and whether it is away."""
    await press(hass, "button.nwp500_refresh")
    await wait_for(hass, HEATER, lambda state: (state.state, state.attributes["away_mode"]) == wanted)


async def at_the_panel(hass: HomeAssistant, simulator: SimulatorProcess, mode: int) -> None:
    """Change the heater's mode, and let Home Assistant see it."""
    await simulator.device(MAC, dhwOperationSetting=mode)
    is_away = "on" if mode == 5 else "off"
    await press(hass, "button.nwp500_refresh")
    await wait_for(hass, HEATER, lambda state: state.attributes["away_mode"] == is_away)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("action", "data", "ends_with", "after"),
    [
        ("turn_on", {}, mode(1), ("heat_pump", "off")),
        ("set_away_mode", {"away_mode": False}, mode(1), ("heat_pump", "off")),
        ("set_operation_mode", {"operation_mode": "eco"}, mode(3), ("eco", "off")),
        ("set_operation_mode", {"operation_mode": "off"}, OFF, ("off", "off")),
        ("turn_off", {}, OFF, ("off", "off")),
    ],
)
async def test_what_ends_a_vacation(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    action: str,
    data: Mapping[str, Any],
    ends_with: Applied,
    after: tuple[str, str],
) -> None:
    await set_mode(hass, "heat_pump")
    await away(hass, True)
    await act(hass, action, **data)
    assert look(hass) == after
    assert await applied(simulator) == [mode(1), WEEK, ends_with]
    await look_afresh(hass, after)


@pytest.mark.usefixtures("running")
async def test_end_of_a_vacation_shows_at_once(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await away(hass, True)
    await cut(hass, simulator)
    assert look(hass) == ("eco", "on")
    await act(hass, "turn_on")
    assert look(hass) == ("eco", "off")


@pytest.mark.usefixtures("running")
async def test_on_without_a_vacation_is_power_on(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await act(hass, "turn_on")
    assert look(hass) == ("eco", "off")
    await act(hass, "turn_off")
    await act(hass, "turn_on")
    # Whether it was sent to a heater that was on already does not matter.
    assert (await applied(simulator))[-2:] == [OFF, ON]
    await look_afresh(hass, ("eco", "off"))


@pytest.mark.usefixtures("running")
async def test_heater_that_was_off_is_off_after_its_vacation(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_mode(hass, "heat_pump")
    await act(hass, "turn_off")
    await away(hass, True)
    assert look(hass) == ("off", "on")
    await away(hass, False)
    assert look(hass) == ("off", "off")
    assert await applied(simulator) == [mode(1), OFF, WEEK, OFF]
    await look_afresh(hass, ("off", "off"))
    # Now that it is off and not away, there is nothing to end.
    await away(hass, False)
    assert len(await applied(simulator)) == 4


@pytest.mark.usefixtures("running")
async def test_on_after_off_and_away_heats_in_the_last_mode(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_mode(hass, "heat_pump")
    await act(hass, "turn_off")
    await away(hass, True)
    await act(hass, "turn_on")
    assert look(hass) == ("heat_pump", "off")
    assert await applied(simulator) == [mode(1), OFF, WEEK, mode(1)]


@pytest.mark.usefixtures("running")
async def test_off_and_a_vacation_that_wait_are_seen_together(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await act(hass, "turn_off")
    await away(hass, True)
    assert look(hass) == ("off", "on")
    await away(hass, False)
    assert look(hass) == ("off", "off")


async def test_heater_that_was_off_is_so_after_a_restart_too(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await set_mode(hass, "heat_pump")
    await act(hass, "turn_off")
    await away(hass, True)
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for(hass, HEATER, lambda state: state.attributes.get("away_mode") == "on")
    assert look(hass) == ("off", "on")
    # What the last run knew is shown before the heater answers, and the command waits for the answer.
    await away(hass, False)
    await simulator.wait(applied=4)
    assert await applied(simulator) == [mode(1), OFF, WEEK, OFF]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("setting", "ends_with", "after"), [(6, OFF, ("off", "off")), (1, mode(1), ("heat_pump", "off"))]
)
async def test_vacation_that_began_at_the_panel(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    setting: int,
    ends_with: Applied,
    after: tuple[str, str],
) -> None:
    await at_the_panel(hass, simulator, setting)
    await wait_for(hass, HEATER, lambda state: state.state == after[0])
    await at_the_panel(hass, simulator, 5)
    assert look(hass) == (after[0], "on")
    await away(hass, False)
    assert await applied(simulator) == [ends_with]
    await look_afresh(hass, after)


@pytest.mark.usefixtures("running")
async def test_vacation_that_ended_by_itself_is_over(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_mode(hass, "heat_pump")
    await act(hass, "turn_off")
    await away(hass, True)
    # Into which mode a heater wakes up is its own business; from then on that is what it was in.
    await at_the_panel(hass, simulator, 1)
    assert look(hass) == ("heat_pump", "off")
    await away(hass, False)
    assert await applied(simulator) == [mode(1), OFF, WEEK]
    await away(hass, True)
    await away(hass, False)
    assert (await applied(simulator))[3:] == [WEEK, mode(1)]


@pytest.mark.usefixtures("running")
async def test_running_vacation_is_left_alone_by_away_mode(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await start_vacation(hass, days=21)
    await away(hass, True)
    # Without a length it is the same command; with one, it is another command.
    await start_vacation(hass)
    assert await applied(simulator) == [("dhw-mode", [5, 21])]
    await start_vacation(hass, days=3)
    assert await applied(simulator) == [("dhw-mode", [5, 21]), ("dhw-mode", [5, 3])]


@pytest.mark.usefixtures("running")
async def test_vacation_that_waits_is_left_alone_by_away_mode(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await start_vacation(hass, days=21)
    await away(hass, True)
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_for(hass, "sensor.nwp500_vacation_days_left", lambda state: state.state == "21")
    assert await applied(simulator) == [("dhw-mode", [5, 21])]


async def test_mode_that_the_heater_lacks_is_none_to_go_back_to(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    """Nothing is known of the mode before the vacation, and the heater lacks the usual one and cannot be off."""
    await simulator.device(MAC, dhwOperationSetting=5, feature={"energySaverUse": 1, "powerUse": 1})
    assert await hass.config_entries.async_setup(entry.entry_id)
    without_eco = ["heat_pump", "electric", "high_demand"]
    await wait_for(hass, HEATER, lambda state: state.attributes.get("operation_list") == without_eco)
    await wait_for(hass, HEATER, lambda state: state.attributes.get("away_mode") == "on")
    await away(hass, False)
    assert await applied(simulator) == [mode(1)]
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("stored", "modes"),
    [
        ({"mode": 6, "heating": 1}, (6, 1)),
        ({"mode": 2, "heating": 1}, (2, 2)),
        ({"mode": 1}, (1, 1)),  # as earlier versions stored it
        ({"mode": 5, "heating": 0}, (3, 3)),
        ({"mode": "off", "heating": [1]}, (3, 3)),
        ({}, (3, 3)),
    ],
)
def test_stored_modes(stored: dict[str, Any], modes: tuple[int, int]) -> None:
    read = LastModes.from_dict(stored)
    assert (read.before_vacation, read.heating) == modes
    assert LastModes.from_dict(read.as_dict()) == read
