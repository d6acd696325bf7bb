"""Every state that the integration can produce, as Google, Alexa and HomeKit take it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.metadata import version
import json
import logging
from pathlib import Path
from typing import Any

from homeassistant.components import homekit
from homeassistant.components.water_heater.const import WaterHeaterEntityFeature
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN, UnitOfTemperature
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.heater import HeaterState
from custom_components.navilink.nwp500 import DeviceFeature, DeviceStatus
from simulator.process import SimulatorProcess
from tests import FIXTURES
from tests.client.support.fixture_heater import STATUSES, fixture
from tests.integration.actions import cut, press, shown
from tests.integration.assistants import Assistants, all_assistants, states_of
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import wait_for, wait_for_value

# So long Google waits before it is notified of anything, and before it is notified of a change.
FIRST_REPORT, NEXT_REPORT = timedelta(seconds=61), timedelta(seconds=2)

# It complains of its own default for every thermostat that cannot be switched off.
NOISY = "pyhap.characteristic"

CLEAR_QUEUE = "button.nwp500_clear_queue"

TARGET = WaterHeaterEntityFeature.TARGET_TEMPERATURE
MODES = WaterHeaterEntityFeature.OPERATION_MODE
ON_OFF = WaterHeaterEntityFeature.ON_OFF

FEATURES = tuple(sorted(path.stem for path in FIXTURES.glob("feature*.json")))
# A heater that has next to nothing, one that reports next to nothing, and one whose numbers nobody knows.
STRANGE_FEATURES: Mapping[str, Mapping[str, int]] = {
    "no modes": {"dhwUse": 1},
    "no power": {"powerUse": 1},
    "no vacation": {"holidayUse": 1},
    "no setpoint": {"dhwTemperatureSettingUse": 1},
    "nothing at all": {"dhwUse": 1, "powerUse": 1, "holidayUse": 1, "dhwTemperatureSettingUse": 1},
    "whole degrees": {"dhwTemperatureSettingUse": 3},
    "three stages": {"dhwTemperatureSettingUse": 4},
    "unknown numbers": {"dhwTemperatureSettingUse": 99, "temperatureType": 99, "dhwUse": 99, "powerUse": 99},
}
BOOST_AND_INSIGHT = {
    "switch.nwp500_boost",
    "number.nwp500_boost_duration",
    "number.nwp500_boost_temperature",
    "calendar.nwp500_planned_heating",
    "binary_sensor.nwp500_hot_water_low",
    *(f"sensor.nwp500_{name}" for name in ("boost_ends", "time_until_hot", "hot_at", "hot_water_left")),
    *(f"sensor.nwp500_{name}" for name in ("showers_left", "last_at_60_degc", "standing_loss")),
    *(f"sensor.nwp500_{name}" for name in ("heating_rate_of_heat_pump", "heating_rate_of_elements")),
    "sensor.nwp500_cop_of_last_heating_estimated",
}
# Changes of a status that somebody has seen or may see one day.
STRANGE_MEMBERS: Mapping[str, Mapping[str, object]] = {
    "standby": {"dhwOperationSetting": 0},
    "off": {"dhwOperationSetting": 6},
    "vacation": {"dhwOperationSetting": 5, "vacationDaySetting": 7},
    "unknown mode": {"dhwOperationSetting": 99},
    "no mode": {"dhwOperationSetting": None},
    "no setpoint": {"dhwTemperatureSetting": None},
    "no upper probe": {"tankUpperTemperature": None},
    "texts": {"dhwOperationSetting": "eco", "dhwTemperatureSetting": "warm", "tankUpperTemperature": "hot"},
    "out of range": {"dhwTemperatureSetting": 999, "tankUpperTemperature": -9999},
    "unknown numbers": {"operationMode": 77, "currentHeatUse": 9, "operationBusy": 9, "errorCode": 4711},
}


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known of a heater."""

    name: str
    status: DeviceStatus | None
    feature: DeviceFeature | None
    is_fresh: bool = True
    wanted: Mapping[str, int] = field(default_factory=dict)

    def of(self, heater: HeaterState) -> HeaterState:
        """Return a heater in this situation."""
        status = self.status
        shown = None if status is None and not self.wanted else (status or DeviceStatus({})).with_members(self.wanted)
        return replace(heater, feature=self.feature, status=status, shown=shown, is_fresh=self.is_fresh)


def recorded_status(name: str) -> DeviceStatus:
    return DeviceStatus.from_message(fixture(name))


def recorded_feature(name: str) -> DeviceFeature:
    return DeviceFeature.from_message(fixture(name))


def situations() -> Iterator[Situation]:
    """Give every situation in which a heater may be."""
    feature, status = recorded_feature("feature"), recorded_status("status_idle")
    for name in STATUSES:
        known = recorded_status(name)
        for each in FEATURES:
            yield Situation(name=f"{name}, {each}", status=known, feature=recorded_feature(each))
        yield Situation(name=f"{name}, silent for long or restored", status=known, feature=feature, is_fresh=False)
    for name, members in STRANGE_MEMBERS.items():
        strange = DeviceStatus({**status.raw, **members})
        yield Situation(name=f"status: {name}", status=strange, feature=feature)
    for name, abilities in STRANGE_FEATURES.items():
        able = DeviceFeature({**feature.raw, **abilities})
        for mode in (3, 5, 6):
            yield Situation(
                name=f"feature: {name}, mode {mode}",
                status=status.with_members({"dhwOperationSetting": mode}),
                feature=able,
            )
    for name, wanted in {
        "target": {"dhwTemperatureSetting": 120},
        "mode": {"dhwOperationSetting": 1},
        "off": {"dhwOperationSetting": 6},
        "vacation": {"dhwOperationSetting": 5, "vacationDaySetting": 7},
    }.items():
        yield Situation(name=f"pending {name}", status=status, feature=feature, wanted=wanted)
        yield Situation(
            name=f"pending {name}, never heard", status=None, feature=feature, wanted=wanted, is_fresh=False
        )
    yield Situation(name="nothing but abilities", status=None, feature=feature, is_fresh=False)
    yield Situation(name="no abilities yet", status=status, feature=None)
    yield Situation(name="empty messages", status=DeviceStatus({}), feature=DeviceFeature({}))
    yield Situation(name="never seen", status=None, feature=None, is_fresh=False)


@pytest.fixture
def everything_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture
def assistants(hass: HomeAssistant) -> Iterator[Assistants]:
    with all_assistants(hass) as assistants:
        yield assistants


def celsius(hass: HomeAssistant, state: State, attribute: str = "temperature") -> float:
    """Return a temperature that a state shows, in °C."""
    shown_in = hass.config.units.temperature_unit
    return TemperatureConverter.convert(state.attributes[attribute], shown_in, UnitOfTemperature.CELSIUS)


def check_target(hass: HomeAssistant, state: State, views: Mapping[str, Mapping[str, Any]]) -> None:
    """See that the target temperature is the same everywhere, within the steps in which each of them counts."""
    target, *limits = (celsius(hass, state, name) for name in ("temperature", "min_temp", "max_temp"))
    assert views["google"]["temperatureSetpointCelsius"] == pytest.approx(target, abs=0.06)
    if state.attributes["supported_features"] & MODES:
        assert views["alexa"]["targetSetpoint"]["value"] == state.attributes["temperature"]
    if state.state != STATE_UNKNOWN:
        nearest = min(max(target, limits[0]), limits[1])
        assert views["homekit"]["TargetTemperature"] == pytest.approx(nearest, abs=0.11)


def check_mode(state: State, views: Mapping[str, Mapping[str, Any]]) -> None:
    """See that the mode is the same everywhere, under a name that all of them know."""
    operations = state.attributes["operation_list"]
    assert set(operations) <= {"eco", "heat_pump", "electric", "high_demand", "off"}
    if state.state in operations:
        assert views["google"]["currentModeSettings"] == {"operation mode": state.state}
        assert views["alexa"]["mode"] == f"operation_mode.{state.state}"


def check_power(state: State, views: Mapping[str, Mapping[str, Any]]) -> None:
    """See that on and off are the same everywhere."""
    is_on = state.state not in (STATE_OFF, STATE_UNKNOWN)
    assert views["google"]["on"] is is_on
    assert views["alexa"]["powerState"] == ("ON" if is_on else "OFF")
    if state.state != STATE_UNKNOWN:
        assert views["homekit"]["TargetHeatingCoolingState"] == int(is_on)


def check_water_heater(hass: HomeAssistant, state: State, views: Mapping[str, Mapping[str, Any]]) -> None:
    """See that all of them show the water heater as Home Assistant does."""
    if state.state == STATE_UNAVAILABLE:
        assert views["google"] == {"online": False}
        assert views["alexa"]["connectivity"] == {"value": "UNREACHABLE"}
        return
    assert views["google"]["online"] is True
    assert views["alexa"]["connectivity"] == {"value": "OK"}
    features = state.attributes["supported_features"]
    if features & TARGET:
        check_target(hass, state, views)
    if features & MODES:
        check_mode(state, views)
    if features & ON_OFF:
        check_power(state, views)


def number(state: State) -> float | str:
    """Return the state as a number, if it is one."""
    try:
        return float(state.state)
    except ValueError:
        return state.state


SHOWN_AS: Mapping[str, Callable[[State], object]] = {
    "on": lambda state: state.state == STATE_ON,
    "powerState": lambda state: "ON" if state.state == STATE_ON else "OFF",
    "On": lambda state: state.state == STATE_ON,
    "currentModeSettings": lambda state: {"option": state.state},
    "rangeValue": number,
}
"""What the assistants show of a state that is on or off, one of several, or a number, by the names that they have."""


def check_other_entity(state: State, views: Mapping[str, Mapping[str, Any]]) -> None:
    """See that an entity of any other platform is shown as it is, or as not there."""
    if "google" in views:
        assert views["google"]["online"] is (state.state != STATE_UNAVAILABLE)
    if "alexa" in views:
        is_reachable = state.state != STATE_UNAVAILABLE
        assert views["alexa"]["connectivity"] == {"value": "OK" if is_reachable else "UNREACHABLE"}
    if state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return
    seen = {name: value for view in views.values() for name, value in view.items() if name in SHOWN_AS}
    if "options" in state.attributes:
        # To HomeKit, each option is a switch of its own; to Google, whatever is not off is on.
        seen.pop("On", None)
        assert seen.pop("on", state.state != STATE_OFF) is (state.state != STATE_OFF)
    # What is only pressed is a switch to HomeKit, and always off.
    assert state.domain == "button" or seen == {name: SHOWN_AS[name](state) for name in seen}


@pytest.mark.usefixtures("everything_enabled")
@pytest.mark.parametrize("units", [METRIC_SYSTEM, US_CUSTOMARY_SYSTEM], ids=["C", "F"])
async def test_every_state_is_understood(
    hass: HomeAssistant,
    running: MockConfigEntry,
    assistants: Assistants,
    units: UnitSystem,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass.config.units = units
    coordinator = running.runtime_data
    heater = coordinator.data[MAC]
    understood: set[str] = set()
    for situation in situations():
        coordinator.data[MAC] = situation.of(heater)
        coordinator.snapshots.call_back(MAC)
        try:
            views = {state.entity_id: assistants.views(state) for state in states_of(hass, running)}
            json.dumps(views, allow_nan=False)
            state = shown(hass, HEATER)
            # One that takes no command at all, some of them cannot show.
            if state.attributes["supported_features"] & (TARGET | MODES | ON_OFF):
                assert views[HEATER].keys() == {"google", "alexa", "homekit"}
                check_water_heater(hass, state, views[HEATER])
            assert views.keys() >= BOOST_AND_INSIGHT
            for entity_id in views.keys() - {HEATER}:
                check_other_entity(shown(hass, entity_id), views[entity_id])
        except Exception as error:
            error.add_note(situation.name)
            raise
        understood |= {entity_id.partition(".")[0] for entity_id, views in views.items() if views}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR and record.name != NOISY]
    assert understood >= {"water_heater", "button", "binary_sensor", "sensor"}


@pytest.mark.usefixtures("everything_enabled")
async def test_an_active_boost_is_understood(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, assistants: Assistants
) -> None:
    await hass.services.async_call(DOMAIN, "boost", {"entity_id": HEATER, "temperature": 60}, blocking=True)
    await simulator.wait(applied=1)
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 60)
    await wait_for_value(hass, "calendar.nwp500_planned_heating", STATE_ON)
    assert shown(hass, "sensor.nwp500_boost_ends").state != STATE_UNKNOWN
    for state in states_of(hass, running):
        if state.entity_id != HEATER:
            check_other_entity(state, assistants.views(state))
    views = assistants.views(shown(hass, "switch.nwp500_boost"))
    assert views["google"]["on"] is views["homekit"]["On"] is True
    assert views["alexa"]["powerState"] == "ON"
    check_water_heater(hass, shown(hass, HEATER), assistants.views(shown(hass, HEATER)))


async def reports(hass: HomeAssistant, assistants: Assistants, after: timedelta) -> Mapping[str, Any] | None:
    """Let Google's pause before a report go by, and return what it was then notified of the water heater."""
    async_fire_time_changed(hass, dt_util.utcnow() + after)
    await hass.async_block_till_done()
    reported = [states[HEATER] for states in assistants.google.reported if HEATER in states]
    assistants.google.reported.clear()
    return reported[-1] if reported else None


async def test_google_knows_of_a_heater_that_never_reported(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, assistants: Assistants
) -> None:
    """Google's first report raised for a water heater without a target temperature, and with it all reporting ended."""
    await simulator.fault("mqtt_down")
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert shown(hass, HEATER).state == STATE_UNAVAILABLE
    assistants.google.async_enable_report_state()
    assert await reports(hass, assistants, FIRST_REPORT) == {"online": False}
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, HEATER, "eco")
    reported = await reports(hass, assistants, NEXT_REPORT)
    assert reported is not None
    assert (reported["online"], reported["on"], reported["temperatureSetpointCelsius"]) == (True, True, 49)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_google_knows_of_a_heater_that_reported_before_the_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, assistants: Assistants
) -> None:
    assert await hass.config_entries.async_unload(running.entry_id)
    await simulator.fault("mqtt_down")
    assert await hass.config_entries.async_setup(running.entry_id)
    assistants.google.async_enable_report_state()
    reported = await reports(hass, assistants, FIRST_REPORT)
    assert reported is not None
    assert (reported["online"], reported["on"], reported["temperatureSetpointCelsius"]) == (True, True, 49)
    # What was measured then is not shown as if it were measured now.
    assert "temperatureAmbientCelsius" not in reported


async def given(hass: HomeAssistant, entry: MockConfigEntry, command: tuple[str, tuple[int, ...]]) -> None:
    """See that this command waits for the heater, exactly as it will go over the wire, and forget it."""
    await hass.async_block_till_done()
    assert [(each.kind, each.parameters) for each in entry.runtime_data.client.queued_commands] == [command]
    await press(hass, CLEAR_QUEUE)


@pytest.mark.parametrize(
    ("units", "limits"), [(METRIC_SYSTEM, {81: 40.5, 131: 65.5}), (US_CUSTOMARY_SYSTEM, {81: 105, 131: 150})]
)
async def test_limits_that_are_shown_can_be_set_by_all(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    assistants: Assistants,
    units: UnitSystem,
    limits: Mapping[int, float],
) -> None:
    """Each of them rounds the limits that it shows in a way of its own."""
    hass.config.units = units
    assert await hass.config_entries.async_setup(entry.entry_id)
    low, high = limits.values()
    state = await wait_for(hass, HEATER, lambda state: state.state == "eco" and state.attributes["max_temp"] == high)
    assert state.attributes["min_temp"] == low
    google = assistants.google.description(state)["attributes"]["temperatureRange"]
    accessory = assistants.homekit.accessory(state)
    assert accessory is not None
    target = accessory.get_service("Thermostat").get_characteristic("TargetTemperature")
    await cut(hass, simulator)
    for raw, limit, of_google, of_homekit in zip(
        limits,
        limits.values(),
        (google["minThresholdCelsius"], google["maxThresholdCelsius"]),
        (target.properties["minValue"], target.properties["maxValue"]),
        strict=True,
    ):
        await assistants.google.execute(HEATER, "SetTemperature", temperature=of_google)
        await given(hass, entry, ("dhw-temperature", (raw,)))
        scale = "CELSIUS" if units is METRIC_SYSTEM else "FAHRENHEIT"
        payload = {"targetSetpoint": {"value": limit, "scale": scale}}
        await assistants.alexa.direct(HEATER, "Alexa.ThermostatController", "SetTargetTemperature", payload)
        await given(hass, entry, ("dhw-temperature", (raw,)))
        target.client_update_value(of_homekit)
        await given(hass, entry, ("dhw-temperature", (raw,)))
    accessory.async_stop()
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_what_is_said_to_an_assistant_arrives(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    assistants: Assistants,
) -> None:
    await cut(hass, simulator)

    await assistants.google.execute(HEATER, "OnOff", on=False)
    await given(hass, running, ("power-off", ()))
    mode = {"operation mode": "heat_pump"}
    await assistants.google.execute(HEATER, "SetModes", updateModeSettings=mode)
    await given(hass, running, ("dhw-mode", (1,)))
    await assistants.google.execute(HEATER, "SetTemperature", temperature=48.9)
    await given(hass, running, ("dhw-temperature", (98,)))

    await assistants.alexa.direct(HEATER, "Alexa.PowerController", "TurnOff", {})
    await given(hass, running, ("power-off", ()))
    header = {"instance": "water_heater.operation_mode"}
    await assistants.alexa.direct(
        HEATER, "Alexa.ModeController", "SetMode", {"mode": "operation_mode.high_demand"}, **header
    )
    await given(hass, running, ("dhw-mode", (4,)))
    warmer = {"targetSetpointDelta": {"value": 2, "scale": "CELSIUS"}}
    await assistants.alexa.direct(HEATER, "Alexa.ThermostatController", "AdjustTargetTemperature", warmer)
    await given(hass, running, ("dhw-temperature", (102,)))

    accessory = assistants.homekit.accessory(shown(hass, HEATER))
    assert accessory is not None
    thermostat = accessory.get_service("Thermostat")
    thermostat.get_characteristic("TargetHeatingCoolingState").client_update_value(0)
    await given(hass, running, ("power-off", ()))
    thermostat.get_characteristic("TargetHeatingCoolingState").client_update_value(1)
    await given(hass, running, ("power-on", ()))
    thermostat.get_characteristic("TargetTemperature").client_update_value(51.3)
    await given(hass, running, ("dhw-temperature", (103,)))
    accessory.async_stop()


def test_homekit_is_the_one_that_home_assistant_requires() -> None:
    required = json.loads(Path(homekit.__file__).with_name("manifest.json").read_text())["requirements"]
    assert [f"{name}=={version(name)}" for name in (each.partition("==")[0] for each in required)] == required
