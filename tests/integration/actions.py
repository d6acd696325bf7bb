"""What a user does: actions on a heater, its buttons and its queue, and what they then see."""

from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from simulator.process import SimulatorProcess
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import wait_for_value

QUEUED = "sensor.nwp500_queued_commands"
CONNECTION = "binary_sensor.nwp500_connection"
OUTCOME = "event.nwp500_command_outcome"


async def act(hass: HomeAssistant, action: str, heater: str = HEATER, **data: object) -> None:
    await hass.services.async_call("water_heater", action, {"entity_id": heater, **data}, blocking=True)


async def set_temperature(hass: HomeAssistant, celsius: float, heater: str = HEATER) -> None:
    await act(hass, "set_temperature", heater, temperature=celsius)


async def set_mode(hass: HomeAssistant, mode: str, heater: str = HEATER) -> None:
    await act(hass, "set_operation_mode", heater, operation_mode=mode)


async def press(hass: HomeAssistant, button: str) -> None:
    await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)


async def ask(hass: HomeAssistant, action: str, device_id: str, **data: object) -> dict[str, Any]:
    """Call an action of the integration and return its response."""
    response = await hass.services.async_call(
        DOMAIN, action, {"device_id": device_id, **data}, blocking=True, return_response=True
    )
    assert response is not None
    return dict(response)


def device_id(hass: HomeAssistant, entry: MockConfigEntry, mac_address: str = MAC) -> str:
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, mac_address), entry.entry_id)
    assert device is not None
    return device.id


async def cut(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    """Cut the connection and wait until the integration knows."""
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, CONNECTION, "off")


def shown(hass: HomeAssistant, entity_id: str) -> State:
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def lost(entry: MockConfigEntry) -> list[str]:
    """Return the lost commands as the dialog of their repair issue lists them."""
    coordinator: NavilinkCoordinator = entry.runtime_data
    return [coordinator.lost.line(event) for event in coordinator.lost.events]


def queued_words(hass: HomeAssistant, sensor: str = QUEUED) -> list[str]:
    """Return the commands that the sensor lists, in order."""
    return [command["command"] for command in shown(hass, sensor).attributes["commands"]]
