"""How often entities write their state: not at all for what nobody sees, and only those of the heater concerned."""

import asyncio
from collections import Counter

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.nwp500 import DeviceStatus
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, QUEUED, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC
from tests.integration.schedules import wait_for_weekly
from tests.integration.waiting import next_event, wait_for, wait_for_value

TWO_HEATERS = pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
UPPER_TEMPERATURE = "sensor.nwp500_upper_tank_temperature"
MAX_WRITES = 3


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the writes of each entity from now on."""
    counted: Counter[str] = Counter()
    write = Entity.async_write_ha_state

    def counting(entity: Entity) -> None:
        counted[entity.entity_id] += 1
        write(entity)

    monkeypatch.setattr(Entity, "async_write_ha_state", counting)
    return counted


async def report(simulator: SimulatorProcess, entry: MockConfigEntry, mac_address: str, **members: int) -> None:
    """Let a heater report its last status once more, but for some members, and wait until it is taken in."""
    coordinator = entry.runtime_data
    status: DeviceStatus = coordinator.data[mac_address].status
    body = {"response": {"macAddress": mac_address, "status": {**status.raw, **members}}}
    reported = asyncio.create_task(next_event(coordinator.client, "status_received"))
    await asyncio.sleep(0)
    await simulator.publish(f"cmd/52/navilink-{mac_address}/res/st", body)
    await reported
    await coordinator.hass.async_block_till_done()


async def settled(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, *macs: str) -> None:
    """Wait until nothing of the start is left to be shown."""
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    for mac_address in macs:
        await wait_for_weekly(entry.runtime_data, mac_address=mac_address)
        await report(simulator, entry, mac_address)


async def test_unchanged_status_writes_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await settled(hass, simulator, running, MAC)
    writes.clear()
    for _ in range(3):
        await report(simulator, running, MAC)
    assert writes == {}


@TWO_HEATERS
async def test_what_has_changed_is_written_once_for_its_heater_only(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await settled(hass, simulator, running, MAC, OTHER_MAC)
    writes.clear()
    await report(simulator, running, MAC, tankUpperTemperature=555)
    assert shown(hass, UPPER_TEMPERATURE).state == "55.5"
    assert writes == {UPPER_TEMPERATURE: 1, HEATER: 1}


@TWO_HEATERS
async def test_confirmed_command_writes_little(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await settled(hass, simulator, running, MAC, OTHER_MAC)
    before = {state.entity_id: state for state in hass.states.async_all()}
    writes.clear()
    await set_temperature(hass, 60)
    await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == "confirmed")
    await wait_for_value(hass, QUEUED, "0")
    await hass.async_block_till_done()
    assert {HEATER, QUEUED, OUTCOME} <= writes.keys()
    assert max(writes.values()) <= MAX_WRITES
    of_other = {each.entity_id for each in er.async_get(hass).entities.values() if OTHER_MAC in each.unique_id}
    assert of_other
    assert writes.keys().isdisjoint(of_other)
    # What came and went in between is shown by the queue alone.
    for entity_id in writes.keys() - {QUEUED}:
        assert shown(hass, entity_id) != before[entity_id], entity_id
