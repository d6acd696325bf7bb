"""The diagnostics download: useful, and without anything that tells who or where somebody is."""

import json

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator.process import SimulatorProcess
from tests.integration.actions import cut, device_id, set_mode, set_temperature
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC
from tests.integration.waiting import wait_for, wait_for_value


async def test_diagnostics_tell_the_state_and_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await set_mode(hass, "heat_pump")
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, running)

    heater = diagnostics["heaters"][0]
    assert diagnostics["link"]["connected"] is False
    assert diagnostics["store"] == {"has_failed": False}
    assert heater["online"] is False
    assert heater["status"]["dhwTemperatureSetting"] == 98
    assert len(heater["status"]) == 103
    assert heater["feature"]["dhwTemperatureMax"] == 131
    assert [command["command"] for command in heater["queue"]["commands"]] == ["target temperature 60 °C"]
    assert heater["queue"]["outcomes"] == {"confirmed": 1}
    [ended] = heater["queue"]["recent"]
    assert (ended["command"], ended["outcome"], ended["reason"]) == (
        "mode heat pump",
        "confirmed",
        "the heater reports it",
    )

    coordinator = running.runtime_data
    device = coordinator.data[MAC].device
    feature = coordinator.data[MAC].feature
    assert feature is not None
    assert device.location is not None
    secrets = [
        simulator.addresses["email"],
        simulator.addresses["password"],
        simulator.addresses["ca_file"],
        coordinator.client.client_id,
        MAC,
        "04:78:63:0a:1b:2c",
        device.additional_value,
        device.location.address,
        device.location.city,
        str(device.home_seq),
        feature.serial_number,
    ]
    told = json.dumps(diagnostics).lower()
    for secret in secrets:
        assert secret
        assert secret.lower() not in told


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_diagnostics_of_one_heater(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await wait_for_value(hass, OTHER_HEATER, "eco")
    # Its own limits show that it has told its features.
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await simulator.device(OTHER_MAC, dhwTemperatureSetting=104)
    await hass.services.async_call("button", "press", {"entity_id": "button.guest_house_refresh"}, blocking=True)
    await wait_for(hass, OTHER_HEATER, lambda state: state.attributes["temperature"] == 52)
    device = dr.async_get(hass).async_get(device_id(hass, running, OTHER_MAC))
    assert device is not None
    diagnostics = await get_diagnostics_for_device(hass, hass_client, running, device)
    [heater] = diagnostics["heaters"]
    assert heater["status"]["dhwTemperatureSetting"] == 104
    assert diagnostics["link"] == {"state": "connected", "connected": True}
    told = json.dumps(diagnostics).lower()
    for secret in (MAC, OTHER_MAC, simulator.addresses["email"], simulator.addresses["password"]):
        assert secret not in told
