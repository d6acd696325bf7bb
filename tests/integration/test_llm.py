"""The tools of assistants with a language model, through Home Assistant's own interface for them."""

from collections.abc import Mapping
import logging
from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.navilink import llm as tools
from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, device_id, queued_words, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import wait_for, wait_for_value

# Any: arguments and answers of a tool are JSON.
type Json = dict[str, Any]

ASSISTANT = "conversation"
STATUS = "navilink__get_hot_water_status"
SET = "navilink__set_target_temperature"
TWO_HEATERS = pytest.mark.parametrize("simulator_options", [("--heaters", "2")])


def context_of(user: MockUser | None = None, device: str | None = None) -> llm.LLMContext:
    context = Context(user_id=None if user is None else user.id)
    return llm.LLMContext(platform="test", context=context, language="en", assistant=ASSISTANT, device_id=device)


async def offered(hass: HomeAssistant, context: llm.LLMContext | None = None) -> Mapping[str, llm.Tool]:
    """Return the integration's tools that Home Assistant's own Assist offers, by name."""
    api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context or context_of())
    return {tool.name: tool for tool in api.tools if tool.integration == DOMAIN}


async def use(hass: HomeAssistant, tool: str, *, context: llm.LLMContext | None = None, **arguments: object) -> Json:
    """Use a tool as a model does, and return what the model learns."""
    api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context or context_of())
    result = await api.async_call_tool(llm.ToolInput(tool, arguments))
    assert result.error is ("error" in result.data)
    return dict(result.data)


@pytest.fixture
async def assist(hass: HomeAssistant) -> None:
    """Home Assistant's Assist; ask for it before `running`."""
    for component in ("homeassistant", "llm"):
        assert await async_setup_component(hass, component, {})


pytestmark = pytest.mark.usefixtures("assist", "running")


async def test_tools_are_as_home_assistant_wants_them(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    found = await offered(hass)
    assert {name: tool.title for name, tool in found.items()} == {
        STATUS: "Get hot water status",
        SET: "Set hot water temperature",
    }
    assert [tool.annotations.read_only for tool in found.values()] == [True, False]
    for tool in found.values():
        assert tool.description
        assert tool.annotations.destructive is tool.annotations.open_world is False
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and DOMAIN in record.message]


async def test_another_interface_gets_nothing(hass: HomeAssistant) -> None:
    assert tools.async_get_tools(hass, context_of(), llm.LLM_API_ASSIST) is not None
    assert tools.async_get_tools(hass, context_of(), "another") is None
    nobody = llm.LLMContext(platform="test", context=None, language=None, assistant="", device_id=None)
    assert tools.async_get_tools(hass, nobody, llm.LLM_API_ASSIST) is None


async def test_a_heater_that_is_not_exposed_is_not_there(hass: HomeAssistant) -> None:
    async_expose_entity(hass, ASSISTANT, HEATER, should_expose=False)
    assert await offered(hass) == {}


async def test_exposure_that_ends_while_the_model_thinks_counts(hass: HomeAssistant) -> None:
    api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context_of())
    async_expose_entity(hass, ASSISTANT, HEATER, should_expose=False)
    result = await api.async_call_tool(llm.ToolInput(STATUS, {}))
    assert result.error
    assert "NWP500" not in str(result.data)


@TWO_HEATERS
async def test_of_two_heaters_only_the_exposed_one_is_named(hass: HomeAssistant) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    async_expose_entity(hass, ASSISTANT, HEATER, should_expose=False)
    assert (await use(hass, STATUS))["name"] == "Guest house"
    with pytest.raises(probatio.Invalid):
        await use(hass, STATUS, name="NWP500")


async def test_status(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    status = await use(hass, STATUS)
    assert status == {
        "name": "NWP500",
        "temperature_unit": "°C",
        "upper_tank_temperature": shown(hass, HEATER).attributes["current_temperature"],
        "lower_tank_temperature": running.runtime_data.data[MAC].status.tank_lower_temperature,
        "hot_water_charge_percent": float(shown(hass, "sensor.nwp500_hot_water_charge").state),
        "is_heating": False,
        "fault": None,
        "target_temperature": 49,
        "mode": "Eco",
        "vacation": {"is_active": False, "days": None},
        "connection": "Connected",
        "last_message_minutes_ago": 0,
        "waiting_commands": [],
    }
    await simulator.device(MAC, errorCode=799)
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await wait_for_value(hass, "binary_sensor.nwp500_fault", "on")
    assert (await use(hass, STATUS))["fault"] == "water leak"


async def test_status_in_the_unit_of_the_user(hass: HomeAssistant) -> None:
    assert hass.config.units is METRIC_SYSTEM
    celsius = await use(hass, STATUS)
    hass.config.units = US_CUSTOMARY_SYSTEM
    fahrenheit = await use(hass, STATUS)
    assert fahrenheit["temperature_unit"] == "°F"
    for name in ("upper_tank_temperature", "lower_tank_temperature"):
        assert fahrenheit[name] == pytest.approx(celsius[name] * 1.8 + 32, abs=0.1)


async def test_status_while_disconnected_shows_what_waits(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await hass.services.async_call(DOMAIN, "start_vacation", {"entity_id": HEATER, "days": 5}, blocking=True)
    await set_temperature(hass, 60)
    status = await use(hass, STATUS)
    assert status["connection"] in {"Connection lost", "Service unreachable"}
    assert status["target_temperature"] == 60
    assert status["vacation"] == {"is_active": True, "days": 5}
    assert status["waiting_commands"] == [
        {"command": "vacation for 5 days", "stage": "waiting", "minutes_ago": 0},
        {"command": "target temperature 60 °C", "stage": "waiting", "minutes_ago": 0},
    ]


async def test_status_of_a_heater_that_was_silent_for_long_shows_nothing_old(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_unload(running.entry_id)
    await simulator.fault("mqtt_down")
    assert await hass.config_entries.async_setup(running.entry_id)
    status = await use(hass, STATUS)
    assert {status[name] for name in tools.MEASURED} == {None}
    assert status["target_temperature"] == 49


async def test_target_temperature_is_confirmed(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert await use(hass, SET, temperature=55) == {
        "result": "confirmed",
        "name": "NWP500",
        "target_temperature": 55,
        "temperature_unit": "°C",
        "connection": "Connected",
    }
    assert await applied(simulator) == [("dhw-temperature", [110])]


async def test_target_temperature_is_queued(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_temperature(hass, 50)
    await cut(hass, simulator)
    answer = await use(hass, SET, temperature=55)
    assert (answer["result"], answer["target_temperature"]) == ("queued", 55)
    assert queued_words(hass) == ["target temperature 55 °C"]
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [100]), ("dhw-temperature", [110])]


async def test_target_temperature_is_on_its_way(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.navilink.outcomes.OUTCOME_TIME", 0.5)
    await simulator.fault("ignore_write")
    answer = await use(hass, SET, temperature=55)
    assert (answer["result"], answer["target_temperature"]) == ("sent", 55)


async def test_target_temperature_in_fahrenheit(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    answer = await use(hass, SET, temperature=130)
    assert (answer["result"], answer["temperature_unit"]) == ("confirmed", "°F")
    assert await applied(simulator) == [("dhw-temperature", [109])]


@pytest.mark.parametrize("temperature", [90, -3, 1e300])
async def test_invalid_temperature_is_explained(
    hass: HomeAssistant, simulator: SimulatorProcess, temperature: float
) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    answer = await use(hass, SET, temperature=temperature)
    assert answer["error"].endswith("is not valid for target temperature. Accepted range is 40.5 °C to 65.5 °C.")
    assert await applied(simulator) == []


@pytest.mark.parametrize("arguments", [{}, {"temperature": "warm"}, {"temperature": 50, "mode": "electric"}])
async def test_arguments_that_a_tool_does_not_take(hass: HomeAssistant, arguments: Json) -> None:
    with pytest.raises(probatio.Invalid):
        await use(hass, SET, **arguments)


async def test_a_command_that_the_heater_rejects_is_an_error(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("ctrl_fail", code=3)
    answer = await use(hass, SET, temperature=55)
    assert answer == {
        "error": 'The command "target temperature 55 °C" was not applied: the water heater rejected it (code 3).'
    }


@pytest.mark.parametrize("options", [{"queue": False}])
async def test_without_a_queue_a_heater_that_is_not_connected_takes_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await cut(hass, simulator)
    answer = await use(hass, SET, temperature=55)
    connection = shown(hass, "sensor.nwp500_connection_status").state
    words = {"network": "Service unreachable", "connection_lost": "Connection lost"}[connection]
    assert answer == {"error": f"NWP500 does not take commands at the moment. Connection status: {words}."}


async def test_a_person_who_may_not_change_the_heater_may_not_do_so_by_voice(
    hass: HomeAssistant, simulator: SimulatorProcess, hass_read_only_user: MockUser
) -> None:
    answer = await use(hass, SET, context=context_of(hass_read_only_user), temperature=55)
    assert answer == {"error": "Unauthorized"}
    assert await applied(simulator) == []


@TWO_HEATERS
async def test_two_heaters_are_distinguished_by_name_and_alias(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    er.async_get(hass).async_update_entity(OTHER_HEATER, aliases=[er.COMPUTED_NAME, "Annex"])
    assert (await use(hass, SET, name="Guest house", temperature=50))["name"] == "Guest house"
    assert (await use(hass, SET, name="Annex", temperature=55))["name"] == "Guest house"
    assert await applied(simulator) == []
    assert await applied(simulator, OTHER_MAC) == [("dhw-temperature", [100]), ("dhw-temperature", [110])]


@TWO_HEATERS
async def test_a_request_that_could_mean_either_changes_none(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    asked = {"error": "It is not clear which water heater is meant. Available water heaters: Guest house, NWP500."}
    assert await use(hass, SET, temperature=55) == asked
    er.async_get(hass).async_update_entity(OTHER_HEATER, name="NWP500", has_entity_name=False)
    await hass.async_block_till_done()
    asked = {"error": "It is not clear which water heater is meant. Available water heaters: NWP500."}
    assert await use(hass, SET, name="NWP500", temperature=55) == asked
    assert await applied(simulator) == await applied(simulator, OTHER_MAC) == []


@TWO_HEATERS
async def test_heaters_of_one_name_are_distinguished_by_area(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    er.async_get(hass).async_update_entity(OTHER_HEATER, name="NWP500", has_entity_name=False)
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    for mac_address, name in ((MAC, "Cellar"), (OTHER_MAC, "Annex")):
        area = areas.async_create(name)
        devices.async_update_device(device_id(hass, running, mac_address), area_id=area.id)
    satellite_entry = MockConfigEntry(domain="satellite")
    satellite_entry.add_to_hass(hass)
    satellite = devices.async_get_or_create(config_entry_id=satellite_entry.entry_id, identifiers={("satellite", "1")})
    annex = areas.async_get_area_by_name("Annex")
    assert annex is not None
    devices.async_update_device(satellite.id, area_id=annex.id)
    await hass.async_block_till_done()
    await set_mode(hass, "heat_pump", OTHER_HEATER)
    assert (await use(hass, STATUS, name="NWP500", area="Annex"))["mode"] == "Heat pump"
    assert (await use(hass, STATUS, name="NWP500", area="Cellar"))["mode"] == "Eco"
    assert "error" in await use(hass, STATUS, name="NWP500", area="Attic")
    # Somebody who speaks in the annex means the heater there.
    assert (await use(hass, STATUS, context=context_of(device=satellite.id)))["mode"] == "Heat pump"
