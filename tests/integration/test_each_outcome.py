"""Each way in which a command can end: reported by action, event, waiting and repair issue alike."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
import json
from pathlib import Path
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components import navilink
from custom_components.navilink import outcomes
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.lost_commands import LOST
from custom_components.navilink.nwp500.queue import confirmation as confirmations
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from custom_components.navilink.wording import text
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, QUEUED, ask, cut, device_id, press, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for
from tests.integration.wall_clock import WallClock

SETPOINT = "target temperature 60 °C"
# What Home Assistant adds to every event entity.
COMMON_ATTRIBUTES = {"event_type", "event_types", "friendly_name"}


class Scene(NamedTuple):
    """Where a command is given."""

    hass: HomeAssistant
    simulator: SimulatorProcess
    clock: WallClock


async def refused(action: Awaitable[None], translation_key: str) -> None:
    with pytest.raises(HomeAssistantError) as error:
        await action
    assert error.value.translation_key == translation_key
    assert error.value.translation_domain == DOMAIN


async def confirm(scene: Scene) -> None:
    await set_temperature(scene.hass, 60)


async def reject(scene: Scene) -> None:
    await scene.simulator.fault("ctrl_fail", code=3)
    await refused(set_temperature(scene.hass, 60), "command_rejected")


async def hold(scene: Scene) -> None:
    await scene.simulator.fault("tou_window")
    await refused(set_mode(scene.hass, "high_demand"), "command_held")


async def ignore(scene: Scene) -> None:
    await scene.simulator.fault("ignore_write")
    await refused(set_temperature(scene.hass, 60), "command_unconfirmed")


async def let_expire(scene: Scene) -> None:
    await cut(scene.hass, scene.simulator)
    await set_temperature(scene.hass, 60)
    await scene.clock.pass_by(timedelta(minutes=61))


async def supersede(scene: Scene) -> None:
    await cut(scene.hass, scene.simulator)
    await set_temperature(scene.hass, 60)
    await set_temperature(scene.hass, 55)


async def drop(scene: Scene) -> None:
    await cut(scene.hass, scene.simulator)
    await set_temperature(scene.hass, 60)
    await set_mode(scene.hass, "heat_pump")


async def clear(scene: Scene) -> None:
    await cut(scene.hass, scene.simulator)
    await set_temperature(scene.hass, 60)
    await press(scene.hass, "button.nwp500_clear_queue")


async def fail(scene: Scene) -> None:
    await scene.simulator.fault("reply_delay", seconds=60)
    unanswered = scene.hass.async_create_task(set_mode(scene.hass, "heat_pump"))
    await scene.simulator.wait(received=1, topic_suffix="/ctrl")
    waiting = scene.hass.async_create_task(set_temperature(scene.hass, 60))
    await wait_for(scene.hass, QUEUED, lambda state: state.state == "1")
    await scene.simulator.fault("mqtt_down")
    await refused(waiting, "command_failed")
    await unanswered


async def outcome_waited_for(hass: HomeAssistant, words: str, heater: str) -> dict[str, Any]:
    """Wait for the command of these words from the moment when it is given."""

    def ids(commands: list[dict[str, str]]) -> list[str]:
        return [command["command_id"] for command in commands if command["command"] == words]

    given = await wait_for(hass, QUEUED, lambda state: bool(ids(state.attributes["commands"])))
    [command_id] = ids(given.attributes["commands"])
    return await ask(hass, "wait_for_command", heater, command_id=command_id, timeout={"days": 1})


class Case(NamedTuple):
    """What makes a command end so, and what is shown afterwards, if anything is."""

    outcome: str
    act: Callable[[Scene], Awaitable[None]]
    words: str
    then_shown: tuple[str, float] | None


@pytest.fixture
def scene(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """A stage on which an effect that does not show is waited for as long as an action takes, not for a minute."""
    monkeypatch.setattr(confirmations, "LOOK_INTERVALS", (0.2, 0.4))
    monkeypatch.setattr(confirmations, "ANSWER_SECONDS", outcomes.OUTCOME_TIME / 5)
    return Scene(hass, simulator, wall_clock)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        (Case("confirmed", confirm, SETPOINT, ("eco", 60)), {}),
        (Case("rejected", reject, SETPOINT, ("eco", 49)), {}),
        # In the peak period the heater is in its own economical mode.
        (Case("held", hold, "mode high demand", ("heat_pump", 49)), {}),
        (Case("unconfirmed", ignore, SETPOINT, ("eco", 49)), {}),
        (Case("expired", let_expire, SETPOINT, ("eco", 49)), {}),
        (Case("superseded", supersede, SETPOINT, ("eco", 55)), {}),
        (Case("dropped", drop, SETPOINT, ("heat_pump", 49)), {"queue_size": 1}),
        (Case("cleared", clear, SETPOINT, ("eco", 49)), {}),
        (Case("failed", fail, SETPOINT, None), {"queue": False}),
    ],
    ids=lambda value: value.outcome if isinstance(value, Case) else "",
)
async def test_outcome_is_reported_everywhere(
    hass: HomeAssistant, scene: Scene, running: MockConfigEntry, case: Case
) -> None:
    reported = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    heater = device_id(hass, running)
    waiting = asyncio.create_task(outcome_waited_for(hass, case.words, heater))
    await case.act(scene)
    end = await waiting
    assert (end["outcome"], end["command"]) == (case.outcome, case.words)

    [event] = [event for event in reported if event.data["command_id"] == end["command_id"]]
    assert {name: event.data[name] for name in end} == end
    assert event.data["device_id"] == heater
    assert event.data["entity_id"] == HEATER
    line = text(hass, "logbook", case.outcome, event.data)
    assert line is not None
    assert line.startswith(case.words)
    assert "{" not in line

    attributes = shown(hass, OUTCOME).attributes
    assert attributes["event_type"] == case.outcome
    details = {name: value for name, value in attributes.items() if name not in COMMON_ATTRIBUTES}
    assert {"outcome": case.outcome, **details} == end
    named_texts = json.loads((Path(navilink.__file__).parent / "translations" / "en.json").read_text())
    named = named_texts["entity"]["event"]["command_outcome"]["state_attributes"]
    assert set(named) == {"event_type", *details}

    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"lost_commands_{running.entry_id}")
    assert (issue is not None) == (case.outcome in LOST)
    # What was wanted is shown no longer than it is on its way.
    if case.then_shown is not None:
        state = shown(hass, HEATER)
        assert (state.state, state.attributes["temperature"]) == case.then_shown
