"""The integration in front of heaters and a cloud that answer with nothing but the recorded messages.

What each entity has to show is worked out here from the raw numbers (protocol.md 6 and 8), without the client's models.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from tests.client.support.fixture_heater import STATUSES, FixtureService, fixture, fixture_service
from tests.client.support.mosquitto import MOSQUITTO
from tests.integration.accounts import ACCOUNT, fixture_entry_data
from tests.integration.waiting import wait_for, wait_for_value

pytestmark = [
    pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed"),
    pytest.mark.usefixtures("every_entity"),
]

HEATERS = ("nwp500", "guest_house")
LAST_MEMBER = "sensor.{}_wi_fi_signal"
READ = (LAST_MEMBER, "sensor.{}_total_energy", "sensor.{}_compressor_starts", "update.{}_wi_fi_firmware")
"""Known as soon as the status, the energy, the counters and the firmware have been read."""

type Raw = Mapping[str, int]
"""The members of a recorded status."""
type Shown = str | float | None
"""What a state has to be: a text, a number, or unknown."""

TRI_STATE = {0: None, 1: STATE_OFF, 2: STATE_ON}
HEAT_SOURCES = ("none", "heat_pump", "element", "heat_pump_and_element")
OPERATIONS = {0: "standby", 32: "heat_pump", 64: "hybrid_efficiency", 96: "hybrid_boost"}
# A heater on vacation shows the mode to which it returns, and that somebody is away.
MODES = {1: "heat_pump", 2: "electric", 3: "eco", 4: "high_demand", 6: "off"}


def _flag(name: str) -> Callable[[Raw], Shown]:
    return lambda raw: STATE_ON if raw[name] == 2 else STATE_OFF


def _tri_state(name: str) -> Callable[[Raw], Shown]:
    return lambda raw: TRI_STATE[raw[name]]


def _scaled(name: str, divisor: float = 1) -> Callable[[Raw], Shown]:
    return lambda raw: raw[name] / divisor


def _usable_energy(raw: Raw) -> Shown:
    return max(0, (raw["totalEnergyCapacity"] - raw["availableEnergyCapacity"]) * 4) / 1000


def _filter_hours_left(raw: Raw) -> Shown:
    period = raw["airFilterAlarmPeriod"]
    return max(0, period - raw["cumulatedOpTimeEvaFan"]) if period else None


def _vacation_days_left(raw: Raw) -> Shown:
    return raw["vacationDaySetting"] - raw["vacationDayElapsed"] if raw["dhwOperationSetting"] == 5 else 0


def _known(number: int) -> Shown:
    """Return a number that is zero while it is not known."""
    return number or None


RECIRCULATION_MODES = (None, "always_on", "weekly_schedule", "hot_button", "off")


def _time_of_use(raw: Raw) -> Shown:
    if raw["touStatus"] == 0:
        return "off"
    if raw["touOverrideStatus"] == 1:
        return "overridden"
    kinds = ("hpUpperOn", "hpUpperOff", "hpLowerOn", "hpLowerOff")
    return "peak" if any(raw[f"{kind}DiffTempSetting"] for kind in kinds) else "off_peak"


STATES: Mapping[str, Callable[[Raw], Shown]] = {
    "binary_sensor.{}_heating": _tri_state("operationBusy"),
    "binary_sensor.{}_compressor": _tri_state("compUse"),
    "binary_sensor.{}_upper_element": _tri_state("heatUpperUse"),
    "binary_sensor.{}_lower_element": _tri_state("heatLowerUse"),
    "binary_sensor.{}_hot_water_in_use": _flag("dhwUse"),
    "binary_sensor.{}_fault": lambda raw: STATE_ON if raw["errorCode"] else STATE_OFF,
    "binary_sensor.{}_water_leak": _flag("wtrOvrSensorUse"),
    "binary_sensor.{}_condensate_overflow": _flag("conOvrSensorUse"),
    "binary_sensor.{}_high_temperature_cutoff": _flag("ecoUse"),
    "binary_sensor.{}_connection": lambda _: STATE_ON,
    "sensor.{}_upper_tank_temperature": _scaled("tankUpperTemperature", 10),
    "sensor.{}_lower_tank_temperature": _scaled("tankLowerTemperature", 10),
    "sensor.{}_ambient_temperature": _scaled("ambientTemperature", 10),
    "sensor.{}_outside_temperature": _scaled("outsideTemperature", 2),
    "sensor.{}_discharge_temperature": _scaled("dischargeTemperature", 10),
    "sensor.{}_suction_temperature": _scaled("suctionTemperature", 10),
    "sensor.{}_evaporator_temperature": _scaled("evaporatorTemperature", 10),
    "sensor.{}_hot_water_charge": _scaled("dhwChargePer"),
    "sensor.{}_power": _scaled("currentInstPower"),
    "sensor.{}_usable_energy": _usable_energy,
    "sensor.{}_hot_water_flow": _scaled("currentDhwFlowRate", 10),
    "sensor.{}_hot_water_total": _scaled("cumulatedDhwFlowRate"),
    "sensor.{}_heat_source": lambda raw: HEAT_SOURCES[raw["currentHeatUse"]],
    "sensor.{}_operation": lambda raw: OPERATIONS[raw["operationMode"]],
    "sensor.{}_vacation_days_left": _vacation_days_left,
    "sensor.{}_filter_hours_left": _filter_hours_left,
    "binary_sensor.{}_scald_warning": _flag("scaldUse"),
    "binary_sensor.{}_freeze_protection": _flag("freezeProtectionUse"),
    "binary_sensor.{}_fan": _flag("evaFanUse"),
    "binary_sensor.{}_peak_period": lambda raw: STATE_ON if _time_of_use(raw) == "peak" else STATE_OFF,
    "sensor.{}_time_of_use_status": _time_of_use,
    "sensor.{}_target_superheat": _scaled("targetSuperHeat", 10),
    "sensor.{}_superheat": _scaled("currentSuperHeat", 10),
    "sensor.{}_target_fan_speed": _scaled("targetFanRpm"),
    "sensor.{}_fan_speed": _scaled("currentFanRpm"),
    "sensor.{}_expansion_valve_position": _scaled("eevStep"),
    "sensor.{}_heat_pump_upper_on_temperature": _scaled("hpUpperOnTempSetting", 2),
    "sensor.{}_heat_pump_upper_off_temperature": _scaled("hpUpperOffTempSetting", 2),
    "sensor.{}_heat_pump_lower_on_temperature": _scaled("hpLowerOnTempSetting", 2),
    "sensor.{}_heat_pump_lower_off_temperature": _scaled("hpLowerOffTempSetting", 2),
    "sensor.{}_upper_element_on_temperature": _scaled("heUpperOnTempSetting", 2),
    "sensor.{}_upper_element_off_temperature": _scaled("heUpperOffTempSetting", 2),
    "sensor.{}_lower_element_on_temperature": _scaled("heLowerOnTempSetting", 2),
    "sensor.{}_lower_element_off_temperature": _scaled("heLowerOffTempSetting", 2),
    "sensor.{}_freeze_protection_temperature": _scaled("freezeProtectionTemperature", 2),
    "sensor.{}_full_recovery_energy": _scaled("totalEnergyCapacity", 250),
    "sensor.{}_missing_energy": _scaled("availableEnergyCapacity", 250),
    "sensor.{}_filter_hours_used": _scaled("cumulatedOpTimeEvaFan"),
    "sensor.{}_state_number": _scaled("currentStatenum"),
    "sensor.{}_special_function": _scaled("specialFunctionStatus"),
    "sensor.{}_minor_error_code": _scaled("minorCode"),
    "sensor.{}_fault_status_1": _scaled("faultStatus1"),
    "sensor.{}_fault_status_2": _scaled("faultStatus2"),
    "sensor.{}_smart_diagnostic": _scaled("smartDiagnostic"),
    LAST_MEMBER: _scaled("wifiRssi"),
    "number.{}_filter_interval": lambda raw: _known(raw["airFilterAlarmPeriod"]),
    "number.{}_vacation_length": lambda raw: _known(raw["vacationDaySetting"]) or 7,
    "switch.{}_filter_reminder": lambda raw: STATE_ON if raw["airFilterAlarmPeriod"] else STATE_OFF,
    "switch.{}_time_of_use": lambda raw: STATE_ON if raw["touStatus"] else STATE_OFF,
    "water_heater.{}": lambda raw: MODES.get(raw["dhwOperationSetting"], "eco"),
}
DR_EVENTS = (
    "not_applied",
    "run_normal",
    "shed",
    "load_up",
    "advanced_load_up",
    "customer_peak",
    "grid_emergency",
)
STATES_OF_ONE: Mapping[str, Callable[[Raw], Shown]] = {
    "binary_sensor.nwp500_anti_legionella_cycle": _tri_state("antiLegionellaOperationBusy"),
    "sensor.nwp500_demand_response_event": lambda raw: DR_EVENTS[raw["drEventStatus"]],
    "binary_sensor.guest_house_recirculation": _flag("recircOperationBusy"),
    "sensor.guest_house_mixing_valve_position": _scaled("mixingRate"),
    "sensor.guest_house_recirculation_temperature": _scaled("recircTemperature", 2),
    "sensor.guest_house_recirculation_faucet_temperature": _scaled("recircFaucetTemperature", 2),
    "sensor.guest_house_recirculation_flow": _scaled("recircDhwFlowRate", 10),
    "number.nwp500_anti_legionella_interval": _scaled("antiLegionellaPeriod"),
    "select.guest_house_recirculation_mode": lambda raw: RECIRCULATION_MODES[raw["recircOperationMode"]],
    "switch.nwp500_anti_legionella": _tri_state("antiLegionellaUse"),
    "switch.nwp500_demand_response": lambda _: None,
}
"""What one of the heaters has only; whether the utility may control a heater is reported by none."""
UNKNOWN_TO_SERVICE = {"sensor.guest_house_last_fault"}
"""In the recorded list of heaters."""
SEEN_OVER_TIME = {"boost_ends", "hot_at", "time_until_hot", "cop_of_last_heating_estimated", "last_at_60_degc"}
"""Ends of entities that one status alone says nothing to, or not always."""
NOT_MEASURED = {"button", "event"}
"""Their state is a time at which something happened, and nothing has."""


@pytest.fixture
def status() -> str:
    """The recorded state of the heaters; a test parametrizes it to have another one."""
    return "status_idle"


@pytest.fixture
async def service(tmp_path: Path, status: str) -> AsyncIterator[FixtureService]:
    """Run the cloud of recorded messages."""
    async with fixture_service(tmp_path, status) as service:
        yield service


@pytest.fixture
async def running(hass: HomeAssistant, service: FixtureService) -> AsyncIterator[MockConfigEntry]:
    """The integration set up for the recorded account, with every entity enabled and the heaters heard."""
    entry = MockConfigEntry(domain=DOMAIN, title="NWP500", unique_id=ACCOUNT, data=fixture_entry_data(service))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    for heater in HEATERS:
        for entity_id in READ:
            await wait_for(hass, entity_id.format(heater), _is_known)
        await wait_for(hass, f"water_heater.{heater}", lambda state: state.attributes.get("max_temp") == 65.5)
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


def _is_known(state: State) -> bool:
    return state.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)


def wanted_states(raw: Raw) -> dict[str, Shown]:
    """Return what every entity of both heaters has to show."""
    of_both = {name.format(heater): value(raw) for name, value in STATES.items() for heater in HEATERS}
    return of_both | {name: value(raw) for name, value in STATES_OF_ONE.items()}


def raw_status(name: str) -> Raw:
    """Return the members of a recorded status."""
    response = fixture(name)["response"]
    found: dict[str, int] = response.get("status", response.get("st"))
    return found


def shown(hass: HomeAssistant, entity_id: str, like: Shown) -> Shown:
    """Return what an entity shows, as a number where a number is expected."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    if state.state == STATE_UNKNOWN:
        return None
    return float(state.state) if isinstance(like, int | float) else state.state


@pytest.mark.usefixtures("every_entity", "running")
@pytest.mark.parametrize("status", STATUSES)
async def test_every_entity_shows_what_was_recorded(hass: HomeAssistant, status: str) -> None:
    raw = raw_status(status)
    wanted = wanted_states(raw)
    assert {entity_id: shown(hass, entity_id, value) for entity_id, value in wanted.items()} == pytest.approx(wanted)
    for heater in HEATERS:
        water_heater = hass.states.get(f"water_heater.{heater}")
        assert water_heater is not None
        assert water_heater.attributes["temperature"] == raw["dhwTemperatureSetting"] / 2
        assert water_heater.attributes["away_mode"] == (STATE_ON if raw["dhwOperationSetting"] == 5 else STATE_OFF)


@pytest.mark.parametrize("status", STATUSES)
async def test_nothing_is_unknown_that_was_recorded(hass: HomeAssistant, running: MockConfigEntry, status: str) -> None:
    raw = raw_status(status)
    unknown = {entity_id for entity_id, value in wanted_states(raw).items() if value is None}
    unknown |= UNKNOWN_TO_SERVICE
    entries = er.async_entries_for_config_entry(er.async_get(hass), running.entry_id)
    measured = [
        entry.entity_id
        for entry in entries
        if entry.domain not in NOT_MEASURED and entry.entity_id.partition(".")[2].startswith(HEATERS)
    ]
    assert len(measured) > len(HEATERS) * len(STATES)
    later = {f"sensor.{heater}_{name}" for heater in HEATERS for name in SEEN_OVER_TIME}
    assert {entity_id for entity_id in measured if not _is_known(_state(hass, entity_id))} - later == unknown


def _state(hass: HomeAssistant, entity_id: str) -> State:
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state


@pytest.mark.usefixtures("every_entity", "running")
@pytest.mark.parametrize(
    ("action", "data", "holds"),
    [
        ("set_temperature", {"temperature": 55}, lambda state: state.attributes["temperature"] == 55),
        ("set_operation_mode", {"operation_mode": "heat_pump"}, lambda state: state.state == "heat_pump"),
        ("set_operation_mode", {"operation_mode": "high_demand"}, lambda state: state.state == "high_demand"),
        ("turn_off", {}, lambda state: state.state == "off"),
    ],
)
async def test_actions_are_completed_by_recorded_answers(
    hass: HomeAssistant, action: str, data: dict[str, object], holds: Callable[[State], bool]
) -> None:
    heater = "water_heater.nwp500"
    await hass.services.async_call(WATER_HEATER, action, {"entity_id": heater, **data}, blocking=True)
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "0")
    outcome = await wait_for(hass, "event.nwp500_command_outcome", _is_known)
    assert outcome.attributes["event_type"] == "confirmed"
    await wait_for(hass, heater, holds)
