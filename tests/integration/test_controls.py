"""Every switch, number, select and button that controls a heater: done, queued, carried out once, refused."""

import asyncio
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, OUTCOME, QUEUED, ask, cut, device_id, lost, press, queued_words, shown
from tests.integration.controls import (
    ALL,
    ANTI_LEGIONELLA,
    CASES,
    DEMAND_RESPONSE,
    FILTER_INTERVAL,
    FILTER_REMINDER,
    HOT_BUTTON,
    RESET_FILTER,
    TIME_OF_USE,
    VACATION_LENGTH,
    Case,
)
from tests.integration.dialogs import Dialog, results
from tests.integration.heaters import MAC, applied
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock

EVERY_CONTROL = pytest.mark.parametrize("case", CASES, ids=str)


def first(entity_id: str) -> Case:
    """Return the first case of an entity."""
    return next(case for case in CASES if case.entity_id == entity_id)


@pytest.fixture
def case() -> Case:
    """The control that a test is about; a test parametrizes it."""
    return CASES[0]


@pytest.fixture(autouse=True)
async def _everything_fitted(simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """Let the heater have everything, and every entity be enabled."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
    await simulator.device(MAC, feature={"recirculationUse": 2}, **case.members)


@pytest.fixture
async def controlled(hass: HomeAssistant, running: MockConfigEntry, case: Case) -> MockConfigEntry:
    """The entry set up, with everything known about the heater."""
    await wait_for(hass, case.entity_id, lambda state: state.state == (case.before or "unknown"))
    return running


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


@EVERY_CONTROL
@pytest.mark.usefixtures("controlled")
async def test_done_while_connected(hass: HomeAssistant, simulator: SimulatorProcess, case: Case) -> None:
    outcomes = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await case.act(hass)
    assert await applied(simulator) == [case.applied]
    if case.shows is not None:
        await wait_for_value(hass, case.entity_id, case.shows)
    await hass.async_block_till_done()
    assert [(event.data["outcome"], event.data["command"]) for event in outcomes] == [("confirmed", case.words)]


@EVERY_CONTROL
async def test_queued_while_disconnected_and_carried_out_after_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, controlled: MockConfigEntry, case: Case
) -> None:
    outcomes = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await cut(hass, simulator)
    assert shown(hass, case.entity_id).state != "unavailable"
    await case.act(hass)
    assert queued_words(hass) == [case.words]
    if case.shows is not None:
        await wait_for_value(hass, case.entity_id, case.shows)
    await reload(hass, controlled)
    assert queued_words(hass) == [case.words]
    if case.shows is not None:
        assert shown(hass, case.entity_id).state == case.shows
    assert await applied(simulator) == []
    await simulator.fault("mqtt_up")
    await wait_for(hass, QUEUED, lambda state: not state.attributes["commands"])
    await hass.async_block_till_done()
    if case.shows is not None:
        assert shown(hass, case.entity_id).state == case.shows
    await reload(hass, controlled)
    await wait_for_value(hass, CONNECTION, "on")
    assert [(event.data["outcome"], event.data["command"]) for event in outcomes] == [("confirmed", case.words)]
    assert await applied(simulator) == [case.applied]
    if case.shows is not None:
        assert shown(hass, case.entity_id).state == case.shows


@EVERY_CONTROL
@pytest.mark.usefixtures("controlled")
async def test_refused(hass: HomeAssistant, simulator: SimulatorProcess, case: Case) -> None:
    await simulator.fault("ctrl_fail", code=3)
    with pytest.raises(HomeAssistantError) as error:
        await case.act(hass)
    assert error.value.translation_key == "command_rejected"
    assert error.value.translation_placeholders == {
        "command": case.words,
        "reason": "the water heater rejected it (code 3)",
    }
    if case.before is not None:
        await wait_for_value(hass, case.entity_id, case.before)
    assert await applied(simulator) == []


async def test_refused_when_the_heater_lacks_it_by_now(
    hass: HomeAssistant, simulator: SimulatorProcess, controlled: MockConfigEntry
) -> None:
    """What a heater has may change while its entities are there."""
    await wait_for(hass, HOT_BUTTON, lambda state: state.state != "unavailable")
    await simulator.device(MAC, feature={"recirculationUse": 0, "programReservationUse": 1})
    coordinator = controlled.runtime_data
    reported = asyncio.create_task(next_event(coordinator.client, "feature_received"))
    await press(hass, "button.nwp500_refresh")
    await reported
    for entity_id, command in ((HOT_BUTTON, "Hot button"), (TIME_OF_USE, "Time of use on")):
        with pytest.raises(ServiceValidationError) as error:
            await first(entity_id).act(hass)
        assert error.value.translation_key == "unsupported_command"
        assert error.value.translation_placeholders == {"command": command}
    assert await applied(simulator) == []


async def test_everything_is_unavailable_before_the_heater_was_ever_seen(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("device_offline", mac=MAC)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    # What every heater has is there, and what not every heater has is not.
    assert shown(hass, RESET_FILTER).state == "unavailable"
    assert shown(hass, FILTER_REMINDER).state == "unavailable"
    assert hass.states.get(HOT_BUTTON) is None
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("options", [{"queue": False}])
@pytest.mark.usefixtures("controlled")
async def test_without_a_queue_everything_goes_with_the_connection(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await wait_for(hass, HOT_BUTTON, lambda state: state.state != "unavailable")
    await cut(hass, simulator)
    assert {shown(hass, entity_id).state for entity_id in ALL} == {"unavailable"}


@pytest.mark.usefixtures("controlled")
async def test_disconnected_for_long_everything_is_still_available(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    await wait_for(hass, HOT_BUTTON, lambda state: state.state != "unavailable")
    await cut(hass, simulator)
    await wall_clock.pass_by(timedelta(hours=3))
    await wait_for_value(hass, "sensor.nwp500_power", "unavailable")
    assert "unavailable" not in {shown(hass, entity_id).state for entity_id in ALL}


@pytest.mark.usefixtures("controlled")
async def test_newest_of_several_waiting_commands_is_shown_and_carried_out(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await cut(hass, simulator)
    for action in ("turn_on", "turn_off", "turn_on"):
        await hass.services.async_call(
            "switch", action, {"entity_id": [TIME_OF_USE, DEMAND_RESPONSE, ANTI_LEGIONELLA]}, blocking=True
        )
    for entity_id in (TIME_OF_USE, DEMAND_RESPONSE, ANTI_LEGIONELLA):
        await wait_for_value(hass, entity_id, "on")
    assert len(queued_words(hass)) == 3
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=3)
    await wait_for_value(hass, QUEUED, "0")
    assert sorted(await applied(simulator)) == [("anti-leg-on", [7]), ("dr-on", []), ("tou-on", [])]


@pytest.mark.usefixtures("controlled")
async def test_cleared_by_kind(hass: HomeAssistant, simulator: SimulatorProcess, controlled: MockConfigEntry) -> None:
    await cut(hass, simulator)
    for case in CASES:
        await case.act(hass)
    heater = device_id(hass, controlled)
    kinds = ["recirc-hotbtn", "air-filter-reset", "cond-fault-reset", "goout-day"]
    assert await ask(hass, "clear_queue", heater, kinds=kinds) == {"cleared": 4}
    assert not {"hot button", "reset filter", "reset condenser fault"} & set(queued_words(hass))


@pytest.mark.parametrize("options", [{"expiration": "fixed", "expiration_time": {"minutes": 1}}])
async def test_lost_ones_are_listed_and_sent_again(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    simulator: SimulatorProcess,
    controlled: MockConfigEntry,
    wall_clock: WallClock,
) -> None:
    await wait_for(hass, HOT_BUTTON, lambda state: state.state != "unavailable")
    await cut(hass, simulator)
    given = [first(each) for each in (HOT_BUTTON, RESET_FILTER, VACATION_LENGTH, FILTER_INTERVAL)]
    for each in given:
        await each.act(hass)
    await wall_clock.pass_by(timedelta(minutes=2))
    await wait_for(hass, OUTCOME, lambda _: len(lost(controlled)) == len(given))
    words = [f"- NWP500: {each.words}" for each in given]
    assert [line.partition(", queued")[0] for line in lost(controlled)] == words
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    client = controlled.runtime_data.client
    while client.is_waiting_for_status(controlled.runtime_data.data[MAC].device):
        await next_event(client, "status_received")
    dialog = Dialog(hass, hass_client, controlled)
    flow = await dialog.choose(await dialog.open(), "send_again")
    assert results(flow) == [f"{each}: Confirmed" for each in words]
    assert await applied(simulator) == [each.applied for each in given]


async def test_kind_of_every_command_can_be_cleared(hass: HomeAssistant, controlled: MockConfigEntry) -> None:
    with pytest.raises(Exception, match="value must be one of"):
        await ask(hass, "clear_queue", device_id(hass, controlled), kinds=["reservation-mode"])
    kinds = [case.applied[0] for case in CASES]
    assert await ask(hass, "clear_queue", device_id(hass, controlled), kinds=kinds) == {"cleared": 0}
    assert hass.services.has_service(DOMAIN, "clear_queue")
