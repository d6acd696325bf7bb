"""Sensors of what is worked out of a heater's statuses."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.actions import press, set_temperature, shown
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for

HOT_WATER = "sensor.nwp500_hot_water_left"
SHOWERS = "sensor.nwp500_showers_left"
UNTIL_HOT = "sensor.nwp500_time_until_hot"
LOW = "binary_sensor.nwp500_hot_water_low"
REFRESH = "button.nwp500_refresh"


@pytest.mark.usefixtures("every_entity", "running")
async def test_hot_water_and_showers(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    liters = int(float(shown(hass, HOT_WATER).state))
    assert 200 < liters < 400
    assert liters % 5 == 0
    assert float(shown(hass, SHOWERS).state) == pytest.approx(liters / 40, abs=0.6)
    assert shown(hass, LOW).state == "off"
    await simulator.device(MAC, tankUpperTemperature=380, tankLowerTemperature=200)
    await press(hass, REFRESH)
    await wait_for(hass, HOT_WATER, lambda state: state.state == "0")
    assert shown(hass, SHOWERS).state == "0.0"
    assert shown(hass, LOW).state == "on"


@pytest.mark.usefixtures("running")
async def test_time_until_hot_while_it_heats(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert shown(hass, UNTIL_HOT).state in {"0", "unknown"}
    await set_temperature(hass, 60)
    await simulator.clock(advance=60)
    await press(hass, REFRESH)
    state = await wait_for(hass, UNTIL_HOT, lambda state: state.state not in {"0", "unknown"})
    minutes = int(state.state)
    # From 49 to 60 °C at 4.2 °C an hour, in steps of five minutes.
    assert 120 <= minutes <= 200
    assert minutes % 5 == 0


async def test_what_is_learned_is_kept(
    hass: HomeAssistant, running: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    registry = er.async_get(hass)
    for key in ("heat_pump_rate", "standing_loss"):
        entity_id = registry.async_get_entity_id("sensor", "navilink", f"{MAC}_{key}")
        assert entity_id is not None
        registry.async_update_entity(entity_id, disabled_by=None)
    assert await hass.config_entries.async_unload(running.entry_id)
    stored = hass_storage[f"navilink.{running.entry_id}.insight"]
    assert stored["data"] == {}
    stored["data"][MAC] = {"heat_pump": 1.2, "element": 1.0, "loss": 1.0, "cop": 3.0, "hygienic_at": None}
    assert await hass.config_entries.async_setup(running.entry_id)
    state = await wait_for(hass, "sensor.nwp500_heating_rate_of_heat_pump", lambda state: state.state != "unavailable")
    assert float(state.state) == pytest.approx(4.55 * 1.2, abs=0.1)
    assert state.attributes["unit_of_measurement"] == "°C/h"
