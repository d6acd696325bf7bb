"""The diagnostics download: useful, and without anything that tells who or where somebody is."""

import json

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for_value


async def test_diagnostics_tell_the_state_and_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await simulator.fault("link_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    await hass.services.async_call(
        "water_heater", "set_temperature", {"entity_id": "water_heater.nwp500", "temperature": 60}, blocking=True
    )
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, running)

    heater = diagnostics["heaters"][0]
    assert diagnostics["link"]["connected"] is False
    assert heater["status"]["dhwTemperatureSetting"] == 98
    assert len(heater["status"]) == 103
    assert heater["feature"]["dhwTemperatureMax"] == 131
    assert [command["command"] for command in heater["queue"]["commands"]] == ["set point 140 °F"]

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
