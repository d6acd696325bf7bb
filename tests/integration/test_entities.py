"""What every entity has in common: stable ids, a name, an icon, and nothing in the texts that nobody uses."""

import ast
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink import (
    binary_sensor,
    button,
    calendar,
    config,
    config_flow,
    event,
    number,
    select,
    sensor,
    services,
    switch,
    update,
    water_heater,
)
from custom_components.navilink.config_flow import ERROR_OF_ADDRESS
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.heater import heater_name
from custom_components.navilink.heating import boost_entities, insight_entities, planned_calendar
from custom_components.navilink.heating import options as heating_options
from custom_components.navilink.heating.boost_actions import BOOST_ACTIONS
from custom_components.navilink.lost_commands import QUEUED, REPLACED, RESULT_TEXTS
from custom_components.navilink.nwp500 import (
    AuthenticationError,
    CommandReason,
    Device,
    NavienError,
    NotConnectedError,
    commands,
)
from custom_components.navilink.nwp500.exceptions import (
    ApiConnectionError,
    InvalidParameterError,
    MaintenanceError,
    NotPermittedError,
    PayloadError,
    RequestTimeoutError,
    ResponseFormatError,
    ScheduleProblem,
    ScheduleReadError,
    SerialNumberUnknownError,
    ServerError,
    UnsupportedCommandError,
)
from custom_components.navilink.nwp500.models import error_codes
from custom_components.navilink.readings import expert_sensors, fact_sensors, status_sensors
from custom_components.navilink.repairs import ISSUES
from custom_components.navilink.schedules import next_entry, switch_command, switches
from custom_components.navilink.schedules.entries import MODES
from custom_components.navilink.schedules.fields import DAYS_OF_NAME
from custom_components.navilink.wording import setup_error, to_home_assistant_error
from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for, wait_for_value

FOLDER = Path(config_flow.__file__).parent
DESCRIPTIONS = {
    "binary_sensor": (*binary_sensor.STATUS_DESCRIPTIONS, binary_sensor.CONNECTION, insight_entities.LOW),
    "button": (*button.DESCRIPTIONS, *button.COMMANDS),
    "calendar": (calendar.DESCRIPTION, planned_calendar.DESCRIPTION),
    "event": (event.COMMAND_OUTCOME,),
    "number": (*number.NUMBERS, boost_entities.DURATION_NUMBER, boost_entities.TEMPERATURE_NUMBER),
    "select": (select.RECIRCULATION_MODE,),
    "sensor": (
        *status_sensors.STATUS_DESCRIPTIONS,
        *expert_sensors.EXPERT_DESCRIPTIONS,
        *fact_sensors.ENERGY_DESCRIPTIONS,
        *fact_sensors.COUNTER_DESCRIPTIONS,
        *sensor.SERVICE_DESCRIPTIONS,
        next_entry.NEXT_ENTRY,
        boost_entities.END,
        *insight_entities.DESCRIPTIONS,
    ),
    "switch": (*switch.SETTINGS, *switches.SCHEDULE_SWITCHES, boost_entities.SWITCH),
    "update": update.DESCRIPTIONS,
    "water_heater": (water_heater.DESCRIPTION,),
}
EXPERT = {
    "outside_temperature",
    "discharge_temperature",
    "suction_temperature",
    "evaporator_temperature",
    "target_superheat",
    "current_superheat",
    "target_fan_speed",
    "fan_speed",
    "expansion_valve_position",
    "heat_pump_upper_on",
    "heat_pump_upper_off",
    "heat_pump_lower_on",
    "heat_pump_lower_off",
    "element_upper_on",
    "element_upper_off",
    "element_lower_on",
    "element_lower_off",
    "freeze_protection_temperature",
    "full_recovery_energy",
    "missing_energy",
    "filter_hours_used",
    "state_number",
    "special_function",
    "minor_error_code",
    "fault_status_1",
    "fault_status_2",
    "smart_diagnostic",
}
"""What a technician asks for."""
COUNTERS = {
    "days_since_installation",
    "eco_trips",
    "dry_fires",
    "freeze_protections",
    "condensate_overflows",
    "water_overflows",
    "abnormal_discharge_temperatures",
    "abnormal_suction_temperatures",
    "abnormal_discharge_suction_differences",
    "draws",
    "short_draws",
    "long_draws",
    "drawn_volume",
    "long_drawn_volume",
    "draw_hours",
    "long_draw_hours",
    "average_recovery_time",
    "compressor_hours",
    "compressor_starts",
    "fan_hours",
    "fan_starts",
    "expansion_valve_steps",
    "upper_element_hours",
    "upper_element_starts",
    "lower_element_hours",
    "lower_element_starts",
    "shut_off_valve_operations",
}
"""Of the installer's diagnostics."""
# By platform: the ends of the unique ids, which may never change, of a heater without recirculation and mixing valve.
UNIQUE_IDS = {
    "binary_sensor": {
        "heating",
        "compressor",
        "upper_element",
        "lower_element",
        "hot_water_in_use",
        "fault",
        "water_leak",
        "condensate_overflow",
        "eco_tripped",
        "peak_period",
        "anti_legionella",
        "scald_warning",
        "freeze_protection",
        "fan",
        "hot_water_low",
        "connection",
    },
    "button": {"clear_queue", "refresh", "reset_filter", "reset_condenser_fault"},
    "calendar": {"weekly_schedule", "planned_heating"},
    "event": {"command_outcome"},
    "number": {
        "anti_legionella_interval",
        "filter_interval",
        "vacation_length",
        "boost_duration",
        "boost_temperature",
    },
    "sensor": {
        "next_schedule_entry",
        "boost_end",
        "time_until_hot",
        "hot_at",
        "hot_water_left",
        "showers_left",
        "last_hygienic",
        "heat_pump_rate",
        "element_rate",
        "standing_loss",
        "last_cop",
        "tank_upper_temperature",
        "tank_lower_temperature",
        "ambient_temperature",
        "hot_water_charge",
        "power",
        "usable_energy",
        "flow_rate",
        "hot_water_total",
        "heat_source",
        "operation",
        "vacation_days_left",
        "error_code",
        "filter_hours_left",
        "wifi_signal",
        "connection_status",
        "queued_commands",
        "dropped_commands",
        "expired_commands",
        "last_message",
        "time_of_use_state",
        "demand_response_event",
        "last_fault",
        "energy_heat_pump",
        "energy_elements",
        "energy_total",
        "heat_pump_hours",
        "element_hours",
    }
    | EXPERT
    | COUNTERS,
    "switch": {"boost", "weekly_schedule", "time_of_use", "anti_legionella", "demand_response", "filter_reminder"},
    "update": {"controller_firmware", "wifi_firmware"},
    "water_heater": {"water_heater"},
}
DISABLED = {
    "heating",
    "condensate_overflow",
    "last_fault",
    "energy_heat_pump",
    "energy_elements",
    "tank_lower_temperature",
    "ambient_temperature",
    "usable_energy",
    "flow_rate",
    "hot_water_total",
    "operation",
    "wifi_signal",
    "anti_legionella_interval",
    "filter_interval",
    "demand_response",
    "filter_reminder",
    "reset_condenser_fault",
    "boost_duration",
    "boost_temperature",
    "hot_water_low",
    "hot_water_left",
    "hot_at",
    "last_hygienic",
    "heat_pump_rate",
    "element_rate",
    "standing_loss",
    "last_cop",
    "dropped_commands",
    "expired_commands",
    "last_message",
    "demand_response_event",
    "heat_pump_hours",
    "element_hours",
    "compressor",
    "upper_element",
    "lower_element",
    "eco_tripped",
    "peak_period",
    "anti_legionella",
    "scald_warning",
    "freeze_protection",
    "fan",
    *EXPERT,
    *COUNTERS,
}


def texts() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
    return content


def string_arguments(name: str) -> set[str]:
    """Return the texts given as the keyword argument `name`, or to `FormError`, anywhere in the integration."""
    found: set[str] = set()
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            arguments = [keyword.value for keyword in node.keywords if keyword.arg == name]
            if name == "FormError" and isinstance(node.func, ast.Name) and node.func.id == name:
                arguments = node.args
            found |= {
                each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
    return found


async def test_unique_ids_and_entity_ids(hass: HomeAssistant, running: MockConfigEntry) -> None:
    entries = er.async_entries_for_config_entry(er.async_get(hass), running.entry_id)
    found: dict[str, set[str]] = {}
    for entry in entries:
        assert entry.unique_id.startswith(f"{MAC}_")
        assert MAC not in entry.entity_id
        found.setdefault(entry.domain, set()).add(entry.unique_id.removeprefix(f"{MAC}_"))
    assert found == UNIQUE_IDS
    assert {entry.unique_id.removeprefix(f"{MAC}_") for entry in entries if entry.disabled} == DISABLED


@pytest.mark.usefixtures("every_entity")
async def test_first_values(hass: HomeAssistant, running: MockConfigEntry) -> None:
    values = {
        "sensor.nwp500_hot_water_charge": "100",
        "sensor.nwp500_error_code": "none",
        "sensor.nwp500_heat_source": "none",
        "sensor.nwp500_operation": "standby",
        "sensor.nwp500_vacation_days_left": "0",
        "binary_sensor.nwp500_heating": "off",
        "binary_sensor.nwp500_fault": "off",
        "binary_sensor.nwp500_water_leak": "off",
        "binary_sensor.nwp500_high_temperature_cutoff": "off",
        "binary_sensor.nwp500_hot_water_in_use": "off",
        "sensor.nwp500_dropped_commands": "0",
    }
    for entity_id, value in values.items():
        state = hass.states.get(entity_id)
        assert state is not None, entity_id
        assert state.state == value, entity_id
    # It stands still while messages keep coming.
    shown_at = running.runtime_data.data[MAC].shown_message_at
    assert shown_at is not None
    await wait_for_value(hass, "sensor.nwp500_last_message", shown_at.replace(microsecond=0).isoformat())


@pytest.mark.usefixtures("every_entity", "running")
async def test_fault_is_shown_with_its_meaning(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("error", code=799)
    await simulator.device(MAC, wtrOvrSensorUse=2, ecoUse=2)
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    state = await wait_for_value(hass, "sensor.nwp500_error_code", "E799")
    assert state.attributes["meaning"] == "water leak"
    await wait_for_value(hass, "binary_sensor.nwp500_fault", "on")
    await wait_for_value(hass, "binary_sensor.nwp500_water_leak", "on")
    await wait_for_value(hass, "binary_sensor.nwp500_high_temperature_cutoff", "on")


@pytest.mark.usefixtures("running")
async def test_no_fault_has_a_meaning_too(hass: HomeAssistant) -> None:
    state = await wait_for_value(hass, "sensor.nwp500_error_code", "none")
    assert state.attributes["meaning"] == "no error"


@pytest.mark.usefixtures("every_entity")
@pytest.mark.parametrize(
    ("units", "flow", "difference"), [(US_CUSTOMARY_SYSTEM, "gal/min", "°F"), (METRIC_SYSTEM, "L/min", "°C")]
)
async def test_flow_and_superheat_are_shown_in_the_units_of_the_user(
    hass: HomeAssistant, entry: MockConfigEntry, units: UnitSystem, flow: str, difference: str
) -> None:
    hass.config.units = units
    assert await hass.config_entries.async_setup(entry.entry_id)
    for name, unit in (
        ("nwp500_hot_water_flow", flow),
        ("nwp500_superheat", difference),
        ("nwp500_target_superheat", difference),
    ):
        state = await wait_for(hass, f"sensor.{name}", lambda state: state.state not in ("unknown", "unavailable"))
        assert state.attributes["unit_of_measurement"] == unit, name
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_home_assistant_loads_the_texts(hass: HomeAssistant) -> None:
    loaded = await async_get_translations(hass, "en", "entity", {DOMAIN})
    assert loaded[f"component.{DOMAIN}.entity.sensor.queued_commands.name"] == "Queued commands"


def test_entity_texts_are_those_of_the_descriptions() -> None:
    # The water heater bears the name of its device, and has the states and icons that Home Assistant brings.
    used = {platform: {each.translation_key for each in described} for platform, described in DESCRIPTIONS.items()}
    assert used.pop("water_heater") == {None}
    assert used == {platform: set(named) for platform, named in texts()["entity"].items()}


def test_enum_states_have_texts() -> None:
    for description in DESCRIPTIONS["sensor"]:
        assert description.translation_key is not None
        stated = set(texts()["entity"]["sensor"][description.translation_key].get("state", {}))
        # A code is no text, but that there is none is.
        is_code = description.key in ("error_code", "last_fault")
        expected = {status_sensors.NO_ERROR} if is_code else set(getattr(description, "options", None) or ())
        assert stated == expected, description.key


def test_issues_and_errors_of_dialogs_have_texts() -> None:
    assert set(ISSUES) == set(texts()["issues"])
    lost_aborts = set(texts()["issues"]["lost_commands"]["fix_flow"]["abort"])
    assert string_arguments("FormError") | set(ERROR_OF_ADDRESS.values()) == set(texts()["config"]["error"])
    assert string_arguments("reason") | {"already_configured"} == set(texts()["config"]["abort"]) | lost_aborts


def test_every_field_is_explained() -> None:
    for step_id, step in (texts()["config"]["step"] | texts()["options"]["step"]).items():
        for part in (step, *step.get("sections", {}).values()):
            assert set(part["data"]) == set(part["data_description"]), step_id


def test_options_have_texts() -> None:
    step = texts()["options"]["step"]["init"]
    assert set(step["data"]) == {str(marker) for marker in config.OPTIONS_SCHEMA.schema}
    sections = {name: [each.name for each in members] for name, members in heating_options.SECTIONS.items()}
    assert {name: list(about["data"]) for name, about in step["sections"].items()} == sections
    choices = texts()["selector"]
    assert set(choices[config.CONF_EXPIRATION]["options"]) == {each.value for each in config.Expiration}
    assert set(choices[RESULT_TEXTS]["options"]) == {QUEUED, REPLACED}
    assert set(choices["kinds"]["options"]) == set(services.KINDS)


def test_actions_are_described() -> None:
    described = load_yaml_dict(str(FOLDER / "services.yaml"))
    icons = json.loads((FOLDER / "icons.json").read_text())["services"]
    schemas = {name: {str(marker) for marker in schema.schema} for name, _, schema, _ in services.ACTIONS}
    schemas[services.SERVICE_START_VACATION] = {str(marker) for marker in services.START_VACATION_FIELDS}
    schemas |= {name: {str(marker) for marker in fields} for name, fields, _ in BOOST_ACTIONS}
    assert {name: set(action["fields"]) for name, action in described.items()} == schemas
    assert {name: set(action["fields"]) for name, action in texts()["services"].items()} == schemas
    assert set(icons) == set(schemas)
    assert set(described["clear_queue"]["fields"]["kinds"]["selector"]["select"]["options"]) == set(services.KINDS)


@pytest.mark.parametrize(
    ("action", "field", "texts_of_fields"),
    [
        ("set_schedule", "entries", "schedule_entry"),
        ("set_recirculation_schedule", "entries", "schedule_entry"),
        ("set_time_of_use_plan", "periods", "time_of_use_period"),
    ],
)
def test_lists_in_actions_are_described(action: str, field: str, texts_of_fields: str) -> None:
    described = load_yaml_dict(str(FOLDER / "services.yaml"))[action]["fields"][field]["selector"]["object"]
    assert described["translation_key"] == texts_of_fields
    assert {described["label_field"], described["description_field"]} <= set(described["fields"])
    explained = texts()["selector"][texts_of_fields]["fields"]
    assert set(described["fields"]) <= set(explained)
    schema = next(schema.schema for name, _, schema, _ in services.ACTIONS if name == action)
    assert field in {str(marker) for marker in schema}
    for name, options in (("days", DAYS_OF_NAME), ("mode", MODES)):
        if name in described["fields"]:
            offered = described["fields"][name]["selector"]["select"]
            assert set(offered["options"]) == set(options)
            assert set(texts()["selector"][offered["translation_key"]]["options"]) == set(options)


def test_every_outcome_has_a_text() -> None:
    states = texts()["entity"]["event"]["command_outcome"]["state_attributes"]["event_type"]["state"]
    assert set(states) == set(event.COMMAND_OUTCOME.event_types or ())
    selectors = texts()["selector"]
    assert set(selectors["logbook"]["options"]) == set(states)
    assert set(selectors["reason"]["options"]) == {*CommandReason, "refused_with_code"}
    controls = [each for each in vars(commands).values() if isinstance(each, commands.Control)]
    given = [each for each in controls if each.name in services.KINDS]
    settings = {each.setting for each in given} | {each.name for control in given for each in control.parameters}
    # The hot button has one parameter, which nobody enters.
    assert set(selectors["setting"]["options"]) == {*settings - {None, "hot_button"}, *switch_command.SETTINGS.values()}


def test_every_fault_of_the_client_has_its_text() -> None:
    codes = {(code, sub_code) for code in range(1000) for sub_code in (None, *range(100))}
    meanings = {
        str(code) if sub_code is None else f"{code}_{sub_code}": meaning
        for code, sub_code in codes
        if (meaning := error_codes.error_meaning(code, sub_code)) is not None
        and (sub_code is None or meaning != error_codes.error_meaning(code))
    }
    assert texts()["selector"]["fault"]["options"] == meanings


def test_icons_belong_to_entities_and_the_others_have_a_device_class() -> None:
    icons = json.loads((FOLDER / "icons.json").read_text())["entity"]
    named = {"binary_sensor", "button", "calendar", "event", "number", "select", "sensor", "switch"}
    for platform in (*named, "update"):
        keys = {description.translation_key for description in DESCRIPTIONS[platform]}
        assert set(icons.get(platform, ())) <= keys, platform
        bare = {description.translation_key for description in DESCRIPTIONS[platform] if not description.device_class}
        assert bare <= set(icons.get(platform, ())), platform
    assert set(icons) == named


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Guest house", "Guest house"),
        ("", "NWP500"),
        ("  ", "NWP500"),
        ("NaviLink 0478630A1B2C", "NWP500"),
        ("04:78:63:0a:1b:2c", "NWP500"),
    ],
)
def test_name_never_carries_the_mac_address(name: str, shown: str) -> None:
    assert heater_name(Device(mac_address=MAC, additional_value="5322", name=name)) == shown


async def check_text(hass: HomeAssistant, reported: HomeAssistantError) -> None:
    """See that an error has a text, with everything filled in."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert str(reported) != reported.translation_key
    assert "{" not in str(reported)


@pytest.mark.parametrize(
    ("error", "kind", "translation_key"),
    [
        (
            InvalidParameterError("setpoint", 200, "a number from 95 to 150", minimum=95, maximum=150, unit="°F"),
            ServiceValidationError,
            "value_out_of_range",
        ),
        (
            InvalidParameterError("on", None, "True or False"),
            ServiceValidationError,
            "value_not_valid",
        ),
        (UnsupportedCommandError("power-on", "powerUse"), ServiceValidationError, "unsupported_command"),
        (NotConnectedError("the connection is down"), HomeAssistantError, "not_connected"),
        (PayloadError(size=200_000, maximum=131_072), HomeAssistantError, "command_not_accepted"),
        (ScheduleReadError(ScheduleProblem.INCOMPLETE), HomeAssistantError, "command_not_accepted"),
        (SerialNumberUnknownError(), HomeAssistantError, "command_not_accepted"),
        (NotPermittedError("/device/tou", 404, "COMMON_NOT_AUTHORIZED"), HomeAssistantError, "command_not_accepted"),
        (RequestTimeoutError("the heater did not answer within 10 s"), HomeAssistantError, "command_not_accepted"),
    ],
)
async def test_errors_are_reported_in_the_users_words(
    hass: HomeAssistant, error: NavienError, kind: type[HomeAssistantError], translation_key: str
) -> None:
    reported = to_home_assistant_error(hass, error)
    assert type(reported) is kind
    assert reported.translation_key == translation_key
    await check_text(hass, reported)


@pytest.mark.parametrize(
    ("error", "kind", "translation_key"),
    [
        (AuthenticationError("refused"), ConfigEntryAuthFailed, "invalid_auth"),
        (MaintenanceError("/user/sign-in", 403, "FORBIDDEN", "Back at noon."), UpdateFailed, "maintenance"),
        (NotPermittedError("/device/list", 404, "COMMON_NOT_AUTHORIZED"), UpdateFailed, "cannot_connect"),
        (ServerError("/device/list", 503, "busy"), UpdateFailed, "cannot_connect"),
        (ApiConnectionError("/device/list did not answer in time"), UpdateFailed, "cannot_connect"),
        (ResponseFormatError(lacking="deviceInfo"), UpdateFailed, "cannot_connect"),
    ],
)
async def test_set_up_says_what_is_wrong(
    hass: HomeAssistant, error: NavienError, kind: type[HomeAssistantError], translation_key: str
) -> None:
    reported = setup_error(hass, error)
    assert type(reported) is kind
    assert reported.translation_key == translation_key
    await check_text(hass, reported)
