"""A command and a status pass few hands: what of the client they go through is counted."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.client_events import ClientEvents
from custom_components.navilink.nwp500.transport.aws import AwsTransport
from custom_components.navilink.water_heater import NavilinkWaterHeater
from simulator.process import SimulatorProcess
from tests.integration.actions import set_temperature
from tests.integration.heaters import HEATER, MAC
from tests.integration.passage import Passage
from tests.integration.waiting import wait_for

MAX_MODULES = 14
MAX_FUNCTIONS = 45


@pytest.mark.usefixtures("running")
async def test_a_set_temperature_reaches_the_transport_in_few_steps(hass: HomeAssistant) -> None:
    passage = Passage(NavilinkWaterHeater.async_set_temperature, AwsTransport.publish)
    with passage.watched():
        await set_temperature(hass, 55)
    assert passage.is_complete
    assert len(passage.modules) <= MAX_MODULES, "\n".join(passage.functions)
    assert len(passage.functions) <= MAX_FUNCTIONS, "\n".join(passage.functions)


async def test_a_status_reaches_an_entity_through_few_modules(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    """From its bytes on the runtime's thread to the integration, which shows it in the same turn of the loop."""
    coordinator = running.runtime_data
    passage = Passage(AwsTransport._native_message, ClientEvents._on_status_received)  # noqa: SLF001 - both ends
    await simulator.device(MAC, dhwTemperatureSetting=110)
    with passage.watched():
        assert coordinator.client.poll(coordinator.data[MAC].device)
        await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 55)
    assert passage.is_complete
    assert len(passage.modules) <= MAX_MODULES, "\n".join(passage.functions)
