"""A user of degrees Celsius in front of a heater that shows Fahrenheit, and the reverse: words, steps and limits."""

from collections.abc import AsyncIterator, Mapping

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_load_integrations
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import QueuedCommand
from custom_components.navilink.nwp500.protocol.controls import (
    DHW_MODE,
    DHW_TEMPERATURE,
    POWER_OFF,
    POWER_ON,
    RESERVATION_MODE,
    Control,
)
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from custom_components.navilink.wording import command_words
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, act, ask, cut, device_id, lost, queued_words, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import next_event, wait_for

# What a heater's display shows, and in which steps its setpoint goes (protocol.md 11).
CELSIUS, FAHRENHEIT = 1, 2
WHOLE_DEGREES, THREE_STAGES = 3, 4


def users(*columns: str, metric: tuple[object, ...] = (), us: tuple[object, ...] = ()) -> pytest.MarkDecorator:
    """Let a test be run for a user of each unit, in front of a heater that shows the other one."""
    return pytest.mark.parametrize(
        ("units", "display", *columns),
        [
            pytest.param(METRIC_SYSTEM, FAHRENHEIT, *metric, id="user of C"),
            pytest.param(US_CUSTOMARY_SYSTEM, CELSIUS, *us, id="user of F"),
        ],
    )


@pytest.fixture
def feature() -> Mapping[str, int]:
    """Device-info members that differ from those of the factory."""
    return {}


@pytest.fixture
async def heater(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    entry: MockConfigEntry,
    units: UnitSystem,
    display: int,
    feature: Mapping[str, int],
) -> AsyncIterator[MockConfigEntry]:
    """The heater set up for a user, and known with its limits."""
    hass.config.units = units
    await simulator.device(MAC, temperatureType=display, feature={"temperatureType": display, **feature})
    assert await hass.config_entries.async_setup(entry.entry_id)
    client = entry.runtime_data.client
    if entry.runtime_data.data[MAC].feature is None:
        await next_event(client, "feature_received")
    await wait_for(hass, HEATER, lambda state: state.state == "eco")
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


def raw_values(heater: MockConfigEntry) -> list[int]:
    """Return the raw setpoints that wait, exactly as they will go over the wire."""
    return [raw for command in heater.runtime_data.client.queued_commands for raw in command.parameters]


@users("typed", "raw", metric=(55, 110), us=(130, 109))
async def test_target_temperature_is_named_in_the_users_unit(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    heater: MockConfigEntry,
    units: UnitSystem,
    typed: float,
    raw: int,
) -> None:
    words = f"target temperature {typed} {units.temperature_unit}"
    reported = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await cut(hass, simulator)
    await set_temperature(hass, typed)
    assert queued_words(hass) == [words]
    assert raw_values(heater) == [raw]
    queue = await ask(hass, "get_queue", device_id(hass, heater))
    assert [command["command"] for command in queue["commands"]] == [words]
    await simulator.fault("mqtt_up")
    outcome = await wait_for(hass, OUTCOME, lambda state: state.attributes.get("command") == words)
    assert outcome.attributes["event_type"] == "confirmed"
    assert [event.data["command"] for event in reported] == [words]
    assert await applied(simulator) == [("dhw-temperature", [raw])]

    await simulator.fault("ctrl_fail", code=3)
    with pytest.raises(HomeAssistantError) as refused:
        await set_temperature(hass, typed + 1)
    assert f"target temperature {typed + 1} {units.temperature_unit}" in str(refused.value)


@pytest.mark.usefixtures("heater")
@users("other", "shown_then", metric=("us_customary", 120), us=("metric", 49))
async def test_change_of_units_is_shown_at_once(
    hass: HomeAssistant, simulator: SimulatorProcess, other: str, shown_then: float
) -> None:
    await cut(hass, simulator)
    await hass.async_block_till_done()
    await hass.config.async_update(unit_system=other)
    await hass.async_block_till_done()
    state = hass.states.get(HEATER)
    assert state is not None
    assert state.attributes["temperature"] == shown_then


@pytest.mark.parametrize("options", [{"queue_size": 1}])
@users("typed", metric=(55,), us=(131,))
async def test_repair_issue_names_it_in_the_users_unit(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: MockConfigEntry, units: UnitSystem, typed: int
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, typed)
    await act(hass, "turn_off")
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"lost_commands_{heater.entry_id}")
    assert issue is not None
    [words] = lost(heater)
    assert words.startswith(f"- NWP500: target temperature {typed} {units.temperature_unit}, queued")


@pytest.mark.usefixtures("heater")
@pytest.mark.parametrize(
    ("units", "display", "feature", "step"),
    [
        (METRIC_SYSTEM, FAHRENHEIT, {}, 0.5),
        (US_CUSTOMARY_SYSTEM, CELSIUS, {}, 1),
        (METRIC_SYSTEM, FAHRENHEIT, {"dhwTemperatureSettingUse": WHOLE_DEGREES}, 1),
        (US_CUSTOMARY_SYSTEM, CELSIUS, {"dhwTemperatureSettingUse": WHOLE_DEGREES}, 2),
        (METRIC_SYSTEM, CELSIUS, {"dhwTemperatureSettingUse": THREE_STAGES}, 0.5),
        (US_CUSTOMARY_SYSTEM, FAHRENHEIT, {"dhwTemperatureSettingUse": THREE_STAGES}, 1),
    ],
)
async def test_every_step_leads_to_another_value(hass: HomeAssistant, simulator: SimulatorProcess, step: float) -> None:
    attributes = shown(hass, HEATER).attributes
    assert attributes["target_temp_step"] == step
    temperatures = [attributes["temperature"]]
    await cut(hass, simulator)
    for _ in range(12):
        await set_temperature(hass, temperatures[-1] + step)
        temperatures.append(shown(hass, HEATER).attributes["temperature"])
    assert temperatures == sorted(set(temperatures))


@users(
    "accepted",
    "refused",
    metric=(
        {66: 131, 65.9: 131, 65.5: 131, 40.5: 81, 40.1: 81, 40: 81, 48.9: 98},
        {
            66.1: "66.1 °C is not valid for target temperature. Accepted range is 40.5 °C to 65.5 °C",
            39.9: "39.9 °C",
        },
    ),
    us=(
        {150.5: 131, 150: 131, 149.9: 131, 105: 81, 104.9: 81, 104.5: 81, 120.4: 98},
        {
            150.6: "150.6 °F is not valid for target temperature. Accepted range is 105 °F to 150 °F",
            104: "104 °F",
        },
    ),
)
async def test_what_a_bridge_rounded_past_a_limit_is_the_limit(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    heater: MockConfigEntry,
    accepted: Mapping[float, int],
    refused: Mapping[float, str],
) -> None:
    await cut(hass, simulator)
    for typed, raw in accepted.items():
        await set_temperature(hass, typed)
        assert raw_values(heater) == [raw], typed
    waiting = queued_words(hass)
    for typed, words in {**refused, float("nan"): "nan", float("inf"): "inf"}.items():
        with pytest.raises(ServiceValidationError, match=words):
            await set_temperature(hass, typed)
    assert queued_words(hass) == waiting


@pytest.mark.parametrize("feature", [{"dhwTemperatureSettingUse": WHOLE_DEGREES}])
# Its limits lie between its steps, and are reached all the same.
@users("encoded", metric=({48.4: 96, 48.7: 98, 40.5: 81, 65.5: 131},), us=({121: 98, 122: 100, 149: 130, 150: 131},))
async def test_fractions_are_rounded_to_the_heaters_step(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: MockConfigEntry, encoded: Mapping[float, int]
) -> None:
    await cut(hass, simulator)
    for typed, raw in encoded.items():
        await set_temperature(hass, typed)
        assert raw_values(heater) == [raw], typed


@users("typed", metric=([half / 2 for half in range(81, 132)],), us=(range(105, 151),))
@pytest.mark.usefixtures("heater")
async def test_everything_that_can_be_chosen_comes_back(
    hass: HomeAssistant, simulator: SimulatorProcess, units: UnitSystem, typed: list[float]
) -> None:
    attributes = shown(hass, HEATER).attributes
    assert (attributes["min_temp"], attributes["max_temp"]) == (typed[0], typed[-1])
    await cut(hass, simulator)
    for temperature in typed:
        await set_temperature(hass, temperature)
        assert queued_words(hass) == [f"target temperature {temperature:g} {units.temperature_unit}"]
        assert shown(hass, HEATER).attributes["temperature"] == temperature


def command(control: Control, *parameters: int) -> QueuedCommand:
    return QueuedCommand(
        kind=control.name, wanted="the client's words", topic="cmd/52/x/ctrl", body=b"{}", parameters=parameters
    )


async def test_words_of_every_command(hass: HomeAssistant) -> None:
    await async_load_integrations(hass, {DOMAIN})
    words = {
        "target temperature 60 °C": command(DHW_TEMPERATURE, 120),
        "target temperature 65.5 °C": command(DHW_TEMPERATURE, 131),
        "mode heat pump": command(DHW_MODE, 1),
        "mode electric": command(DHW_MODE, 2),
        "mode energy saver": command(DHW_MODE, 3),
        "mode high demand": command(DHW_MODE, 4),
        "vacation for 1 day": command(DHW_MODE, 5, 1),
        "vacation for 14 days": command(DHW_MODE, 5, 14),
        "power on": command(POWER_ON),
        "power off": command(POWER_OFF),
    }
    assert {text: command_words(hass, given) for text, given in words.items()} == {text: text for text in words}
    # What the integration does not give, and what an earlier version stored without its parameters.
    for given in (command(RESERVATION_MODE, 1), command(DHW_MODE, 9), command(DHW_MODE), command(DHW_TEMPERATURE)):
        assert command_words(hass, given) == "the client's words"


async def test_words_are_the_clients_while_texts_are_loaded(hass: HomeAssistant) -> None:
    hass.config.language = "fr"
    assert command_words(hass, command(POWER_ON)) == "the client's words"
