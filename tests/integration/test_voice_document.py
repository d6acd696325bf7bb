"""The automations of docs/voice-assistants.md: their sentences, said to Assist without a language model."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.components.conversation import DOMAIN as CONVERSATION
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.actions import cut, press, queued_words, set_temperature, shown
from tests.integration.boosts import BOOST, BOOST_ENDS
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

DOCUMENT = Path(__file__).parents[2] / "docs" / "voice-assistants.md"

NO_BOOST = (
    "The hot water cannot be boosted. A boost lasts from 30 minutes to 24 hours, and the water heater has to be on and "
    "not on vacation."
)
REFRESH = "button.nwp500_refresh"
SHOWERS = "sensor.nwp500_showers_left"
UNTIL_HOT = "sensor.nwp500_time_until_hot"

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


def clock_time(hass: HomeAssistant, entity_id: str) -> str:
    """Return the time that a sensor shows, as it is said."""
    time = dt_util.parse_datetime(shown(hass, entity_id).state)
    assert time is not None
    return dt_util.as_local(time).strftime("%H:%M")


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


@pytest.mark.parametrize(
    "sentence", ["How many showers are left", "when is the water hot", "when is the hot water ready"]
)
async def test_showers(hass: HomeAssistant, sentence: str) -> None:
    showers = shown(hass, SHOWERS).state
    assert float(showers) > 0
    assert await say(hass, sentence) == f"Showers left: {showers}. The water is hot."


async def test_showers_while_the_water_gets_hot(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_temperature(hass, 140)
    await simulator.clock(advance=60)
    await press(hass, REFRESH)
    state = await wait_for(hass, UNTIL_HOT, lambda state: state.state not in {"0", "unknown"})
    answer = await say(hass, "when is the water hot")
    times = {(dt_util.now() + timedelta(minutes=int(state.state) + ago)).strftime("%H:%M") for ago in (-1, 0)}
    assert answer.partition(". ")[2] in {f"The water will be hot at {time}." for time in times}
    # While hot water is used, nobody knows.
    await simulator.device(MAC, dhwUse=2)
    await press(hass, REFRESH)
    await wait_for_value(hass, UNTIL_HOT, "unknown")
    assert (await say(hass, "when is the water hot")).endswith("It is not known yet when the water will be hot.")


async def test_showers_of_a_silent_heater(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await wall_clock.pass_by(timedelta(minutes=6))
    await wait_for_value(hass, SHOWERS, "unavailable")
    assert await say(hass, "how many showers are left") == "The water heater has not reported lately."


@pytest.mark.parametrize(("sentence", "minutes"), [("Boost the hot water", 60), ("boost hot water for 90 minutes", 90)])
async def test_boost(hass: HomeAssistant, simulator: SimulatorProcess, sentence: str, minutes: int) -> None:
    assert await say(hass, sentence) == f"The hot water is boosted until {clock_time(hass, BOOST_ENDS)}."
    end = dt_util.parse_datetime(shown(hass, BOOST_ENDS).state)
    assert end is not None
    assert (end - dt_util.utcnow()) / timedelta(minutes=1) == pytest.approx(minutes, abs=1)
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [120])]
    assert await say(hass, "End the boost") == "The boost is ended, and the previous settings are restored."
    await simulator.wait(applied=2)
    await wait_for_value(hass, BOOST, "off")
    await wait_for(hass, HEATER, lambda state: state.attributes["temperature"] == 120)


async def test_boost_while_disconnected(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    answer = await say(hass, "boost the hot water")
    time = clock_time(hass, BOOST_ENDS)
    assert answer == f"The hot water is boosted until {time}, once the water heater is connected."
    assert queued_words(hass) == ["target temperature 140 °F"]


@pytest.mark.parametrize("minutes", ["10", "2000"])
async def test_boost_that_is_too_short_or_too_long(
    hass: HomeAssistant, simulator: SimulatorProcess, minutes: str
) -> None:
    assert await say(hass, f"boost the hot water for {minutes} minutes") == NO_BOOST
    assert await applied(simulator) == []


async def test_boost_during_a_vacation(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await set_temperature(hass, 120)
    await say(hass, "we are away for 5 days")
    assert await say(hass, "boost the hot water") == NO_BOOST
    assert ("dhw-temperature", [120]) not in await applied(simulator)


async def test_end_without_a_boost(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert await say(hass, "stop the hot water boost") == "No boost is active."
    assert await applied(simulator) == []


@pytest.mark.parametrize("is_cold", [True, False])
async def test_plan(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, is_cold: bool) -> None:
    # Where it is noon, so that the morning is to come.
    await hass.config.async_set_time_zone(f"Etc/GMT{dt_util.utcnow().hour - 12:+d}")
    # At 130 °F, 54.4 °C, the colder one lacks something.
    raw = 490 if is_cold else 560
    await simulator.device(MAC, tankUpperTemperature=raw, tankLowerTemperature=raw)
    await press(hass, REFRESH)
    await wait_for(hass, HEATER, lambda state: (state.attributes["current_temperature"] > 130) is not is_cold)
    answer = await say(hass, "have hot water ready by 6")
    planned = running.runtime_data.boosts.of(MAC).planned
    if not is_cold:
        assert (answer, planned) == ("The water is hot enough already.", ())
        return
    [boost] = planned
    start, end = (dt_util.as_local(time).strftime("%H:%M") for time in (boost.start, boost.end))
    assert answer == f"The water is heated from {start} to {end}."
    assert end == "06:00"


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
