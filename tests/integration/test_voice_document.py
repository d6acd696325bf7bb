"""The automations of docs/voice-assistants.md: their sentences, said to Assist without a language model."""

from pathlib import Path
from typing import Any

from homeassistant.components.conversation import DOMAIN as CONVERSATION
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from homeassistant.util.yaml import parse_yaml
import pytest

from simulator.process import SimulatorProcess
from tests.integration.actions import cut, queued_words, set_temperature, shown
from tests.integration.heaters import HEATER, applied
from tests.integration.waiting import wait_for, wait_for_value

DOCUMENT = Path(__file__).parents[2] / "docs" / "voice-assistants.md"

# Any: YAML as people write it.
type Yaml = dict[str, Any]

EXAMPLES: list[Yaml] = [
    dict(block)
    for part in DOCUMENT.read_text().split("```yaml\n")[1:]
    if isinstance(block := parse_yaml(part.partition("```")[0]), dict)
]


@pytest.fixture
async def _assist(hass: HomeAssistant) -> None:
    """Assist, and all the examples at once, in the unit of the document."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    for component in ("homeassistant", CONVERSATION):
        assert await async_setup_component(hass, component, {})
    automations = [{"id": str(number), **example} for number, example in enumerate(EXAMPLES)]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    states = hass.states.async_all("automation")
    assert sorted(state.name for state in states) == sorted(example["alias"] for example in EXAMPLES)
    assert {state.state for state in states} == {"on"}


@pytest.fixture
async def _heater(hass: HomeAssistant, running: object) -> None:
    """A heater whose limits are known; ask for it after `_assist`."""
    assert running
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 105)


pytestmark = pytest.mark.usefixtures("_assist", "_heater")


async def say(hass: HomeAssistant, sentence: str) -> str:
    """Say a sentence to Assist, and return what it says."""
    answer = await hass.services.async_call(
        CONVERSATION, "process", {"text": sentence, "language": "en"}, blocking=True, return_response=True
    )
    assert answer is not None
    said: Yaml = dict(answer)
    spoken: str = said["response"]["speech"]["plain"]["speech"]
    return " ".join(spoken.split())


@pytest.mark.parametrize(
    "sentence", ["Set the hot water to 130 degrees", "set hot water to 130", "heat the hot water to 130 °F"]
)
async def test_target_temperature(hass: HomeAssistant, simulator: SimulatorProcess, sentence: str) -> None:
    assert await say(hass, sentence) == "The hot water is set to 130 degrees."
    assert await applied(simulator) == [("dhw-temperature", [109])]


async def test_target_temperature_while_disconnected(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    expected = "The hot water will be set to 130 degrees once the water heater is connected."
    assert await say(hass, "set the hot water to 130 degrees") == expected
    assert queued_words(hass) == ["target temperature 130 °F"]


@pytest.mark.parametrize("temperature", ["200 degrees", "boiling"])
async def test_target_temperature_that_no_heater_has(
    hass: HomeAssistant, simulator: SimulatorProcess, temperature: str
) -> None:
    answer = await say(hass, f"set the hot water to {temperature}")
    assert answer == "The hot water can be set from 105 to 150 degrees."
    assert await applied(simulator) == []


async def test_hot_water(hass: HomeAssistant) -> None:
    state = await wait_for_value(hass, "sensor.nwp500_hot_water_charge", "100")
    charge, temperature = state.state, shown(hass, HEATER).attributes["current_temperature"]
    expected = f"The hot water charge is {charge} percent, and the water has {temperature} degrees."
    assert await say(hass, "How much hot water is left") == await say(hass, "how warm is the hot water") == expected


async def test_vacation(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    # Not the first command: what waits for the first status would answer late.
    await set_temperature(hass, 120)
    expected = "Have a good trip. The water heater is on vacation for 5 days."
    assert await say(hass, "we are away for 5 days") == expected
    assert (await applied(simulator))[-1] == ("dhw-mode", [5, 5])


async def test_on_and_off(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert await say(hass, "Turn off the water heater") == "The water heater is switched off."
    assert await say(hass, "switch on water heater") == "The water heater is switched on."
    assert await applied(simulator) == [("power-off", []), ("power-on", [])]


@pytest.mark.parametrize("sentence", ["turn off NWP500", "set the temperature of NWP500 to 130 degrees"])
async def test_assist_by_itself_has_no_sentence_for_a_water_heater(
    hass: HomeAssistant, simulator: SimulatorProcess, sentence: str
) -> None:
    """As the table of the document has it; one day Home Assistant may learn some."""
    assert (await say(hass, sentence)).startswith("Sorry")
    assert await applied(simulator) == []
