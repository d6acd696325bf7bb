"""An action is carried out as a whole or not at all, whatever its heater lacks."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.navilink.nwp500 import HeaterCommand
from custom_components.navilink.nwp500.protocol.controls import DHW_MODE, DHW_TEMPERATURE, POWER_ON, VACATION
from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, act, shown
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import wait_for_value

NOT_SUPPORTED = 1
TARGET, MODES, AWAY, ON_OFF = 1, 2, 4, 8
OFFERED = ("min_temp", "max_temp", "target_temp_step", "operation_list", "supported_features")


@pytest.fixture
async def heater(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, lacks: tuple[str, ...]
) -> AsyncIterator[MockConfigEntry]:
    """A heater that lacks something, and has reported so."""
    await simulator.device(MAC, feature=dict.fromkeys(lacks, NOT_SUPPORTED))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


async def given(hass: HomeAssistant, simulator: SimulatorProcess) -> int:
    """Return how many controls were given: those that wait, and those that were sent."""
    sent = [message for message in (await simulator.state())["received"] if message["topic"].endswith("/ctrl")]
    return len(shown(hass, QUEUED).attributes["commands"]) + len(sent)


@pytest.mark.usefixtures("heater")
@pytest.mark.parametrize(
    ("lacks", "action", "data"),
    [
        (("dhwUse",), "set_temperature", {"temperature": 55, "operation_mode": "heat_pump"}),
        (("heatpumpUse",), "set_temperature", {"temperature": 55, "operation_mode": "heat_pump"}),
        (("powerUse",), "set_temperature", {"temperature": 55, "operation_mode": "off"}),
        ((), "set_temperature", {"temperature": 55, "operation_mode": "vacation"}),
        ((), "set_temperature", {"temperature": 90, "operation_mode": "heat_pump"}),
        (("dhwTemperatureSettingUse",), "set_temperature", {"temperature": 55, "operation_mode": "heat_pump"}),
        (("dhwUse",), "set_operation_mode", {"operation_mode": "eco"}),
        (("dhwUse",), "set_away_mode", {"away_mode": True}),
        (("holidayUse",), "set_away_mode", {"away_mode": True}),
        (("powerUse",), "set_operation_mode", {"operation_mode": "off"}),
        (("powerUse",), "turn_off", {}),
        (("powerUse",), "turn_on", {}),
    ],
)
async def test_nothing_is_given_of_what_cannot_be_done_whole(
    hass: HomeAssistant, simulator: SimulatorProcess, action: str, data: Mapping[str, Any]
) -> None:
    before = shown(hass, HEATER)
    with pytest.raises(HomeAssistantError):
        await act(hass, action, **data)
    assert await given(hass, simulator) == 0
    assert shown(hass, HEATER).state == before.state
    assert shown(hass, HEATER).attributes["temperature"] == before.attributes["temperature"]


@pytest.mark.parametrize("lacks", [("dhwUse",)])
async def test_commands_are_checked_together_before_the_first_is_given(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: MockConfigEntry
) -> None:
    """Also those that no entity has looked at before."""
    coordinator = heater.runtime_data
    device = coordinator.data[MAC].device
    fine = HeaterCommand(device, DHW_TEMPERATURE, (110,)), HeaterCommand(device, POWER_ON)
    for wrong, key in (
        (HeaterCommand(device, DHW_MODE, (1,)), "unsupported_command"),
        (HeaterCommand(device, VACATION, (5, 7)), "unsupported_command"),
        (HeaterCommand(device, VACATION, (5, 100)), "value_out_of_range"),
        (HeaterCommand(device, DHW_TEMPERATURE, ()), "value_not_valid"),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await coordinator.delivery.async_send(device, *fine, wrong)
        assert refused.value.translation_key == key
    assert await given(hass, simulator) == 0


@pytest.mark.usefixtures("heater")
@pytest.mark.parametrize(
    ("lacks", "features", "operations"),
    [
        ((), TARGET | MODES | AWAY | ON_OFF, ["eco", "heat_pump", "electric", "high_demand", "off"]),
        (("dhwUse",), TARGET | ON_OFF, None),
        (("powerUse",), TARGET | MODES | AWAY, ["eco", "heat_pump", "electric", "high_demand"]),
        (("holidayUse",), TARGET | MODES | ON_OFF, ["eco", "heat_pump", "electric", "high_demand", "off"]),
        (("energySaverUse", "electricUse"), TARGET | MODES | AWAY | ON_OFF, ["heat_pump", "high_demand", "off"]),
        (("dhwTemperatureSettingUse",), MODES | AWAY | ON_OFF, ["eco", "heat_pump", "electric", "high_demand", "off"]),
        (("dhwUse", "powerUse", "dhwTemperatureSettingUse"), 0, None),
    ],
)
async def test_heater_offers_what_it_takes(hass: HomeAssistant, features: int, operations: list[str] | None) -> None:
    attributes = shown(hass, HEATER).attributes
    assert attributes["supported_features"] == features
    assert attributes.get("operation_list") == operations
    assert ("away_mode" in attributes) is bool(features & AWAY)


async def test_what_a_heater_offers_is_known_from_its_first_state_on(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A bridge makes its accessory anew for each change, and an assistant has to be notified."""
    changes = async_capture_events(hass, "state_changed")
    for _ in range(2):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await wait_for_value(hass, "sensor.nwp500_heat_source", "none")
        assert await hass.config_entries.async_unload(entry.entry_id)
    states = [event.data["new_state"] for event in changes if event.data["entity_id"] == HEATER]
    offered = [
        [
            state.attributes[name]
            for name in ("min_temp", "max_temp", "target_temp_step", "operation_list", "supported_features")
        ]
        for state in states
        if state.state != "unavailable"
    ]
    assert len(offered) > 1
    assert all(each == offered[0] for each in offered)
