"""The tools of assistants with a language model, through Home Assistant's own interface for them."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
import json
import logging
from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.navilink import llm as tools
from custom_components.navilink.assist.status import ESTIMATED, MEASURED
from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import act, cut, device_id, press, queued_words, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

# Any: arguments and answers of a tool are JSON.
type Json = dict[str, Any]

ASSISTANT = "conversation"
STATUS = "navilink__get_hot_water_status"
SET = "navilink__set_target_temperature"
BOOST = "navilink__start_boost"
END_BOOST = "navilink__end_boost"
REFRESH = "button.nwp500_refresh"
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
        BOOST: "Start hot water boost",
        END_BOOST: "End hot water boost",
    }
    assert [tool.annotations.read_only for tool in found.values()] == [True, False, False, False]
    for tool in found.values():
        assert tool.description
        assert tool.annotations.destructive is tool.annotations.open_world is False
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and DOMAIN in record.message]


async def test_a_model_learns_what_a_tool_takes(hass: HomeAssistant) -> None:
    """As Home Assistant converts it for the services in which models run."""
    taken = {name: probatio.to_openapi(tool.parameters)["properties"] for name, tool in (await offered(hass)).items()}
    assert {name: set(fields) - {"name", "area"} for name, fields in taken.items()} == {
        STATUS: set(),
        SET: {"temperature"},
        BOOST: {"duration_minutes", "temperature", "operation_mode", "stop_when_hot"},
        END_BOOST: set(),
    }
    boost = taken[BOOST]
    assert boost["operation_mode"]["enum"] == ["eco", "heat_pump", "electric", "high_demand"]
    assert [boost[name]["type"] for name in ("duration_minutes", "temperature", "stop_when_hot")] == [
        "number",
        "number",
        "boolean",
    ]
    assert "From 30 to 1440" in boost["duration_minutes"]["description"]


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
        "showers_left": float(shown(hass, "sensor.nwp500_showers_left").state),
        "minutes_until_hot": 0,
        "hot_at": None,
        "target_temperature": 49,
        "mode": "Eco",
        "boost": None,
        "vacation": {"is_active": False, "days": None},
        "connection": "Connected",
        "last_message_minutes_ago": 0,
        "waiting_commands": [],
    }
    await simulator.device(MAC, errorCode=799)
    await press(hass, REFRESH)
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
    assert {status[name] for name in (*MEASURED, *ESTIMATED)} == {None}
    assert status["target_temperature"] == 49


async def test_when_the_water_is_hot(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await hass.config.async_set_time_zone("Asia/Kolkata")
    await set_temperature(hass, 60)
    await simulator.clock(advance=60)
    await press(hass, REFRESH)
    await wait_for(hass, "sensor.nwp500_time_until_hot", lambda state: state.state not in {"0", "unknown"})
    status = await use(hass, STATUS)
    assert 120 <= status["minutes_until_hot"] <= 200
    hot_at = dt_util.parse_datetime(status["hot_at"])
    assert hot_at is not None
    assert status["hot_at"].endswith(":00+05:30")
    left = (hot_at - dt_util.utcnow()) / timedelta(minutes=1)
    assert left == pytest.approx(status["minutes_until_hot"], abs=6)
    # Nobody knows it while hot water is used.
    await simulator.device(MAC, dhwUse=2)
    await press(hass, REFRESH)
    await wait_for_value(hass, "sensor.nwp500_time_until_hot", "unknown")
    status = await use(hass, STATUS)
    assert status["minutes_until_hot"] is status["hot_at"] is None
    assert status["showers_left"] > 0


async def test_showers_of_a_cold_tank(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.device(MAC, tankUpperTemperature=380, tankLowerTemperature=200)
    await press(hass, REFRESH)
    await wait_for_value(hass, "sensor.nwp500_showers_left", "0.0")
    assert (await use(hass, STATUS))["showers_left"] == 0


async def test_showers_of_a_heater_that_has_become_silent_are_not_known(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    assert (await use(hass, STATUS))["showers_left"] > 0
    await cut(hass, simulator)
    await wall_clock.pass_by(timedelta(minutes=6))
    status = await use(hass, STATUS)
    assert {status[name] for name in (*MEASURED, *ESTIMATED)} == {None}


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


# Boosts


def in_minutes(answer: Json) -> float:
    """Return in how many minutes a boost ends, as a tool answers."""
    end = dt_util.parse_datetime(answer["ends_at"])
    assert end is not None
    assert end.utcoffset() == dt_util.now().utcoffset()
    return (end - dt_util.utcnow()) / timedelta(minutes=1)


async def test_boost(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await hass.config.async_set_time_zone("Asia/Kolkata")
    answer = await use(hass, BOOST, duration_minutes=90, temperature=58, operation_mode="electric", stop_when_hot=True)
    assert in_minutes(answer) == pytest.approx(90, abs=1)
    boost = {
        "ends_at": answer["ends_at"],
        "stop_when_hot": True,
        "sets": "target temperature 58 °C, mode electric",
        "not_set": [],
        "restores": "target temperature 49 °C, mode energy saver",
    }
    assert answer == {"result": "active", "name": "NWP500", **boost, "connection": "Connected"}
    assert await applied(simulator) == [("dhw-temperature", [116]), ("dhw-mode", [2])]
    assert (await use(hass, STATUS))["boost"] == boost


async def test_boost_as_the_user_prefers(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    answer = await use(hass, BOOST)
    assert (answer["result"], answer["sets"]) == ("active", "target temperature 140 °F")
    assert in_minutes(answer) == pytest.approx(60, abs=1)
    assert await applied(simulator) == [("dhw-temperature", [120])]


async def test_boost_in_fahrenheit_of_a_mode_only(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    answer = await use(hass, BOOST, temperature=130)
    assert answer["sets"] == "target temperature 130 °F"
    # It takes over, and what was before the first one is restored.
    answer = await use(hass, BOOST, operation_mode="high_demand", duration_minutes=30)
    assert answer["result"] == "active"
    assert answer["sets"] == "target temperature 130 °F, mode high demand"
    assert answer["restores"] == "target temperature 120 °F, mode energy saver"
    assert in_minutes(answer) == pytest.approx(30, abs=1)
    assert await applied(simulator) == [("dhw-temperature", [109]), ("dhw-mode", [4])]
    assert (await use(hass, END_BOOST))["result"] == "ended"
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 120)


async def test_boost_is_queued(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    answer = await use(hass, BOOST, temperature=58)
    assert (answer["result"], answer["sets"]) == ("queued", "target temperature 58 °C")
    assert answer["restores"] is None
    assert answer["connection"] in {"Connection lost", "Service unreachable"}
    assert (await use(hass, STATUS))["boost"]["ends_at"] == answer["ends_at"]
    assert queued_words(hass) == ["target temperature 58 °C"]
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "0")
    assert await applied(simulator) == [("dhw-temperature", [116])]


async def test_boost_is_on_its_way(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.navilink.outcomes.OUTCOME_TIME", 0.5)
    await simulator.fault("ignore_write")
    assert (await use(hass, BOOST))["result"] == "sent"


async def test_boost_of_hot_water_is_over_at_once(hass: HomeAssistant) -> None:
    status = await use(hass, STATUS)
    answer = await use(hass, BOOST, temperature=status["target_temperature"], stop_when_hot=True)
    assert answer == {"result": "ended", "name": "NWP500", "connection": "Connected"}


async def test_boost_that_the_heater_rejects_is_an_error(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("ctrl_fail", code=3)
    assert await use(hass, BOOST, temperature=58) == {
        "error": 'The command "target temperature 58 °C" was not applied: the water heater rejected it (code 3).'
    }
    assert (await use(hass, STATUS))["boost"] is None


async def test_boost_in_a_peak_period_leaves_the_mode_out(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.fault("tou_window")
    await asyncio.gather(next_event(running.runtime_data.client, "status_received"), press(hass, REFRESH))
    answer = await use(hass, BOOST, temperature=58, operation_mode="electric")
    assert (answer["result"], answer["sets"]) == ("active", "target temperature 58 °C")
    assert answer["not_set"] == ["mode"]
    assert await applied(simulator) == [("dhw-temperature", [116])]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"duration_minutes": 10}, "A boost has to last at least 30 minutes"),
        ({"duration_minutes": -1e300}, "A boost has to last at least 30 minutes"),
        ({"duration_minutes": 1e300}, "A boost can last at most 24 hours."),
        (
            {"temperature": 90},
            "Provided value 90 °C is not valid for target temperature. Accepted range is 40.5 °C",
        ),
    ],
)
async def test_invalid_boost_is_explained(
    hass: HomeAssistant, simulator: SimulatorProcess, arguments: Json, error: str
) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    assert (await use(hass, BOOST, **arguments))["error"].startswith(error)
    assert await applied(simulator) == []


async def test_boost_of_a_heater_that_is_off_or_away_is_explained(hass: HomeAssistant) -> None:
    await hass.services.async_call(DOMAIN, "start_vacation", {"entity_id": HEATER, "days": 5}, blocking=True)
    answer = await use(hass, BOOST)
    assert answer == {"error": "The water heater is on vacation. End the vacation before you start a boost."}
    await act(hass, "set_operation_mode", operation_mode="off")
    answer = await use(hass, BOOST)
    assert answer == {"error": "The water heater is turned off. Turn it on before you start a boost."}


async def test_error_is_in_the_language_of_the_user(hass: HomeAssistant, running: MockConfigEntry) -> None:
    hass.config.language = "de"
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    answer = await use(hass, BOOST, duration_minutes=10)
    assert answer["error"].startswith("Ein Boost muss mindestens 30 Minuten dauern")
    assert (await offered(hass))[BOOST].title == "Warmwasser-Boost starten"


async def test_end_of_a_boost(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await use(hass, BOOST, temperature=58)
    assert await use(hass, END_BOOST) == {
        "result": "ended",
        "name": "NWP500",
        "restores": "target temperature 49 °C",
        "connection": "Connected",
    }
    assert (await use(hass, STATUS))["boost"] is None
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [116]), ("dhw-temperature", [98])]


async def test_end_without_a_boost(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    answer = await use(hass, END_BOOST)
    assert (answer["result"], answer["restores"]) == ("not_active", None)
    assert await applied(simulator) == []


async def test_end_of_a_boost_is_queued(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await use(hass, BOOST, temperature=58)
    await cut(hass, simulator)
    answer = await use(hass, END_BOOST)
    assert (answer["result"], answer["restores"]) == ("queued", "target temperature 49 °C")
    assert await use(hass, END_BOOST) == answer
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert (await applied(simulator))[-1] == ("dhw-temperature", [98])


async def test_end_of_a_boost_that_was_never_sent_restores_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await cut(hass, simulator)
    await use(hass, BOOST, temperature=58)
    answer = await use(hass, END_BOOST)
    assert (answer["result"], answer["restores"]) == ("ended", None)
    assert queued_words(hass) == []


@pytest.mark.parametrize("tool", [BOOST, END_BOOST])
async def test_nobody_boosts_what_is_not_exposed_or_not_theirs(
    hass: HomeAssistant, simulator: SimulatorProcess, hass_read_only_user: MockUser, tool: str
) -> None:
    assert await use(hass, tool, context=context_of(hass_read_only_user)) == {"error": "Unauthorized"}
    api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context_of())
    async_expose_entity(hass, ASSISTANT, HEATER, should_expose=False)
    assert (await api.async_call_tool(llm.ToolInput(tool, {}))).error
    assert await applied(simulator) == []


@TWO_HEATERS
async def test_boost_is_for_the_heater_that_is_named(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    assert "error" in await use(hass, BOOST)
    assert (await use(hass, BOOST, name="Guest house", temperature=58))["name"] == "Guest house"
    assert (await use(hass, STATUS, name="NWP500"))["boost"] is None
    assert await applied(simulator) == []
    assert await applied(simulator, OTHER_MAC) == [("dhw-temperature", [116])]


@pytest.mark.parametrize("options", [{"queue": False}])
@pytest.mark.parametrize("tool", [BOOST, END_BOOST])
async def test_without_a_queue_nothing_is_boosted_while_disconnected(
    hass: HomeAssistant, simulator: SimulatorProcess, tool: str
) -> None:
    await cut(hass, simulator)
    assert (await use(hass, tool))["error"].startswith("NWP500 does not take commands at the moment.")


async def test_answers_are_json(hass: HomeAssistant) -> None:
    for tool in (BOOST, STATUS, END_BOOST):
        json.dumps(await use(hass, tool), allow_nan=False)
