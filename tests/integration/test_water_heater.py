"""The water heater's actions, as they arrive at the simulated heater, and what is shown meanwhile."""

from typing import Any

from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value


@pytest.fixture(autouse=True)
def _fahrenheit(hass: HomeAssistant) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM


async def act(hass: HomeAssistant, action: str, **data: object) -> None:
    await hass.services.async_call(WATER_HEATER, action, {"entity_id": HEATER, **data}, blocking=True)


@pytest.mark.usefixtures("running")
async def test_what_is_shown_first(hass: HomeAssistant) -> None:
    attributes = (await wait_for(hass, HEATER, lambda state: state.attributes.get("max_temp") == 150)).attributes
    assert attributes["temperature"] == 120
    assert attributes["current_temperature"] == 121
    assert attributes["min_temp"] == 105
    assert attributes["target_temp_step"] == 1
    assert attributes["operation_list"] == ["eco", "heat_pump", "electric", "high_demand", "off"]
    assert attributes["away_mode"] == "off"


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("action", "data", "arrives", "shown"),
    [
        ("set_temperature", {"temperature": 140}, [("dhw-temperature", [120])], ("eco", 140)),
        ("set_temperature", {"temperature": 150}, [("dhw-temperature", [131])], ("eco", 150)),
        (
            "set_temperature",
            {"temperature": 130, "operation_mode": "heat_pump"},
            [("dhw-temperature", [109]), ("dhw-mode", [1])],
            ("heat_pump", 130),
        ),
        ("set_operation_mode", {"operation_mode": "high_demand"}, [("dhw-mode", [4])], ("high_demand", 120)),
        ("set_operation_mode", {"operation_mode": "electric"}, [("dhw-mode", [2])], ("electric", 120)),
        ("set_operation_mode", {"operation_mode": "off"}, [("power-off", [])], ("off", 120)),
        ("turn_off", {}, [("power-off", [])], ("off", 120)),
    ],
)
async def test_actions_arrive_and_show(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    action: str,
    data: dict[str, Any],
    arrives: list[tuple[str, list[int]]],
    shown: tuple[str, int],
) -> None:
    await act(hass, action, **data)
    state = hass.states.get(HEATER)
    assert state is not None
    assert (state.state, state.attributes["temperature"]) == shown
    await simulator.wait(applied=len(arrives))
    assert await applied(simulator) == arrives
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await wait_for(hass, HEATER, lambda now: (now.state, now.attributes["temperature"]) == shown)


@pytest.mark.usefixtures("running")
async def test_on_returns_to_the_mode_before(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await act(hass, "set_operation_mode", operation_mode="heat_pump")
    await act(hass, "turn_off")
    await act(hass, "turn_on")
    await simulator.wait(applied=3)
    assert [control for control, _ in await applied(simulator)] == ["dhw-mode", "power-off", "power-on"]
    await wait_for(hass, HEATER, lambda state: state.state == "heat_pump")


@pytest.mark.usefixtures("running")
async def test_away_is_a_vacation_and_ends_in_the_mode_before(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await act(hass, "set_operation_mode", operation_mode="heat_pump")
    await act(hass, "set_away_mode", away_mode=True)
    state = await wait_for(hass, HEATER, lambda state: state.attributes["away_mode"] == "on")
    assert state.state == "heat_pump"
    await simulator.wait(applied=2)
    await wait_for(hass, "sensor.nwp500_vacation_days_left", lambda state: state.state == "7")
    await act(hass, "set_away_mode", away_mode=False)
    await simulator.wait(applied=3)
    assert await applied(simulator) == [("dhw-mode", [1]), ("dhw-mode", [5, 7]), ("dhw-mode", [1])]
    await wait_for(hass, HEATER, lambda state: state.attributes["away_mode"] == "off")
    # Once more, without a vacation, nothing is sent.
    await act(hass, "set_away_mode", away_mode=False)
    assert len(await applied(simulator)) == 3


async def test_mode_before_a_vacation_outlives_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await act(hass, "set_operation_mode", operation_mode="heat_pump")
    await act(hass, "set_away_mode", away_mode=True)
    await simulator.wait(applied=2)
    assert await hass.config_entries.async_reload(running.entry_id)
    state = await wait_for(hass, HEATER, lambda state: state.attributes.get("away_mode") == "on")
    assert state.state == "heat_pump"
    await act(hass, "set_away_mode", away_mode=False)
    await simulator.wait(applied=3)
    assert (await applied(simulator))[-1] == ("dhw-mode", [1])


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("units", "temperature", "words"),
    [
        (
            US_CUSTOMARY_SYSTEM,
            104,
            "104 °F is not valid for target temperature. Accepted range is 105 °F to 150 °F",
        ),
        (US_CUSTOMARY_SYSTEM, 150.6, "150.6 °F is not valid"),
        (US_CUSTOMARY_SYSTEM, 32, "32 °F is not valid"),
        (
            METRIC_SYSTEM,
            66.1,
            "66.1 °C is not valid for target temperature. Accepted range is 40.5 °C to 65.5 °C",
        ),
    ],
)
async def test_setpoint_outside_the_limits_changes_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess, units: UnitSystem, temperature: float, words: str
) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes.get("min_temp") == 105)
    hass.config.units = units
    with pytest.raises(ServiceValidationError, match=words):
        await act(hass, "set_temperature", temperature=temperature, operation_mode="heat_pump")
    assert await applied(simulator) == []
    state = hass.states.get(HEATER)
    assert state is not None
    assert (state.state, state.attributes["temperature"]) == ("eco", 120)


async def test_mode_that_the_heater_lacks(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.device(MAC, feature={"electricUse": 1, "holidayUse": 1, "powerUse": 1})
    assert await hass.config_entries.async_setup(entry.entry_id)
    modes = ["eco", "heat_pump", "high_demand"]
    await wait_for(hass, HEATER, lambda state: state.state == "eco" and state.attributes["operation_list"] == modes)
    for action, data in (("set_operation_mode", {}), ("set_temperature", {"temperature": 130})):
        for mode in ("electric", "off"):
            with pytest.raises(ServiceValidationError):
                await act(hass, action, operation_mode=mode, **data)
    with pytest.raises(HomeAssistantError):
        await act(hass, "turn_off")
    state = hass.states.get(HEATER)
    assert state is not None
    assert "away_mode" not in state.attributes
    assert await applied(simulator) == []
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_heater_that_shows_celsius(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    hass.config.units = METRIC_SYSTEM
    await simulator.device(MAC, temperatureType=1, feature={"temperatureType": 1})
    assert await hass.config_entries.async_setup(entry.entry_id)
    state = await wait_for(hass, HEATER, lambda state: state.attributes.get("temperature") == 49.0)
    assert state.attributes["min_temp"] == 40.5
    assert state.attributes["max_temp"] == 65.5
    assert state.attributes["target_temp_step"] == 0.5
    await act(hass, "set_temperature", temperature=55.5)
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [111])]
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("running")
async def test_refused_command_shows_the_truth_again(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("ctrl_fail", code=3)
    with pytest.raises(HomeAssistantError) as refused:
        await act(hass, "set_temperature", temperature=140)
    assert refused.value.translation_key == "command_rejected"
    assert "code 3" in str(refused.value)
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 120)
    assert await applied(simulator) == []


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(("data", "days"), [({"days": 1}, 1), ({"days": 99}, 99), ({}, 7)])
async def test_vacation_of_some_days(
    hass: HomeAssistant, simulator: SimulatorProcess, data: dict[str, int], days: int
) -> None:
    await hass.services.async_call(DOMAIN, "start_vacation", {"entity_id": HEATER, **data}, blocking=True)
    assert await applied(simulator) == [("dhw-mode", [5, days])]
    await wait_for(hass, HEATER, lambda state: state.attributes["away_mode"] == "on")
    await wait_for_value(hass, "sensor.nwp500_vacation_days_left", str(days))
    await act(hass, "set_away_mode", away_mode=False)
    assert (await applied(simulator))[1:] == [("dhw-mode", [3])]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("days", [0, 100, -1])
async def test_vacation_that_is_too_long_or_too_short(
    hass: HomeAssistant, simulator: SimulatorProcess, days: int
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(DOMAIN, "start_vacation", {"entity_id": HEATER, "days": days}, blocking=True)
    assert refused.value.translation_key == "value_out_of_range"
    assert refused.value.translation_placeholders is not None
    assert refused.value.translation_placeholders["value"] == str(days)
    assert await applied(simulator) == []
