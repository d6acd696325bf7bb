"""Everything that Google, Alexa and HomeKit can do with the switches, buttons, numbers and so on of a heater."""

from collections.abc import Iterator
from datetime import timedelta
import logging

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.navilink import config
from tests.integration.actions import shown
from tests.integration.assistant_operations import Operation, operations
from tests.integration.assistants import Assistants, all_assistants, states_of
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for

ASSISTANTS = ("google", "alexa", "homekit")

SPRING_BACK = timedelta(seconds=11)

# Of Home Assistant itself, one of each kind that an assistant can operate.
HELPERS = {
    "input_boolean": {"guests": {}},
    "input_button": {"bell": {}},
    "input_number": {"days": {"min": 1, "max": 30, "initial": 7}},
    "input_select": {"mode": {"options": ["always", "button", "temperature"]}},
}


@pytest.fixture
def assistants(hass: HomeAssistant) -> Iterator[Assistants]:
    with all_assistants(hass) as assistants:
        yield assistants


@pytest.fixture
def _everything_enabled_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable all entities, and let commands follow one another at once; ask for it before `running`."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
    monkeypatch.setattr(config, "COMMAND_INTERVAL", 0.0)


async def carried_out(hass: HomeAssistant, assistants: Assistants, assistant: str, state: State) -> list[str]:
    """Have an assistant do all that it can do with an entity, see that each has its effect, and return their names."""
    done: list[str] = []
    for operation in operations(assistants, assistant, state):
        before = shown(hass, state.entity_id)
        current = Operation(operation.name, before, operation.do, operation.expected)
        await operation.do()
        try:
            await wait_for(hass, state.entity_id, current.is_done)
        except AssertionError as error:
            error.add_note(f"{operation.name} of {state.entity_id}, expected: {operation.expected}")
            raise
        await hass.async_block_till_done()
        done.append(operation.name)
    # HomeKit's button springs back.
    async_fire_time_changed(hass, dt_util.utcnow() + SPRING_BACK)
    await hass.async_block_till_done()
    return done


@pytest.mark.usefixtures("_everything_enabled_and_soon")
@pytest.mark.parametrize("assistant", ASSISTANTS)
async def test_everything_that_an_assistant_can_do_is_done(
    hass: HomeAssistant,
    running: MockConfigEntry,
    assistants: Assistants,
    assistant: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever platforms the integration has; the water heater has tests of its own."""
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await hass.async_block_till_done()
    done = {
        state.entity_id: await carried_out(hass, assistants, assistant, state)
        for state in [*states_of(hass, running)]
        if state.entity_id != HEATER and state.state != STATE_UNAVAILABLE
    }
    assert done["button.nwp500_refresh"]
    assert done["switch.nwp500_boost"]
    assert not [record.message for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("assistant", "expected"),
    [
        (
            "google",
            {
                "input_boolean.guests": ["google OnOff"],
                "input_button.bell": ["google ActivateScene"],
                "input_number.days": [],
                "input_select.mode": ["google SetModes"],
            },
        ),
        (
            "alexa",
            {
                "input_boolean.guests": ["alexa TurnOn"],
                "input_button.bell": ["alexa Activate"],
                "input_number.days": ["alexa SetRangeValue"],
                "input_select.mode": [],
            },
        ),
        (
            "homekit",
            {
                "input_boolean.guests": ["homekit On"],
                "input_button.bell": ["homekit On"],
                "input_number.days": [],
                "input_select.mode": ["homekit On"] * 2,
            },
        ),
    ],
)
async def test_every_kind_of_entity_can_be_operated(
    hass: HomeAssistant, assistants: Assistants, assistant: str, expected: dict[str, list[str]]
) -> None:
    """The operations themselves, with entities of which it is known what they do."""
    for component, helpers in HELPERS.items():
        assert await async_setup_component(hass, component, {component: helpers})
    states = [shown(hass, entity_id) for entity_id in expected]
    assert {state.entity_id: await carried_out(hass, assistants, assistant, state) for state in states} == expected
