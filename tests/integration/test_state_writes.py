"""How often entities write their state: not at all for what nobody sees, and only those of the heater concerned."""

import asyncio
from collections import Counter

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.nwp500 import DeviceStatus, models
from custom_components.navilink.readings.heater_facts import ENERGY
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, QUEUED, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC
from tests.integration.schedules import wait_for_weekly
from tests.integration.waiting import next_event, wait_for, wait_for_value

NAMES = {MAC: "nwp500", OTHER_MAC: "guest_house"}
TWO_HEATERS = pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
SHOWERS = "sensor.nwp500_showers_left"
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


async def ready(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, *macs: str) -> None:
    """Wait until nothing of the start is left to be shown."""
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    for mac_address in macs:
        await wait_for_weekly(entry.runtime_data, mac_address=mac_address)
        # What is read beside the status has been read, and is not due again for half an hour.
        await wait_for(hass, f"sensor.{NAMES[mac_address]}_total_energy", _is_known)
        await wait_for_value(hass, f"update.{NAMES[mac_address]}_controller_firmware", "off")
    await hass.async_block_till_done(wait_background_tasks=True)
    for mac_address in macs:
        await report(simulator, entry, mac_address)


def _is_known(state: State) -> bool:
    return state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


async def test_unchanged_status_writes_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await ready(hass, simulator, running, MAC)
    writes.clear()
    for _ in range(3):
        await report(simulator, running, MAC)
    assert writes == {}


@TWO_HEATERS
async def test_what_has_changed_is_written_once_for_its_heater_only(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await ready(hass, simulator, running, MAC, OTHER_MAC)
    writes.clear()
    await report(simulator, running, MAC, tankUpperTemperature=555)
    assert shown(hass, UPPER_TEMPERATURE).state == "55.5"
    assert writes == {UPPER_TEMPERATURE: 1, HEATER: 1, SHOWERS: 1}


SHOWN_BY = {
    "antiLegionellaOperationBusy": (2, "binary_sensor.nwp500_anti_legionella_cycle"),
    "recircOperationBusy": (2, "binary_sensor.nwp500_recirculation"),
    "scaldUse": (2, "binary_sensor.nwp500_scald_warning"),
    "freezeProtectionUse": (1, "binary_sensor.nwp500_freeze_protection"),
    "evaFanUse": (2, "binary_sensor.nwp500_fan"),
    "touStatus": (1, "sensor.nwp500_time_of_use_status"),
    "drEventStatus": (2, "sensor.nwp500_demand_response_event"),
    "ambientTemperature": (301, "sensor.nwp500_ambient_temperature"),
    "dischargeTemperature": (301, "sensor.nwp500_discharge_temperature"),
    "suctionTemperature": (301, "sensor.nwp500_suction_temperature"),
    "evaporatorTemperature": (301, "sensor.nwp500_evaporator_temperature"),
    "outsideTemperature": (20, "sensor.nwp500_outside_temperature"),
    "targetSuperHeat": (51, "sensor.nwp500_target_superheat"),
    "currentSuperHeat": (51, "sensor.nwp500_superheat"),
    "targetFanRpm": (900, "sensor.nwp500_target_fan_speed"),
    "currentFanRpm": (900, "sensor.nwp500_fan_speed"),
    "eevStep": (300, "sensor.nwp500_expansion_valve_position"),
    "mixingRate": (30, "sensor.nwp500_mixing_valve_position"),
    "hpUpperOnTempSetting": (85, "sensor.nwp500_heat_pump_upper_on_temperature"),
    "hpUpperOffTempSetting": (85, "sensor.nwp500_heat_pump_upper_off_temperature"),
    "hpLowerOnTempSetting": (85, "sensor.nwp500_heat_pump_lower_on_temperature"),
    "hpLowerOffTempSetting": (85, "sensor.nwp500_heat_pump_lower_off_temperature"),
    "heUpperOnTempSetting": (85, "sensor.nwp500_upper_element_on_temperature"),
    "heUpperOffTempSetting": (85, "sensor.nwp500_upper_element_off_temperature"),
    "heLowerOnTempSetting": (85, "sensor.nwp500_lower_element_on_temperature"),
    "heLowerOffTempSetting": (85, "sensor.nwp500_lower_element_off_temperature"),
    "freezeProtectionTemperature": (14, "sensor.nwp500_freeze_protection_temperature"),
    "recircTemperature": (90, "sensor.nwp500_recirculation_temperature"),
    "recircFaucetTemperature": (90, "sensor.nwp500_recirculation_faucet_temperature"),
    "recircDhwFlowRate": (33, "sensor.nwp500_recirculation_flow"),
    "currentStatenum": (50, "sensor.nwp500_state_number"),
    "specialFunctionStatus": (1, "sensor.nwp500_special_function"),
    "minorCode": (101, "sensor.nwp500_minor_error_code"),
    "faultStatus1": (1, "sensor.nwp500_fault_status_1"),
    "faultStatus2": (1, "sensor.nwp500_fault_status_2"),
    "smartDiagnostic": (1, "sensor.nwp500_smart_diagnostic"),
}
"""Members of a status with another value, and the one entity that shows each."""
ALSO = {"touStatus": "switch.nwp500_time_of_use", "ambientTemperature": "sensor.nwp500_standing_loss"}
"""What shows such a member as well, or something that follows from it."""
FITTED = {"recirculationUse": 2, "recircReservationUse": 2, "mixingValueUse": 2}


@pytest.mark.usefixtures("every_entity")
async def test_each_value_is_written_by_what_shows_it(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, writes: Counter[str]
) -> None:
    await simulator.device(MAC, feature=FITTED)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await ready(hass, simulator, entry, MAC)
    await wait_for(hass, "sensor.nwp500_recirculation_flow", _is_known)
    await wait_for(hass, "sensor.nwp500_compressor_starts", _is_known)
    for member, (value, entity_id) in SHOWN_BY.items():
        writes.clear()
        await report(simulator, entry, MAC, **{member: value})
        assert writes == dict.fromkeys({entity_id, ALSO.get(member, entity_id)}, 1), member
    # A value that two of them show: a peak period.
    writes.clear()
    await report(simulator, entry, MAC, hpUpperOnDiffTempSetting=16)
    assert writes == {"sensor.nwp500_time_of_use_status": 1, "binary_sensor.nwp500_peak_period": 1}
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("every_entity")
async def test_a_reading_is_written_by_what_shows_it(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await ready(hass, simulator, running, MAC)
    facts = running.runtime_data.facts
    facts.take(MAC, ENERGY, models.EnergyAmount({"hpUsage": 1000, "heUsage": 500, "hpTime": 3, "heTime": 1}))
    writes.clear()
    facts.take(MAC, ENERGY, models.EnergyAmount({"hpUsage": 1000, "heUsage": 500, "hpTime": 3, "heTime": 1}))
    assert writes == {}
    facts.take(MAC, ENERGY, models.EnergyAmount({"hpUsage": 1004, "heUsage": 500, "hpTime": 3, "heTime": 1}))
    assert writes == {"sensor.nwp500_heat_pump_energy": 1, "sensor.nwp500_total_energy": 1}


@TWO_HEATERS
async def test_confirmed_command_writes_little(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, writes: Counter[str]
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await ready(hass, simulator, running, MAC, OTHER_MAC)
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
